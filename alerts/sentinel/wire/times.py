"""Moments as Sentinel writes them: zero to seven fractional digits, sometimes absurd."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

_FROM, _TO = 2000, 2200  # years; .NET writes year 1 for "never"
_FRACTION = re.compile(r"\.(\d+)")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_parse = datetime.fromisoformat
_USUAL_YEARS = frozenset(range(_FROM, _TO))


def read_moment(value: object, name: str, flags: list[str]) -> datetime | None:
    """The aware moment a field holds, or None with a flag that says what was odd about it."""
    if value is None:
        return None
    if value.__class__ is not str:
        flags.append(f"{name}:not_text")
        return None
    try:
        moment = _parse(value)
        if moment.tzinfo is not UTC:
            moment = _in_utc(moment, name, flags)
        if _FROM <= moment.year < _TO:
            return moment
    except (ValueError, OverflowError):
        if value:
            flags.append(f"{name}:not_a_date")
        else:
            flags.append(f"{name}:empty")
        return None
    flags.append(f"{name}:out_of_range")
    return None


def read_moments(values: Iterable[Any]) -> list[datetime]:
    """Many moments at once; raises ValueError or TypeError where one of them is odd."""
    moments = [_parse(value) for value in values]
    if not (
        {moment.tzinfo for moment in moments} <= {UTC}
        and {moment.year for moment in moments} <= _USUAL_YEARS
    ):
        raise ValueError("One of these moments is in no way a usual one.")
    return moments


def _in_utc(moment: datetime, name: str, flags: list[str]) -> datetime:
    if moment.tzinfo is None:
        flags.append(f"{name}:no_zone")
        return moment.replace(tzinfo=UTC)
    return moment.astimezone(UTC)


def ticks_of(text: str | None) -> int | None:
    """Hundreds of nanoseconds since 1970: two times within one microsecond keep their order."""
    if not text:
        return None
    moment = read_moment(text, "moment", [])
    if moment is None:
        return None
    found = _FRACTION.search(text)
    fraction = int((found.group(1) + "0000000")[:7]) if found else 0
    return (moment.replace(microsecond=0) - _EPOCH) // timedelta(seconds=1) * 10_000_000 + fraction


def write_moment(moment: datetime) -> str:
    """A moment as Sentinel's filters want it: UTC, ending in Z."""
    if moment.tzinfo is None:
        raise ValueError("A moment without a zone cannot be sent to Sentinel.")
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
