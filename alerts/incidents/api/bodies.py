"""The bodies of commands on incidents."""

from typing import Any

from rest_framework import serializers

from alerts.incidents.acts.escalate import MAX_NOTE
from alerts.incidents.acts.incident_tasks import MAX_DESCRIPTION, MAX_TITLE
from alerts.incidents.api.listings import SEVERITIES
from alerts.incidents.models import Severity
from alerts.incidents.policies import MAX_LABEL_LENGTH, MAX_MESSAGE_LENGTH, REASONS
from portal.api.requests import In

_RATED = [word for word, value in SEVERITIES.items() if value != Severity.UNKNOWN]


class CloseIn(In):
    """How it ended, in Sentinel's terms."""

    classification = serializers.ChoiceField(list(REASONS), help_text="how it ended")
    reason = serializers.CharField(
        max_length=40,
        required=False,
        allow_blank=True,
        help_text="the reason that Sentinel wants with this classification",
    )
    comment = serializers.CharField(
        max_length=2000,
        required=False,
        allow_blank=True,
        help_text="the closing comment; required where OT calls it suspicious, but for a true"
        " positive",
    )
    instead_of = serializers.ChoiceField(
        list(REASONS),
        required=False,
        allow_blank=True,
        help_text="the classification that you read of one that is closed, to close it another way",
    )

    def validate_instead_of(self, word: str) -> list[str]:
        """As the service takes it."""
        return [word]


class AssignIn(In):
    """Whom to give it to."""

    to = serializers.EmailField(
        allow_null=True, help_text="address of somebody who works there; null takes the owner off"
    )


class SeverityIn(In):
    """How severe it is."""

    severity = serializers.ChoiceField(_RATED, help_text="in Sentinel's words")

    def validate_severity(self, word: str) -> Severity:
        """The value of the word."""
        return Severity(SEVERITIES[word])


class PutAsideIn(In):
    """Until when, unless it changes before."""

    until = serializers.DateTimeField(help_text="when it is back, in 30 days at most")


class EscalateIn(In):
    """What the lead should know."""

    note = serializers.CharField(
        max_length=MAX_NOTE, required=False, allow_blank=True, help_text="a note to the SOC leads"
    )


class LabelIn(In):
    """Which labels to put on and to take off."""

    add = serializers.ListField(
        child=serializers.CharField(max_length=MAX_LABEL_LENGTH),
        required=False,
        max_length=50,
        help_text="labels to put on",
    )
    remove = serializers.ListField(
        child=serializers.CharField(max_length=MAX_LABEL_LENGTH),
        required=False,
        max_length=50,
        help_text="labels to take off",
    )

    def validate(self, attrs: Any) -> Any:
        """At least one label."""
        if not attrs.get("add") and not attrs.get("remove"):
            raise serializers.ValidationError("Name at least one label to add or to remove.")
        return attrs


class CommentIn(In):
    """Words for Sentinel's readers too."""

    message = serializers.CharField(max_length=MAX_MESSAGE_LENGTH, help_text="the comment")


class TaskIn(In):
    """A new task."""

    title = serializers.CharField(max_length=MAX_TITLE, help_text="what is to be done")
    description = serializers.CharField(
        max_length=MAX_DESCRIPTION,
        required=False,
        allow_blank=True,
        default="",
        help_text="more about it",
    )


class TaskNameIn(In):
    """Which task."""

    task = serializers.UUIDField(format="hex_verbose", help_text="its name, Sentinel's GUID")

    def validate_task(self, value: Any) -> str:
        """Return it as rows name tasks."""
        return str(value)
