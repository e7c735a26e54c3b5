"""A question to OT: its ready part and its own words, and when it is due."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class QuestionText:
    """The two parts of a question; either may be empty."""

    ready: str  # one of the ready questions, as its English source says it
    own: str

    @property
    def text(self) -> str:
        """The question as it is kept: the ready part is on the first line."""
        return "\n".join(filter(None, (self.ready, self.own)))


def question_in(text: str, *, ready: Collection[str]) -> QuestionText:
    """Return the parts of a kept question. A first line that is a ready question is that one."""
    first, _, rest = text.partition("\n")
    return QuestionText(first, rest) if first in ready else QuestionText("", text)


HIGH, MEDIUM = 4, 3  # as incidents order severities

_ANSWER_WITHIN = {HIGH: timedelta(hours=1), MEDIUM: timedelta(hours=4)}
_ORDINARY = timedelta(days=3)


def answer_within(severity: int) -> timedelta:
    """High an hour, Medium four, all others three days; around the clock."""
    return _ANSWER_WITHIN.get(severity, _ORDINARY)
