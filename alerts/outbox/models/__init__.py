"""The nouns of this room."""

from alerts.outbox.models.change import Change, Kind, Outcome, Urgency
from alerts.outbox.models.wanted_rule import Haste, Landing, RuleKind, WantedRule

__all__ = [
    "Change",
    "Haste",
    "Kind",
    "Landing",
    "Outcome",
    "RuleKind",
    "Urgency",
    "WantedRule",
]
