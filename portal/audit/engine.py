"""Format the head of the chain as one line to publish outside, and parse such lines again.
Strangers write into logs, too (their browser's name, an address), so each line carries a mark.
"""

import hashlib
import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass

_LINE = re.compile(
    r"tagout audit (?P<kind>head|restored) seq=(?P<seq>[0-9]{1,18}) hash=(?P<hash>[0-9a-f]{64})"
    r" at=(?P<at>[0-9]{1,18}) mark=(?P<mark>[0-9a-f]{32})(?![0-9a-f])"
)


@dataclass(frozen=True, slots=True)
class Anchor:
    """A head of the chain, as it was published outside."""

    seq: int
    hash: str

    def line(self, key: bytes, *, at: int) -> str:
        """Return the line that `anchors_in` parses with the same key. `at` is when it is published,
        in microseconds.
        """
        return self._marked("head", key, at)

    def restored_line(self, key: bytes, *, at: int) -> str:
        """Return the words for: a backup was restored whose record ends here."""
        return self._marked("restored", key, at)

    def _marked(self, kind: str, key: bytes, at: int) -> str:
        words = f"tagout audit {kind} seq={self.seq} hash={self.hash} at={at}"
        return f"{words} mark={_mark_of(words, key)}"


@dataclass(frozen=True, slots=True)
class AnchorsRead:
    """The heads parsed from lines, and how many lines only look like one."""

    anchors: tuple[Anchor, ...] = ()
    ignored: int = 0


def anchors_in(lines: Iterable[str], key: bytes) -> AnchorsRead:
    """Return the heads in these lines, whatever logs and syslog write around them. Where a line
    records that a backup was restored, heads of later entries published before it are left out:
    those entries are lost, and their numbers were given anew. The line's own moment decides what
    is before it, not its place: a line that was seen once can be written into a log again.
    """
    numbered: list[tuple[int, Anchor]] = []
    restores: list[tuple[int, Anchor]] = []
    ignored = 0
    for found in (match for line in lines for match in _LINE.finditer(line)):
        words = found[0].rpartition(" mark=")[0]
        if not hmac.compare_digest(found["mark"], _mark_of(words, key)):
            ignored += 1
            continue
        entry = int(found["at"]), Anchor(int(found["seq"]), found["hash"])
        numbered.append(entry)
        if found["kind"] == "restored":
            restores.append(entry)
    anchors = tuple(
        anchor
        for at, anchor in numbered
        if not any(at < later and anchor.seq > end.seq for later, end in restores)
    )
    return AnchorsRead(anchors, ignored)


def _mark_of(words: str, key: bytes) -> str:
    return hmac.new(key, words.encode(), hashlib.sha256).hexdigest()[:32]
