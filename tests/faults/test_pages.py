"""F07, F08, F09, F10: lists that repeat themselves, bring what is older, change while they are
read, or lead elsewhere. Each incident is stored once, in its newest version; nobody else is asked.
"""

import itertools
import random
import socket
import threading

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alerts.incidents.models import Incident
from alerts.intake.models import Cursor
from alerts.intake.services.sweep import BETWEEN_MISSES
from portal.jobs.models import Job
from tests.alerts.sentinel.wire.samples import incident
from tests.conftest import examples
from tests.faults.intake import azure, page_by

__all__ = ["azure"]


@pytest.fixture
def workspace(azure):
    return azure.register(0)


@pytest.mark.fault("F07")
def test_f07_what_comes_twice_is_stored_once(azure, workspace, long, monkeypatch, measure):
    page_by(monkeypatch, 10)
    n = 600 if long else 60
    azure.inject(n)
    for skip in range(0, n // 10 - 1, 2):
        azure.control.fault(path="/incidents\\?", next_link="duplicate", skip=skip, count=1)
    azure.seconds_until(lambda: azure.missed(workspace) == 0, at_most=3600, step=20)
    rows = [incident(n) for n in range(1, 8)]
    twice = {"value": [*rows, *rows, *reversed(rows)]}
    azure.control.clear_faults()
    azure.control.fault(path="/incidents\\?", status=200, answer=twice, count=1)
    azure.poll_now()
    assert azure.missed(workspace) == 0
    n_names = Incident.objects.values("name").distinct().count()
    assert n_names == n + len(rows)
    measure("duplicates", Incident.objects.count() - n_names, at_most=0)


@pytest.mark.fault("F08")
def test_f08_older_versions_after_newer_ones_are_ignored(azure, workspace, long, measure):
    versions = [
        incident(1, title=f"v{n}", lastModifiedTimeUtc=f"2026-11-24T11:30:0{n}.0000001Z")
        | {"etag": f'"{n}"'}
        for n in range(6)
    ]
    regressions, delivered = 0, 0

    @settings(
        max_examples=examples(150 if long else 8, hunted=100),
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(order=st.permutations(range(6)), cuts=st.sets(st.integers(1, 5), max_size=3))
    def deliver(order, cuts):
        nonlocal regressions, delivered
        Incident.objects.all().delete()
        Cursor.objects.all().delete()
        newest = -1
        for start, end in itertools.pairwise([0, *sorted(cuts), 6]):
            page = {"value": [versions[n] for n in order[start:end]]}
            azure.control.clear_faults()
            azure.control.fault(path="/incidents\\?", status=200, answer=page)
            azure.poll_now()
            newest = max(newest, *order[start:end])
            delivered += 1
            regressions += Incident.objects.get().title != f"v{newest}"

    deliver()
    azure.control.clear_faults()
    names = azure.inject(10)
    azure.poll_now()
    for _ in range(3):
        for name in names:
            azure.edit(name, severity=random.choice(["Low", "High"]))
        azure.control.fault(path="/incidents\\?", older_versions=True, count=1)
        azure.poll_now()
        regressions += azure.missed(workspace)
    measure(f"regressions in {delivered} pages", regressions, at_most=0)


@pytest.mark.fault("F09")
def test_f09_what_changes_while_it_is_listed_is_there_after_the_sweep(
    azure, workspace, long, monkeypatch, measure
):
    page_by(monkeypatch, 10)
    dice = random.Random(9)
    names = azure.inject(150 if long else 40)

    def edit(call):
        if call.is_list and call.method == "GET":
            for name in dice.sample(names, 8):
                azure.edit(name, severity=dice.choice(["Low", "Medium", "High"]))

    azure.on_call = edit
    for _ in range(10 if long else 2):
        azure.poll_now()
    azure.on_call = lambda call: None
    after_polls = azure.missed(workspace)
    azure.poll_now()
    after_overlap = azure.missed(workspace)
    Job.objects.filter(kind="intake.sweep").update(due_at=azure.now())
    azure.go(60, step=10)
    azure.go(BETWEEN_MISSES.total_seconds() + 300, step=300)
    assert not Incident.objects.filter(gone_at__isnull=False).exists(), "nothing was deleted"
    measure("missed while all changes", after_polls)
    measure("missed after the overlap", after_overlap)
    measure("missed after the sweep", azure.missed(workspace), at_most=0)


class Stranger:
    """A listener on another port, which counts who comes."""

    def __init__(self):
        self.visits = 0
        self.place = socket.create_server(("127.0.0.1", 0))
        self.port = self.place.getsockname()[1]
        threading.Thread(target=self._count, daemon=True).start()

    def _count(self):
        while True:
            try:
                connection, _ = self.place.accept()
            except OSError:
                return
            self.visits += 1
            connection.close()


@pytest.fixture
def stranger():
    stranger = Stranger()
    yield stranger
    stranger.place.close()


@pytest.mark.fault("F10")
def test_f10_links_that_loop_end_and_links_elsewhere_are_not_followed(
    azure, workspace, stranger, monkeypatch, measure
):
    page_by(monkeypatch, 10)
    azure.inject(30)
    ours, port = azure.azure.endpoint, stranger.port
    there = f"localhost:{port}/subscriptions/s/incidents?$skipToken=x"
    links = [
        "foreign",
        f"https://{there}",
        f"http://{there}",
        f"//{there}",
        f"{ours}@{there}",
        f"https://user@{there}",
        f"https:\\\\{there}",
        f"https://127.0.0.1:{port}/x",
        f"{ours}.localhost:{port}/x",
        f" https://{there}",
        f"HTTPS://LOCALHOST:{port}/x",
    ]
    for link in links:
        azure.control.fault(path="/incidents\\?", next_link=link, count=1)
        azure.poll_now()
        azure.control.clear_faults()
    azure.control.fault(path="/incidents\\?", next_link="loop")
    azure.calls.clear()
    azure.poll_now()
    in_circles = len([call for call in azure.calls if call.is_list])
    azure.control.clear_faults()
    azure.seconds_until(lambda: azure.missed(workspace) == 0, at_most=120)
    measure(f"requests to a foreign host by {len(links)} links", stranger.visits, at_most=0)
    measure("pages read of a list in circles", in_circles, at_most=4)
