"""A close that does not stand (S7): its lines in the ledger end, its rules stop, and people look
again at what they closed in the week before.
"""

import logging
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext

from alerts.incidents.acts.apply import SystemActor, write_timeline
from alerts.incidents.acts.close import reopen_incidents
from alerts.incidents.acts.triage import comment_on_incidents
from alerts.incidents.models import Incident, IncidentStatus, TimelineItem
from alerts.rules.guards.closing import REVIEW, CloseOutcome, reasons_to_stop, to_review_again
from alerts.rules.sentinel_comments import reopening_text
from alerts.suppression.models import Ending, LedgerAct, LedgerEntry
from alerts.suppression.policies import may_change
from alerts.suppression.watching.lifecycle import stop_by_itself
from portal.accounts.models import User
from portal.audit.services import record
from portal.errors import Refused

log = logging.getLogger(__name__)

TAGOUT = "Tagout"
ITSELF = SystemActor(TAGOUT)


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
    standing = LedgerEntry.objects.filter(pk__in=[line.pk for line in lines], ending=Ending.NOTHING)
    ended = list(standing.select_for_update(of=("self",)))
    if not reasons or not ended:
        return False
    note = " ".join(reasons)
    standing.update(ending=ending, ended_at=now, ending_note=note)
    for line in ended:
        if line.act == LedgerAct.CLOSED:
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
    if incident.status == IncidentStatus.CLOSED and not incident.is_read_only:
        act: UUID = reopen_incidents(
            incident_ids=[incident.pk], by=ITSELF, because="alert-joined", now=now
        )
        log.info("Incident %s is opened again by act %s", incident.pk, act)
        comment_on_incidents(
            incident_ids=[incident.pk],
            by=ITSELF,
            now=now,
            message=reopening_text(sorted({line.rule.label for line in lines})),
        )
    return True


def _reasons(line: LedgerEntry, ending: Ending, *, seen_at: datetime, what: str) -> list[str]:
    incident = line.incident
    outcome = CloseOutcome(
        incident=f"#{incident.number}" if incident.number else incident.name,
        kind=ending.value,
        closed_at=line.at,
        seen_at=seen_at,
        what=what,
    )
    return list(reasons_to_stop([outcome]))


def _review_again(rule_id: int, *, now: datetime) -> None:
    closed = LedgerEntry.objects.filter(
        rule=rule_id, act=LedgerAct.CLOSED, at__gte=now - REVIEW, review_again_at=None
    ).exclude(ending=Ending.NOT_SENT)
    at_by_line = [(str(pk), at) for pk, at in closed.values_list("pk", "at")]
    ids = [int(pk) for pk in to_review_again(at_by_line, stopped_at=now)]
    LedgerEntry.objects.filter(pk__in=ids).update(review_again_at=now)


class CannotReviewAgain(Refused):
    """The line stays on the list."""


@transaction.atomic
def confirm_close(*, entry_id: int, by: User, now: datetime) -> LedgerEntry:
    """Somebody has looked at this incident again and lets the close stand."""
    entry = LedgerEntry.objects.select_related("version", "rule").get(pk=entry_id)
    if not may_change(by, entry.version):
        raise CannotReviewAgain(
            gettext(
                "Only OT and SOC people of the sites and workspaces this rule reaches can "
                "confirm this."
            )
        )
    waiting = LedgerEntry.objects.filter(
        pk=entry.pk, review_again_at__isnull=False, reviewed_at=None
    )
    if not waiting.update(reviewed_at=now):
        raise CannotReviewAgain(gettext("Somebody has already looked at this one."))
    record("suppression.close.looked_at", on=entry, by=by, at=now)
    return entry
