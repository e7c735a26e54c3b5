"""A question to OT: its ready part and its own words."""

from collections.abc import Collection
from dataclasses import dataclass


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
