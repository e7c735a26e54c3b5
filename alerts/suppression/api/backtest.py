"""The back-test that is frozen into a request for signatures, for programs."""

from django.utils.translation import gettext
from rest_framework.serializers import (
    CharField,
    DateTimeField,
    IntegerField,
    Serializer,
    SerializerMethodField,
    UUIDField,
)

from alerts.suppression.engine.backtest_body import BackTestBody
from alerts.suppression.engine.words import Sentence, words
from alerts.suppression.models import RuleVersion
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
        return [words(Sentence(code, **detail), gettext, numeral) for code, detail in reasons]
