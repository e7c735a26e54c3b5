"""About which answers a second opinion is asked, of how many people, and what their answers come
to; in which order people are asked is in `services/second_opinions.py`.

Chance is an argument: a draw is a keyed hash of what it is about, so that it can be repeated by
whoever has the seed and foreseen by nobody else.
"""

import hashlib
import hmac
from collections.abc import Iterable
from datetime import timedelta
from typing import Final, Literal
from uuid import UUID

HARMLESS: Final = frozenset({"routine", "maintenance"})
SUSPICIOUS: Final = "suspicious"
HARMLESS_PER_SUSPICIOUS: Final = 0.25  # so that one second opinion in five is about a harmless one
MAJORITY: Final = 2
MAX_QUESTIONS: Final = 3  # about one answer
MAX_QUESTIONS_A_DAY: Final = 5  # to one person
NARROWS_AFTER: Final = timedelta(hours=72)
ASK_LEADS_EVERY: Final = timedelta(days=1)

type Outcome = Literal["confirmed", "corrected"]


def draw_number(seed: bytes, *about: object) -> float:
    """Return a number from 0 up to 1 that depends on the seed and on what it is about."""
    text = "\n".join(str(incident) for incident in about).encode()
    digest = hmac.new(seed, text, hashlib.sha256).digest()
    return int.from_bytes(digest[:7]) / (1 << 56)


def asks_about_harmless_too(verdict: UUID, *, seed: bytes) -> bool:
    """Whether asking about this suspicious answer comes with a question about a harmless one."""
    return draw_number(seed, "harmless beside", verdict) < HARMLESS_PER_SUSPICIOUS


def is_sure(verdict: str) -> bool:
    """Whether a verdict takes a side."""
    return verdict == SUSPICIOUS or verdict in HARMLESS


def is_same_side(one: str, other: str) -> bool:
    """Whether two sure verdicts are both harmless or both suspicious."""
    return (one == SUSPICIOUS) == (other == SUSPICIOUS)


def outcome_of(first: str, others: Iterable[str]) -> Outcome | None:
    """Return what two of three people agree on; None until two do, unsure ones left out."""
    sure = [verdict for verdict in others if is_sure(verdict)]
    agreeing = sum(is_same_side(first, verdict) for verdict in sure)
    if 1 + agreeing >= MAJORITY:
        return "confirmed"
    return "corrected" if len(sure) - agreeing >= MAJORITY else None
