"""The verbs of this room."""

from alerts.reviews.services.answer import CannotGiveVerdict, give_verdict
from alerts.reviews.services.ask import CannotAsk, ask_ot
from alerts.reviews.services.hand_over import CannotHandOver, hand_over_review
from alerts.reviews.services.reading import open_review
from alerts.reviews.services.undo import CannotUndoVerdict, undo_verdict
from alerts.reviews.services.withdraw import CannotWithdraw, withdraw_review

__all__ = [
    "CannotAsk", "CannotGiveVerdict", "CannotHandOver", "CannotUndoVerdict", "CannotWithdraw",
    "ask_ot", "give_verdict", "hand_over_review", "open_review", "undo_verdict", "withdraw_review",
]  # fmt: skip
