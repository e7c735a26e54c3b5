"""Check the way from an alert to the run of a playbook, stage by stage, each with its evidence.

What is written in Sentinel has names made of the check, so that writing it twice is writing it
once. The test alert is asked for again where Azure did not take the request, and otherwise never: a
lost answer shows by its incident. Where Azure names a time to wait, nothing is asked before it.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext

from alerts.automation.engine.workflow_check import (
    FINISHED,
    LABEL,
    STAGES,
    alert_rule_body,
    automation_rule_body,
)
from alerts.automation.models import Playbook, WorkflowCheck
from alerts.automation.policies.rules import reasons_against_workflow_check
from alerts.automation.services.check_evidence import (
    incident_of_check,
    incidents_of_check,
    runs_since,
)
from alerts.outbox.models import Landing, RuleKind, WantedRule
from alerts.outbox.services.set_desired import clear_desired_rule, name_of_rule, set_desired_rule
from alerts.sentinel.client.port import (
    SentinelClient,
    SentinelConflict,
    SentinelError,
    SentinelThrottled,
    SentinelUnavailable,
)
from alerts.sentinel.client.prerequisites import Writable
from alerts.sentinel.models import ClientPurpose, Workspace
from alerts.sentinel.services.scope import keep_check
from alerts.sentinel.wire.playbooks import read_runs
from alerts.sentinel.wire.records import NotAPage
from portal import clock
from portal.accounts.models import User
from portal.audit.services import record
from portal.backup.queries import is_paused_after_restore
from portal.errors import Refused
from portal.jobs.models import JobState
from portal.jobs.services import claim_due, claimed, put_back

log = logging.getLogger(__name__)

EVERY: Final = timedelta(seconds=5)
TIME_OUT: Final = timedelta(minutes=15)  # of one stage: a rule may run ten minutes late
CLEAN_UP_TIME_OUT: Final = timedelta(hours=2)  # nothing of a test may stay behind
LASTS: Final = timedelta(hours=2)  # of the automation rule
CLOSE: Final = {
    "status": "Closed",
    "classification": "Undetermined",
    "classificationComment": "A test by Tagout.",
}
ACTS_ON_PLANT: Final = "The playbook acts on the plant by now, so no rule may run it."
PURPOSE: Final = ClientPurpose.RULES

type Connect = Callable[[Any, str], SentinelClient]


class CannotCheckWorkflow(Refused):
    """No check was begun."""


@transaction.atomic
def begin_check(
    *,
    workspace: Workspace,
    playbook: Playbook | None,
    by: User | None,
    by_label: str,
    now: datetime,
) -> WorkflowCheck:
    """Begin a check. `by` is None for the command line."""
    locked = Workspace.objects.select_for_update().get(pk=workspace.pk)
    if reasons := reasons_against_workflow_check(workspace, playbook, by=by, now=now):
        raise CannotCheckWorkflow(*reasons)
    if is_paused_after_restore():
        raise CannotCheckWorkflow(gettext("A backup was restored here; it waits to be resumed."))
    if WorkflowCheck.objects.filter(
        workspace=workspace, state__in=[JobState.WAITING, JobState.RUNNING]
    ).exists():
        raise CannotCheckWorkflow(gettext("A check of this workspace is under way."))
    unshifted = clock.unshifted()
    row = WorkflowCheck.objects.create(
        workspace=workspace,
        playbook=playbook,
        by=by,
        by_label=by_label[:200],
        begun_at=now,
        due_at=unshifted,
        stage_began_at=unshifted,
    )
    keep_check(workspace=locked, rule=str(row.uuid), now=now)
    record(
        "automation.check.begun",
        on=row,
        by=by or by_label,
        at=now,
        workspace=workspace.name,
        playbook=playbook.name if playbook else "",
    )
    return row


@dataclass(frozen=True, slots=True)
class StageResult:
    """What one look at a stage found: `state` is running, ok, failed or skipped. `wait` is how long
    Azure asks us to wait.
    """

    state: str
    evidence: str
    wait: timedelta = EVERY


def advance_due_check(*, now: datetime, connect: Connect, check_id: int | None = None) -> bool:
    """Do the next piece of a check that is due; False when none is. `now` is business time. After
    a restore nothing is done until an administrator resumes; a paused workspace is left alone.
    """
    if is_paused_after_restore():
        return False
    rows = WorkflowCheck.objects.select_related("workspace", "playbook", "by")
    rows = rows.exclude(workspace__state=Workspace.State.PAUSED)
    if check_id is not None:
        rows = rows.filter(pk=check_id)
    row = claim_due(rows, now=clock.unshifted(), max_attempts=None)
    if row is None:
        return False
    if row.workspace.is_removed:
        _note(row, StageResult("failed", "The workspace was removed."), now=now)
        return True
    look = partial(_LOOKS[row.stage], row, now=now)
    try:
        client = connect(row.workspace, PURPOSE.value)
        # Where incidents come by Graph, what is checked here is still the resource manager's.
        found = look(getattr(client, "sentinel", client))
    except (SentinelThrottled, SentinelUnavailable) as error:
        found = StageResult("running", error.message, _wait_of(error))
    except SentinelConflict as error:
        found = StageResult("running", error.message)
    except SentinelError as error:
        found = StageResult("failed", error.message)
    except NotAPage as error:
        found = StageResult("running", str(error))
    except Exception as error:  # a mistake of ours ends with the stage's time, not never
        log.exception("The check %s of %s met an error", row.uuid, row.workspace)
        found = StageResult("running", type(error).__name__)
    _note(row, _in_time(row, found), now=now)
    return True


def _in_time(row: WorkflowCheck, found: StageResult) -> StageResult:
    """What was found; a failure where the stage is over before it may be looked at again."""
    if found.state != "running":
        return found
    allowed = CLEAN_UP_TIME_OUT if row.stage == STAGES[-1] else TIME_OUT
    spent, minutes = clock.unshifted() - row.stage_began_at, int(allowed.total_seconds() // 60)
    if spent > allowed:
        return StageResult("failed", f"Not within {minutes} minutes. {found.evidence}".strip())
    if found.wait > EVERY and spent + found.wait > allowed:
        seconds = int(found.wait.total_seconds())
        return StageResult(
            "failed",
            f"Azure asks to wait {seconds} seconds, longer than the {minutes} minutes allow."
            f" {found.evidence}",
            found.wait,
        )
    return found


def _wait_of(error: SentinelThrottled | SentinelUnavailable) -> timedelta:
    """Return how long to leave Azure alone: as long as it asks for, a day at most."""
    return max(EVERY, timedelta(seconds=min(error.retry_after or 0, 86_400)))


@transaction.atomic
def _note(row: WorkflowCheck, found: StageResult, *, now: datetime) -> None:
    """Write down what was found; go on to the next stage, or to the clean-up after a failure."""
    entry = {"name": row.stage, "state": found.state, "evidence": found.evidence[:1000]}
    entry["at"] = now.isoformat()
    stages = [part for part in row.stages if part["name"] != row.stage] + [entry]
    unshifted = clock.unshifted()
    common: dict[str, Any] = {"stages": stages, "incident_name": row.incident_name}
    common |= {"sent_at": row.sent_at, "runs_before": row.runs_before}
    if found.state == "running":
        put_back(row, due_at=unshifted + found.wait, free=True, **common)
        return
    if row.stage == STAGES[-1]:
        over: dict[str, Any] = {
            "state": JobState.DONE,
            "settled_at": unshifted,
            "lease_until": None,
        }
        if claimed(row).update(**common, **over):
            has_failed = any(part["state"] == "failed" for part in stages)
            record(
                "automation.check.ended",
                on=row,
                by=row.by or row.by_label,
                at=now,
                failed=has_failed,
            )
        return
    has_failed = found.state == "failed"
    following = STAGES[-1] if has_failed else STAGES[STAGES.index(row.stage) + 1]
    begins_at = unshifted + (found.wait if found.wait > EVERY else timedelta())
    put_back(
        row,
        due_at=begins_at,
        free=True,
        stage=following,
        stage_began_at=begins_at,
        **common,
    )


def _place_rule(row: WorkflowCheck, client: SentinelClient, *, now: datetime) -> StageResult:
    """The automation rule is in Sentinel, exactly as wanted."""
    if row.playbook is not None and row.playbook.acts_on_plant:
        return StageResult("failed", ACTS_ON_PLANT)
    if row.playbook is not None and not row.runs_before:
        runs, _ = read_runs(client.list_playbook_runs(row.playbook.resource_id))
        row.runs_before = [run.name for run in runs] or ["none"]
    body = body_of_check(row)
    desired = set_desired_rule(
        workspace_id=row.workspace_id,
        name=_rule_name(row),
        about=row.uuid,
        label=f"check {row.marker}",
        kind=RuleKind.AUTOMATION,
        body=body,
        now=now,
    )
    if desired.outcome in (Landing.REFUSED, Landing.CHANGED_BY_HAND):
        return StageResult("failed", desired.latest_error)
    if not desired.is_as_wanted or desired.landed_at is None:
        return StageResult("running", desired.latest_error)
    return StageResult("ok", f"{body['displayName']} in Sentinel at {_clock(desired.landed_at)}.")


def _raise_alert(row: WorkflowCheck, client: SentinelClient, *, now: datetime) -> StageResult:
    """The analytics rule of the test is there and was run, once. What Azure did not take is asked
    for again.
    """
    if row.playbook is not None and row.playbook.acts_on_plant:
        return StageResult("failed", ACTS_ON_PLANT)
    if row.sent_at is None:
        client.put_prerequisite(Writable.ANALYTICS_RULE, str(row.uuid), alert_rule_body(row.marker))
        row.sent_at = clock.unshifted()
        if not claimed(row).update(sent_at=row.sent_at):
            return StageResult("running", "")
        try:
            client.run_analytics_rule(str(row.uuid), at=now)
        except (SentinelThrottled, SentinelConflict):
            row.sent_at = None
            raise
        except SentinelUnavailable as error:
            if error.was_not_sent or error.retry_after is not None:
                row.sent_at = None
                raise
            return StageResult(
                "ok", f"Asked for at {_clock(now)}; the answer was lost: {error.message}"
            )
        return StageResult("ok", f"Analytics rule {row.uuid} was run at {_clock(now)}.")
    return StageResult("ok", "Asked for before the worker was replaced.")


def _find_incident(row: WorkflowCheck, client: SentinelClient, *, now: datetime) -> StageResult:
    """An incident has come that names the analytics rule of the test."""
    for incident in incidents_of_check(row, client=client):
        row.incident_name = incident.name
        number = f"#{incident.number}" if incident.number else incident.name
        return StageResult("ok", f"{number} was created at {_clock(incident.created_at)}.")
    return StageResult("running", "No incident of the test rule yet.")


def _see_rule_fired(row: WorkflowCheck, client: SentinelClient, *, now: datetime) -> StageResult:
    """The incident carries the label that only the automation rule of the test puts on."""
    incident = incident_of_check(row, client=client)
    if LABEL in {label.name for label in incident.labels}:
        at = _clock(incident.modified_at)
        return StageResult("ok", f"The label {LABEL} is on it; changed at {at}.")
    return StageResult("running", f"The label {LABEL} is not on it yet.")


def _see_playbook_run(row: WorkflowCheck, client: SentinelClient, *, now: datetime) -> StageResult:
    """A new run of the playbook names the incident and has ended well."""
    if row.playbook is None:
        return StageResult("skipped", "No playbook was chosen.")
    for run in runs_since(row, playbook=row.playbook, client=client):
        if run.name in row.runs_before or row.incident_name not in run.about:
            continue
        text = f"Run {run.name} of {row.playbook.name}: {run.status}. {run.error}".strip()
        if run.status in FINISHED:
            return StageResult("ok" if run.status == "Succeeded" else "failed", text)
        return StageResult("running", text)
    return StageResult("running", "No run for this incident yet.")


def _clean_up(row: WorkflowCheck, client: SentinelClient, *, now: datetime) -> StageResult:
    """The test incidents are closed, both rules are gone."""
    clear_desired_rule(
        workspace_id=row.workspace_id, name=_rule_name(row), now=now, reason="The check is over."
    )
    # Asked for or not: it may stand there although the answer to writing it was lost.
    may_be_there = any(part["name"] == "alert" for part in row.stages)
    if may_be_there:
        client.delete_analytics_rule(str(row.uuid))
    closed = 0
    for incident in incidents_of_check(row, client=client) if may_be_there else []:
        if incident.status != "Closed":
            client.change_incident(incident, dict(CLOSE))
        closed += 1
    rule = WantedRule.objects.filter(workspace=row.workspace_id, name=_rule_name(row)).first()
    if rule is not None and not rule.is_as_wanted:
        return StageResult("running", "The automation rule is being taken away.")
    return StageResult("ok", f"Test incidents closed: {closed}. Both rules are gone.")


_LOOKS: Final[dict[str, Callable[..., StageResult]]] = {
    "rule": _place_rule,
    "alert": _raise_alert,
    "incident": _find_incident,
    "fired": _see_rule_fired,
    "playbook": _see_playbook_run,
    "cleanup": _clean_up,
}


def body_of_check(row: WorkflowCheck) -> dict[str, Any]:
    """Return the automation rule that a check has in Sentinel."""
    return automation_rule_body(
        row.marker,
        alert_rule=_alert_rule_id(row),
        playbook=row.playbook.resource_id if row.playbook else "",
        tenant_id=row.workspace.tenant_id,
        ends_at=row.begun_at + LASTS,
    )


def _alert_rule_id(row: WorkflowCheck) -> str:
    """The whole id of the analytics rule: a condition compares ids, not parts of them."""
    return f"{row.workspace.connection_for(PURPOSE).path}/alertRules/{row.uuid}"


def _rule_name(row: WorkflowCheck) -> UUID:
    return name_of_rule(about=row.uuid, workspace=row.workspace.uuid)


def _clock(moment: datetime | None) -> str:
    return moment.strftime("%H:%M:%S UTC") if moment else "an unknown time"
