"""Take the next automation rule that is owed, bring Sentinel to it, and settle it.

The gates go first, fair between workspaces. What is put there is read back. `push_rules` does so in
the foreground for many workspaces at once, for the kill switch: it needs neither broker nor
workers.
"""

import logging
import random
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

from django.db import connections, transaction
from django.db.models import Min, Q, QuerySet

from alerts.outbox import registry
from alerts.outbox.engine.rules import Action, decide_about
from alerts.outbox.models import NOT_AS_DECIDED, Landing, RulePriority, WantedRule
from alerts.outbox.services.deliver import (
    ENOUGH,
    TURNS,
    Connect,
    Pause,
    note_workspace_answer,
    note_workspace_failure,
    retry_delay,
)
from alerts.outbox.services.wanted_resources import (
    ResourceNotReady,
    delete_resource,
    is_automation_rule,
    put_resource,
    read_resource,
    reason_against,
)
from alerts.sentinel.client.port import (
    SentinelClient,
    SentinelConflict,
    SentinelError,
    SentinelNotFound,
    SentinelRefused,
)
from alerts.sentinel.models import ClientPurpose, Workspace
from alerts.sentinel.queries import resting_workspaces, silent_workspaces
from alerts.sentinel.services.reach import may_call_workspace
from alerts.sentinel.wire.automation import WireRule, differing_places, read_automation_rules
from portal import clock
from portal.audit.services import record
from portal.backup.queries import is_paused_after_restore
from portal.jobs.models import JobState
from portal.jobs.services import (
    MAX_ATTEMPTS,
    WORKER_DIED,
    back_off,
    claim_due,
    claimed,
    due_jobs,
    put_back,
    run_while_due,
)

log = logging.getLogger(__name__)

PURPOSE = ClientPurpose.RULES
MAX_PAGES = 20
MAX_MISSES = 1000  # more say nothing more
MAX_THREADS = 16

type HasRoom = Callable[[int], list[str]]  # how many rules there are → why not one more


def claim_rule(workspace_id: int | None = None, *, stops_only: bool = False) -> WantedRule | None:
    """Claim one that is due, in one workspace or in any; None when there is none. After a restore
    only gates that somebody has had enabled go out, until somebody has looked.
    """
    now = clock.unshifted()
    rows = _claimable(now=now)
    if workspace_id is not None:
        rows = rows.filter(workspace_id=workspace_id)
    if stops_only or is_paused_after_restore():
        rows = rows.filter(urgency=RulePriority.STOP)
    found = list(
        rows.filter(due_jobs(now)).order_by().values_list("workspace_id").annotate(Min("urgency"))
    )
    random.shuffle(found)
    for chosen, _ in sorted(found, key=lambda row_of: row_of[1]):
        row = claim_due(
            rows.filter(workspace_id=chosen).select_related("workspace"),
            now=now,
            order=("urgency", "due_at", "pk"),
            max_attempts=None,  # counted by who delivers, because giving up must be told
        )
        if row is not None:
            return row
    return None


def _claimable(*, now: datetime) -> QuerySet[WantedRule]:
    """What may go out now. A stop and what is to be taken away also go to workspaces that are
    paused or removed; a stop is held up only by a silence that Azure asked this identity for.
    """
    stops = Q(urgency=RulePriority.STOP)
    takes_away = stops | Q(wanted__isnull=True)
    return (
        WantedRule.objects.filter(outcome=Landing.PENDING)
        .filter(Q(workspace__state=Workspace.State.ACTIVE) | takes_away)
        .exclude(workspace__in=silent_workspaces(now=now, purpose=PURPOSE))
        .filter(stops | ~Q(workspace__in=resting_workspaces(now=now, purpose=PURPOSE)))
    )


@dataclass(frozen=True, slots=True)
class Placed:
    """How it ended. `body` is what Sentinel holds now; None where there is nothing of ours."""

    outcome: Landing
    body: dict[str, Any] | None
    etag: str = ""
    error: str = ""
    note: str = ""
    wrote: bool = False


class RuleNoLongerOurs(Exception):
    """Another worker has it, or something else is wanted by now."""


class RuleKeepsChanging(Exception):
    """Somebody changed the rule each time between our reading and our writing."""


def place_rule(
    row: WantedRule, *, client: SentinelClient, has_room: HasRoom, now: datetime, pause: Pause
) -> Placed:
    """Make Sentinel hold what is wanted, or return why not. Raises SentinelError."""
    began = time.monotonic()
    for turn in range(TURNS):
        current = read_resource(row, client=client)
        found = current.properties if current else None
        verdict = decide_about(
            desired=row.wanted,
            ours=[row.landed, row.sent],
            was_there=row.landed is not None,
            found=found,
            insists=row.insists,
            now=now,
        )
        if verdict.action is Action.AS_WANTED:
            return Placed(Landing.LANDED, row.wanted, current.etag if current else "")
        if verdict.action is Action.HOLD:
            return Placed(Landing.CHANGED_BY_HAND, row.landed, row.landed_etag, error=verdict.note)
        is_another = current is None and is_automation_rule(row)
        if is_another and (reasons := has_room(_count_rules(client))):
            return Placed(Landing.REFUSED, None, error=" ".join(reasons))
        try:
            return _write(row, current, client, note=verdict.note)
        except SentinelConflict:
            if time.monotonic() - began > ENOUGH:
                break
            if turn < TURNS - 1:
                pause(random.uniform(0.1, 0.4) * 2**turn)
    raise RuleKeepsChanging("Somebody else keeps changing this rule in Sentinel.")


def _write(
    row: WantedRule, current: WireRule | None, client: SentinelClient, *, note: str
) -> Placed:
    etag = current.etag if current else ""
    _mark_sent(row)
    if row.wanted is None:
        delete_resource(row, client=client, etag=etag)
        return Placed(Landing.LANDED, None, note=note, wrote=True)
    put_resource(row, client=client, etag=etag)
    back = read_resource(row, client=client)
    if back is None:
        return Placed(
            Landing.REFUSED, None, error="Sentinel accepted the rule, but does not list it."
        )
    if places := differing_places(row.wanted, back.properties):
        # It would act in words that nobody signed.
        delete_resource(row, client=client, etag=back.etag)
        message = (
            f"What Sentinel kept is not what was sent ({', '.join(places)}); it was taken away."
        )
        return Placed(Landing.REFUSED, None, error=message, wrote=True)
    return Placed(Landing.LANDED, row.wanted, back.etag, note=note, wrote=True)


def _mark_sent(row: WantedRule) -> None:
    """Note what goes out, so that a lost answer is known again; stop if more is wanted by now."""
    if not claimed(row).filter(wanted_version=row.wanted_version).update(sent=row.wanted):
        raise RuleNoLongerOurs
    row.sent = row.wanted


def _count_rules(client: SentinelClient) -> int:
    total, link = 0, None
    for _ in range(MAX_PAGES):
        rules, link = read_automation_rules(client.list_automation_rules(next_link=link))
        total += len(rules)
        if not link:
            break
    return total


@transaction.atomic
def settle_rule(row: WantedRule, *, placed: Placed, now: datetime, code: str = "") -> bool:
    """Settle with the fence. False, and nothing written, when the lease was lost meanwhile. Where
    more is wanted by now, what landed is noted and the row stays owed.
    """
    rows = claimed(row).select_for_update(of=("self",)).select_related("workspace")
    current = rows.first()
    if current is None:
        return False
    moved_on = current.wanted_version != row.wanted_version
    landed = placed.outcome == Landing.LANDED
    current.landed, current.landed_etag = placed.body, placed.etag[:120]
    if landed:
        current.landed_version, current.landed_at, current.misses = row.wanted_version, now, 0
        current.latest_error, current.error_code, current.error_at = "", "", None
    else:
        current.latest_error, current.error_code = placed.error[:2000], code[:100]
        current.error_at = now
    current.note, current.lease_until = placed.note, None
    if moved_on:
        current.state, current.due_at = JobState.WAITING, clock.unshifted()
    else:
        current.state = JobState.DONE if landed else JobState.DEAD
        current.outcome, current.settled_at = placed.outcome, clock.unshifted()
    current.save()
    registry.notify_rule_listeners(
        registry.RuleSettlement(current, placed.outcome, placed.wrote, now)
    )
    if placed.wrote or not landed:
        record(
            f"outbox.rule.{_became(placed)}",
            on=current,
            by="outbox",
            at=now,
            workspace=current.workspace_id,
            name=current.name,
            version=row.wanted_version,
            error=placed.error,
            note=placed.note,
        )
    return True


def wait_with_rule(
    row: WantedRule, *, due_at: datetime, error: str, code: str, counts: bool, now: datetime
) -> None:
    """Give a claimed rule back until later. What the far end did costs it no attempt."""
    misses = min(row.misses + 1, MAX_MISSES)
    put_back(
        row,
        due_at=due_at,
        error=error,
        free=not counts,
        error_code=code[:100],
        error_at=now,
        misses=misses,
    )


def _became(placed: Placed) -> str:
    if placed.outcome != Landing.LANDED:
        return str(placed.outcome.value)
    return "landed" if placed.body is not None else "removed"


@dataclass(frozen=True, slots=True)
class DeliveredRule:
    """The result for one: pending where it must wait; `note` is why it did not land."""

    rule: WantedRule
    outcome: Landing
    note: str = ""


def deliver_one_rule(
    *,
    now: datetime,
    connect: Connect,
    workspace_id: int | None = None,
    stops_only: bool = False,
    pause: Pause = time.sleep,
) -> DeliveredRule | None:
    """Deliver one rule that is due; None when none is. `now` is business time."""
    row = claim_rule(workspace_id, stops_only=stops_only)
    if row is None:
        return None
    if row.attempts > MAX_ATTEMPTS:
        error = row.latest_error or WORKER_DIED
        message = f"Tried {MAX_ATTEMPTS} times without success. {error}"
        return _settled(row, Placed(Landing.REFUSED, row.landed, error=message), now=now)
    try:
        if reason := reason_against(row, now=now):
            placed = Placed(Landing.REFUSED, row.landed, row.landed_etag, error=reason)
            return _settled(row, placed, now=now, code=NOT_AS_DECIDED)
        if reason := registry.reason_to_wait_with(row):
            wait = timedelta(seconds=min(5 * 2 ** min(row.misses, 4), 60))
            return _wait(row, reason, "", now=now, wait=wait)
        if row.urgency != RulePriority.STOP and not may_call_workspace(
            workspace_id=row.workspace_id, now=clock.unshifted(), purpose=PURPOSE
        ):
            return _wait(row, "The workspace is being tried with another change.", "", now=now)
        client = connect(row.workspace, PURPOSE.value)
        placed = place_rule(
            row,
            client=client,
            has_room=registry.reasons_against_another_rule,
            now=now,
            pause=pause,
        )
        note_workspace_answer(row.workspace_id, purpose=PURPOSE, client=client)
        return _settled(row, placed, now=now)
    except SentinelError as error:
        return _not_placed(row, error, now=now)
    except ResourceNotReady as error:
        return _wait(row, str(error), "", now=now, wait=timedelta(seconds=15))
    except RuleNoLongerOurs:
        return _wait(row, "The rule has changed again since.", "", now=now, wait=timedelta())
    except Exception as error:
        if not isinstance(error, (RuleKeepsChanging, ValueError)):
            log.exception("Rule %s could not be delivered", row.name)
        wait = back_off(row.attempts)
        return _wait(row, str(error) or type(error).__name__, "", now=now, wait=wait, counts=True)


def _not_placed(row: WantedRule, error: SentinelError, *, now: datetime) -> DeliveredRule:
    if isinstance(error, SentinelRefused):
        note_workspace_answer(row.workspace_id, purpose=PURPOSE)
        placed = Placed(Landing.REFUSED, row.landed, row.landed_etag, error=error.message)
        return _settled(row, placed, now=now, code=error.code)
    if not isinstance(error, SentinelNotFound) or error.is_of_the_workspace:
        note_workspace_failure(row.workspace_id, purpose=PURPOSE, error=error)
    wait = retry_delay(error, tries=row.misses + 1)
    return _wait(row, error.message, error.code, now=now, wait=wait)


def _wait(
    row: WantedRule,
    why: str,
    code: str,
    *,
    now: datetime,
    wait: timedelta = timedelta(seconds=5),
    counts: bool = False,
) -> DeliveredRule:
    due_at = clock.unshifted() + wait
    wait_with_rule(row, due_at=due_at, error=why, code=code, counts=counts, now=now)
    return DeliveredRule(row, Landing.PENDING, why)


def _settled(row: WantedRule, placed: Placed, *, now: datetime, code: str = "") -> DeliveredRule:
    if not settle_rule(row, placed=placed, now=now, code=code):
        return DeliveredRule(row, Landing.PENDING, "Another worker has taken it over.")
    return DeliveredRule(row, placed.outcome, placed.error or placed.note)


def push_rules(
    *,
    workspace_ids: Collection[int],
    connect: Connect,
    now: datetime,
    seconds: float,
    stops_only: bool = False,
) -> None:
    """Deliver what is pending for these workspaces within a time; results are in the rows."""
    ends = time.monotonic() + seconds
    for only in (True,) if stops_only else (True, False):

        def deliver(workspace_id: int, only: bool = only) -> None:
            run_while_due(
                lambda: deliver_one_rule(
                    now=now, connect=connect, workspace_id=workspace_id, stops_only=only
                ),
                seconds=ends - time.monotonic(),
            )

        _in_threads(workspace_ids, deliver, ends=ends)


def _in_threads(ids: Collection[int], work: Callable[[int], None], *, ends: float) -> None:
    waiting: SimpleQueue[int] = SimpleQueue()
    for workspace_id in ids:
        waiting.put(workspace_id)
    threads = [
        Thread(target=_drain, args=(waiting, work), daemon=True)
        for _ in range(min(MAX_THREADS, len(ids)))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, ends - time.monotonic()))


def _drain(waiting: SimpleQueue[int], work: Callable[[int], None]) -> None:
    try:
        while True:
            work(waiting.get_nowait())
    except Empty:
        pass
    finally:
        connections.close_all()
