"""Planned work from a CSV file with a heading; commas, semicolons or tabs divide the cells."""

import csv
import hashlib
import io
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from alerts.planned_work.engine.entries import MAX_ENTRIES, ReadFile, WorkEntry, names_in_cell
from alerts.planned_work.engine.errors import PlanError
from alerts.planned_work.engine.kinds import KINDS, kind_named
from alerts.planned_work.engine.origin import FileTimes
from alerts.planned_work.engine.recurrence import (
    YEARS,
    Schedule,
    check_schedule,
    time_zone_named,
)

NEEDED: Final = ("title", "kind", "starts", "ends")
COLUMNS: Final = (
    *NEEDED,
    "site",
    "zone",
    "from",
    "to",
    "devices",
    "time_zone",
    "repeats",
    "work_order",
    "vendor",
    "people",
    "uid",
    "created",
)
_FORMS: Final = ("%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M")


class _CellError(Exception):
    """What is wrong in one cell."""

    def __init__(self, column: str, error: PlanError) -> None:
        self.column, self.error = column, error
        super().__init__(str(error))


def read_csv(text: str, *, time_zone: str, max_entries: int = MAX_ENTRIES) -> ReadFile:
    """Return the works of a file. `time_zone` is that of lines that name none."""
    read = ReadFile(max_entries)
    sample = text[:4096].partition("\n")[0]
    delimiter = max(",;\t", key=sample.count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        heading = [cell.strip().casefold().replace(" ", "_") for cell in next(rows, [])]
        for error in _against_heading(heading):
            read.fail(1, error)
        if read.errors:
            return read
        _read_rows(read, heading, _numbered(rows), time_zone)
    except csv.Error as error:
        read.fail(rows.line_num, PlanError("file.line", text=str(error)))
    return read


def _numbered(rows: Iterator[list[str]]) -> Iterator[tuple[int, list[str]]]:
    """Yield each row with the line on which it begins."""
    line = rows.line_num + 1  # type: ignore[attr-defined]  # a reader of csv counts its lines
    for row in rows:
        yield line, row
        line = rows.line_num + 1  # type: ignore[attr-defined]  # as above


def _read_rows(
    read: ReadFile, heading: Sequence[str], rows: Iterator[tuple[int, list[str]]], time_zone: str
) -> None:
    line_by_uid: dict[str, int] = {}
    for line, row in rows:
        if not any(cell.strip() for cell in row):
            continue
        if len(line_by_uid) >= read.max_entries:
            read.fail(line, PlanError("file.many", most=read.max_entries))
            return
        if len(row) != len(heading):
            read.fail(line, PlanError("entry.cells", count=len(row), wanted=len(heading)))
            continue
        cells = {name: " ".join(cell.split()) for name, cell in zip(heading, row, strict=True)}
        try:
            entry = _entry(cells, line, time_zone)
        except _CellError as wrong:
            read.fail(line, wrong.error, wrong.column)
            continue
        if entry.uid in line_by_uid:
            read.fail(
                line, PlanError("file.twice", uid=entry.uid, line=line_by_uid[entry.uid]), "uid"
            )
            continue
        line_by_uid[entry.uid] = line
        read.entries.append(entry)


def _against_heading(heading: Sequence[str]) -> Iterator[PlanError]:
    for name in NEEDED:
        if name not in heading:
            yield PlanError("file.header", name=name, needed=", ".join(NEEDED))
    for place, name in enumerate(heading):
        if name not in COLUMNS or name in heading[:place]:
            yield PlanError("file.column", name=name[:60], known=", ".join(COLUMNS))


def _entry(cells: dict[str, str], line: int, time_zone: str) -> WorkEntry:
    if not cells["title"]:
        raise _CellError("title", PlanError("entry.title"))
    kind = kind_named(cells["kind"])
    if kind is None:
        kinds = ", ".join(KINDS)
        raise _CellError("kind", PlanError("entry.kind", kind=cells["kind"][:60], known=kinds))
    schedule = _schedule(cells, time_zone)
    return WorkEntry(
        line=line,
        uid=cells.get("uid") or _uid_of(cells),
        title=cells["title"],
        kind=kind,
        schedule=schedule,
        site=cells.get("site", ""),
        zone=cells.get("zone", ""),
        from_=names_in_cell(cells.get("from", "")),
        to=names_in_cell(cells.get("to", "")),
        devices=names_in_cell(cells.get("devices", "")),
        work_order=cells.get("work_order", ""),
        vendor=cells.get("vendor", ""),
        people=cells.get("people", ""),
        times=FileTimes(created_at=_created_at(cells, schedule.time_zone)),
    )


def _schedule(cells: dict[str, str], time_zone: str) -> Schedule:
    try:
        zone = time_zone_named(cells["time_zone"]) if cells.get("time_zone") else time_zone
    except PlanError as error:
        raise _CellError("time_zone", error) from error
    starts, ends = _moment(cells, "starts"), _moment(cells, "ends")
    schedule = Schedule(starts, ends - starts, zone, cells.get("repeats", "").upper())
    try:
        check_schedule(schedule)
    except PlanError as error:
        column = "repeats" if error.code.startswith("rule.") else "ends"
        raise _CellError(column, error) from error
    return schedule


def _created_at(cells: dict[str, str], zone: str) -> datetime | None:
    """Return when the work was written down; None where the cell is empty, or its year is one like
    1899 or 9999, which some programs write instead.
    """
    if not cells.get("created"):
        return None
    local = _moment(cells, "created")
    return local.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC) if local.year in YEARS else None


def _moment(cells: dict[str, str], column: str) -> datetime:
    text = cells[column]
    for form in _FORMS:
        try:
            return datetime.strptime(text, form)  # noqa: DTZ007  # on the plant's clock
        except ValueError:
            continue
    raise _CellError(column, PlanError("time.form", text=text[:60]))


def _uid_of(cells: dict[str, str]) -> str:
    """Return a UID for a line without one: the same line has the same, whatever its place."""
    named = [name for name in COLUMNS if name != "created"]
    text = "\x1f".join(f"{name}={cells.get(name, '')}" for name in named)
    return f"csv-{hashlib.sha256(text.encode()).hexdigest()[:32]}"
