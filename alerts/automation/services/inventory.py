"""Every ten minutes: which automation rules and playbooks does a workspace hold, and how did they
run? Each part is read by itself: a missing right on playbooks hides no rule.
"""

from collections.abc import Callable, Iterable
from dataclasses import asdict
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from django.db import transaction

from alerts.automation.engine.hidden_values import hidden_values_of
from alerts.automation.engine.plant_effects import MAX_EVIDENCE, plant_effects_of
from alerts.automation.engine.rule_facts import read_rule_facts
from alerts.automation.models import FoundRule, Inventory, Playbook, PlaybookRun
from alerts.automation.policies import reasons_against_reading_again
from alerts.automation.queries import names_of_made_rules
from alerts.automation.services.listed_playbooks import list_all_playbooks
from alerts.automation.services.notify import notify_of_shadow_rules
from alerts.automation.services.runs import store_runs
from alerts.sentinel.client.port import (
    SentinelClient,
    SentinelError,
    SentinelThrottled,
    SentinelUnavailable,
)
from alerts.sentinel.models import ClientPurpose, Workspace
from alerts.sentinel.queries import resting_workspaces, workspaces_to_read
from alerts.sentinel.services.reach import may_call_workspace, note_error, note_success
from alerts.sentinel.wire.automation import WireRule, read_automation_rules
from alerts.sentinel.wire.playbooks import WirePlaybook, WireRun, read_runs
from alerts.sentinel.wire.records import NotAPage
from portal import clock
from portal.accounts.models import User
from portal.audit.services import record
from portal.backup.queries import is_paused_after_restore
from portal.errors import Refused
from portal.jobs.models import JobState
from portal.jobs.services import claim_due, put_back

EVERY: Final = timedelta(minutes=10)
SOON: Final = timedelta(seconds=30)
MAX_PAGES: Final = 20
MAX_WATCHED: Final = 60  # playbooks whose runs are read in one round
PURPOSE: Final = ClientPurpose.RULES  # the identity of the worker that also puts rules there

type Connect = Callable[[Any, str], SentinelClient]  # sentinel.client.client_for


def read_inventory_now(workspace: Workspace, *, now: datetime, connect: Connect) -> None:
    """Read one workspace at once, whenever it is due. Where a worker reads it now, do nothing."""
    unshifted = clock.unshifted()
    _ensure_rows({workspace.pk: workspace}, due_at=unshifted)
    rows = Inventory.objects.filter(workspace=workspace, state=JobState.WAITING)
    rows.update(due_at=unshifted)
    read_due_inventory(now=now, connect=connect, workspaces=[workspace])


def read_due_inventory(
    *, now: datetime, connect: Connect, workspaces: Iterable[Workspace] | None = None
) -> bool:
    """Read one workspace that is due, of these or of all; False when none is. `now` is business
    time. After a restore nothing is read until somebody has compared.
    """
    if is_paused_after_restore():
        return False
    unshifted = clock.unshifted()
    rows_to_read = workspaces_to_read() if workspaces is None else workspaces
    by_id = {row.pk: row for row in rows_to_read}
    _ensure_rows(by_id, due_at=unshifted)
    awake = by_id.keys() - resting_workspaces(now=unshifted, purpose=PURPOSE)
    rows = Inventory.objects.filter(workspace__in=awake)
    row = claim_due(rows, now=unshifted, max_attempts=None)
    if row is None:
        return False
    workspace, wait = by_id[row.workspace_id], EVERY
    if may_call_workspace(workspace_id=workspace.pk, now=unshifted, purpose=PURPOSE):
        try:
            client = connect(workspace, PURPOSE.value)
            is_running = _read(row, workspace, client=client, now=now)
            note_success(workspace_id=workspace.pk, now=clock.unshifted(), purpose=PURPOSE)
            wait = SOON if is_running else EVERY
        except SentinelError as error:
            note_error(
                workspace_id=workspace.pk, error=error, now=clock.unshifted(), purpose=PURPOSE
            )
            _note(row, error=error)
            wait = SOON
    columns = ("rules", "playbooks", "runs")
    found = {f"{name}_read_at": getattr(row, f"{name}_read_at") for name in columns}
    found |= {f"{name}_error": getattr(row, f"{name}_error") for name in columns}
    problem = row.rules_error or row.playbooks_error or row.runs_error
    put_back(row, due_at=clock.unshifted() + wait, error=problem, free=True, **found)
    return True


class CannotReadAgain(Refused):
    """The workspace is read when it is due."""


@transaction.atomic
def read_again(*, workspace: Workspace, by: User, now: datetime) -> None:
    """Have a workspace read at the next tick; where somebody reads it now, that is as good."""
    if reasons := reasons_against_reading_again(workspace, by=by):
        raise CannotReadAgain(*reasons)
    rows = Inventory.objects.filter(workspace=workspace, state=JobState.WAITING)
    rows.update(due_at=clock.unshifted())
    record("automation.inventory.requested", on=workspace, by=by, at=now)


def _ensure_rows(workspaces: dict[int, Workspace], *, due_at: datetime) -> None:
    stored_ids = set(Inventory.objects.values_list("workspace", flat=True))
    Inventory.objects.bulk_create(
        [Inventory(workspace_id=pk, due_at=due_at) for pk in workspaces if pk not in stored_ids],
        ignore_conflicts=True,
    )


def _note(row: Inventory, *, error: SentinelError) -> None:
    """What could not be reached was not read in any of its parts."""
    row.rules_error = row.playbooks_error = row.runs_error = error.message[:500]


def _read(row: Inventory, workspace: Workspace, *, client: SentinelClient, now: datetime) -> bool:
    """Read all three parts; return whether a run has not ended yet. Raises SentinelThrottled and
    SentinelUnavailable: then the rest waits, too.
    """
    is_running = False
    rules, row.rules_error = _attempt(lambda: _rules(client))
    if rules is not None:
        store_rules(workspace=workspace, rules=rules, now=now)
        row.rules_read_at = now
    playbooks, row.playbooks_error = _attempt(lambda: list_all_playbooks(client))
    if playbooks is not None:
        store_playbooks(workspace=workspace, playbooks=playbooks, now=now)
        row.playbooks_read_at = now
    watched = Playbook.objects.filter(workspace=workspace, gone_at=None).order_by("pk")
    row.runs_error = "" if watched else row.playbooks_error
    for playbook in watched[:MAX_WATCHED]:
        runs, error = _attempt(partial(_runs, client, playbook))
        row.runs_error = row.runs_error or error
        if runs is not None:
            is_running = store_runs(playbook=playbook, runs=runs, now=now) or is_running
    if not row.runs_error:
        row.runs_read_at = now
    return is_running


def _attempt[T](read: Callable[[], T]) -> tuple[T | None, str]:
    """What was read, or why not: a missing right or a strange answer is of this part alone."""
    try:
        return read(), ""
    except (SentinelThrottled, SentinelUnavailable):
        raise
    except SentinelError as error:
        return None, error.message[:500]
    except NotAPage as error:
        return None, f"Azure's answer could not be read: {error}."[:500]


def _rules(client: SentinelClient) -> list[WireRule]:
    found: list[WireRule] = []
    link = None
    for _ in range(MAX_PAGES):
        rules, link = read_automation_rules(client.list_automation_rules(next_link=link))
        found += rules
        if not link:
            return found
    raise NotAPage("the list of automation rules does not end")


def _runs(client: SentinelClient, playbook: Playbook) -> list[WireRun]:
    """The newest runs, page by page until one is known that has ended: all older ones were read."""
    ended = PlaybookRun.objects.filter(playbook=playbook, ended_at__isnull=False)
    found: list[WireRun] = []
    link = None
    for _ in range(MAX_PAGES):
        runs, link = read_runs(client.list_playbook_runs(playbook.resource_id, next_link=link))
        found += runs
        is_known = ended.filter(name__in=[run.name for run in runs]).exists()
        if not link or is_known:
            break
    return found


@transaction.atomic
def store_rules(*, workspace: Workspace, rules: list[WireRule], now: datetime) -> None:
    """Keep the rules as they were found, one that is on two pages once, forget those that are gone,
    and notify the leads of rules of others that close incidents and did not before.
    """
    rules = list({rule.name[:200]: rule for rule in rules}.values())
    rows = {row.name: row for row in FoundRule.objects.filter(workspace=workspace)}
    names = {rule.name[:200] for rule in rules}
    FoundRule.objects.filter(workspace=workspace).exclude(name__in=names).delete()
    FoundRule.objects.bulk_create(
        [
            FoundRule(workspace=workspace, name=rule.name[:200], body=rule.properties, found_at=now)
            for rule in rules
        ],
        update_conflicts=True,
        unique_fields=["workspace", "name"],
        update_fields=["body"],
    )
    ours = {name for _, name in names_of_made_rules([workspace.pk])}
    before = {name for name, row in rows.items() if _is_closing(row.body, now=now)}
    notify_of_shadow_rules(
        workspace,
        rules=[
            read_rule_facts(rule.properties)
            for rule in rules
            if rule.name not in ours
            and rule.name[:200] not in before
            and _is_closing(rule.properties, now=now)
        ],
        now=now,
    )


def _is_closing(body: Any, *, now: datetime) -> bool:
    """Whether a rule closes what comes in now: one that is disabled or over does not."""
    facts = read_rule_facts(body)
    return facts.closes and facts.is_acting(now=now)


@transaction.atomic
def store_playbooks(*, workspace: Workspace, playbooks: list[WirePlaybook], now: datetime) -> None:
    """Keep the playbooks as they were found, one that is on two pages once; those that are gone
    keep their runs.
    """
    playbooks = list({found.resource_id: found for found in playbooks}.values())
    rows = Playbook.objects.filter(workspace=workspace)
    rows.exclude(resource_id__in=[found.resource_id for found in playbooks]).filter(
        gone_at=None
    ).update(gone_at=now)
    Playbook.objects.bulk_create(
        [_playbook_row(workspace, found) for found in playbooks],
        update_conflicts=True,
        unique_fields=["workspace", "resource_id"],
        update_fields=[
            *("name", "location", "description", "is_enabled", "has_incident_trigger", "steps"),
            *("has_all_steps", "definition_digest", "is_harmless", "has_hidden_values"),
            *("evidence", "gone_at"),
        ],
    )


def _playbook_row(workspace: Workspace, found: WirePlaybook) -> Playbook:
    parts = {
        "definition": found.definition,
        "parameters": found.parameters,
        "connectors": found.connectors,
    }
    hidden = hidden_values_of(**parts)
    evidence = [*hidden, *plant_effects_of(**parts)][:MAX_EVIDENCE]
    return Playbook(
        workspace=workspace,
        resource_id=found.resource_id,
        name=found.name,
        location=found.location,
        description=found.description,
        is_enabled=found.is_enabled,
        has_incident_trigger=found.has_incident_trigger,
        steps=list(found.steps),
        has_all_steps=found.has_all_steps,
        definition_digest=found.definition_digest,
        is_harmless=found.has_all_steps and not evidence,
        has_hidden_values=bool(hidden),
        evidence=[asdict(part) for part in evidence],
        gone_at=None,
    )
