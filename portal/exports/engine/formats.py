"""Write rows of a list as CSV, XLSX, Parquet or NDJSON, a page at a time.

CSV and XLSX are for spreadsheets: no text in them is a formula, and lists are JSON. The other two
are for programs and keep every text as it is.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, BinaryIO, Literal, Protocol

import orjson

from portal.formats.csv_files import csv_bytes, without_formula

type Kind = Literal["integer", "number", "boolean", "moment", "text"]
type Row = Mapping[str, Any]

MEDIA_TYPES = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "parquet": "application/vnd.apache.parquet",
    "ndjson": "application/x-ndjson",
}
_UTC_Z = orjson.OPT_UTC_Z


@dataclass(frozen=True, slots=True)
class ExportColumn:
    """One column of a file, and the kind of its values."""

    name: str
    kind: Kind


class TableWriter(Protocol):
    """Writes the rows of one table into a file."""

    def write(self, rows: Sequence[Row]) -> None:
        """Add rows."""

    def close(self) -> None:
        """Finish the file, which stays open."""


def open_writer(
    file_format: str, columns: Sequence[ExportColumn], file: BinaryIO, *, name: str
) -> TableWriter:
    """Return the writer of a format; `name` is that of the sheet."""
    match file_format:
        case "csv":
            return _Csv(columns, file)
        case "xlsx":
            return _Xlsx(columns, file, name)
        case "parquet":
            return _Parquet(columns, file)
        case "ndjson":
            return _Ndjson(file)
    raise ValueError(f"There is no format {file_format}.")


class _Csv:
    def __init__(self, columns: Sequence[ExportColumn], file: BinaryIO) -> None:
        self._names = [column.name for column in columns]
        self._file = file
        file.write(csv_bytes(self._names, []))

    def write(self, rows: Sequence[Row]) -> None:
        cells = [[_as_text(row[name]) for name in self._names] for row in rows]
        self._file.write(csv_bytes(self._names, cells).partition(b"\r\n")[2])

    def close(self) -> None:
        pass


class _Ndjson:
    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def write(self, rows: Sequence[Row]) -> None:
        option = _UTC_Z | orjson.OPT_APPEND_NEWLINE
        self._file.write(b"".join(orjson.dumps(row, option=option) for row in rows))

    def close(self) -> None:
        pass


class _Xlsx:
    """Texts are written as texts, whatever they look like; moments are UTC. A cell of Excel holds
    32,767 characters.
    """

    def __init__(self, columns: Sequence[ExportColumn], file: BinaryIO, name: str) -> None:
        from xlsxwriter import Workbook  # only a worker that writes one needs it

        options = {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
            "default_date_format": "yyyy-mm-dd hh:mm:ss",
        }
        self._columns, self._at = columns, 0
        self._book = Workbook(file, options)
        self._sheet = self._book.add_worksheet(name[:31])
        self._sheet.freeze_panes(1, 0)
        self._write(column.name for column in columns)

    def write(self, rows: Sequence[Row]) -> None:
        for row in rows:
            self._write(row[column.name] for column in self._columns)

    def close(self) -> None:
        self._book.close()

    def _write(self, cells: Iterable[Any]) -> None:
        for at, cell in enumerate(cells):
            match cell:
                case None:
                    pass
                case bool():
                    self._sheet.write_boolean(self._at, at, cell)
                case int() | float():
                    self._sheet.write_number(self._at, at, cell)
                case datetime():
                    moment = cell.astimezone(UTC).replace(tzinfo=None)
                    self._sheet.write_datetime(self._at, at, moment)
                case _:
                    text = str(without_formula(_as_text(cell)))
                    self._sheet.write_string(self._at, at, text)
        self._at += 1


class _Parquet:
    def __init__(self, columns: Sequence[ExportColumn], file: BinaryIO) -> None:
        import pyarrow as arrow  # large: only a worker that writes one needs it
        from pyarrow import parquet

        types = {
            "integer": arrow.int64(),
            "number": arrow.float64(),
            "boolean": arrow.bool_(),
            "moment": arrow.timestamp("us", tz="UTC"),
            "text": arrow.string(),
        }
        self._columns, self._arrow = columns, arrow
        self._schema = arrow.schema([(column.name, types[column.kind]) for column in columns])
        self._writer = parquet.ParquetWriter(file, self._schema, compression="zstd")

    def write(self, rows: Sequence[Row]) -> None:
        arrays = [
            [_of_kind(row[column.name], column.kind) for row in rows] for column in self._columns
        ]
        table = self._arrow.table(
            [
                self._arrow.array(values, type=field.type)
                for values, field in zip(arrays, self._schema, strict=True)
            ],
            schema=self._schema,
        )
        self._writer.write_table(table)

    def close(self) -> None:
        self._writer.close()


def _of_kind(value: Any, kind: Kind) -> Any:
    """A value as a typed column takes it."""
    if value is None or kind != "text":
        return value
    text = _as_text(value)
    return text if isinstance(text, str) else str(text)


def _as_text(value: Any) -> Any:
    """A value as one cell: lists and objects as JSON, moments in ISO 8601, numbers as they are."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case str() | int() | float():
            return value
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case list() | tuple() | dict():
            return orjson.dumps(value, option=_UTC_Z).decode()
    return str(value)
