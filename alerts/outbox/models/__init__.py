"""The nouns of this room."""

from alerts.outbox.models.change import Change, Kind, Outcome, Urgency
from alerts.outbox.models.wanted_rule import Landing, RuleKind, RulePriority, WantedRule

__all__ = [
    "Change",
    "Kind",
    "Landing",
    "Outcome",
    "RuleKind",
    "RulePriority",
    "Urgency",
    "WantedRule",
]
