"""A close that does not stand (S7): its lines in the ledger end, its rules stop, and people look
again at what they closed in the week before. What only shares a device with a true positive stops
no rule: people look again at this close.
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
from alerts.rules.guards.closing import (
    REVIEW,
    CloseOutcome,
    reasons_of_outcome,
    stops_rule,
    to_review_again,
)
from alerts.rules.sentinel_comments import reopening_text
from alerts.suppression.models import Ending, LedgerAct, LedgerEntry
from alerts.suppression.policies import may_change
from alerts.suppression.watching.lifecycle import stop_by_itself
from portal.accounts.models import User
from portal.audit.services import record
from portal.errors import Refused

log = logging.getLogger(__name__)

ON_DEVICE = (Ending.LINKED, Ending.ON_HOLD)  # may turn out to be wrong closes later
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
    """End these lines of one incident. A wrong close stops each version that had closed it, and
    what its rule closed in the last seven days is looked at again; where a device is held, only
    this close is. False where others have ended them before.
    """
    reasons = _reasons(lines[0], ending, seen_at=seen_at or now, what=what)
    may_end = (Ending.NOTHING, *(other for other in ON_DEVICE if other != ending))
    standing = LedgerEntry.objects.filter(pk__in=[line.pk for line in lines], ending__in=may_end)
    ended = list(standing.select_for_update(of=("self",)))
    if not reasons or not ended:
        return False
    note = " ".join(reasons)
    standing.update(ending=ending, ended_at=now, ending_note=note)
    for line in ended:
        if line.act == LedgerAct.CLOSED:
            write_timeline(
                incident_ids=[line.incident_id],
                code="rule-stopped" if stops_rule(ending) else "device-held",
                side=TimelineItem.Side.PORTAL,
                by=TAGOUT,
                now=now,
                details={
                    "rule": line.rule.label,
                    "ending": ending if stops_rule(ending) else f"device-{ending}",
                }
                | ({"device": what} if what else {}),
            )
            if stops_rule(ending):
                stop_by_itself(
                    version_id=line.version_id, reasons=reasons, by_label=TAGOUT, now=now
                )
                _review_again(line.rule_id, now=now)
    if ending == Ending.LINKED:  # what is held is open again, and people see it anyway
        closes = LedgerEntry.objects.filter(
            pk__in=[line.pk for line in ended], act=LedgerAct.CLOSED
        )
        closes.filter(review_again_at=None).update(review_again_at=now)
    action = (
        "suppression.close.rolled_back" if stops_rule(ending) else "suppression.close.device_held"
    )
    record(action, on=ended[0], by=TAGOUT, at=now, ending=ending, reasons=note)
    return True


@transaction.atomic
def reopen_uncovered(*, incident: Incident, lines: Sequence[LedgerEntry], now: datetime) -> bool:
    """An alert that no rule may close has joined what rules had closed: open it again in Sentinel,
    say there why, and stop the rules.
    """
    if not roll_back(lines=lines, ending=Ending.JOINED, now=now):
        return False
    text = reopening_text(sorted({line.rule.label for line in lines}))
    _open_again(incident, because="alert-joined", comment=text, now=now)
    return True


@transaction.atomic
def reopen_on_hold(
    *, incident: Incident, lines: Sequence[LedgerEntry], what: str, now: datetime
) -> bool:
    """Rules have closed what touches a held device, or an alert joined what they had closed there:
    open it again in Sentinel with a comment. The rules go on.
    """
    if not roll_back(lines=lines, ending=Ending.ON_HOLD, now=now, what=what):
        return False
    rules = sorted({line.rule.label for line in lines})
    text = reopening_text(rules, held_device=what)
    _open_again(incident, because="", comment=text, now=now)
    return True


def _open_again(incident: Incident, *, because: str, comment: str, now: datetime) -> None:
    if incident.status != IncidentStatus.CLOSED or incident.is_read_only:
        return
    act: UUID = reopen_incidents(incident_ids=[incident.pk], by=ITSELF, because=because, now=now)
    log.info("Incident %s is opened again by act %s", incident.pk, act)
    comment_on_incidents(incident_ids=[incident.pk], by=ITSELF, now=now, message=comment)


def _reasons(line: LedgerEntry, ending: Ending, *, seen_at: datetime, what: str) -> list[str]:
    incident = line.incident
    outcome = CloseOutcome(
        incident=f"#{incident.number}" if incident.number else incident.name,
        kind=ending.value,
        closed_at=line.at,
        seen_at=seen_at,
        what=what,
    )
    return list(reasons_of_outcome(outcome))


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
