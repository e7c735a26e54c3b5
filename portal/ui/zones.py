"""In whose time pages show moments: the plant's, UTC or the reader's own.

Like the language, it is a choice of whoever reads, so it is active for a request (middleware
`ReaderTime`) and asked for where words are made. Outside a request nobody has chosen anything:
moments are shown in the zone they are given, with its name.

The hall knows no plant. A wing says which there are and who sees them, in `AppConfig.ready`:

    register_plants(plants_for)
"""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from functools import cached_property, lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from portal.accounts.models import User

ZONE_COOKIE = "tagout_zone"  # the browser's own zone, written by static/ui/js/zone.js
READER = "reader"  # the zone of a moment that belongs to no plant, like the end of a token

type ReadPlants = Callable[[User], Collection[Plant]]

_read_plants: list[ReadPlants] = []


@dataclass(frozen=True, slots=True)
class Plant:
    """A plant as far as its clock goes."""

    id: int
    zone: str  # IANA name
    is_visible: bool  # the person's grants reach it


def register_plants(read: ReadPlants) -> None:
    """Ask `read(user)` for all plants, those that the person does not see among them."""
    _read_plants[:] = [read]


@lru_cache(maxsize=256)
def zone_of(name: str) -> tzinfo | None:
    """The time zone of this name; None when the machine does not know it."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # also of a name that is a folder
        return None


class ReaderClock:
    """Whose time one reader wants, and what can be doubted about it."""

    def __init__(
        self, person: Callable[[], User | None] = lambda: None, own_zone: str = ""
    ) -> None:
        self._person = person
        self._own_zone = own_zone

    @cached_property
    def own(self) -> tzinfo | None:
        """The reader's own zone, where the browser has told it."""
        return zone_of(self._own_zone) if self._own_zone else None

    @cached_property
    def display(self) -> str:
        """Whose time is shown. It is the plant's where the reader's own zone is not known."""
        person = self._person()
        choice = User.TimeDisplay(person.time_display) if person else User.TimeDisplay.PLANT
        if choice == User.TimeDisplay.MINE and self.own is None:
            return User.TimeDisplay.PLANT
        return choice

    @cached_property
    def chosen(self) -> tzinfo | None:
        """The one zone of all moments, where the reader wants one; None for the plants'."""
        zones = {User.TimeDisplay.UTC: UTC, User.TimeDisplay.MINE: self.own}
        return zones.get(User.TimeDisplay(self.display))

    @cached_property
    def _plants(self) -> list[Plant]:
        """Read once, when the first moment asks for it."""
        person = self._person()
        return [plant for read in _read_plants for plant in read(person)] if person else []

    @cached_property
    def zone_names(self) -> dict[int, str]:
        """The names of the zones of all plants, by the plant's id."""
        return {plant.id: plant.zone for plant in self._plants}

    @cached_property
    def plants(self) -> list[tzinfo]:
        """The zones of the plants that the reader sees, each once."""
        names = {plant.zone for plant in self._plants if plant.is_visible}
        return [zone for name in sorted(names) if (zone := zone_of(name))]

    def zone_of_plants(self, ids: Collection[int]) -> str:
        """The name of the zone of these plants; `READER` where there are several or none."""
        names = {plant.zone for plant in self._plants if plant.id in ids}
        return names.pop() if len(names) == 1 else READER

    @cached_property
    def default(self) -> tzinfo:
        """The zone of what belongs to no plant: of the only plant there is, or the reader's own."""
        if self.chosen is not None:
            return self.chosen
        return self.plants[0] if len(self.plants) == 1 else self.own or UTC

    def zone(self, plant: str | tzinfo | None) -> tzinfo:
        """The zone in which a moment of this zone is shown. `READER` and None name no plant."""
        if self.chosen is not None:
            return self.chosen
        if isinstance(plant, str):
            plant = None if plant == READER else zone_of(plant)
        return plant or self.default

    def is_doubtful(self, local: datetime) -> bool:
        """Whether a moment without the name of its zone could be taken for another one: there are
        plants with other clocks, or none whose clock it would be.
        """
        if self.chosen is not None:
            return False
        offset = local.utcoffset()
        at_plants = {local.astimezone(zone).utcoffset() for zone in self.plants}
        return at_plants != {offset}


_reader: ContextVar[ReaderClock | None] = ContextVar("reader_clock", default=None)


def reader_clock() -> ReaderClock:
    """The clock of whoever reads what is being made."""
    return _reader.get() or ReaderClock()


@contextmanager
def active(clock: ReaderClock) -> Iterator[None]:
    """Show moments by this clock."""
    token = _reader.set(clock)
    try:
        yield
    finally:
        _reader.reset(token)
