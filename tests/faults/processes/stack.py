"""PostgreSQL, a broker, web, workers and beat of the test's own, so that it may kill them."""

import http.client
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction
from django.test import Client

import embedded
from alerts.incidents.models import Incident
from alerts.outbox.models import Change, ChangeOutcome
from portal import clock
from portal.accounts.models import GrantScope, Role
from portal.backup.pg_tools import client_of_wheel
from portal.celery import app
from portal.jobs.models import Job, JobState, WorkerInstance
from portal.jobs.queries import HEARTBEAT
from portal.jobs.services import LEASE
from portal.notifications.models import Mail
from portal.schedule import QUEUES, SCHEDULE
from simulator.store.incidents import IncidentPage
from tests import cast
from tests.architecture.tree import HOME
from tests.conftest import add_person
from tests.factories.inbox import notify
from tests.faults.conftest import Workers, wait_until
from tests.faults.outbox import SECRET_VARIABLE
from tests.faults.proxy import FaultProxy
from tests.faults.web_process import WebProcess
from tests.program import Program

WORKER_APP = "tests.faults.processes.odd_mail:app"
numbers = count(1)
ENDED = (JobState.DONE, JobState.DEAD)
MAX_RESTARTS = 5  # of the worker in one run of these tests
NAMES = {entry["task"].rpartition(".")[2]: entry for entry in SCHEDULE.values()}


def update_free(rows, **values):
    """Update the rows that nobody has locked: a worker whose packets are lost keeps its own until
    the server gives it up.
    """
    with transaction.atomic():
        free = list(rows.select_for_update(skip_locked=True, of=("self",)).values_list("pk"))
        rows.model.objects.filter(pk__in=[pk for (pk,) in free]).update(**values)


class Servers:
    """The PostgreSQL and the broker of one folder, which can be killed and started again."""

    def __init__(self, folder: Path):
        self.folder = folder
        services = embedded.start(folder)
        self.database_url, self.url = services.database_url, services.redis_url
        self.socket = embedded._socket_folder(embedded._cluster_of(folder))
        self.cluster = embedded._cluster_of(folder).folder

    def fill(self, template: str):
        """Give the database the tables of the suite's template."""
        place = settings.DATABASES["default"]
        there = ["-h", place["HOST"], "-U", place["USER"], template]
        here = ["-h", str(self.socket), "-U", "postgres", embedded.DATABASE]
        dump = [client_of_wheel("pg_dump"), "--no-owner", "--no-privileges", *there]
        load = [client_of_wheel("psql"), "-q", "-v", "ON_ERROR_STOP=1", *here]
        tables = subprocess.run(dump, capture_output=True, check=True).stdout
        subprocess.run(load, input=tables, stdout=subprocess.DEVNULL, check=True)

    @contextmanager
    def in_use(self):
        """Have this process work on this database."""
        place = {"HOST": str(self.socket), "NAME": embedded.DATABASE}
        dicts = [connection.settings_dict, settings.DATABASES["default"]]
        before = [{name: values[name] for name in place} for values in dicts]
        connection.close()
        for values in dicts:
            values.update(place)
        try:
            yield
        finally:
            connection.close()
            for values, kept in zip(dicts, before, strict=True):
                values.update(kept)

    def broker_pid(self) -> int:
        return int((self.folder / "valkey" / "pid").read_text())

    def kill_broker(self):
        embedded._kill_valkey(self.folder / "valkey")

    def start_broker(self):
        embedded.restart_broker(self.folder)

    def hang_broker(self):
        os.kill(self.broker_pid(), signal.SIGSTOP)

    def wake_broker(self):
        os.kill(self.broker_pid(), signal.SIGCONT)

    def kill_database(self):
        """kill -9 for the server and all that it started."""
        postmaster = int((self.cluster / "data" / "postmaster.pid").read_text().split()[0])
        pids = [postmaster, *children_of(postmaster)]
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not any(map(is_running, pids)), seconds=60, what="PostgreSQL is gone")

    def start_database(self):
        embedded.restart_database(self.folder)

    def stop(self):
        with suppress(OSError, ValueError):
            self.wake_broker()
        embedded._leave(self.folder.resolve())
        shutil.rmtree(self.cluster)  # as root it is not in our folder


def is_running(pid: int) -> bool:
    """Whether there is such a process, also one whose end its parent has not seen yet: while there
    is, a server does not start again.
    """
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def has_ended(pid: int) -> bool:
    """Whether a process has ended, also where its parent has not seen that: a pool that looks
    between the end of a child's files and the child's own looks again 5 s later.
    """
    command = ["ps", "-o", "stat=", "-p", str(pid)]
    state = subprocess.run(command, check=False, capture_output=True, text=True).stdout.strip()
    return state[:1] in ("", "Z")


def children_of(pid: int) -> list[int]:
    """The processes that one has started."""
    command = ["ps", "-o", "pid=", "--ppid", str(pid)]
    found = subprocess.run(command, check=False, capture_output=True, text=True)
    return [int(word) for word in found.stdout.split()]


class Stack:
    """All processes, on their own servers, with a workspace in the pretend Azure and a person who
    may do everything.
    """

    def __init__(self, folder: Path, servers: Servers, service):
        self.folder, self.servers, self.service = folder, servers, service
        self.mails, self.tries_file = folder / "mails", folder / "tries"
        self.tries_file.touch()
        self.way = FaultProxy(servers.url)  # web's way to the broker: shows whether web calls it
        self.web = WebProcess(
            folder,
            SECRET_KEY=settings.SECRET_KEY,
            REDIS_URL=f"redis://127.0.0.1:{self.way.port}/0",
        )
        self.restarts = 0
        self.workers = self.make_workers("worker")
        self.sister: Workers | None = None
        self.beats: list[subprocess.Popen[bytes]] = []

    def populate(self):
        """A person, their session and token, a workspace."""
        everywhere = (Role.SOC_ANALYST, Role.ADMINISTRATOR)
        self.ada = add_person(cast.ADA, *((role, GrantScope.ALL, None) for role in everywhere))
        browser = Client()
        browser.force_login(self.ada)
        key = browser.cookies[settings.SESSION_COOKIE_NAME].value
        self.cookie = f"tagout_session_{self.web.port}={key}"
        self.token = Program(self.ada, now=clock.now()).secret
        self.workspace = self.service.register()

    # Processes

    def make_workers(self, name: str, *, queues=QUEUES, **environment) -> Workers:
        """A worker of this name, not started yet."""
        environment |= {
            SECRET_VARIABLE: os.environ[SECRET_VARIABLE],
            "EMAIL_URL": f"file://{self.mails}",
            "MAIL_TRIES": str(self.tries_file),
        }
        log = self.folder / f"{name}.log"
        return Workers(self.servers, log, environment, app=WORKER_APP, queues=queues)

    def start_beat(self):
        """Start one more beat."""
        words = ["-A", WORKER_APP, "beat", "--pidfile=", "--max-interval", "1"]
        with (self.folder / "beat.log").open("ab") as log:
            beat = subprocess.Popen(
                [sys.executable, "-m", "celery", *words, "--loglevel", "INFO"],
                cwd=HOME,
                env=self.workers.full_environment() | {"TAGOUT_PROCESS": "tagout-test-beat"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.beats.append(beat)

    def kill_beats(self):
        for beat in self.beats:
            beat.kill()
            beat.wait()
        self.beats = []

    def stop_beats(self, *, for_good: bool):
        """Let no beat tick: kill them, or have them stand still until `wake_beats`."""
        if for_good:
            self.kill_beats()
        for beat in self.beats:
            beat.send_signal(signal.SIGSTOP)

    def wake_beats(self):
        for beat in self.beats:
            beat.send_signal(signal.SIGCONT)

    def have(self, *, beats: int, sister="", **environment):
        """Have workers and so many beats at work, and beside them the sister of this name: a second
        worker, of few queues, so that children are free when the broker goes and the consumer waits
        for messages while others are under way. One that is there from the test before goes on.
        """
        if self.sister is not None and self.sister.log.stem != sister:
            self.sister.kill()
            self.sister = None
            WorkerInstance.objects.all().delete()
        if sister and self.sister is None:
            self.sister = self.make_workers(sister, queues=("outbox", "bulk"), **environment)
            self.sister.start(beat=False)
        for beat in self.beats[beats:]:
            beat.kill()
            beat.wait()
        self.beats = self.beats[:beats]
        while len(self.beats) < beats:
            self.start_beat()
        if self.workers.process is None or self.workers.is_dead:
            self.workers.start(beat=False)

    def all_workers(self) -> list[Workers]:
        return [self.workers, *filter(None, [self.sister])]

    def children(self) -> list[int]:
        """The processes in which the worker does its jobs."""
        return children_of(self.workers.process.pid)

    def stop(self):
        self.kill_beats()
        for workers in self.all_workers():
            workers.kill()
        self.web.kill()
        self.way.close()
        self.servers.stop()

    def wait(self, is_so, *, seconds, what):
        """Wait until it is so. A worker that ends is started anew, as its supervisor does."""

        def is_so_with_a_worker():
            for workers in filter(lambda workers: workers.is_dead, self.all_workers()):
                self.restarts += 1
                assert self.restarts <= MAX_RESTARTS, f"It ends again and again: {workers.log}."
                with suppress(ProcessLookupError):  # what it left behind
                    os.killpg(workers.process.pid, signal.SIGKILL)
                workers.start(beat=False)
            return is_so()

        wait_until(is_so_with_a_worker, seconds=seconds, what=what)

    # Work

    def incidents(self, n: int, title: str) -> list[Incident]:
        """Let incidents happen, and the workers read them."""
        values = {"title": title, "severity": "Medium"}
        control = self.service.control
        made = control.inject(workspace=self.workspace.name, count=n, properties=values)
        names = [incident["name"] for incident in made["incidents"]]
        rows = Incident.objects.filter(name__in=names).order_by("pk")
        self.hurry()
        self.wake("poll_due_workspaces")
        self.wait(lambda: rows.count() == n, seconds=180, what="the incidents are read")
        return list(rows)

    def owe_mails(self, *subjects: str) -> list[int]:
        """Mails that are due, by their numbers, each of a kind of its own: it goes alone."""
        lines = [
            line for subject in subjects for line in [notify(self.ada, subject, now=clock.now())]
        ]
        for number, line in enumerate(lines):
            line.kind = f"{line.kind}.{number}"
            line.save(update_fields=["kind"])
        rows = Mail.objects.filter(notification__in=lines).order_by("pk")
        return list(rows.values_list("pk", flat=True))

    def tries_of(self, mail: int) -> list[tuple[int, float]]:
        """Process and time of each try of a mail."""
        lines = [line.split() for line in self.tries_file.read_text().splitlines()]
        return [(int(pid), float(at)) for pk, pid, at in lines if int(pk) == mail]

    def times_sent(self, mails: list[int]) -> Counter[int]:
        """How often each mail was sent."""
        files = self.mails.iterdir() if self.mails.exists() else ()
        texts = [file.read_text() for file in files]
        names = [name for text in texts for name in re.findall(r"^Message-ID: <(.+)@", text, re.M)]
        sent = Counter(names)
        uuids = Mail.objects.filter(pk__in=mails).values_list("pk", "uuid")
        return Counter({pk: sent[str(uuid)] for pk, uuid in uuids})

    def comment(self, incident: Incident, message: str) -> int:
        """Comment on an incident by the API; returns the status of the answer, 0 for none."""
        path = f"/api/v1/incidents/{incident.pk}/comment/"
        body = f'{{"message": "{message}"}}'
        head = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        link = http.client.HTTPConnection("127.0.0.1", self.web.port, timeout=30)
        try:
            link.request("POST", path, body, head)
            return link.getresponse().status
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            link.close()

    def effects(self) -> Counter[str]:
        return self.service.effects()

    def listed(self) -> dict[str, str]:
        """All incidents of the workspace in the pretend Azure: etag by name."""
        store = self.service.running.simulator.store.incidents
        rows = store.listed(self.workspace.name, IncidentPage(limit=1_000_000))
        return {row.name: row.etag for row in rows}

    def hurry(self):
        """As if the grace of what is owed, and the wait of what is read, were over."""
        now = clock.unshifted()
        update_free(Change.objects.filter(state=JobState.WAITING), due_at=now)
        update_free(Job.objects.filter(kind="intake.poll", state=JobState.WAITING), due_at=now)

    def end_leases(self, *, begun_before=None):
        """As if the two minutes were over that they last; of all, or of what was begun before a
        moment: what somebody works on now would be done twice.
        """
        now = clock.unshifted()
        of_the_dead = {"lease_until__lte": begun_before + LEASE} if begun_before else {}
        for rows in (Change.objects, Job.objects, Mail.objects):
            update_free(rows.filter(state=JobState.RUNNING, **of_the_dead), lease_until=now)

    def wake(self, name: str, **options):
        """Send the wake-up that beat would."""
        entry = NAMES[name]
        with app.connection_for_write(self.servers.url) as link:
            app.send_task(
                entry["task"], queue=entry["options"]["queue"], connection=link, **options
            )

    def drain(self, queue: str):
        """Wait until all wake-ups that were sent to a queue before have been taken."""
        name = f"{queue} {next(numbers)}"
        with app.connection_for_write(self.servers.url) as link:
            app.send_task(
                "portal.jobs.tasks.note_heartbeat",
                kwargs={"name": name},
                queue=queue,
                connection=link,
            )
        there = Job.objects.filter(kind=HEARTBEAT, key=name)
        self.wait(there.exists, seconds=180, what=f"the wake-ups of {queue} are taken")
        there.delete()

    def is_settled(self, mails: list[int]) -> bool:
        return not Mail.objects.filter(pk__in=mails).exclude(state__in=ENDED).exists()

    def owes_nothing(self) -> bool:
        return not Change.objects.filter(outcome=ChangeOutcome.OPEN).exists()

    # Pages

    def page(self, path: str) -> tuple[int, float, str]:
        """Status, seconds and text of a page, read by the person."""
        began = time.monotonic()
        link = http.client.HTTPConnection("127.0.0.1", self.web.port, timeout=30)
        try:
            link.request("GET", path, headers={"Cookie": self.cookie})
            answer = link.getresponse()
            text = answer.read().decode()
            return answer.status, time.monotonic() - began, text
        finally:
            link.close()
