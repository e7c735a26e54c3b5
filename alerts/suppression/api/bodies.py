"""The request bodies of commands on rules."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from alerts.rules.lifetime import reasons_against_expiry
from alerts.rules.rule import NotARule, from_json, load, reasons_against_rule
from alerts.rules.sentence import Sentence, translated_sentence
from alerts.suppression.models.rules import SIDES
from portal.api.requests import In
from portal.ui.words import numeral

MAX_NOTE_LENGTH = 2000


def reasons_against_body(raw: bytes, *, now: datetime) -> list[Sentence]:
    """Why the member `rule` of a request is none: in the sentences of page and command."""
    try:
        rule = from_json(load(raw)["rule"])
    except NotARule as refusal:
        return list(refusal.reasons)
    reasons = reasons_against_rule(rule)
    if not reasons and rule.expires_at is not None:
        reasons = reasons_against_expiry(rule, now=now)
    return reasons


@extend_schema_field(OpenApiTypes.OBJECT)
class RuleField(serializers.JSONField):
    """A rule in canonical JSON."""


class RuleIn(In):
    """A rule, to become a draft."""

    rule = RuleField(help_text="in canonical JSON: docs/schemas/rule-1.json")

    def validate_rule(self, value: Any) -> Any:
        """Refuse what spells no rule, or one that makes no sense. The body is read once more, as
        strictly as the command reads a file.
        """
        view = self.context["view"]
        if reasons := reasons_against_body(view.request._request.body, now=view.now):
            raise serializers.ValidationError(
                [translated_sentence(reason, gettext, numeral) for reason in reasons]
            )
        return value


class EditIn(RuleIn):
    """What your draft, or the next version, says from now on."""

    revision = serializers.IntegerField(
        min_value=0,
        required=False,
        help_text="of your draft that you read; without it the rule's next version begins",
    )


class ProposeIn(In):
    """A line for those who sign; of one who signs for the SOC by it, also why and on what."""

    note = serializers.CharField(
        max_length=MAX_NOTE_LENGTH,
        required=False,
        allow_blank=True,
        help_text="a line for them; needed of the SOC's signer where there is little evidence",
    )
    checked_evidence = serializers.BooleanField(
        required=False,
        help_text="you looked at the alerts themselves; needed like the note, and where all "
        "verdicts come from one person",
    )


class SignIn(In):
    """One side's signature for exactly what was read."""

    side = serializers.ChoiceField([side for side, _ in SIDES], help_text="for which side")
    hash = serializers.CharField(max_length=64, help_text="`hash` of the version that you read")
    note = serializers.CharField(
        max_length=MAX_NOTE_LENGTH,
        required=False,
        allow_blank=True,
        help_text="why you accept it; needed where there is little evidence",
    )
    checked_evidence = serializers.BooleanField(
        required=False,
        help_text="you looked at the alerts themselves; needed for the SOC where there is little "
        "evidence, or where all verdicts come from one person",
    )


class NoteIn(In):
    """Why, in one line."""

    note = serializers.CharField(max_length=MAX_NOTE_LENGTH, help_text="why, in one line")


class ReasonIn(In):
    """Why, in one line."""

    reason = serializers.CharField(max_length=MAX_NOTE_LENGTH, help_text="why, in one line")
