"""A question to OT as it is kept: a ready one, words of one's own, or the one above the other."""

from collections.abc import Collection
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Question:
    """The two parts of a question; either may be empty."""

    ready: str  # one of the ready questions, as its English source says it
    own: str

    @property
    def text(self) -> str:
        """The question as it is kept: the ready part stands on the first line."""
        return "\n".join(filter(None, (self.ready, self.own)))


def question_in(text: str, *, ready: Collection[str]) -> Question:
    """Return the parts of a kept question. A first line that is a ready question is that one."""
    first, _, rest = text.partition("\n")
    return Question(first, rest) if first in ready else Question("", text)
