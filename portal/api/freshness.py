"""How old the data behind an answer is (reliability G9). The wing that reads the data says so.

    register_data_age(oldest_age)      # in AppConfig.ready

`oldest_age(user, now=…, workspace=…)` answers in seconds; `workspace` is the name of one, or empty
for all that feed the person. None where nothing was read yet.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from portal.accounts.models import User


class ReadAge(Protocol):
    """What a wing registers."""

    def __call__(self, user: User, *, now: datetime, workspace: str = "") -> int | None:
        """The age in seconds."""
        ...


_readers: list[ReadAge] = []


def register_data_age(read: ReadAge) -> Callable[[], None]:
    """Let answers tell the age that this reads; the newest registration holds."""
    _readers.append(read)
    return lambda: _readers.remove(read)


def answer_age_seconds(user: User, *, now: datetime, workspace: str = "") -> int | None:
    """The age of the data behind an answer."""
    return _readers[-1](user, now=now, workspace=workspace) if _readers else None
