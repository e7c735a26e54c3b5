"""How the head of the chain is told outside, as one line, and read again from whatever kept it.
Strangers write into logs, too (their browser's name, an address), so each line carries a mark.
"""

import hashlib
import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass

_LINE = re.compile(
    r"tagout audit head seq=([0-9]{1,18}) hash=([0-9a-f]{64}) mark=([0-9a-f]{32})(?![0-9a-f])"
)


@dataclass(frozen=True, slots=True)
class Anchor:
    """Where the chain stood when it was told outside."""

    seq: int
    hash: str

    def line(self, key: bytes) -> str:
        """Return the words that `anchors_in` finds again with the same key."""
        return f"tagout audit head seq={self.seq} hash={self.hash} mark={self._mark(key)}"

    def is_marked(self, mark: str, key: bytes) -> bool:
        """Whether somebody who has the key told this."""
        return hmac.compare_digest(mark, self._mark(key))

    def _mark(self, key: bytes) -> str:
        said = f"{self.seq} {self.hash}".encode()
        return hmac.new(key, said, hashlib.sha256).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class AnchorsRead:
    """The heads that lines tell, and how many lines only look as if they told one."""

    anchors: tuple[Anchor, ...] = ()
    ignored: int = 0


def anchors_in(lines: Iterable[str], key: bytes) -> AnchorsRead:
    """Return the heads that these lines tell, whatever logs and syslog write around them."""
    found = [match for line in lines for match in _LINE.finditer(line)]
    told = [(Anchor(int(each[1]), each[2]), each[3]) for each in found]
    anchors = tuple(anchor for anchor, mark in told if anchor.is_marked(mark, key))
    return AnchorsRead(anchors, len(told) - len(anchors))
