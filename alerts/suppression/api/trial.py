"""How far the trial of a rule has come, for programs."""

from datetime import datetime
from typing import Any

from rest_framework.serializers import (
    BooleanField,
    CharField,
    DateTimeField,
    DictField,
    IntegerField,
    ListField,
    Serializer,
)

from alerts.incidents.queries import incidents_visible_to
from alerts.suppression.engine.guards.lifecycle import (
    TRIAL,
    TRIAL_MATCHES,
    reasons_against_promotion,
)
from alerts.suppression.models import RuleVersion
from alerts.suppression.watching.trials import progress_of, trial_lines
from portal.accounts.models import User


class TrialSerializer(Serializer[Any]):
    """How far the trial of a rule has come."""

    version = IntegerField(min_value=0, help_text="which version is in its trial")
    began_at = DateTimeField()
    days = IntegerField(min_value=0, help_text="whole days that it has run")
    needed_days = IntegerField(min_value=0)
    fresh = IntegerField(min_value=0, help_text="matches of the trial that count")
    credit = IntegerField(min_value=0, help_text="matches of the 28 days before it that count")
    counted = IntegerField(min_value=0, help_text="both together")
    needed = IntegerField(min_value=0)
    true_positives = IntegerField(min_value=0)
    kept_open = DictField(
        child=IntegerField(min_value=0),
        help_text="matches that do not count because a guard keeps them open, by guard",
    )
    credited_incidents = ListField(
        child=IntegerField(), help_text="ids of the incidents behind the credit that you may see"
    )
    is_over = BooleanField(help_text="nothing but a clean back-test is missing")
    why = ListField(child=CharField(), help_text="the same in words, one line a subject")


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
