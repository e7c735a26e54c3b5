"""What commands on incidents are told."""

from typing import Any

from rest_framework import serializers

from alerts.incidents.api.listings import SEVERITIES
from alerts.incidents.engine.closing import REASONS
from alerts.incidents.models import Severity
from alerts.incidents.policies import LONGEST_LABEL, LONGEST_MESSAGE
from alerts.incidents.services.escalate import MAX_NOTE
from portal.api.bodies import In

_RATED = [word for word, value in SEVERITIES.items() if value != Severity.UNKNOWN]


class CloseIn(In):
    """How it ended, in Sentinel's terms."""

    classification = serializers.ChoiceField(list(REASONS), help_text="how it ended")
    reason = serializers.CharField(
        max_length=40, required=False, allow_blank=True,
        help_text="the reason that Sentinel wants with this classification",
    )  # fmt: skip
    comment = serializers.CharField(
        max_length=2000, required=False, allow_blank=True, help_text="the closing comment"
    )


class AssignIn(In):
    """Whom to give it to."""

    to = serializers.EmailField(
        allow_null=True, help_text="address of somebody who works there; null takes the owner off"
    )


class SeverityIn(In):
    """How severe it is."""

    severity = serializers.ChoiceField(_RATED, help_text="in Sentinel's words")

    def validate_severity(self, word: str) -> Severity:
        """The value that stands for the word."""
        return Severity(SEVERITIES[word])


class EscalateIn(In):
    """What the lead should know."""

    note = serializers.CharField(
        max_length=MAX_NOTE, required=False, allow_blank=True, help_text="a note to the SOC leads"
    )


class LabelIn(In):
    """Which labels to put on and to take off."""

    add = serializers.ListField(
        child=serializers.CharField(max_length=LONGEST_LABEL), required=False, max_length=50,
        help_text="labels to put on",
    )  # fmt: skip
    remove = serializers.ListField(
        child=serializers.CharField(max_length=LONGEST_LABEL), required=False, max_length=50,
        help_text="labels to take off",
    )  # fmt: skip

    def validate(self, attrs: Any) -> Any:
        """At least one label."""
        if not attrs.get("add") and not attrs.get("remove"):
            raise serializers.ValidationError("Name at least one label to add or to remove.")
        return attrs


class CommentIn(In):
    """Words for Sentinel's readers too."""

    message = serializers.CharField(max_length=LONGEST_MESSAGE, help_text="the comment")
