"""Moments in words: stored in UTC, shown on the clock that the reader chose, exact on demand.

The clock is the plant's, UTC or the reader's own. Like the language, it is a choice of the
reader, so it is active for a request (middleware `ReaderTime`) and asked for where words are made.
Outside a request nobody has chosen: moments are shown in the zone they belong to.
"""

import re
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import cached_property, lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.utils.translation import get_language, gettext, pgettext

from portal.accounts.models import User
from portal.rooms import Contribution
from portal.ui.words import ago, numeral

ZONE_COOKIE = "tagout_zone"  # the browser's own zone, written by static/ui/js/zone.js
READER = "reader"  # the zone of a moment that belongs to no plant, like the end of a token


@dataclass(frozen=True, slots=True)
class PlantClock:
    """A plant as far as its clock goes."""

    id: int
    zone: str  # IANA name
    is_visible: bool  # the person's grants reach it


@dataclass(frozen=True, slots=True)
class PlantClockSource(Contribution):
    """Returns the clocks of all plants, those that the person does not see among them."""

    read: Callable[[User], Collection[PlantClock]]


@lru_cache(maxsize=256)
def zone_of(name: str) -> tzinfo | None:
    """The time zone of this name; None when the machine does not have it."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # also of a name that is a folder
        return None


class ReaderClock:
    """Whose time one reader chose, and what can be doubted about it."""

    def __init__(
        self, person: Callable[[], User | None] = lambda: None, own_zone: str = ""
    ) -> None:
        self._person = person
        self._own_zone = own_zone

    @cached_property
    def own(self) -> tzinfo | None:
        """The reader's own zone, where the browser has sent it."""
        return zone_of(self._own_zone) if self._own_zone else None

    @cached_property
    def display(self) -> str:
        """Whose time is shown: the plant's where the reader's own zone is missing."""
        person = self._person()
        choice = User.TimeDisplay(person.time_display) if person else User.TimeDisplay.PLANT
        if choice == User.TimeDisplay.READER and self.own is None:
            return User.TimeDisplay.PLANT
        return choice

    @cached_property
    def chosen(self) -> tzinfo | None:
        """The one zone of all moments, where the reader chose one; None for the plants'."""
        zones = {User.TimeDisplay.UTC: UTC, User.TimeDisplay.READER: self.own}
        return zones.get(User.TimeDisplay(self.display))

    @cached_property
    def _plants(self) -> list[PlantClock]:
        """Read once, when the first moment asks for it."""
        person = self._person()
        if person is None:
            return []
        return [plant for source in PlantClockSource.entries for plant in source.read(person)]

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
    """Return the clock of the reader for whom words are being made."""
    return _reader.get() or ReaderClock()


@contextmanager
def active(clock: ReaderClock) -> Iterator[None]:
    """Show moments by this clock."""
    token = _reader.set(clock)
    try:
        yield
    finally:
        _reader.reset(token)


RELATIVE_UNDER = timedelta(hours=24)
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment ready to be placed: short words, the whole truth, and what scripts keep going."""

    iso: str
    words: str
    whole: str
    relative: bool


def month_of(month: int) -> str:
    """The short name of a month, 1 to 12, in the person's language."""
    names = pgettext("months", "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec")
    return names.split()[month - 1]


def date_of(moment: date, *, year: bool = True) -> str:
    """25 Nov 2026, or 25 Nov, as the person's language writes it."""
    words = _date(moment.month, moment.day, get_language())
    return f"{words} {moment.year}" if year else words


@lru_cache(maxsize=1024)
def _date(month: int, day: int, language: str | None) -> str:
    """A day of any year: a list names the same few, often twice a row."""
    return gettext("%(day)s %(month)s") % {"day": day, "month": month_of(month)}


def day_of(moment: datetime, now: datetime) -> str:
    """25 Nov, with the year when it is another one."""
    return date_of(moment, year=moment.year != now.year)


def zone_name(local: datetime) -> str:
    """CET, or UTC+05:30 where a zone has only a number."""
    name = local.tzname() or ""
    return name if name[:1].isalpha() else f"UTC{name}"


def exact(local: datetime, moment: datetime) -> str:
    """The whole truth for a tooltip: the shown clock with its zone, and UTC."""
    text = f"{date_of(local)}, {local:%H:%M:%S} {zone_name(local)}"
    if local.utcoffset() == timedelta():
        return text
    utc = moment.astimezone(UTC)
    day = "" if utc.date() == local.date() else f"{date_of(utc, year=False)}, "
    return f"{text} ({day}{utc:%H:%M:%S} UTC)"


def moment_words(
    moment: datetime,
    now: datetime,
    *,
    zone: str | tzinfo | None,
    style: str = "clock",
    is_local: bool = False,
) -> str:
    """When it was, in a few words, with the name of the zone where it could be doubted.

    zone: the plant's, `READER` for what belongs to none. style relative: "6 min ago" under 24 h,
    else day and time; clock: 09:38, with the day when it is another one; day: 25 Nov; full:
    25 Nov 2026, 09:38:12 CET. is_local: the page already shows on whose clock its rows are.
    """
    if style == "relative" and abs(now - moment) < RELATIVE_UNDER:
        return ago(moment, now)
    clock = reader_clock()
    local = moment.astimezone(clock.zone(zone))
    today = now.astimezone(local.tzinfo)
    if style == "full":
        return f"{date_of(local)}, {local:%H:%M:%S} {zone_name(local)}"
    if style == "day":
        return day_of(local, today)
    words = f"{local:%H:%M}"
    if style == "relative" or local.date() != today.date():
        words = f"{day_of(local, today)}, {words}"
    return words if is_local or not clock.is_doubtful(local) else f"{words} {zone_name(local)}"


def period_words(
    first: datetime,
    latest: datetime,
    now: datetime,
    zone: str | tzinfo | None,
    *,
    is_local: bool = False,
    is_dated: bool = False,
) -> str:
    """Return from when to when: 09:12–11:40 of today, 24 Nov, 09:12–11:40, or 3 Aug – 25 Nov. Hours
    name their zone as moments do. is_dated: also today has its date, for what is read later.
    """
    clock = reader_clock()
    begin, end = (moment.astimezone(clock.zone(zone)) for moment in (first, latest))
    today = now.astimezone(end.tzinfo)
    if begin.date() != end.date():
        return f"{day_of(begin, today)} – {day_of(end, today)}"
    hours = " – ".join(dict.fromkeys((f"{begin:%H:%M}", f"{end:%H:%M}"))).replace(" ", "")
    is_today = end.date() == today.date() and not is_dated
    words = hours if is_today else f"{day_of(end, today)}, {hours}"
    return words if is_local or not clock.is_doubtful(end) else f"{words} {zone_name(end)}"


def hours_zone(zone: str | tzinfo | None) -> str:
    """The name of the zone of weekly hours, where it could be doubted; else nothing.

    Hours of the week keep the plant's clock whatever the reader has chosen. Those of no plant are
    hours of UTC.
    """
    clock = reader_clock()
    named = zone_of(zone) if isinstance(zone, str) else zone
    expected = [clock.chosen] if clock.chosen is not None else clock.plants
    return "" if expected == [named] else str(named or UTC)


def plain_value_words(text: str, zone: str | tzinfo | None = READER) -> str:
    """A number, a share or a moment in plain notation, as the page writes it: 1234, 10.5 %,
    2026-11-25T08:44:00Z. Whatever else it is stays as it is.
    """
    if not _INSTANT.fullmatch(text):
        return numeral(text)
    local = datetime.fromisoformat(text).astimezone(reader_clock().zone(zone))
    return f"{date_of(local)}, {local:%H:%M} {zone_name(local)}"


def moment_of(
    moment: datetime,
    now: datetime,
    zone: str | tzinfo | None,
    *,
    style: str = "relative",
    is_local: bool = False,
) -> Moment:
    """The same with all that a page places beside the words."""
    relative = style == "relative" and abs(now - moment) < RELATIVE_UNDER
    words = moment_words(moment, now, zone=zone, style=style, is_local=is_local)
    local = moment.astimezone(reader_clock().zone(zone))
    return Moment(moment.isoformat(), words, exact(local, moment), relative)
