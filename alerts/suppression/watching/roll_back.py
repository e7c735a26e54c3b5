"""S7: what became of an incident that a rule closed stops the rule, and is never forgotten."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from alerts.incidents.acts.apply import Actor, write_timeline
from alerts.incidents.acts.close import reopen_incidents
from alerts.incidents.acts.triage import comment_on_incidents
from alerts.incidents.models import Incident, Status, TimelineItem
from alerts.outbox.models import Urgency
from alerts.suppression.engine.guards.rollback import (
    REVIEW,
    Outcome,
    reasons_to_stop,
    to_review_again,
)
from alerts.suppression.models import Act, Ending, LedgerEntry
from alerts.suppression.watching.lifecycle import stop_by_itself
from portal.audit.services import record

log = logging.getLogger(__name__)

TAGOUT = "Tagout"
ITSELF = Actor(None, TAGOUT, Urgency.MACHINE, timedelta(0))


@transaction.atomic
def roll_back(
    *,
    lines: Sequence[LedgerEntry],
    ending: Ending,
    now: datetime,
    seen_at: datetime | None = None,
    what: str = "",
) -> bool:
    """End these lines of one incident, stop each version that had closed it, and put on the list
    what its rule closed in the last seven days. False where others have ended them before.
    """
    reasons = _reasons(lines[0], ending, seen_at=seen_at or now, what=what)
    ours = LedgerEntry.objects.filter(pk__in=[line.pk for line in lines], ending=Ending.NOTHING)
    ended = list(ours.select_for_update(of=("self",)))
    if not reasons or not ended:
        return False
    note = " ".join(reasons)
    ours.update(ending=ending, ended_at=now, ending_note=note)
    for line in ended:
        if line.act == Act.CLOSED:
            write_timeline(
                incident_ids=[line.incident_id],
                code="rule-stopped",
                side=TimelineItem.Side.PORTAL,
                by=TAGOUT,
                now=now,
                details={"rule": line.rule.label, "ending": ending},
            )
            stop_by_itself(version_id=line.version_id, reasons=reasons, by_label=TAGOUT, now=now)
            _review_again(line.rule_id, now=now)
    record(
        "suppression.close.rolled_back", on=ended[0], by=TAGOUT, at=now, ending=ending, reasons=note
    )
    return True


@transaction.atomic
def reopen_uncovered(*, incident: Incident, lines: Sequence[LedgerEntry], now: datetime) -> bool:
    """An alert that no rule covers has joined what rules had closed: open it again in Sentinel,
    say there why, and stop the rules.
    """
    if not roll_back(lines=lines, ending=Ending.JOINED, now=now):
        return False
    if incident.status == Status.CLOSED and not incident.is_read_only:
        rules = ", ".join(sorted({line.rule.label for line in lines}))
        because = f"an alert joined that no rule covers. It had been closed by {rules}."
        act: UUID = reopen_incidents(
            incident_ids=[incident.pk], by=None, doer=ITSELF, because="alert-joined", now=now
        )
        log.info("Incident %s is opened again by act %s", incident.pk, act)
        comment_on_incidents(
            incident_ids=[incident.pk],
            by=None,
            doer=ITSELF,
            now=now,
            message=f"Reopened by Tagout because {because}",
        )
    return True


def _reasons(line: LedgerEntry, ending: Ending, *, seen_at: datetime, what: str) -> list[str]:
    incident = line.incident
    outcome = Outcome(
        incident=f"#{incident.number}" if incident.number else incident.name,
        kind=ending.value,
        closed_at=line.at,
        seen_at=seen_at,
        what=what,
    )
    return list(reasons_to_stop([outcome]))


def _review_again(rule_id: int, *, now: datetime) -> None:
    closed = LedgerEntry.objects.filter(
        rule=rule_id, act=Act.CLOSED, at__gte=now - REVIEW, review_again_at=None
    ).exclude(ending=Ending.NOT_SENT)
    at_by_line = [(str(pk), at) for pk, at in closed.values_list("pk", "at")]
    ids = [int(pk) for pk in to_review_again(at_by_line, stopped_at=now)]
    LedgerEntry.objects.filter(pk__in=ids).update(review_again_at=now)
