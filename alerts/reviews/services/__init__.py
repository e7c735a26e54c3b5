"""The verbs of this room."""

from alerts.reviews.services.answer import CannotGiveVerdict, give_verdict
from alerts.reviews.services.ask import CannotAsk, ask_ot
from alerts.reviews.services.ask_second_opinions import run_second_opinions
from alerts.reviews.services.decide_suspicion import CannotDecide, decide_suspicion
from alerts.reviews.services.give_opinion import (
    CannotGiveOpinion,
    give_opinion,
    pass_opinion_on,
)
from alerts.reviews.services.hand_over import CannotHandOver, hand_over_review
from alerts.reviews.services.reading import open_review
from alerts.reviews.services.undo import CannotUndoVerdict, undo_verdict
from alerts.reviews.services.withdraw import CannotWithdraw, withdraw_review

__all__ = [
    "CannotAsk",
    "CannotDecide",
    "CannotGiveOpinion",
    "CannotGiveVerdict",
    "CannotHandOver",
    "CannotUndoVerdict",
    "CannotWithdraw",
    "ask_ot",
    "decide_suspicion",
    "give_opinion",
    "give_verdict",
    "hand_over_review",
    "open_review",
    "pass_opinion_on",
    "run_second_opinions",
    "undo_verdict",
    "withdraw_review",
]
