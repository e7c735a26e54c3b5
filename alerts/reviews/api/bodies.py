"""The bodies of commands on questions."""

from rest_framework import serializers

from alerts.reviews.engine.causes import cause as cause_of
from alerts.reviews.engine.second_opinion import HARMLESS
from alerts.reviews.models import VerdictKind
from alerts.reviews.policies import MAX_NOTE_LENGTH, MAX_QUESTION_LENGTH
from alerts.reviews.services.opinions import CONFIRM, CORRECT
from alerts.reviews.services.verdicts import DONE_BY
from portal.api.requests import In


class AskIn(In):
    """A question to OT."""

    site = serializers.CharField(
        max_length=120,
        required=False,
        help_text="name of the site; may be left out where the incident touches only one",
    )
    question = serializers.CharField(max_length=MAX_QUESTION_LENGTH, help_text="in your own words")


class VerdictIn(In):
    """OT's word and its reason."""

    verdict = serializers.ChoiceField(VerdictKind.values, help_text="what it was")
    cause = serializers.CharField(max_length=60, help_text="id of the reason, or other")
    note = serializers.CharField(
        max_length=MAX_NOTE_LENGTH,
        required=False,
        allow_blank=True,
        help_text="a line for the SOC; suspicious needs one",
    )
    work_order = serializers.CharField(
        max_length=60, required=False, allow_blank=True, help_text="work order or change number"
    )
    done_by = serializers.ChoiceField(DONE_BY, required=False, help_text="who did it")

    def validate_cause(self, value: str) -> str:
        """A reason that there is."""
        if cause_of(value) is None:
            raise serializers.ValidationError("There is no such reason; “other” always fits.")
        return value


class AnswerIn(VerdictIn):
    """OT's word on a question."""

    incidents = serializers.ListField(
        child=serializers.IntegerField(min_value=1),
        required=False,
        allow_empty=False,
        max_length=5000,
        help_text="ids of the incidents meant; left out: all that the question waits for. It waits "
        "on for the others",
    )


class DecideIn(In):
    """A lead's decision about a suspicion that OT has not settled."""

    choice = serializers.ChoiceField((CONFIRM, CORRECT), help_text="whether it stays suspicious")
    reason = serializers.CharField(max_length=MAX_NOTE_LENGTH, help_text="why, one line")
    verdict = serializers.ChoiceField(
        sorted(HARMLESS), required=False, help_text="what it was; OT's lead needs it to correct"
    )
    cause = serializers.CharField(
        max_length=60, required=False, allow_blank=True, help_text="id of the reason, or other"
    )


class HandOverIn(In):
    """To whom, and a line for them."""

    to = serializers.EmailField(help_text="address of somebody who speaks for OT at the site")
    note = serializers.CharField(
        max_length=300, required=False, allow_blank=True, help_text="a line for them"
    )
