"""The back-test that is frozen into a request for signatures, for programs."""

from typing import Any

from django.utils.translation import gettext
from rest_framework.serializers import (
    CharField,
    DateTimeField,
    IntegerField,
    ListField,
    Serializer,
    UUIDField,
)

from alerts.suppression.engine.backtest_body import BackTestBody
from alerts.suppression.engine.words import Sentence, words
from alerts.suppression.models import RuleVersion
from portal.api.fields import StructField
from portal.ui.words import numeral


class RequestedBackTestSerializer(Serializer[Any]):
    """What a back-test found, and what it holds against the rule."""

    id = UUIDField()
    version = IntegerField(help_text="number of the version")
    hash = CharField(help_text="of the rule that was tested")
    ran_at = DateTimeField()
    history_days = IntegerField(help_text="how much history there was")
    reasons = ListField(child=CharField(), help_text="held against the rule")
    backtest = StructField(BackTestBody, help_text="docs/schemas/backtest-1.json")


def backtest_facts(version: RuleVersion) -> dict[str, Any] | None:
    """Return the back-test of a version that was proposed; None where there is none."""
    test = version.backtest
    if test is None:
        return None
    return {
        "id": test.uuid,
        "version": version.number,
        "hash": test.rule_hash,
        "ran_at": test.ran_at,
        "history_days": test.history_days,
        "reasons": [
            words(Sentence(code, **detail), gettext, numeral) for code, detail in test.reasons
        ],
        "backtest": test.body,
    }
