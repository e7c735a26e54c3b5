"""How the head of the chain is told outside, as one line, and read again from whatever kept it.
Strangers write into logs, too (their browser's name, an address), so each line carries a mark.
"""

import hashlib
import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass

_LINE = re.compile(
    r"tagout audit (head|restored) seq=([0-9]{1,18}) hash=([0-9a-f]{64})"
    r" mark=([0-9a-f]{32})(?![0-9a-f])"
)


@dataclass(frozen=True, slots=True)
class Anchor:
    """Where the chain stood when it was told outside."""

    seq: int
    hash: str

    def line(self, key: bytes) -> str:
        """Return the words that `anchors_in` finds again with the same key."""
        return f"tagout audit head seq={self.seq} hash={self.hash} mark={self._mark(key)}"

    def restored_line(self, key: bytes) -> str:
        """Return the words that say: a backup was restored whose record ends here."""
        mark = self._mark(key, is_restored=True)
        return f"tagout audit restored seq={self.seq} hash={self.hash} mark={mark}"

    def is_marked(self, mark: str, key: bytes, *, is_restored: bool = False) -> bool:
        """Whether somebody who has the key told this."""
        return hmac.compare_digest(mark, self._mark(key, is_restored=is_restored))

    def _mark(self, key: bytes, *, is_restored: bool = False) -> str:
        said = f"{'restored ' if is_restored else ''}{self.seq} {self.hash}".encode()
        return hmac.new(key, said, hashlib.sha256).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class AnchorsRead:
    """The heads that lines tell, and how many lines only look as if they told one."""

    anchors: tuple[Anchor, ...] = ()
    ignored: int = 0


def anchors_in(lines: Iterable[str], key: bytes) -> AnchorsRead:
    """Return the heads that these lines tell, whatever logs and syslog write around them. Where a
    line says that a backup was restored, heads of later entries that were told before it are left
    out: those entries are lost, and their numbers were given anew.
    """
    anchors: list[Anchor] = []
    ignored = 0
    for found in (match for line in lines for match in _LINE.finditer(line)):
        anchor, is_restored = Anchor(int(found[2]), found[3]), found[1] == "restored"
        if not anchor.is_marked(found[4], key, is_restored=is_restored):
            ignored += 1
            continue
        if is_restored:
            anchors = [each for each in anchors if each.seq <= anchor.seq]
        anchors.append(anchor)
    return AnchorsRead(tuple(anchors), ignored)
