"""How the pretend Azure writes things down: times, versions, answers and refusals."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TICKS_PER_SECOND = 10_000_000
_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?)(?:\.(\d{1,7}))?)?(Z|[+-]\d\d:\d\d)?", re.I
)


def to_ticks(moment: datetime) -> int:
    """A moment in 100 ns steps since 1970, the precision Azure stores."""
    return (moment - EPOCH) // timedelta(microseconds=1) * 10


def to_moment(ticks: int) -> datetime:
    """The moment of ticks, cut to microseconds."""
    return EPOCH + timedelta(microseconds=ticks // 10)


def iso(ticks: int) -> str:
    """Ticks as Azure prints them, with seven digits."""
    return f"{to_moment(ticks):%Y-%m-%dT%H:%M:%S}.{ticks % TICKS_PER_SECOND:07d}Z"


def parse_time(text: str) -> int:
    """Read a time with zero to seven digits of a second; raises ValueError for anything else."""
    found = _TIME.fullmatch(text.strip().strip("'"))
    if found is None:
        raise ValueError(f"{text!r} is no time")
    day, clock, fraction, zone = found.groups()
    zone = "+00:00" if zone in {None, "Z", "z"} else zone
    whole = datetime.fromisoformat(f"{day}T{clock or '00:00'}{zone}")
    return to_ticks(whole) + int((fraction or "0").ljust(7, "0"))


def make_etag(number: int, ticks: int, *, quoted: bool = True) -> str:
    """A version mark of the form Azure uses; incidents and rules carry quotes, comments none."""
    mark = f"{number & 0xFFFFFFFF:08x}-0000-0d00-0000-{ticks // TICKS_PER_SECOND:08x}0000"
    return f'"{mark}"' if quoted else mark


@dataclass
class Reply:
    """What a handler answers, and what it wants written in the journal."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    effect: str = ""
    before: str | None = None
    after: str | None = None

    def content(self) -> bytes:
        """The bytes of the body; ready-made bytes pass unchanged."""
        if self.body is None:
            return b""
        return self.body if isinstance(self.body, bytes) else orjson.dumps(self.body)


class ArmRefusal(Exception):
    """Azure says no: a status, a code and a sentence in Azure's own envelope."""

    def __init__(
        self, status: int, code: str, message: str, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message
        self.headers = headers or {}

    def reply(self) -> Reply:
        """The refusal as an answer."""
        body = {"error": {"code": self.code, "message": self.message}}
        return Reply(self.status, body, dict(self.headers), effect=f"refused: {self.code}")


def bad_request(message: str) -> ArmRefusal:
    """The request itself is wrong."""
    return ArmRefusal(400, "BadRequest", message)


def not_found(what: str) -> ArmRefusal:
    """The thing asked for does not exist."""
    return ArmRefusal(404, "NotFound", f"{what} was not found")


def conflict() -> ArmRefusal:
    """Somebody else wrote in between."""
    return ArmRefusal(409, "Conflict", "Newer instance of resource exists. Data was not saved")
