"""What the outbox asks before it starts a playbook, and what is recorded of it afterwards.

It is asked twice: of what is stored here, and of the playbook as Azure has it just before the call.
"""

from datetime import datetime
from typing import Any, Final

from alerts.automation.engine.hidden_values import hidden_values_of
from alerts.automation.engine.plant_effects import plant_effects_of
from alerts.automation.models import (
    Inventory,
    MadeRule,
    PlantConsent,
    Playbook,
    PlaybookRun,
    WorkflowCheck,
)
from alerts.automation.policies import VALID, is_giver_still_entitled, reasons_of_unread_list
from alerts.automation.services.notify import notify_of_rule, notify_of_unasked_run
from alerts.automation.services.workflow_check import LASTS, body_of_check
from alerts.outbox.models import Change, ChangeOutcome, Landing, RulePriority, WantedRule
from alerts.outbox.registry import RuleSettlement, Settlement
from alerts.reviews.policies import works_in
from alerts.sentinel.wire.playbooks import WirePlaybook
from portal import clock
from portal.audit.services import record
from portal.jobs.models import JobState

_UNKNOWN = "The run is not known here."
_GONE = "The playbook is no longer in Azure."
_DISABLED = "The playbook was disabled in Azure."
_NO_ACCOUNT = "The account was disabled before the playbook was started."
_NO_RIGHT = "Whoever asked for this run had lost the right to run playbooks here."
_STEPS_UNKNOWN = "The playbook has more steps than Tagout reads, so nobody can consent to it."
_NO_CONSENT = "The playbook acts on the plant, and there is no consent to this run."
_LIST_UNREAD = "The playbooks of the workspace could not be read, so its consent is worth nothing."
_NOT_THIS = "Azure answered with another playbook than the one that was asked for."
_CHANGED = "The playbook has been changed since this run was asked for, so it was not started."
_CONNECTION_UNREAD = (
    "What a connection of the playbook leads to could not be read just before its start, so it was"
    " not started."
)
_NO_TRIGGER = "The playbook has no Sentinel incident trigger any more."
_USED_UP = "The consent is used up: Azure shows that this run has started."


def reason_not_to_run(change: Change, *, now: datetime) -> str:
    """Why the playbook must not be started any more; "" if it may. A playbook that was marked, or
    has changed, since somebody asked for the run needs its consent now.
    """
    if change.sent_at is not None:  # its answer was lost: it is looked for, and not started again
        return ""
    run = _run_of(change)
    if run is None:
        return _UNKNOWN
    playbook = run.playbook
    if playbook.gone_at is not None:
        return _GONE
    if not playbook.is_enabled:
        return _DISABLED
    if change.by is None or not change.by.is_active:
        return _NO_ACCOUNT
    if not works_in(change.by, playbook.workspace):
        return _NO_RIGHT
    if not playbook.has_all_steps:
        return _STEPS_UNKNOWN
    if playbook.acts_on_plant and reasons_of_unread_list(playbook.workspace_id, now=now):
        return _LIST_UNREAD
    if playbook.acts_on_plant and not _is_good(run.consent, playbook, now=now):
        return _NO_CONSENT
    if playbook.acts_on_plant and run.name:  # somebody retries what has started after all
        return _USED_UP
    return ""


def reason_against_starting_playbook(
    change: Change, *, playbook: WirePlaybook, now: datetime
) -> str:
    """Why the playbook must not be started as Azure has it at this moment; "" if it may: it is, to
    the letter, the one that the run was asked for and that people consented to or marked.
    """
    run = _run_of(change)
    if run is None:
        return _UNKNOWN
    stored = run.playbook
    if playbook.resource_id != stored.resource_id:
        return _NOT_THIS
    if not playbook.is_enabled:
        return _DISABLED
    if not playbook.has_incident_trigger:
        return _NO_TRIGGER
    if not playbook.has_all_steps:
        return _STEPS_UNKNOWN
    if "" in playbook.connectors.values() and not stored.has_hidden_values:
        return _CONNECTION_UNREAD
    if {run.definition_digest, stored.definition_digest} != {playbook.definition_digest}:
        return _CHANGED
    # What is known to be harmless may be less by now than when the list was read.
    acts = stored.acts_on_plant or _may_act(playbook, is_marked=stored.mark is not None)
    return _NO_CONSENT if acts and not _is_good(run.consent, stored, now=now) else ""


def _may_act(playbook: WirePlaybook, *, is_marked: bool) -> bool:
    """Whether it may act on the plant, or whoever marked it could not see all that decides it."""
    parts = {
        "definition": playbook.definition,
        "parameters": playbook.parameters,
        "connectors": playbook.connectors,
    }
    return bool(hidden_values_of(**parts)) or (not is_marked and bool(plant_effects_of(**parts)))


def _run_of(change: Change) -> PlaybookRun | None:
    """The run that was asked for: of this person, this playbook and this incident. None for a
    change that nobody asked for here.
    """
    if change.run_uuid is None:
        return None
    runs = PlaybookRun.objects.select_related(
        "playbook__workspace__organisation",
        "consent__decided_by",
        "consent__incident__workspace__organisation",
    )
    return runs.filter(
        change=change,
        uuid=change.run_uuid,
        by=change.by_id,
        asked_at__isnull=False,
        playbook__workspace=change.workspace_id,
        playbook__resource_id=change.playbook,
        incident__workspace=change.workspace_id,
        incident__name__iexact=change.incident_name,
    ).first()


def _is_good(consent: PlantConsent | None, playbook: Playbook, *, now: datetime) -> bool:
    return (
        consent is not None
        and consent.playbook_id == playbook.pk
        and consent.state == PlantConsent.State.CONSENTED
        and consent.definition_digest == playbook.definition_digest
        and consent.decided_at is not None
        and consent.decided_at > now - VALID
        and is_giver_still_entitled(consent)
    )


def on_playbook_outcome(settlement: Settlement) -> None:
    """Record what was started, or why not; have the runs read soon, so that the page shows how the
    playbook ended.
    """
    _record(settlement)
    Inventory.objects.filter(
        workspace=settlement.change.workspace_id, state=JobState.WAITING
    ).update(due_at=clock.unshifted())


_ACTIONS: Final = {
    ChangeOutcome.SENT: "automation.playbook.started",
    ChangeOutcome.DROPPED: "automation.playbook.not_started",
    ChangeOutcome.REFUSED: "automation.playbook.not_started",
}


def _record(settlement: Settlement) -> None:
    """The entry is the outbox's: it states who carried it out, for whom, and exactly what."""
    change = settlement.change
    action, run = _ACTIONS.get(ChangeOutcome(change.outcome)), _run_of(change)
    if action is None:
        return
    details: dict[str, Any] = {"asked_by": change.by_label, "change": change.key}
    if run is None:
        notify_of_unasked_run(change, now=settlement.now)
    else:
        consent = run.consent.uuid if run.consent else None
        details |= {"run": run.uuid, "definition": run.definition_digest, "consent": consent}
        details |= {"acts_on_plant": run.playbook.acts_on_plant}
    record(
        action,
        on=run.playbook if run is not None else change,
        by="outbox",
        at=settlement.now,
        playbook=change.playbook,
        incident=change.incident_name,
        act=change.act,
        reason=change.note if change.outcome != ChangeOutcome.SENT else "",
        **details,
    )


_UNASKED = "Nobody has asked for this rule here, so it was not sent."
_NOT_AS_ASKED = "It is not the rule that was asked for, so it was not sent."
_OVER = "The time of this rule is over, so it was not sent."
_PLANT_RULE = "Its playbook acts on the plant, so each run needs consent."


def reason_against_placing_rule(rule: WantedRule, *, now: datetime) -> str:
    """Why an automation rule is not sent; "" if it may be: to the letter the one that a person made
    here, or the one of a workflow check that somebody began.
    """
    if rule.wanted is None:
        return ""
    made = MadeRule.objects.filter(uuid=rule.about, removed_at=None).select_related("playbook")
    checks = WorkflowCheck.objects.filter(
        uuid=rule.about, state__in=[JobState.WAITING, JobState.RUNNING]
    )
    source = made.first() or checks.select_related("playbook", "workspace").first()
    if source is None or source.workspace_id != rule.workspace_id:
        return _UNASKED
    body, ends_at = _wanted_of(source)
    if rule.wanted != body or rule.insists or rule.urgency == RulePriority.STOP:
        return _NOT_AS_ASKED
    if ends_at <= now:
        return _OVER
    acts = source.playbook is not None and source.playbook.acts_on_plant
    return _PLANT_RULE if acts else ""


def _wanted_of(source: MadeRule | WorkflowCheck) -> tuple[dict[str, Any], datetime]:
    """Return what a made rule or a check should have in Sentinel, and until when."""
    if isinstance(source, MadeRule):
        return source.body, source.ends_at  # only web writes it, with the act of the person
    return body_of_check(source), source.begun_at + LASTS


def on_made_rule_outcome(settlement: RuleSettlement) -> None:
    """Notify the leads of a rule made here that Sentinel refused, or that a hand has changed."""
    if settlement.is_undecided:
        return  # whatever it is about, suppression notifies of it
    if settlement.outcome in (Landing.REFUSED, Landing.CHANGED_BY_HAND):
        notify_of_rule(settlement.rule, now=settlement.now)
