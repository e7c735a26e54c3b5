"""How the head of the chain is told outside, as one line, and read again from whatever kept it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

_LINE = re.compile(r"tagout audit head seq=([0-9]{1,18}) hash=([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Anchor:
    """Where the chain stood when it was told outside."""

    seq: int
    hash: str

    def line(self) -> str:
        """Return the words that `anchors_in` finds again."""
        return f"tagout audit head seq={self.seq} hash={self.hash}"


def anchors_in(lines: Iterable[str]) -> list[Anchor]:
    """Return the heads that these lines tell, whatever logs and syslog write around them."""
    found = (_LINE.search(line) for line in lines)
    return [Anchor(int(each[1]), each[2]) for each in found if each]
