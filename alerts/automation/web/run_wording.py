"""The state of a playbook's run, in one chip and one sentence."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext

from alerts.automation.models import FAILED_STATUSES, PlaybookRun
from alerts.automation.services.runs import BEGUN
from alerts.outbox.models import ChangeOutcome
from alerts.outbox.wording import note_words


@dataclass(frozen=True, slots=True)
class RunLine:
    """One run as pages show it."""

    run: PlaybookRun
    label: str
    kind: str  # of the chip
    icon: str
    note: str
    at: datetime | None


def run_line(run: PlaybookRun) -> RunLine:
    """Return the state of a run: as Azure reports it, else as the outbox has it."""
    at = run.started_at or run.asked_at
    if run.name:
        label, kind, icon = _azure_status_chip(run.status)
        note = " ".join(filter(None, (run.error_code, run.error)))
        return RunLine(run, label, kind, icon, note, at)
    change = run.change
    if change is None:
        return RunLine(run, gettext("Unknown"), "", "circle-question-mark", "", at)
    note = note_words(change.note or change.latest_error)
    match change.outcome:
        case ChangeOutcome.OPEN:
            return RunLine(run, gettext("On its way"), "medium", "timer", note, at)
        case ChangeOutcome.SENT:
            return RunLine(run, gettext("Started"), "medium", "play", "", at)
        case ChangeOutcome.WITHDRAWN:
            return RunLine(run, gettext("Taken back"), "", "undo-2", "", at)
        case ChangeOutcome.DROPPED:
            return RunLine(run, gettext("Not started"), "", "circle-alert", note, at)
    return RunLine(run, gettext("Not started"), "high", "circle-alert", note, at)


def _azure_status_chip(status: str) -> tuple[str, str, str]:
    if status == "Succeeded":
        return gettext("Succeeded"), "ok", "check"
    if status in BEGUN:
        return gettext("Running"), "medium", "timer"
    if status in FAILED_STATUSES:
        return gettext("Failed"), "high", "circle-alert"
    return status, "", "circle"
