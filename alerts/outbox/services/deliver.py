"""Take the next write that is due, send it, and settle it. Any number may do so at once.

Claiming is fair between workspaces and in order within an incident. Sending reads the incident,
decides, writes, and reads again where somebody was in between. How it ended is written down and
passed to those who asked in one transaction.
"""

import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet, Subquery

from alerts.outbox import registry
from alerts.outbox.engine.merge import (
    AlreadyDone,
    ForeignChange,
    Overtaken,
    ToWrite,
    conflict_text,
    decide_change,
    is_close,
    properties_after,
    rebase,
)
from alerts.outbox.models import PATCHES, Change, ChangeOutcome, WriteKind
from alerts.outbox.services.incident_tasks import TaskOutcomeUnknown, write_task
from alerts.outbox.services.playbooks import (
    ChangeTakenOver,
    NotAllowed,
    RunNotFound,
    start_playbook,
)
from alerts.sentinel.client.port import (
    Receipt,
    SentinelClient,
    SentinelConflict,
    SentinelDenied,
    SentinelError,
    SentinelNotFound,
    SentinelRefused,
)
from alerts.sentinel.engine.pacing import seconds_to_wait
from alerts.sentinel.models import ClientPurpose, Workspace
from alerts.sentinel.queries import silences
from alerts.sentinel.services.reach import may_call_workspace, note_error, note_success
from alerts.sentinel.wire.alerts import read_alerts
from alerts.sentinel.wire.entities import WireComment, read_comments
from alerts.sentinel.wire.graph.comments import find_comment
from alerts.sentinel.wire.incidents import WireIncident, comment_body, read_incident
from portal import clock
from portal.audit.services import record
from portal.backup.queries import is_paused_after_restore
from portal.jobs.models import JobState
from portal.jobs.services import (
    MAX_ATTEMPTS,
    WORKER_DIED,
    back_off,
    claim_due,
    due_jobs,
    put_back,
    settle,
)

log = logging.getLogger(__name__)

PURPOSE = ClientPurpose.INCIDENTS
TURNS = 4  # the first and three more
ENOUGH = 20.0  # seconds after which no new turn begins, so that the lease outlives two calls
GONE = "It is no longer in Sentinel."
REMOVED = "The workspace was removed."
OVERTAKEN = "Somebody changed it in Microsoft Defender right after; that stays."
REASON_NOT_STORED = "Microsoft Defender has no place for this reason and shows another one."
DISABLED = "The account was disabled before the close was sent, so the incident stays open."
_ORDER = ("urgency", "due_at", "pk")

type Connect = Callable[[Any, str], SentinelClient]  # sentinel.client.client_for
type Pause = Callable[[float], None]
type Ask = Callable[[WireIncident], str]  # why this must not be written after all; "" if it may


def claim_change(workspace_id: int | None = None) -> Change | None:
    """Claim one change that is due, in one workspace or in any; None when there is none.

    Among workspaces whose most urgent change is equally urgent, chance decides, so that a
    thousand writes to one do not hold up the single one to another. After a restore nothing goes
    out until somebody has looked.
    """
    if is_paused_after_restore():
        return None
    now = clock.unshifted()
    for chosen in _workspaces_with_work(workspace_id, now=now):
        change = claim_due(
            _claimable(chosen),
            now=now,
            order=_ORDER,
            max_attempts=None,  # counted by who delivers, because giving up must be told
        )
        if change is not None:
            return change
    return None


def _workspaces_with_work(workspace_id: int | None, *, now: datetime) -> list[int]:
    first = Change.objects.filter(
        due_jobs(now), workspace=OuterRef("pk"), outcome=ChangeOutcome.OPEN
    )
    # What a removed one is still owed is taken, too: it ends, and whose it was is told.
    rows = Workspace.objects.exclude(state=Workspace.State.PAUSED)
    rows = rows.exclude(pk__in=silences(now=now, purpose=PURPOSE).values("workspace_id"))
    if workspace_id is not None:
        rows = rows.filter(pk=workspace_id)
    found = list(
        rows.annotate(most_urgent=Subquery(first.order_by(*_ORDER).values("urgency")[:1]))
        .exclude(most_urgent=None)
        .order_by()
        .values_list("most_urgent", "pk")
    )
    random.shuffle(found)
    return [pk for _, pk in sorted(found, key=lambda row: row[0])]


def _claimable(workspace_id: int) -> QuerySet[Change]:
    """The oldest open change of each incident."""
    older = Change.objects.filter(
        workspace_id=OuterRef("workspace_id"),
        incident_name=OuterRef("incident_name"),
        pk__lt=OuterRef("pk"),
        outcome=ChangeOutcome.OPEN,
    )
    rows = Change.objects.filter(
        ~Exists(older), workspace_id=workspace_id, outcome=ChangeOutcome.OPEN
    )
    return rows.select_related("workspace", "by")


@dataclass(frozen=True, slots=True)
class Sent:
    """How sending ended. `incident` is what Sentinel has now, where its answer could be read."""

    outcome: ChangeOutcome
    note: str = ""
    incident: WireIncident | None = None
    etag: str = ""
    foreign: tuple[ForeignChange, ...] = ()
    wrote: bool = False


class UnreadableIncident(Exception):
    """Sentinel's answer about this incident is none that can be decided on."""


class IncidentKeepsChanging(Exception):
    """Somebody changed the incident each time between our reading and our writing."""


def send_change(
    change: Change,
    *,
    client: SentinelClient,
    now: datetime,
    pause: Pause = time.sleep,
    ask: Ask | None = None,
) -> Sent:
    """Send one change. Raises SentinelError where the far end did not let us. `ask` is asked of
    each reading that is about to be written over; `now` is business time.
    """
    if change.kind == WriteKind.COMMENT:
        return _send_comment(change, client)
    if change.kind == WriteKind.PLAYBOOK:
        return _start(change, client, now)
    if change.kind == WriteKind.TASK:
        return Sent(ChangeOutcome.SENT, wrote=write_task(change, client=client))
    return _send_update(change, client, pause, ask)


def _start(change: Change, client: SentinelClient, now: datetime) -> Sent:
    may_start = partial(registry.reason_not_to_start, change, now=now)
    try:
        run = start_playbook(change, client=client, now=clock.unshifted(), may_start=may_start)
    except NotAllowed as refusal:
        return Sent(ChangeOutcome.DROPPED, str(refusal))
    return Sent(ChangeOutcome.SENT, run, wrote=True)


def _send_update(change: Change, client: SentinelClient, pause: Pause, ask: Ask | None) -> Sent:
    began = time.monotonic()
    for turn in range(TURNS):
        fresh = _read(client.get_incident(change.incident_name))
        match decide_change(change.patch, change.base, fresh.raw["properties"]):
            case AlreadyDone():
                return Sent(ChangeOutcome.SENT, incident=fresh, etag=fresh.etag or "")
            case Overtaken() as lost:
                note = conflict_text(lost)
                return Sent(
                    ChangeOutcome.CONFLICTED, note, fresh, fresh.etag or "", foreign=lost.foreign
                )
            case ToWrite() as plan:
                if ask and (reason := ask(fresh)):
                    return Sent(ChangeOutcome.DROPPED, reason, fresh, fresh.etag or "")
        try:
            receipt = client.change_incident(
                fresh,
                plan.changes,
                add_labels=plan.add_labels,
                remove_labels=plan.remove_labels,
            )
        except SentinelConflict:
            if time.monotonic() - began > ENOUGH:
                break
            if turn < TURNS - 1:
                pause(random.uniform(0.1, 0.4) * 2**turn)
            continue
        return _written(receipt)
    raise IncidentKeepsChanging("Somebody else keeps changing this incident in Sentinel.")


def _send_comment(change: Change, client: SentinelClient) -> Sent:
    key = str(change.key)
    # It was in a worker's hands before: perhaps the answer was lost.
    if change.fence > 1 and _is_comment_there(change.incident_name, key, client):
        return Sent(ChangeOutcome.SENT)
    client.put_comment(change.incident_name, key, comment_body(change.message))
    return Sent(ChangeOutcome.SENT, wrote=True)


def _is_comment_there(name: str, key: str, client: SentinelClient) -> bool:
    """Whether our comment is there, by Graph's mark in the text or Sentinel's name."""
    own = client.resource_manager
    for side in (client,) if own is client else (client, own):
        try:
            side.get_comment(name, key)
        except SentinelNotFound:
            continue
        except (SentinelDenied, SentinelRefused):
            if side is client:
                raise
            continue  # the resource manager is being taken away from incidents
        return True
    return own is client and _has_mark(name, key, own)


def _has_mark(name: str, key: str, client: SentinelClient) -> bool:
    """Whether Sentinel took a comment with our mark over from Graph, under a name of its own."""
    link = None
    while True:
        page = read_comments(client.list_comments(name, next_link=link))
        texts = [{"comment": c.message} for c in page.items if isinstance(c, WireComment)]
        if find_comment("", texts, key=key) is not None:
            return True
        link = page.next_link
        if link is None:
            return False


def _read(body: bytes) -> WireIncident:
    incident = read_incident(body)
    if not isinstance(incident, WireIncident):
        raise UnreadableIncident(f"Sentinel's answer could not be read: {incident.reason}.")
    return incident


def _written(receipt: Receipt) -> Sent:
    """What came of a write that succeeded, even where its answer is of no use."""
    note = OVERTAKEN if receipt.overtaken else REASON_NOT_STORED if receipt.without_place else ""
    try:
        saved = _read(receipt.body)
    except (ValueError, UnreadableIncident):
        return Sent(ChangeOutcome.SENT, note, etag=receipt.etag or "", wrote=True)
    etag = receipt.etag or saved.etag or ""
    return Sent(ChangeOutcome.SENT, note, incident=saved, etag=etag, wrote=True)


class LeaseLost(Exception):
    """Another worker holds the change now."""


def settle_change(change: Change, *, sent: Sent, now: datetime, state: JobState) -> bool:
    """Settle with the fence. False, and nothing written, when the lease was lost meanwhile."""
    try:
        with transaction.atomic():
            _settle(change, sent=sent, now=now, state=state)
    except LeaseLost:
        return False
    return True


def _settle(change: Change, *, sent: Sent, now: datetime, state: JobState) -> None:
    fields = {"outcome": sent.outcome, "note": sent.note, "etag_after": sent.etag[:120]}
    error = "" if sent.outcome == ChangeOutcome.SENT else sent.note
    if not settle(change, now=clock.unshifted(), state=state, error=error, **fields):
        raise LeaseLost
    change.outcome, change.note, change.etag_after = sent.outcome, sent.note, sent.etag[:120]
    change.state = state
    settlement = registry.Settlement(change, sent.incident, sent.foreign, now)
    if state == JobState.DEAD:
        _notify_though_dead(settlement)
    else:
        registry.notify_listeners(settlement)
    # After the listeners: they hold the incident's lock, so no later wish is missed.
    if sent.outcome == ChangeOutcome.SENT and change.kind in PATCHES:
        _rebase_later(change, sent)
    record(
        f"outbox.change.{sent.outcome}",
        on=change,
        by="outbox",
        at=now,
        incident=change.incident_name,
        workspace=change.workspace_id,
        act=change.act,
        wrote=sent.wrote,
        note=sent.note,
    )


def _notify_though_dead(settlement: registry.Settlement) -> None:
    """A listener that fails may be why the change died; it must not keep it alive for ever."""
    try:
        with transaction.atomic():
            registry.notify_listeners(settlement)
    except Exception:
        log.exception("Nobody could be told that change %s was given up", settlement.change.key)


def _rebase_later(change: Change, sent: Sent) -> None:
    """What we wrote ourselves is no foreign change to what we still owe to the same incident."""
    later = Change.objects.filter(
        workspace_id=change.workspace_id,
        incident_name=change.incident_name,
        outcome=ChangeOutcome.OPEN,
        kind__in=PATCHES,
        pk__gt=change.pk,
    )
    properties = (
        sent.incident.raw["properties"] if sent.incident else properties_after(change.patch)
    )
    for other in later.order_by("pk"):
        Change.objects.filter(pk=other.pk, outcome=ChangeOutcome.OPEN).update(
            base=rebase(other.base, change.patch, properties)
        )


@dataclass(frozen=True, slots=True)
class Delivered:
    """What became of one change: `outcome` is open where it was put back to wait."""

    change: Change
    outcome: ChangeOutcome
    note: str


def deliver_one(
    *,
    now: datetime,
    connect: Connect,
    workspace_id: int | None = None,
    pause: Pause = time.sleep,
) -> Delivered | None:
    """Send one change that is due on the unshifted clock; None when none is."""
    change = claim_change(workspace_id)
    if change is None:
        return None
    if change.attempts > MAX_ATTEMPTS:
        error = change.latest_error or WORKER_DIED
        sent = Sent(ChangeOutcome.REFUSED, f"Tried {MAX_ATTEMPTS} times without success. {error}")
        return _settled(change, sent, now=now, dead=True)
    try:
        if change.workspace.is_removed:
            return _settled(change, Sent(ChangeOutcome.DROPPED, REMOVED), now=now)
        if change.by is not None and not change.by.is_active and is_close(change.patch):
            return _settled(change, Sent(ChangeOutcome.DROPPED, DISABLED), now=now)
        if reason := registry.reason_not_to_send(change, now=now):
            return _settled(change, Sent(ChangeOutcome.DROPPED, reason), now=now)
        if not may_call_workspace(
            workspace_id=change.workspace_id, now=clock.unshifted(), purpose=PURPOSE
        ):
            return _wait(change, "The workspace is being tried with another change.")
        client = connect(change.workspace, PURPOSE)
        sent = send_change(
            change, client=client, now=now, pause=pause, ask=_asker(change, client, now)
        )
        note_workspace_answer(change.workspace_id, purpose=PURPOSE, client=client)
        return _settled(change, sent, now=now)
    except SentinelError as error:
        return _not_sent(change, error, now=now)
    except (
        IncidentKeepsChanging,
        UnreadableIncident,
        RunNotFound,
        ChangeTakenOver,
        TaskOutcomeUnknown,
    ) as error:
        return _try_again(change, str(error))
    except Exception as error:
        log.exception("Change %s could not be delivered", change.key)
        return _try_again(change, f"{type(error).__name__}: {error}")


def _asker(change: Change, client: SentinelClient, now: datetime) -> Ask | None:
    """Have a fresh check asked of the incident and its alerts as they are now. The alerts are read
    after the incident: one that joins later changes the etag, and the write is refused.
    """
    if not registry.has_fresh_check(change):
        return None

    def ask(incident: WireIncident) -> str:
        alerts = tuple(read_alerts(client.list_alerts(change.incident_name)))
        return registry.reason_not_to_write(
            change, registry.FreshIncident(incident, alerts), now=now
        )

    return ask


def _not_sent(change: Change, error: SentinelError, *, now: datetime) -> Delivered:
    match error:
        case SentinelNotFound() if not error.is_of_the_workspace:
            note_workspace_answer(change.workspace_id, purpose=PURPOSE)
            return _settled(change, Sent(ChangeOutcome.REFUSED, GONE), now=now, dead=True)
        case SentinelRefused():
            note_workspace_answer(change.workspace_id, purpose=PURPOSE)
        case _:  # also a missing right: the decision waits until somebody has given it back
            note_workspace_failure(change.workspace_id, purpose=PURPOSE, error=error)
            return _wait(change, error.message, error=error)
    return _settled(change, Sent(ChangeOutcome.REFUSED, error.message), now=now, dead=True)


def _wait(change: Change, why: str, *, error: SentinelError | None = None) -> Delivered:
    """The far end is away or busy: the change is not to blame and pays nothing."""
    wait = retry_delay(error, tries=change.fence)
    put_back(change, due_at=clock.unshifted() + wait, error=why, free=True)
    return Delivered(change, ChangeOutcome.OPEN, why)


def _try_again(change: Change, error: str) -> Delivered:
    due_at = clock.unshifted() + back_off(change.attempts)
    put_back(change, due_at=due_at, error=error)
    return Delivered(change, ChangeOutcome.OPEN, error)


def _settled(change: Change, sent: Sent, *, now: datetime, dead: bool = False) -> Delivered:
    state = JobState.DEAD if dead else JobState.DONE
    if not settle_change(change, sent=sent, now=now, state=state):
        note = "Another worker has taken it over; what was sent will be found there."
        return Delivered(change, ChangeOutcome.OPEN, note)
    return Delivered(change, sent.outcome, sent.note)


def note_workspace_answer(
    workspace_id: int, *, purpose: ClientPurpose, client: SentinelClient | None = None
) -> None:
    """Note for all processes that the workspace answered, whatever the answer."""
    note_success(
        workspace_id=workspace_id,
        now=clock.unshifted(),
        purpose=purpose,
        calls_left=client.calls_left if client else None,
        credential_ends_at=client.credential_ends_at if client else None,
    )


def note_workspace_failure(
    workspace_id: int, *, purpose: ClientPurpose, error: SentinelError
) -> None:
    """Note for all processes that the workspace did not let us."""
    note_error(workspace_id=workspace_id, error=error, now=clock.unshifted(), purpose=purpose)


def retry_delay(error: SentinelError | None, *, tries: int) -> timedelta:
    """How long to wait: what the server asked for, else longer each time, with jitter."""
    retry_after: float | None = getattr(error, "retry_after", None)
    return timedelta(seconds=seconds_to_wait(retry_after, strikes=tries, jitter=random.random()))
