"""What a person's tries at a question have come to: right or not, and when it comes back."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

REPEAT_AFTER: Final = timedelta(days=4)


@dataclass(frozen=True, slots=True)
class QuestionState:
    """One person's state at one question. `due_at` is the moment from which it is asked again;
    None where it need not be.
    """

    is_right: bool = False  # by any try so far
    due_at: datetime | None = None

    def is_due(self, now: datetime) -> bool:
        """Whether the question is to be answered again."""
        return self.due_at is not None and self.due_at <= now


UNTRIED: Final = QuestionState()


def state_after(tries: Iterable[tuple[bool, datetime]]) -> QuestionState:
    """Return what tries at one question (right or not, when), first one first, have come to.

    A right answer after a wrong one brings the question back four days later. It is settled by
    an answer that is right at the first try once it is due; one before that day proves only that
    the feedback was read.
    """
    is_right, was_wrong, due_at = False, False, None
    for is_correct, at in tries:
        if not is_correct:
            was_wrong = True
            continue
        if was_wrong:
            due_at = at + REPEAT_AFTER
        elif due_at is not None and due_at <= at:
            due_at = None
        is_right, was_wrong = True, False
    return QuestionState(is_right, due_at)
