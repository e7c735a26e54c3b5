"""Write tables for spreadsheets: CSV that opens without running anything."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Final

# How a cell begins that spreadsheets compute, and what some of them drop in front of it.
_FORMULA: Final = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
_DROPPED: Final = "".join(map(chr, range(33))) + "\x7f\u00a0\u200b\u2060\ufeff"


def csv_bytes(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """Return a CSV file in UTF-8 with a byte order mark, as spreadsheets expect it. A text that
    would be taken for a formula gets an apostrophe in front; numbers stay numbers.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows([without_formula(value) for value in row] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def without_formula(value: object) -> object:
    """Return a cell as spreadsheets show it: a text that they would compute has an apostrophe in
    front, everything else is as it was.
    """
    if isinstance(value, str) and value.lstrip(_DROPPED).startswith(_FORMULA):
        return f"'{value}"
    return value
