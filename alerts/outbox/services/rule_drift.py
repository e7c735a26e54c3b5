"""Every ten minutes: does Sentinel still hold our automation rules as they landed? (S11)

One list of a workspace's rules is compared with what landed there. What a person changed, disabled
or deleted is owed once more: delivery reads it afresh, holds it and notifies the leads, and writes
nothing over it.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import QuerySet

from alerts.outbox.engine.labels import ROUTINE_LIST
from alerts.outbox.engine.rules import Action, decide_about
from alerts.outbox.models import OF_WATCHLIST, Landing, RuleKind, WantedRule
from alerts.outbox.services.deliver import Connect, note_workspace_answer, note_workspace_failure
from alerts.outbox.services.deliver_rules import MAX_PAGES, PURPOSE
from alerts.outbox.services.wanted_resources import ResourceNotReady, read_list
from alerts.sentinel.client.port import (
    SentinelClient,
    SentinelError,
    SentinelNotFound,
    SentinelUnavailable,
)
from alerts.sentinel.models import Workspace
from alerts.sentinel.queries import resting_workspaces, workspaces_to_read
from alerts.sentinel.wire.automation import WireRule, read_automation_rules
from alerts.sentinel.wire.records import NotAPage
from alerts.sentinel.wire.watchlists import read_watchlist_items
from portal import clock
from portal.backup.queries import is_paused_after_restore
from portal.jobs.models import Job, JobState
from portal.jobs.services import claim_due, ensure_job, put_back_after

DRIFT: Final = "outbox.rule_drift"
EVERY, SOON = timedelta(minutes=10), timedelta(minutes=1)
type _Page = tuple[list[WireRule], str | None]


def check_one_workspace(*, now: datetime, connect: Connect) -> bool:
    """Compare one workspace that is due; False when none is, or after a restore."""
    if is_paused_after_restore():
        return False
    unshifted = clock.unshifted()
    rows = WantedRule.objects.filter(outcome=Landing.LANDED, landed__isnull=False)
    landed = rows.exclude(kind=RuleKind.PROBE).values("workspace")
    workspaces = {str(row.uuid): row for row in workspaces_to_read().filter(pk__in=landed)}
    for key in workspaces:
        ensure_job(kind=DRIFT, key=key, now=unshifted)
    resting = resting_workspaces(now=unshifted, purpose=PURPOSE, may_probe=False)
    keys = [key for key, workspace in workspaces.items() if workspace.pk not in resting]
    job = claim_due(Job.objects.filter(kind=DRIFT, key__in=keys), now=unshifted, max_attempts=None)
    if job is None:
        return False
    workspace = workspaces[job.key]
    with put_back_after(job, wait=EVERY) as turn:
        try:
            client = connect(workspace, PURPOSE.value)
            requeue_changed_rules(workspace, found=_rules_by_name(client), now=now)
            _check_watchlist(workspace, client, now=now)
            note_workspace_answer(workspace.pk, purpose=PURPOSE, client=client)
        except SentinelError as error:
            turn.error, turn.wait = error.message, SOON
            note_workspace_failure(workspace.pk, purpose=PURPOSE, error=error)
    return True


def requeue_changed_rules(
    workspace: Workspace, *, found: dict[str, dict[str, Any]], now: datetime
) -> int:
    """Queue rules that differ from what landed, by `found` properties; return how many."""
    return _requeue_changed(_landed().filter(workspace=workspace), found=found, now=now)


def _check_watchlist(workspace: Workspace, client: SentinelClient, *, now: datetime) -> None:
    """Compare our watchlist and its rows; record how many rows there are not ours."""
    rows = WantedRule.objects.filter(workspace=workspace, kind__in=OF_WATCHLIST)
    itself = rows.filter(kind=RuleKind.WATCHLIST, outcome=Landing.LANDED).first()
    if itself is None or itself.landed is None:
        return
    try:
        current = read_list(client, name=str(itself.name))
        found = _items_by_name(client) if current else {}
    except ResourceNotReady:
        return
    except SentinelNotFound as error:
        if error.is_of_the_workspace:
            raise
        current, found = None, {}
    foreign = set(found) - {str(name) for name in rows.values_list("name", flat=True)}
    note = f"{len(foreign)} rows that Tagout did not write." if foreign else ""
    rows.filter(pk=itself.pk).exclude(note=note).update(note=note)
    if current:
        found[current.name] = current.properties
    landed = rows.filter(outcome=Landing.LANDED, landed__isnull=False)
    _requeue_changed(landed, found=found, now=now)


def _requeue_changed(
    rows: QuerySet[WantedRule], *, found: dict[str, dict[str, Any]], now: datetime
) -> int:
    changed = []
    for row in rows:
        decision = decide_about(
            desired=row.landed,
            ours=[row.landed],
            was_there=True,
            found=found.get(str(row.name)),
            insists=False,
            now=now,
        )
        if decision.action is Action.HOLD:
            changed.append(row.pk)
    return rows.filter(pk__in=changed).update(
        outcome=Landing.PENDING, state=JobState.WAITING, due_at=clock.unshifted(), attempts=0
    )


def _landed() -> QuerySet[WantedRule]:
    rows = WantedRule.objects.filter(outcome=Landing.LANDED, landed__isnull=False)
    return rows.exclude(kind__in=(RuleKind.PROBE, *OF_WATCHLIST))


def _rules_by_name(client: SentinelClient) -> dict[str, dict[str, Any]]:
    def page(link: str | None) -> _Page:
        return read_automation_rules(client.list_automation_rules(next_link=link))

    return _all_pages(page, endless="The list of automation rules does not end.")


def _items_by_name(client: SentinelClient) -> dict[str, dict[str, Any]]:
    def page(link: str | None) -> _Page:
        return read_watchlist_items(client.list_watchlist_items(ROUTINE_LIST, next_link=link))

    return _all_pages(page, endless="The list of watchlist items does not end.")


def _all_pages(read: Callable[[str | None], _Page], *, endless: str) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    link = None
    for _ in range(MAX_PAGES):
        try:
            rows, link = read(link)
        except NotAPage as broken:
            raise SentinelUnavailable(str(broken), code="NotAList") from broken
        found |= {row.name: row.properties for row in rows}
        if not link:
            return found
    raise SentinelUnavailable(endless, code="Loop")
