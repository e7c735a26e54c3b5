"""Scripted faults: which calls they meet, how often, and what then happens instead of an answer."""

from __future__ import annotations

import random
import re
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any

from simulator.mangle import WAYS
from simulator.words import parse_time, to_moment

BODIES = ("truncated", "wrong_length", "html", "empty", "not_json", "gzip_bomb", "drip")
LINKS = ("foreign", "loop", "duplicate")


@dataclass
class Fault:
    """One scripted fault. Without count, probability and until it meets every matching call."""

    path: str = ".*"
    method: str = ".*"
    count: int | None = None
    skip: int = 0
    probability: float = 1.0
    until: str | None = None
    status: int | None = None
    code: str = "ServiceUnavailable"
    headers: dict[str, str] = field(default_factory=dict)
    retry_after: int | str | None = None
    answer: Any = None
    applied: bool = False
    delay: float = 0.0
    body: str | None = None
    size: int = 64 * 1024 * 1024
    drop: str | None = None
    next_link: str | None = None
    older_versions: bool = False
    mangle: str | None = None
    name: str = ""
    hits: int = 0

    def check(self) -> None:
        """Raise ValueError for what would never do anything, with a sentence."""
        try:
            re.compile(self.path), re.compile(self.method)
        except re.PatternError as wrong:
            raise ValueError(f"no regular expression: {wrong}") from None
        for member, allowed in (
            ("body", BODIES),
            ("drop", ("before", "after")),
            ("mangle", tuple(WAYS)),
        ):
            if getattr(self, member) not in {None, *allowed}:
                raise ValueError(f"{member} must be one of {', '.join(allowed)}")
        if self.until is not None:
            parse_time(self.until)
        if not any(
            (
                self.status,
                self.delay,
                self.body,
                self.drop,
                self.next_link,
                self.older_versions,
                self.mangle,
            )
        ):
            raise ValueError("the fault does nothing")

    def meets(self, method: str, path: str, now: datetime) -> bool:
        """Whether this call is one that the fault is about, counting aside."""
        if self.until is not None and now >= to_moment(parse_time(self.until)):
            return False
        if self.count is not None and self.count <= 0:
            return False
        return bool(
            re.fullmatch(self.method, method, re.IGNORECASE)
            and re.search(self.path, path, re.IGNORECASE)
        )

    def waiting_header(self, now: datetime) -> dict[str, str]:
        """Retry-After in the form that was asked for: seconds, a date, or nonsense."""
        if self.retry_after is None:
            return {}
        text = str(self.retry_after)
        if text.startswith("date:"):
            then = now + timedelta(seconds=float(text.removeprefix("date:")))
            text = format_datetime(then, usegmt=True)
        return {"Retry-After": text}


class Faults:
    """The faults in force. The first that meets a call has it."""

    def __init__(self, seed: int = 0) -> None:
        self._dice = random.Random(seed)
        self._faults: list[Fault] = []
        self._made = 0

    def add(self, told: dict[str, Any], *, now: datetime) -> Fault:
        """Put a fault in force; raises ValueError or TypeError when it makes no sense."""
        told = dict(told)
        if "for_seconds" in told:
            until = now + timedelta(seconds=float(told.pop("for_seconds")))
            told["until"] = f"{until:%Y-%m-%dT%H:%M:%S.%f}Z"
        fault = Fault(**told)
        fault.check()
        self._made += 1
        fault.name = fault.name or f"fault-{self._made}"
        self._faults.append(fault)
        return fault

    def clear(self, name: str = "") -> int:
        """Take faults out of force, all or those of one name; tells how many."""
        kept = [one for one in self._faults if name and one.name != name]
        gone = len(self._faults) - len(kept)
        self._faults = kept
        return gone

    def meet(self, method: str, path: str, now: datetime) -> Fault | None:
        """The fault that this call runs into, if any; counts it."""
        for fault in self._faults:
            if not fault.meets(method, path, now):
                continue
            if fault.skip > 0:
                fault.skip -= 1
                continue
            if self._dice.random() >= fault.probability:
                continue
            if fault.count is not None:
                fault.count -= 1
            fault.hits += 1
            return fault
        return None

    def describe(self) -> list[dict[str, Any]]:
        """The faults in force, with how often each was met."""
        return [asdict(one) for one in self._faults]
