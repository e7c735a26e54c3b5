"""Small records that views hand to the kit: tabs, steps, columns, choices, flow nodes, pages."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlencode

from django.http import QueryDict

type StepState = Literal["done", "current", "todo", "failed"]


@dataclass(frozen=True, slots=True)
class Tab:
    """One tab: a link, perhaps with a count."""

    label: str
    href: str
    count: int | None = None
    current: bool = False
    hot: bool = False


@dataclass(frozen=True, slots=True)
class ProgressStep:
    """One step on a way."""

    label: str
    state: StepState = "todo"
    icon: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """One value to pick, perhaps with how many there are."""

    value: str
    label: str
    hint: str = ""
    icon: str = ""
    count: int | None = None


@dataclass(frozen=True, slots=True)
class FlowNode:
    """A device at one end of a flow: its name and the facts about it, line by line."""

    name: str
    lines: tuple[str, ...] = ()
    critical: bool = False


@dataclass(frozen=True, slots=True)
class ScorePart:
    """One signed part of a score."""

    points: int
    sentence: str


@dataclass(frozen=True, slots=True)
class ChartPoint:
    """One bar of a chart; hot ones are red."""

    label: str
    value: float
    hot: bool = False


@dataclass(frozen=True, slots=True)
class BarPart:
    """One part of a bar: its colour, how many, the words with that number, and the list behind."""

    key: str
    n: int
    words: str
    href: str = ""


@dataclass(frozen=True, slots=True)
class LinePoint:
    """One point of a line: its value, and the value in words. Without a value the line breaks;
    `gap` then has the reason where there should have been one.
    """

    label: str
    value: float | None
    words: str
    gap: str = ""


def with_query(query: QueryDict, change: Mapping[str, str | None]) -> str:
    """The query string with some values changed (None takes one away); paging starts anew."""
    pairs = [
        (name, value)
        for name, values in query.lists()
        if name not in change and name not in ("after", "before")
        for value in values
    ]
    pairs += [(name, value) for name, value in change.items() if value is not None]
    return "?" + urlencode(pairs)
