"""How old the data behind an answer is (reliability G9), as the wing that reads the data has it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from portal.accounts.models import User
from portal.rooms import Contribution


class ReadAge(Protocol):
    """Returns an age in seconds, of one workspace by its name, or of all that feed the person. None
    where nothing was read yet.
    """

    def __call__(self, user: User, *, now: datetime, workspace: str = "") -> int | None:
        """Return the age."""


@dataclass(frozen=True, slots=True)
class DataAgeSource(Contribution):
    """Returns the age that the answers of the API carry."""

    read: ReadAge


def answer_age_seconds(user: User, *, now: datetime, workspace: str = "") -> int | None:
    """Return the age of the data behind an answer."""
    sources = DataAgeSource.entries
    return sources[0].read(user, now=now, workspace=workspace) if sources else None
