"""Keep the ledger true: hear from the outbox what became of each close and each label."""

from django.db.models import QuerySet

from alerts.incidents.acts.close import mark_closed_by, take_back_closed_by
from alerts.outbox.models import Change, Outcome
from alerts.outbox.registry import Settlement
from alerts.suppression.enforcing.close import STILL_ACTING, STILL_COVERED
from alerts.suppression.models import Act, Ending, LedgerEntry


def on_close_outcome(told: Settlement) -> None:
    """A write in the name of a rule was settled; runs in the transaction that settles it."""
    change = told.change
    if change.check_name not in (STILL_COVERED, STILL_ACTING):
        return
    lines = LedgerEntry.objects.filter(
        incident=change.check_args["incident"], change_key=change.key
    )
    closed = change.check_name == STILL_COVERED
    if change.outcome == Outcome.SENT:
        lines.update(landed_at=told.now)
    elif change.outcome == Outcome.OPEN:  # a person has put it back to life
        lines.filter(ending=Ending.NOT_SENT).update(ending=Ending.NOTHING, ended_at=None)
        if closed:
            mark_closed_by(incident_ids=_incidents(lines), rule=change.by_label, now=told.now)
    else:
        lines.update(ending=Ending.NOT_SENT, ended_at=told.now, ending_note=_note(change))
        if closed:
            _take_back(lines, change, told)


def _take_back(lines: QuerySet[LedgerEntry], change: Change, told: Settlement) -> None:
    """Nothing was closed by the rule; nor did the trials beside it see a close."""
    ids = _incidents(lines)
    take_back_closed_by(incident_ids=ids, rule=change.by_label, now=told.now)
    beside = LedgerEntry.objects.filter(
        incident__in=ids, act=Act.TAGGED, change_key=None, ending=Ending.NOTHING, at=change.made_at
    )
    beside.update(ending=Ending.NOT_SENT, ended_at=told.now, ending_note=_note(change))


def _incidents(lines: QuerySet[LedgerEntry]) -> list[int]:
    return list(lines.values_list("incident_id", flat=True).distinct())


def _note(change: Change) -> str:
    return change.note or str(Outcome(change.outcome).label)
