"""How far the trial of a rule has come, for programs."""

from datetime import datetime
from typing import Any, Final

from alerts.incidents.queries import incidents_visible_to
from alerts.suppression.engine.guards.life import TRIAL, TRIAL_MATCHES, reasons_against_promotion
from alerts.suppression.models import RuleVersion
from alerts.suppression.reads.trial_words import trial_lines
from alerts.suppression.reads.trials import progress_of
from portal.accounts.models import User

_COUNT: Final = {"type": "integer", "minimum": 0}
_MEMBERS: Final[dict[str, Any]] = {
    "version": _COUNT | {"description": "which version is in its trial"},
    "began_at": {"type": "string", "format": "date-time"},
    "days": _COUNT | {"description": "whole days that it has run"},
    "needed_days": _COUNT,
    "fresh": _COUNT | {"description": "matches of the trial that count"},
    "credit": _COUNT | {"description": "matches of the 28 days before it that count"},
    "counted": _COUNT | {"description": "both together"},
    "needed": _COUNT,
    "true_positives": _COUNT,
    "kept_open": {
        "type": "object", "additionalProperties": _COUNT,
        "description": "matches that do not count because a guard keeps them open, by guard",
    },
    "credited_incidents": {
        "type": "array", "items": {"type": "integer"},
        "description": "ids of the incidents behind the credit that you may see",
    },
    "is_over": {"type": "boolean", "description": "nothing but a clean back-test is missing"},
    "why": {
        "type": "array", "items": {"type": "string"},
        "description": "the same in words, one line a subject",
    },
}  # fmt: skip
SCHEMA: Final = {
    "type": "object", "properties": _MEMBERS, "required": list(_MEMBERS),
}  # fmt: skip


def trial_facts(version: RuleVersion, user: User, *, now: datetime) -> dict[str, Any]:
    """Return how far the trial of a canary has come, as far as this person may see it."""
    progress = progress_of(version)
    trial = progress.trial
    seen = incidents_visible_to(user).filter(pk__in=version.credited_incident_ids)
    return {
        "version": version.number,
        "began_at": trial.began_at,
        "days": (now - trial.began_at).days,
        "needed_days": TRIAL.days,
        "fresh": trial.matches,
        "credit": trial.counted - trial.matches,
        "counted": trial.counted,
        "needed": TRIAL_MATCHES,
        "true_positives": trial.true_positives,
        "kept_open": dict(progress.kept_open),
        "credited_incidents": sorted(seen.values_list("pk", flat=True)),
        "is_over": not reasons_against_promotion(trial, now=now),
        "why": trial_lines(progress, now=now),
    }
