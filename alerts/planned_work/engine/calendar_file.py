"""Planned work from an iCalendar file (RFC 5545): VEVENTs, each error with its line.

Lines are unfolded and divided into events here, so that each error has a line; lines are read by
the library.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from alerts.planned_work.engine.entries import MAX_ENTRIES, ReadFile, WorkEntry, names_in_cell
from alerts.planned_work.engine.errors import PlanError
from alerts.planned_work.engine.kinds import KINDS, OTHER, kind_named
from alerts.planned_work.engine.origin import FileTimes
from alerts.planned_work.engine.recurrence import (
    YEARS,
    Schedule,
    check_schedule,
    time_zone_named,
)

_MANY: Final = frozenset(
    {
        "RDATE",
        "EXDATE",
        "CATEGORIES",
        "X-TAGOUT-DEVICE",
        "X-TAGOUT-FROM",
        "X-TAGOUT-TO",
    }
)
_TEXTS: Final = frozenset(
    {
        "UID",
        "SUMMARY",
        "LOCATION",
        "STATUS",
        "RRULE",
        "CONTACT",
        "X-TAGOUT-SITE",
        "X-TAGOUT-ZONE",
        "X-TAGOUT-KIND",
        "X-TAGOUT-WORK-ORDER",
        "X-TAGOUT-VENDOR",
    }
)
_MOMENTS: Final = frozenset({"DTSTART", "DTEND", "DURATION", "RECURRENCE-ID"})
_WRITTEN: Final = frozenset({"CREATED", "DTSTAMP", "LAST-MODIFIED"})
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _Property:
    """One line of an event."""

    line: int
    value: str
    params: dict[str, Any]


@dataclass(slots=True)
class _Event:
    """The properties of one VEVENT, by name."""

    line: int
    properties: dict[str, list[_Property]] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """Return the text of the first property of this name; empty without one."""
        found = self.properties.get(name)
        return " ".join(_unescaped(found[0].value).split()) if found else ""

    def line_of(self, name: str) -> int:
        """Return the line of a property, or that of the event."""
        found = self.properties.get(name)
        return found[0].line if found else self.line


class _LineError(Exception):
    """What is wrong in one line."""

    def __init__(self, line: int, error: PlanError) -> None:
        self.line, self.error = line, error
        super().__init__(str(error))


def read_calendar(text: str, *, time_zone: str, max_entries: int = MAX_ENTRIES) -> ReadFile:
    """Return the works of a calendar. `time_zone` is that of moments that name none."""
    read = ReadFile(max_entries)
    lines = _unfolded(text)
    if next(lines, (1, ""))[1].strip().upper() != "BEGIN:VCALENDAR":
        read.fail(1, PlanError("file.form"))
        return read
    entries: dict[str, WorkEntry] = {}
    moved: list[tuple[_Event, WorkEntry]] = []
    for n, event in enumerate(_events(lines, read)):
        if n >= max_entries:
            read.fail(event.line, PlanError("file.many", most=max_entries))
            break
        try:
            entry = _entry(event, time_zone)
        except _LineError as wrong:
            read.fail(wrong.line, wrong.error)
            continue
        if "RECURRENCE-ID" in event.properties:
            moved.append((event, entry))
        elif entry.uid in entries:
            twice = PlanError("file.twice", uid=entry.uid[:80], line=entries[entry.uid].line)
            read.fail(event.line_of("UID"), twice)
        else:
            entries[entry.uid] = entry
    for event, entry in moved:
        _move(read, entries, event, entry)
    read.entries = list(entries.values())
    read.errors.sort(key=lambda error: error.line)
    return read


def _unfolded(text: str) -> Iterator[tuple[int, str]]:
    """Yield each line with its number; a line that begins with a blank goes on with the last."""
    logical_line, at = "", 0
    for number, line in enumerate(text.splitlines(), start=1):
        if line[:1] in (" ", "\t") and at:
            logical_line += line[1:]
            continue
        if at and logical_line:
            yield at, logical_line
        logical_line, at = line, number
    if at and logical_line:
        yield at, logical_line


def _events(lines: Iterator[tuple[int, str]], read: ReadFile) -> Iterator[_Event]:
    """Yield the events; what is inside them, such as alarms, is passed over."""
    event: _Event | None = None
    inner = 0
    for number, line in lines:
        mark = line.strip().upper()
        if event is None:
            event = _Event(number) if mark == "BEGIN:VEVENT" else None
        elif mark == "BEGIN:VEVENT":
            read.fail(event.line, PlanError("file.cut"))
            event, inner = _Event(number), 0
        elif mark.startswith("BEGIN:"):
            inner += 1
        elif mark.startswith("END:") and inner:
            inner -= 1
        elif mark == "END:VEVENT":
            yield event
            event = None
        elif not inner:
            _add(event, number, line, read)
    if event is not None:
        read.fail(event.line, PlanError("file.cut"))


def _add(event: _Event, number: int, line: str, read: ReadFile) -> None:
    name = line.split(":", 1)[0].split(";", 1)[0].strip().upper()
    if name not in _MANY | _TEXTS | _MOMENTS | _WRITTEN:
        return
    from icalendar.parser import Contentline

    try:
        _name, params, value = Contentline(line).parts()
    except (ValueError, KeyError):
        if name not in _WRITTEN:  # without these a work is as good
            read.fail(number, PlanError("file.line", text=line[:60]))
        return
    upper_params = {str(key).upper(): value for key, value in params.items()}
    event.properties.setdefault(name, []).append(_Property(number, str(value), upper_params))


def _entry(event: _Event, time_zone: str) -> WorkEntry:
    uid, title = event.text("UID"), event.text("SUMMARY")
    if not uid:
        raise _LineError(event.line, PlanError("entry.uid"))
    if len(uid) > 255:
        raise _LineError(event.line_of("UID"), PlanError("entry.long", name="UID", most=255))
    if not title:
        raise _LineError(event.line_of("SUMMARY"), PlanError("entry.title"))
    site, _mark, zone = event.text("LOCATION").partition(" / ")
    return WorkEntry(
        line=event.line,
        uid=uid,
        title=title,
        kind=_kind(event),
        schedule=_schedule(event, time_zone),
        site=event.text("X-TAGOUT-SITE") or site.strip(),
        zone=event.text("X-TAGOUT-ZONE") or zone.strip(),
        from_=_words(event, "X-TAGOUT-FROM"),
        to=_words(event, "X-TAGOUT-TO"),
        devices=_words(event, "X-TAGOUT-DEVICE"),
        work_order=event.text("X-TAGOUT-WORK-ORDER"),
        vendor=event.text("X-TAGOUT-VENDOR"),
        people=event.text("CONTACT"),
        is_cancelled=event.text("STATUS").upper() == "CANCELLED",
        times=FileTimes(
            created_at=_written_at(event, "CREATED"),
            stamped_at=_written_at(event, "DTSTAMP"),
            changed_at=_written_at(event, "LAST-MODIFIED"),
        ),
    )


def _written_at(event: _Event, name: str) -> datetime | None:
    """Return when the calendar wrote this down, by its own account; None where that cannot be made
    out: some write a year 0 where they do not know.
    """
    found = event.properties.get(name)
    if not found:
        return None
    try:
        local, is_day = _moment(found[0], "UTC")
    except _LineError:
        return None
    return None if is_day else local.replace(tzinfo=UTC)


def _kind(event: _Event) -> str:
    """Return the kind that the event names; a category that is no kind is ignored."""
    if kind_name := event.text("X-TAGOUT-KIND"):
        kind = kind_named(kind_name)
        if kind is None:
            error = PlanError("entry.kind", kind=kind_name[:60], known=", ".join(KINDS))
            raise _LineError(event.line_of("X-TAGOUT-KIND"), error)
        return kind
    return next(filter(None, map(kind_named, _words(event, "CATEGORIES"))), OTHER)


def _words(event: _Event, name: str) -> tuple[str, ...]:
    found = (names_in_cell(_unescaped(prop.value)) for prop in event.properties.get(name, ()))
    return tuple(dict.fromkeys(word for words in found for word in words))


def _schedule(event: _Event, time_zone: str) -> Schedule:
    start = event.properties.get("DTSTART")
    if not start:
        raise _LineError(event.line, PlanError("entry.start"))
    if len(event.properties.get("RRULE", ())) > 1:
        raise _LineError(
            event.properties["RRULE"][1].line, PlanError("rule.form", text="RRULE, RRULE")
        )
    zone = _zone_of(start[0], time_zone)
    starts_at, is_day = _moment(start[0], zone)
    schedule = Schedule(
        starts_at=starts_at,
        length=_length(event, starts_at, zone, is_day=is_day),
        time_zone=zone,
        rule=event.text("RRULE").upper(),
        also=tuple(_moments(event, "RDATE", zone)),
        except_at=tuple(_moments(event, "EXDATE", zone)),
    )
    try:
        check_schedule(schedule)
    except PlanError as error:
        name = "RRULE" if error.code.startswith("rule.") else "DTEND"
        name = "DTSTART" if error.code == "time.far" else name
        raise _LineError(event.line_of(name), error) from error
    return schedule


def _length(event: _Event, starts_at: datetime, zone: str, *, is_day: bool) -> timedelta:
    """Return how long it lasts: exactly, also over a change of the clock."""
    from icalendar.prop import vDuration

    if ends := event.properties.get("DTEND"):
        ends_at, _is_day = _moment(ends[0], zone)
        clock = ZoneInfo(zone)
        first, last = starts_at.replace(tzinfo=clock), ends_at.replace(tzinfo=clock)
        return last.astimezone(UTC) - first.astimezone(UTC)
    if lasts := event.properties.get("DURATION"):
        try:
            length = vDuration.from_ical(lasts[0].value)
        except (ValueError, OverflowError) as error:
            wrong = PlanError("time.form", text=lasts[0].value[:60])
            raise _LineError(lasts[0].line, wrong) from error
        return timedelta(seconds=length.total_seconds())
    if is_day:
        return _DAY
    raise _LineError(event.line_of("DTSTART"), PlanError("time.end"))


def _zone_of(start: _Property, time_zone: str) -> str:
    if start.value.strip().upper().endswith("Z"):
        return "UTC"
    tzid = start.params.get("TZID")
    if not tzid:
        return time_zone
    try:
        return time_zone_named(str(tzid))
    except PlanError as error:
        raise _LineError(start.line, error) from error


def _moments(event: _Event, name: str, zone: str) -> Iterator[datetime]:
    for prop in event.properties.get(name, ()):
        for text in prop.value.split(","):
            single = replace(prop, value=text.partition("/")[0])  # of a period, its beginning
            yield _moment(single, zone)[0]


def _moment(prop: _Property, zone: str) -> tuple[datetime, bool]:
    """Return a moment on the clock of `zone`, and whether it is a bare day."""
    from icalendar.prop import vDDDTypes

    own = _zone_of(prop, zone)
    try:
        value = vDDDTypes.from_ical(prop.value.strip().upper())
    except (ValueError, OverflowError, KeyError) as error:
        wrong = PlanError("time.form", text=prop.value[:60])
        raise _LineError(prop.line, wrong) from error
    if isinstance(value, date) and value.year not in YEARS:
        raise _LineError(prop.line, PlanError("time.far", text=value.isoformat()[:10]))
    if isinstance(value, datetime):
        local = value.replace(tzinfo=ZoneInfo(own)).astimezone(ZoneInfo(zone))
        return local.replace(tzinfo=None), False
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day), True  # noqa: DTZ001  # on the plant's clock
    raise _LineError(prop.line, PlanError("time.form", text=prop.value[:60]))


def _move(read: ReadFile, entries: dict[str, WorkEntry], event: _Event, entry: WorkEntry) -> None:
    """Put an occurrence with a time of its own into the work that it belongs to."""
    whole = entries.get(entry.uid)
    if whole is None:
        read.fail(event.line_of("RECURRENCE-ID"), PlanError("entry.moved"))
        return
    was = whole.schedule
    try:
        at, _is_day = _moment(event.properties["RECURRENCE-ID"][0], was.time_zone)
    except _LineError as wrong:
        read.fail(wrong.line, wrong.error)
        return
    moved = was.moved
    if not entry.is_cancelled:
        own = entry.schedule
        local = own.starts_at.replace(tzinfo=ZoneInfo(own.time_zone))
        starts_at = local.astimezone(ZoneInfo(was.time_zone)).replace(tzinfo=None)
        moved = (*moved, (starts_at, own.length))
    schedule = replace(was, except_at=(*was.except_at, at), moved=moved)
    entries[entry.uid] = replace(whole, schedule=schedule)


def _unescaped(text: str) -> str:
    """Return the text of a property without the marks of RFC 5545."""
    marks = {"\\\\": "\\", "\\n": " ", "\\N": " ", "\\,": ",", "\\;": ";"}
    for mark, plain in marks.items():
        text = text.replace(mark, plain)
    return text
