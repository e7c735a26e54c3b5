"""The short string from which an incident's alerts and entities can be made again."""

import json
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Recipe(NamedTuple):
    """What decides everything: the template, when, and 64 bits of chance."""

    template: int
    began_us: int
    lag_us: int
    bits: int
    changes: str = ""
    """JSON of what a test or the demo wanted otherwise; empty in the plant's own life."""
    by_rules: bool = False
    """Whether analytics rules alone made the incident: only alerts that one watches are in it."""

    def spell(self) -> str:
        """Write it down; `read` is the way back."""
        core = f"{self.template}.{self.began_us:x}.{self.lag_us:x}.{self.bits:x}"
        core += ".r" if self.by_rules else ""
        return f"{core}!{self.changes}" if self.changes else core

    @property
    def created_us(self) -> int:
        """When Sentinel made the incident."""
        return self.began_us + self.lag_us


def read(text: str) -> Recipe:
    """Return the recipe; ValueError where it is none."""
    core, _, changes = text.partition("!")
    template, began, lag, bits, *rules = core.split(".")
    if rules not in ([], ["r"]):
        raise ValueError(f"{text!r} is no recipe")
    numbers = int(template), int(began, 16), int(lag, 16), int(bits, 16)
    return Recipe(*numbers, changes=changes, by_rules=bool(rules))


def changes_of(recipe: Recipe) -> dict[str, Any]:
    """What was asked to be otherwise."""
    return json.loads(recipe.changes) if recipe.changes else {}


def micros(moment: datetime) -> int:
    """A moment as microseconds since 1970; it must have its time zone."""
    if moment.tzinfo is None:
        raise ValueError("times must have a time zone")
    return (moment - EPOCH) // _MICROSECOND


def moment_of(us: int) -> datetime:
    """The moment, in UTC."""
    return EPOCH + timedelta(microseconds=us)


@lru_cache(maxsize=4096)
def _minute(minute: int) -> str:
    return (EPOCH + timedelta(minutes=minute)).strftime("%Y-%m-%dT%H:%M:")


def stamp(us: int) -> str:
    """A moment as Sentinel writes it: UTC with seven digits after the point."""
    minute, rest = divmod(us, 60_000_000)
    second, fraction = divmod(rest, 1_000_000)
    return f"{_minute(minute)}{second:02d}.{fraction:06d}{us * 7 % 10}Z"
