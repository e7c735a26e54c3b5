"""What is different between two texts, line by line."""

from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

CONTEXT = 3  # unchanged lines around a change
MAX_LINES = 5_000  # of a text that is compared


class LineKind(StrEnum):
    """What became of a line."""

    SAME = "same"
    REMOVED = "removed"
    ADDED = "added"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class DiffLine:
    """A line of either text with its numbers there, from 1; 0 where it is not in that text. A
    skipped one stands for unchanged lines that are not shown; its text is empty.
    """

    kind: LineKind
    old: int
    new: int
    text: str

    @property
    def sign(self) -> str:
        """The sign before it in a diff."""
        return {LineKind.REMOVED: "-", LineKind.ADDED: "+", LineKind.SKIPPED: "…"}.get(
            self.kind, " "
        )


def diffable_text(data: bytes | None) -> str | None:
    """Return a file as text, with lines ending in a line feed; empty where there is none, None
    where it is no text.
    """
    if data is None:
        return ""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return None if "\x00" in text else text.replace("\r\n", "\n")


def diff_lines(before: str, after: str) -> list[DiffLine] | None:
    """Return the changed lines with some around them; None where the texts are too long for it."""
    old, new = before.splitlines(), after.splitlines()
    if max(len(old), len(new)) > MAX_LINES:
        return None
    lines: list[DiffLine] = []
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    at = 0  # how many old lines are told
    for group in matcher.get_grouped_opcodes(CONTEXT):
        if group[0][1] > at:
            lines.append(DiffLine(LineKind.SKIPPED, 0, 0, ""))
        for tag, old_from, old_to, new_from, new_to in group:
            if tag == "equal":
                lines += [
                    DiffLine(LineKind.SAME, old_from + n + 1, new_from + n + 1, text)
                    for n, text in enumerate(old[old_from:old_to])
                ]
                continue
            lines += [
                DiffLine(LineKind.REMOVED, old_from + n + 1, 0, text)
                for n, text in enumerate(old[old_from:old_to])
            ]
            lines += [
                DiffLine(LineKind.ADDED, 0, new_from + n + 1, text)
                for n, text in enumerate(new[new_from:new_to])
            ]
        at = group[-1][2]
    if lines and at < len(old):
        lines.append(DiffLine(LineKind.SKIPPED, 0, 0, ""))
    return lines
