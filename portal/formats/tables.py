"""Read tables that people hand in: CSV as spreadsheets write it, or a JSON list of objects.

Every fault is listed with its line and its column, so that one look at the file finds it.
"""

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext

from portal.errors import Refused

_DELIMITERS = (",", ";", "\t")
_SPACE = re.compile(r"[ \t\r\n]*")


@dataclass(frozen=True, slots=True, order=True)
class TableFault:
    """What is wrong at one place of a file. `column` is empty where the whole line is meant."""

    line: int
    column: str
    sentence: str

    def __str__(self) -> str:
        values = {"line": self.line, "column": self.column, "sentence": self.sentence}
        if not self.column:
            return gettext("Line %(line)s: %(sentence)s") % values
        return gettext("Line %(line)s, column %(column)s: %(sentence)s") % values


class FaultyFile(Refused):
    """Nothing of the file was taken over. `faults` are the reasons, each with its place."""

    def __init__(self, faults: Iterable[TableFault]) -> None:
        self.faults = tuple(sorted(faults))
        super().__init__(*map(str, self.faults))

    def __str__(self) -> str:
        return "\n".join(self.reasons)


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row: the line where it begins, and its cells by column, trimmed; none is None."""

    line: int
    cells: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")


@dataclass(slots=True)
class Table:
    """The content of a file. `columns` as it names them, each trimmed."""

    columns: tuple[str, ...] = ()
    records: list[TableRow] = field(default_factory=list)
    faults: list[TableFault] = field(default_factory=list)


def read_table(data: bytes) -> Table:
    """Return the rows of a file, and what cannot be read of it. JSON begins with a bracket."""
    try:
        text = _text_of(data)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        message = gettext("This is not UTF-8 text. Save the file as CSV UTF-8.")
        return Table(faults=[TableFault(line, "", message)])
    if not text.strip():
        return Table(faults=[TableFault(1, "", gettext("The file is empty."))])
    table = _read_json(text) if text.lstrip()[0] in "[{" else _read_csv(text)
    for record in table.records:
        table.faults += _faults_in(record)
    return table


def folded(name: str) -> str:
    """Return a column's name without case, spaces and marks, to compare it with."""
    return "".join(sign for sign in name.casefold() if sign.isalnum())


def one_of(words: Sequence[str]) -> str:
    """Return words as a choice: "a, b or c"."""
    if len(words) < 2:
        return "".join(words)
    values = {"first": ", ".join(words[:-1]), "last": words[-1]}
    return gettext("%(first)s or %(last)s") % values


def _text_of(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16")  # "Unicode text" of spreadsheets
    return data.decode("utf-8-sig")


def _faults_in(record: TableRow) -> Iterator[TableFault]:
    for column, cell in record.cells.items():
        if "\x00" in cell:
            yield TableFault(
                record.line, column, gettext("It contains a character that is not text.")
            )


def _read_csv(text: str) -> Table:
    table = Table()
    rows = _rows_of(text, table)
    head = next((row for _, row in rows if any(cell.strip() for cell in row)), [])
    table.columns = tuple(" ".join(name.split()) for name in head)
    for name in sorted(
        {column for column in table.columns if table.columns.count(column) > 1 and column}
    ):
        table.faults.append(TableFault(1, name, gettext("This column appears more than once.")))
    for line, cells in rows:
        values = [cell.strip() for cell in cells]
        if not any(values):
            continue
        if any(values[len(head) :]):
            message = gettext("The line has more cells than the heading has columns.")
            table.faults.append(TableFault(line, "", message))
            continue
        named = zip(table.columns, values, strict=False)
        table.records.append(TableRow(line, {name: value for name, value in named if name}))
    return table


def _rows_of(text: str, table: Table) -> Iterator[tuple[int, list[str]]]:
    """The rows with the line where each begins; a quote may run over several lines."""
    heading = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(_DELIMITERS, key=heading.count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    while True:
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error:
            message = gettext("The quotes of this line do not match, or a cell is far too long.")
            table.faults.append(TableFault(line, "", message))
            return
        yield line, row
        line = rows.line_num + 1


class _Twice(ValueError):
    """A member is in an object more than once."""


def _read_json(text: str) -> Table:
    table = Table()
    if not text.lstrip().startswith("["):
        message = gettext("The file must be a list of objects: [ { … }, { … } ].")
        table.faults.append(TableFault(1, "", message))
        return table
    columns: dict[str, None] = {}
    for line, members in _objects_of(text, table):
        cells: dict[str, str] = {}
        for name, value in members.items():
            columns[name] = None
            if value is None or isinstance(value, str):
                cells[name] = (value or "").strip()
            else:
                table.faults.append(
                    TableFault(line, name, gettext("Write a text or a number here."))
                )
        table.records.append(TableRow(line, cells))
    table.columns = tuple(columns)
    return table


def _objects_of(text: str, table: Table) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects of a list with the line where each begins."""
    # Numbers stay as they are written: a name of digits only is no number of ours.
    decoder = json.JSONDecoder(
        object_pairs_hook=_members, parse_int=str, parse_float=str, parse_constant=str
    )
    at, line, scanned = _after_space(text, text.index("[") + 1), 1, 0
    if text[at : at + 1] == "]":
        return
    while True:
        line, scanned = line + text.count("\n", scanned, at), at
        try:
            value, at = decoder.raw_decode(text, at)
        except json.JSONDecodeError as error:
            table.faults.append(TableFault(error.lineno, "", gettext("This is not JSON.")))
            return
        except (_Twice, RecursionError):
            message = gettext("A name appears twice in this object, or it is nested too deep.")
            table.faults.append(TableFault(line, "", message))
            return
        if isinstance(value, dict):
            yield line, value
        else:
            table.faults.append(
                TableFault(line, "", gettext("Each entry must be an object: { … }."))
            )
        at = _after_space(text, at)
        mark, at = text[at : at + 1], _after_space(text, at + 1)
        if mark != ",":
            if mark != "]" or text[at:]:
                line += text.count("\n", scanned, at)
                table.faults.append(TableFault(line, "", gettext("This is not JSON.")))
            return


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Twice
    return found


def _after_space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at
