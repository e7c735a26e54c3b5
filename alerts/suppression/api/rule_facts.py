"""Single facts about a rule over REST: its back-test, its trial, the new members of its groups."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext
from rest_framework.serializers import (
    BooleanField,
    CharField,
    DateTimeField,
    DictField,
    IntegerField,
    ListField,
    Serializer,
    SerializerMethodField,
    UUIDField,
)

from alerts.incidents.queries import incidents_visible_to
from alerts.rules.backtest_body import BackTestBody
from alerts.rules.sentence import Sentence, translated_sentence
from alerts.rules.trial import TRIAL, TRIAL_MATCHES, reasons_against_promotion
from alerts.suppression.enforcing.group_members import late_members
from alerts.suppression.models import RuleVersion
from alerts.suppression.watching.credit_sources import credit_by_source
from alerts.suppression.watching.trials import trial_lines, trial_progress_of
from portal.accounts.models import User
from portal.api.fields import StructField
from portal.ui.words import numeral


class RequestedBackTestSerializer(Serializer[RuleVersion]):
    """What the back-test of a version found, and what it holds against the rule."""

    id = UUIDField(source="backtest.uuid")
    version = IntegerField(source="number", help_text="number of the version")
    hash = CharField(source="backtest.rule_hash", help_text="of the rule that was tested")
    ran_at = DateTimeField(source="backtest.ran_at")
    history_days = IntegerField(
        source="backtest.history_days", help_text="how much history there was"
    )
    reasons = SerializerMethodField(help_text="held against the rule")
    backtest = StructField(
        BackTestBody, source="visible_body", help_text="docs/schemas/backtest-1.json"
    )

    def get_reasons(self, version: RuleVersion) -> list[str]:
        """Return them as sentences."""
        reasons = version.backtest.reasons if version.backtest else []
        return [
            translated_sentence(Sentence(code, **detail), gettext, numeral)
            for code, detail in reasons
        ]


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
    credit_by_source = DictField(
        child=IntegerField(min_value=0),
        help_text=(
            "incidents behind the credit by what they rest on now: answer, closing, taken, closer,"
            " file; gone: nobody holds them for harmless any more, so they do not count"
        ),
    )
    credited_incidents = ListField(
        child=IntegerField(), help_text="ids of the incidents behind the credit that you may see"
    )
    is_over = BooleanField(help_text="nothing but a clean back-test is missing")
    why = ListField(child=CharField(), help_text="the same in words, one line a subject")


def trial_facts(version: RuleVersion, user: User, *, now: datetime) -> dict[str, Any]:
    """Return how far the trial of a version has come, as far as this person may see it."""
    progress = trial_progress_of(version)
    trial = progress.trial
    visible = incidents_visible_to(user).filter(pk__in=progress.credited)
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
        "credit_by_source": credit_by_source(progress.credited),
        "credited_incidents": sorted(visible.values_list("pk", flat=True)),
        "is_over": not reasons_against_promotion(trial, now=now),
        "why": trial_lines(progress, now=now),
    }


class NewMemberSerializer(Serializer[Any]):
    """A device that joined a group after it was signed."""

    name = CharField()
    address = CharField()
    kind = CharField()
    zone = CharField()
    has_been_met = BooleanField(help_text="a person has its first incident: rules may close others")
    first_incident = IntegerField(
        allow_null=True, help_text="id of that incident, where you may see it"
    )


class NewMembersSerializer(Serializer[Any]):
    """All of them."""

    version = IntegerField(help_text="of which version these are new members")
    new_members = NewMemberSerializer(many=True)


def new_member_facts(version: RuleVersion, user: User) -> dict[str, Any]:
    """Return who is in the groups of an acting version now and was not when it was signed."""
    late = late_members(version) if version.is_acting else []
    first_ids = {member.first for member in late if member.first is not None}
    visible = set(incidents_visible_to(user).filter(pk__in=first_ids).values_list("pk", flat=True))
    return {
        "version": version.number,
        "new_members": [
            {
                "name": member.device.name,
                "address": member.device.address,
                "kind": member.device.kind,
                "zone": member.device.zone,
                "has_been_met": member.first is not None,
                "first_incident": member.first if member.first in visible else None,
            }
            for member in late
        ],
    }
