"""What the outbox asks of a run before it is sent, and tells of it afterwards."""

from datetime import datetime
from typing import Final

from alerts.automation.models import Inventory, PlantConsent, Playbook, PlaybookRun
from alerts.automation.policies import VALID, could_be_given_now
from alerts.automation.services.notify import notify_of_rule
from alerts.outbox.models import Change, Landing, RuleKind
from alerts.outbox.registry import RuleSettlement, Settlement
from alerts.reviews.policies import works_in
from portal import clock
from portal.jobs.models import State

CHECK: Final = "automation.playbook"
_GONE = "The playbook is no longer in Azure."
_DISABLED = "The playbook was disabled in Azure."
_NO_ACCOUNT = "The account was disabled before the playbook was started."
_NO_RIGHT = "Whoever asked for this run had lost the right to run playbooks here."
_STEPS_UNKNOWN = "The playbook has more steps than Tagout reads, so nobody can consent to it."
_NO_CONSENT = "The playbook acts on the plant, and there is no consent to this run."
_USED_UP = "The consent is used up: Azure shows that this run has started."


def reason_not_to_run(change: Change, *, now: datetime) -> str:
    """Why the playbook must not be started any more; "" if it may. A playbook that was marked, or
    has changed, since somebody asked for the run needs its consent now.
    """
    if change.sent_at is not None:  # its answer was lost: it is looked for, and not started again
        return ""
    run = _run_of(change)
    if run is None:
        return "The run is not known here."
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
    if playbook.acts_on_plant and not _is_good(run.consent, playbook, now=now):
        return _NO_CONSENT
    if playbook.acts_on_plant and run.name:  # somebody retries what has started after all
        return _USED_UP
    return ""


def _run_of(change: Change) -> PlaybookRun | None:
    runs = PlaybookRun.objects.select_related(
        "playbook__workspace__organisation",
        "consent__decided_by",
        "consent__incident__workspace__organisation",
    )
    return runs.filter(change=change).first()


def _is_good(consent: PlantConsent | None, playbook: Playbook, *, now: datetime) -> bool:
    return (
        consent is not None
        and consent.playbook_id == playbook.pk
        and consent.state == PlantConsent.State.GIVEN
        and consent.definition_digest == playbook.definition_digest
        and consent.decided_at is not None
        and consent.decided_at > now - VALID
        and could_be_given_now(consent)
    )


def on_outcome(settlement: Settlement) -> None:
    """Have the runs read soon, so that the page shows how the playbook ended."""
    Inventory.objects.filter(workspace=settlement.change.workspace_id, state=State.WAITING).update(
        due_at=clock.unshifted()
    )


def on_rule_outcome(settlement: RuleSettlement) -> None:
    """Tell the leads of a rule made here that Sentinel refused, or that a hand has changed."""
    if settlement.rule.kind == RuleKind.AUTOMATION and settlement.outcome in (
        Landing.REFUSED,
        Landing.HELD,
    ):
        notify_of_rule(settlement.rule, now=settlement.now)
