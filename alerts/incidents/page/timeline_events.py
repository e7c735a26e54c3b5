"""Lines of a timeline that no item stores: that the incident was raised, what was so before Tagout
first read it, who closed it in Sentinel, and with how many others.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.utils.translation import gettext

from alerts.incidents.models import (
    BulkAct,
    Incident,
    IncidentCloser,
    IncidentStatus,
    TimelineItem,
)
from alerts.incidents.wording import outcome_words, term
from alerts.outbox.queries import incidents_by_acts

_OF_CLOSING = ("closed", "status", "reopened", "closed-by-rule", "classification")
# Since when a status is what an item made it; a close of ours does not list the one before.
_OF_STATUS = ("closed", "status", "reopened", "closed-by-rule", "gone", "merged")
_OF_OWNER = ("owner", "escalated")
# The log of the workspace and Sentinel's record name one close with moments so far apart at most.
_ONE_CLOSE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class TimelineEvent:
    """One line: who, what, perhaps from what to what, perhaps in their own words."""

    ref: str
    at: datetime
    team: str
    who: str
    words: str
    old: str = ""
    new: str = ""
    quote: str = ""
    lines: tuple[str, ...] = ()
    is_conflict: bool = False


def raised_event(incident: Incident) -> TimelineEvent:
    """Return the line that Sentinel raised the incident."""
    words = gettext("raised the incident")
    return TimelineEvent("raised", incident.created_at, "sentinel", "Sentinel", words)


def hidden_since(at: datetime) -> TimelineEvent:
    """Return the line that what came after a hidden verdict is left out."""
    words = gettext("hides what came after this until you have answered")
    return TimelineEvent("hidden", at, "portal", "Tagout", words)


def events_before_first_read(
    incident: Incident, changes: Iterable[TimelineItem], closer: IncidentCloser | None
) -> list[TimelineEvent]:
    """What somebody had done in Sentinel by the time at which Tagout first read the incident: only
    its result is known, not when it was done. `changes` are all since, oldest first.
    """
    changes = list(changes)
    of_closing = {item.code for item in changes}.intersection(_OF_CLOSING)
    if incident.status == IncidentStatus.CLOSED and not of_closing - {"classification"}:
        return [_closed_before(incident, closer, is_unchanged=not of_closing)]
    status = _value_then(changes, _OF_STATUS, now=IncidentStatus(incident.status).label)
    owner = _value_then(changes, _OF_OWNER, now=incident.owner_name)
    lines = [
        gettext("Status: %(status)s") % {"status": term(status)}
        if status not in ("", IncidentStatus.NEW.label)
        else "",
        gettext("Owner: %(name)s") % {"name": owner} if owner else "",
    ]
    if not any(lines):
        return []
    words = gettext("had changed it before Tagout first read it")
    return [_from_sentinel("first-read", incident.stored_at, words, lines)]


def _value_then(changes: Iterable[TimelineItem], codes: Iterable[str], *, now: str) -> str:
    """Return the value before the first change of it; nothing where no line lists it."""
    first = next((item for item in changes if item.code in codes), None)
    if first is None:
        return now
    # An escalation lists the severity before it, and not the owner.
    return "" if first.code == "escalated" else str(first.details.get("from") or "")


def _closed_before(
    incident: Incident, closer: IncidentCloser | None, *, is_unchanged: bool
) -> TimelineEvent:
    """That Tagout never read it open, when Sentinel had changed it last by then."""
    words = gettext("had closed it before Tagout first read it")
    if is_unchanged:  # it is still closed as it was
        outcome = outcome_words(incident.classification, incident.classification_reason)
        words = gettext("had closed it as %(outcome)s before Tagout first read it")
        words %= {"outcome": outcome}
    at = incident.closed_at or incident.stored_at
    return _from_sentinel("closed-before", at, words, who=closer.name if closer else "Sentinel")


def _from_sentinel(
    ref: str, at: datetime, words: str, lines: Iterable[str] = (), who: str = "Sentinel"
) -> TimelineEvent:
    return TimelineEvent(ref, at, "sentinel", who, words, lines=tuple(filter(None, lines)))


def closer_of(incident: Incident) -> IncidentCloser | None:
    """Return who closed the incident last in Sentinel, where the log of the workspace has it."""
    if incident.status != IncidentStatus.CLOSED:
        return None
    return IncidentCloser.objects.filter(incident=incident).first()


def is_close_of(item: TimelineItem, closer: IncidentCloser) -> bool:
    """Whether a line is the close in Sentinel of which the log names who made it."""
    closes = item.code == "status" and item.details.get("to") == IncidentStatus.CLOSED.label
    return closes and abs(item.at - closer.closed_at) <= _ONE_CLOSE


def incidents_by_act(items: Iterable[TimelineItem]) -> Mapping[UUID, int]:
    """Return on how many incidents each act was done that these lines are of, where on several."""
    acts = {item.act for item in items if item.act}
    if not acts:
        return {}
    bulk = dict(BulkAct.objects.filter(act__in=acts).values_list("act", "done"))
    return incidents_by_acts(acts - bulk.keys()) | bulk
