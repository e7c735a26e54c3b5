"""The verbs of this room."""

from alerts.reviews.services.opinions import (
    CannotDecideSuspicion,
    CannotGiveOpinion,
    decide_suspicion,
    give_opinion,
    pass_opinion_on,
)
from alerts.reviews.services.questions import (
    CannotAsk,
    CannotHandOver,
    CannotWithdraw,
    ask_ot,
    hand_over_review,
    open_review,
    withdraw_review,
)
from alerts.reviews.services.second_opinions import run_second_opinions
from alerts.reviews.services.verdicts import (
    CannotGiveVerdict,
    CannotUndoVerdict,
    give_verdict,
    undo_verdict,
)

__all__ = [
    "CannotAsk",
    "CannotDecideSuspicion",
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
