"""What rooms above contribute to the list of questions: what Tagout asks OT beside verdicts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from portal.accounts.models import User
from portal.rooms import Contribution


@dataclass(frozen=True, slots=True, kw_only=True)
class PlantQuestion:
    """One question about the plant that waits for a person of OT."""

    href: str
    title: str
    ask: str
    site: str
    time_zone: str
    asked_at: datetime


@dataclass(frozen=True, slots=True)
class PlantQuestionSource(Contribution):
    """Returns what waits for a person, the oldest first, and how much that is."""

    read: Callable[[User], Sequence[PlantQuestion]]
    count: Callable[[User], int]


def plant_questions_for(person: User) -> list[PlantQuestion]:
    """Return what all rooms ask this person about the plant."""
    return [question for source in PlantQuestionSource.entries for question in source.read(person)]


def count_plant_questions(person: User) -> int:
    """Return how many that are."""
    return sum(source.count(person) for source in PlantQuestionSource.entries)
