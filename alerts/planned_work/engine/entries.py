"""Planned work as a file has it: names and texts, not yet looked up in a plant."""

from dataclasses import dataclass, field

from alerts.planned_work.engine.errors import PlanError
from alerts.planned_work.engine.origin import FileTimes
from alerts.planned_work.engine.recurrence import Schedule

MAX_BYTES = 200_000_000
MAX_ENTRIES = 100_000
MAX_ERRORS = 50  # more of them nobody reads


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkEntry:
    """One work of a file. `from_`, `to` and `devices` are names or addresses."""

    line: int
    uid: str
    title: str
    kind: str
    schedule: Schedule
    site: str = ""
    zone: str = ""
    from_: tuple[str, ...] = ()
    to: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()
    work_order: str = ""
    vendor: str = ""
    people: str = ""
    is_cancelled: bool = False
    times: FileTimes = field(default_factory=FileTimes)


@dataclass(frozen=True, slots=True)
class FileError:
    """What is wrong in one line; `column` is empty where the whole line is meant."""

    line: int
    error: PlanError
    column: str = ""


@dataclass(slots=True)
class ReadFile:
    """What a file holds, of at most `most` works. With `errors` nothing of it may be stored."""

    max_entries: int = MAX_ENTRIES
    entries: list[WorkEntry] = field(default_factory=list)
    errors: list[FileError] = field(default_factory=list)

    def fail(self, line: int, error: PlanError, column: str = "") -> None:
        """Note one error."""
        if len(self.errors) < MAX_ERRORS:
            self.errors.append(FileError(line, error, column))


def decode_file(data: bytes) -> str:
    """Return the text of a file. Raises PlanError where it is none, or too large."""
    if len(data) > MAX_BYTES:
        raise PlanError("file.large", most=MAX_BYTES // 1_000_000)
    try:
        return data.decode("utf-8-sig").replace("\x00", "\N{REPLACEMENT CHARACTER}")
    except UnicodeDecodeError as error:
        raise PlanError("file.text") from error


def names_in_cell(text: str) -> tuple[str, ...]:
    """Return the names in a cell or property, which semicolons or commas divide."""
    parts = text.replace(";", ",").split(",")
    return tuple(dict.fromkeys(word for part in parts if (word := " ".join(part.split()))))
