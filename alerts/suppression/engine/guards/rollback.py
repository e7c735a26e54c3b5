"""S7: what stops a rule at once, and what has to be looked at again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from alerts.suppression.engine.words import Sentence

LINK: Final = timedelta(days=14)
REVIEW: Final = timedelta(days=7)
_KNOWN: Final = frozenset({"reopened", "true_positive", "joined"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of an incident that a rule closed: reopened, true_positive, linked or joined.

    `what` names the entity of a link. A kind nobody knows stops the rule too.
    """

    incident: str
    kind: str
    closed_at: datetime
    seen_at: datetime
    what: str = ""


def reasons_to_stop(outcomes: Iterable[Outcome]) -> list[Sentence]:
    """Why the rule stops now; a link counts for fourteen days after the close, the rest always."""
    reasons = []
    for each in outcomes:
        if each.kind in _KNOWN:
            reasons.append(Sentence(f"stop.{each.kind}", incident=each.incident))
        elif each.kind != "linked":
            reasons.append(Sentence("stop.unknown", incident=each.incident, what=each.kind))
        elif each.seen_at - each.closed_at <= LINK:
            reasons.append(Sentence("stop.linked", incident=each.incident, what=each.what))
    return reasons


def to_review_again(
    closed: Iterable[tuple[str, datetime]], *, stopped_at: datetime
) -> tuple[str, ...]:
    """The incidents that the rule closed in the seven days before it stopped, newest first."""
    since = stopped_at - REVIEW
    found = [(at, incident) for incident, at in closed if since <= at <= stopped_at]
    return tuple(incident for _, incident in sorted(found, reverse=True))
