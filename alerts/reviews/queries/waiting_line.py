"""What waits for a person of OT, as every page counts and orders it: the questions of the SOC,
Tagout's second opinions, changes of the plant, and suspicions to decide.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from alerts.reviews.queries.questions import waiting_for
from alerts.reviews.queries.second_opinions import opinions_waiting_for, suspicions_to_decide
from alerts.reviews.registry import count_plant_questions
from portal.accounts.models import User

type PlaceInLine = tuple[datetime, int, int]  # when it is due, questions before opinions, its id


@dataclass(frozen=True, slots=True)
class WaitingPosition:
    """Which of all that waits for a person this is; position 0 where it does not wait."""

    position: int
    total: int
    following: UUID | None


def count_waiting_for_ot(person: User) -> int:
    """Return how much waits for a person of OT."""
    return len(_line_of(person)) + len(suspicions_to_decide(person)) + count_plant_questions(person)


def place_in_line(uuid: UUID, person: User) -> WaitingPosition:
    """Return where a question or second opinion is among what waits; `following` is the next of
    those that are due at a time.
    """
    line = [waiting for _place, waiting in _line_of(person)]
    total = count_waiting_for_ot(person)
    if uuid not in line:
        return WaitingPosition(0, total, line[0] if line else None)
    at = line.index(uuid)
    return WaitingPosition(at + 1, total, line[at + 1] if at + 1 < len(line) else None)


def next_in_line(person: User, *, after: PlaceInLine) -> UUID | None:
    """Return what is behind this place in the person's line, the first again after the last."""
    line = _line_of(person)
    behind = [uuid for place, uuid in line if place > after]
    return behind[0] if behind else next((uuid for place, uuid in line if place != after), None)


def _line_of(person: User) -> list[tuple[PlaceInLine, UUID]]:
    """Questions and second opinions, the most urgent first."""
    asked = waiting_for(person).values_list("due_at", "pk", "uuid")
    own = opinions_waiting_for(person).values_list("due_at", "pk", "uuid")
    line = [((due_at, 0, pk), uuid) for due_at, pk, uuid in asked]
    return sorted(line + [((due_at, 1, pk), uuid) for due_at, pk, uuid in own])
