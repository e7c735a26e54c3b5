"""Once a day, and when somebody asks: read what stands around a workspace.

Each purpose looks with its own identity and in its own worker: reading reads everything, the others
only what they may do themselves. A part that cannot be read keeps what was read before, with the
reason; where Azure does not answer at all, the round ends and begins anew soon. A round that takes
long goes on at once where it stopped, so that no worker is held (reliability G10).
"""

import math
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from alerts.readiness.engine.answers import (
    IS_LIST,
    UnreadableAnswer,
    facts_of,
    playbook_groups,
    read_answer,
    read_page,
    single_fact,
)
from alerts.readiness.models import Finding
from alerts.readiness.policies import reasons_against_checking
from alerts.readiness.queries.collected import count_collected
from alerts.sentinel.client.port import (
    SentinelClient,
    SentinelDenied,
    SentinelError,
    SentinelNotFound,
    SentinelThrottled,
    SentinelUnavailable,
)
from alerts.sentinel.client.prerequisites import Prerequisite
from alerts.sentinel.models import Purpose, Workspace
from alerts.sentinel.queries import callable_at, resting_workspaces, workspaces_to_read
from alerts.sentinel.services import note_error, note_success
from alerts.sentinel.wire import NotAPage, read_automation_rules
from portal import clock
from portal.accounts.models import User
from portal.audit.services import record
from portal.errors import Refused
from portal.jobs.models import Job
from portal.jobs.models import State as JobState
from portal.jobs.services import SLICE, claim_due, ensure_job, put_back_after, save_payload

type Connect = Callable[[Workspace, str], SentinelClient]

EVERY, SOON = timedelta(days=1), timedelta(minutes=15)
MAX_PAGES, MAX_OF_A_KIND = 20, 20
_WHOLE_WORKSPACE = (
    Prerequisite.WORKSPACE,
    Prerequisite.ONBOARDING,
    Prerequisite.PROVIDER,
    Prerequisite.CONNECTORS,
    Prerequisite.PACKAGES,
    Prerequisite.ANALYTICS_RULES,
    Prerequisite.SETTINGS,
)
_OF_A_SUBSCRIPTION = (
    Prerequisite.SUBSCRIPTION_RIGHTS,
    Prerequisite.PLAN,
    Prerequisite.REQUIREMENTS,
)
_SIGN_IN_CODES = (
    "CredentialMissing",
    "SignInFailed",
    "SignInUnreachable",
    "CertificateNotTrusted",
)


class CannotCheck(Refused):
    """A check was not asked for."""


def kind_of_job(purpose: str) -> str:
    """The kind of the jobs by which a purpose looks at workspaces."""
    return f"readiness.{purpose}"


@transaction.atomic
def ask_for_check(*, workspace: Workspace, by: User, now: datetime) -> None:
    """Have the workers look at a workspace at once."""
    if reasons := reasons_against_checking(workspace, by=by):
        raise CannotCheck(*reasons)
    unshifted = clock.unshifted()
    for purpose in Purpose:
        job = ensure_job(kind=kind_of_job(purpose), key=str(workspace.uuid), now=unshifted)
        Job.objects.filter(pk=job.pk, state=JobState.WAITING).update(due_at=unshifted)
    record("readiness.check.asked", on=workspace, by=by, at=now)


def look_at_one_workspace(*, purpose: str, now: datetime, connect: Connect) -> bool:
    """Look at one workspace that is due for this purpose; False when none is. `now` is business
    time.
    """
    unshifted = clock.unshifted()
    workspaces = {str(row.uuid): row for row in workspaces_to_read()}
    kind = kind_of_job(purpose)
    there = Job.objects.filter(kind=kind, key__in=workspaces).values_list("key", flat=True)
    for key in workspaces.keys() - set(there):
        ensure_job(kind=kind, key=key, now=unshifted)
    resting = resting_workspaces(now=unshifted, purpose=purpose)  # a look begins with a probe
    keys = [key for key, workspace in workspaces.items() if workspace.pk not in resting]
    job = claim_due(Job.objects.filter(kind=kind, key__in=keys), now=unshifted, max_attempts=None)
    if job is None:
        return False
    workspace, began = workspaces[job.key], job.payload.get("began_at")
    with put_back_after(job, wait=EVERY) as turn:
        try:
            error = look(
                workspace,
                purpose=purpose,
                now=now,
                connect=connect,
                since=datetime.fromisoformat(began) if began else None,
                seconds=SLICE,
            )
        except OutOfTime:
            save_payload(job, payload={"began_at": began or now.isoformat()})
            turn.wait = timedelta(0)
            return True
        save_payload(job, payload={})
        if error:
            turn.error, turn.wait = error, SOON
    return True


class OutOfTime(Exception):
    """A round is not through when its time is up, or Azure asked for silence meanwhile."""


def look(
    workspace: Workspace,
    *,
    purpose: str,
    now: datetime,
    connect: Connect,
    since: datetime | None = None,
    seconds: float = math.inf,
) -> str:
    """Read all that this purpose can tell into rows. Returns why it ended early, or nothing. Parts
    tried at `since` or later are left out: the round goes on. Raises OutOfTime before a call that
    would begin after `seconds`.
    """
    reader = _Reader(workspace, purpose, now, since, ends=time.monotonic() + seconds)
    try:
        client = connect(workspace, purpose)
        reader.probe(client)
        reader.read_list(client, Prerequisite.RIGHTS, key=f"rights {purpose}")
        if purpose == Purpose.READ:
            reader.read_whole(client)
    except SentinelError as error:
        return error.message
    if purpose == Purpose.READ:
        reader.keep("collected", count_collected(workspace, now=now))
    return ""


class _Reader:
    """Reads one workspace with one identity, and keeps what it read."""

    def __init__(
        self, workspace: Workspace, purpose: str, now: datetime, since: datetime | None, ends: float
    ) -> None:
        self.workspace, self.purpose, self.now = workspace, purpose, now
        self._ends = ends
        tried = Finding.objects.filter(workspace=workspace, tried_at__gte=since) if since else None
        self._done = set(tried.values_list("part", flat=True)) if tried is not None else set()

    def _is_done(self, part: str) -> bool:
        """Whether the round has read this part already."""
        if part in self._done:
            return True
        if time.monotonic() > self._ends or self._must_be_silent():
            raise OutOfTime
        return False

    def _must_be_silent(self) -> bool:
        """Whether another process was told to call this workspace later. A person's own command
        goes on: Azure tells it by itself.
        """
        until = callable_at(self.workspace.pk) if self._ends < math.inf else None
        return until is not None and until > clock.unshifted()

    def keep(self, part: str, facts: Any) -> None:
        """Keep what was read of a part."""
        Finding.objects.update_or_create(
            workspace=self.workspace,
            part=part,
            defaults={
                "facts": facts,
                "read_at": self.now,
                "tried_at": self.now,
                "error": "",
                "error_code": "",
            },
        )

    def keep_error(self, part: str, message: str, code: str) -> None:
        """Keep why a part could not be read, beside what was read of it before."""
        Finding.objects.update_or_create(
            workspace=self.workspace,
            part=part,
            defaults={"tried_at": self.now, "error": message[:500], "error_code": code[:100]},
        )

    def probe(self, client: SentinelClient) -> None:
        """Sign in and list one incident. What Azure answers is a fact, too."""
        part = f"probe {self.purpose}"
        try:
            found = client.probe()
        except SentinelError as error:
            facts = {"kind": _kind(error), "error": error.message, "code": error.code}
            self.keep(part, facts)
            note_error(
                workspace_id=self.workspace.pk,
                error=error,
                now=clock.unshifted(),
                purpose=self.purpose,
            )
            raise
        self.keep(part, {"has_incidents": found.has_incidents, "reads_left": found.reads_left})
        note_success(
            workspace_id=self.workspace.pk,
            now=clock.unshifted(),
            purpose=self.purpose,
            calls_left=client.calls_left,
            credential_ends_at=client.credential_ends_at,
        )

    def read_whole(self, client: SentinelClient) -> None:
        """Read every part that is no right of another purpose."""
        for part in _WHOLE_WORKSPACE:
            if part in IS_LIST:
                self.read_list(client, part)
            else:
                self.read_single(client, part)
        for subscription in self._subscriptions():
            for part in _OF_A_SUBSCRIPTION:
                if part in IS_LIST:
                    self.read_list(client, part, of=subscription)
                else:
                    self.read_single(client, part, of=subscription)
        for group in self._read_playbook_groups(client):
            self.read_list(client, Prerequisite.ROLE_ASSIGNMENTS, of=group)

    def read_list(
        self, client: SentinelClient, part: Prerequisite, *, of: str = "", key: str = ""
    ) -> None:
        """Read all pages of a list. Raises what says that Azure does not answer at all."""
        name = key or f"{part} {of}".strip()
        if self._is_done(name):
            return
        rows: list[dict[str, Any]] = []
        link = None
        try:
            for _ in range(MAX_PAGES):
                page, link = read_page(client.read_prerequisite(part, of=of, next_link=link))
                rows += page
                if not link:
                    break
            else:
                self.keep_error(name, f"The list has more than {MAX_PAGES} pages.", "Loop")
                return
            self.keep(name, facts_of(part, rows))
        except UnreadableAnswer as broken:
            self.keep_error(name, str(broken), "NotReadable")
        except SentinelError as error:
            self._note(name, error)

    def read_single(self, client: SentinelClient, part: Prerequisite, *, of: str = "") -> None:
        """Read an answer that is no list. Where Sentinel is off there is no onboarding state."""
        name = f"{part} {of}".strip()
        if self._is_done(name):
            return
        try:
            answer = read_answer(client.read_prerequisite(part, of=of))
            self.keep(name, single_fact(part, answer))
        except UnreadableAnswer as broken:
            self.keep_error(name, str(broken), "NotReadable")
        except SentinelNotFound as error:
            if part is Prerequisite.ONBOARDING:
                self.keep(name, {"is_on": False})
            else:
                self._note(name, error)
        except SentinelError as error:
            self._note(name, error)

    def _read_playbook_groups(self, client: SentinelClient) -> list[str]:
        """The resource groups of the playbooks that automation rules start; none where unread."""
        if self._is_done("playbook groups"):
            row = Finding.objects.get(workspace=self.workspace, part="playbook groups")
            return list(row.facts or ())
        rules: list[dict[str, Any]] = []
        link = None
        try:
            for _ in range(MAX_PAGES):
                page, link = read_automation_rules(client.list_automation_rules(next_link=link))
                rules += [rule.properties for rule in page]
                if not link:
                    break
        except NotAPage as broken:
            self.keep_error("playbook groups", str(broken), "NotReadable")
            return []
        except SentinelError as error:
            self._note("playbook groups", error)
            return []
        groups = playbook_groups(rules)[:MAX_OF_A_KIND]
        self.keep("playbook groups", groups)
        return groups

    def _subscriptions(self) -> list[str]:
        rows = Finding.objects.filter(workspace=self.workspace, part=Prerequisite.CONNECTORS)
        connectors = rows.values_list("facts", flat=True).first() or []
        named = {row["subscription"] for row in connectors if row["kind"] == "IOT"} - {""}
        return (sorted(named) or [self.workspace.subscription_id.lower()])[:MAX_OF_A_KIND]

    def _note(self, part: str, error: SentinelError) -> None:
        """A refusal is about this part; silence is about the workspace, and ends the round."""
        self.keep_error(part, error.message, error.code)
        if isinstance(error, SentinelUnavailable | SentinelThrottled):
            note_error(
                workspace_id=self.workspace.pk,
                error=error,
                now=clock.unshifted(),
                purpose=self.purpose,
            )
            raise error


def _kind(error: SentinelError) -> str:
    if error.code in _SIGN_IN_CODES or error.code.startswith("AADSTS"):
        return "sign-in"
    match error:
        case SentinelThrottled():
            return "throttled"
        case SentinelDenied():
            return "denied"
        case SentinelNotFound():
            return "not found"
    return "unreachable"
