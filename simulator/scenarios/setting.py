"""What every part of a scenario is built from: the tables, the seed, and when it begins."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import Final

from .chance import dice
from .tables import Tables

DAYS: Final = 120
SPLIT_DAY: Final = 60


@dataclass(frozen=True, slots=True)
class Setting:
    """The tables of a shape, the seed, and the Monday on which the scenario begins."""

    tables: Tables
    seed: int
    starts_at: datetime

    @property
    def names(self) -> tuple[str, int]:
        """Return shape and seed, which all dice begin with."""
        return self.tables.shape, self.seed

    @property
    def ends_at(self) -> datetime:
        """Return when the scenario is over."""
        return self.starts_at + timedelta(days=DAYS)

    def dice(self, *names: object) -> Random:
        """Return dice of this scenario for one purpose."""
        return dice(*self.names, *names)

    def day(self, number: int) -> date:
        """Return the date of a day of the scenario, the first being 0."""
        return self.starts_at.date() + timedelta(days=number)
