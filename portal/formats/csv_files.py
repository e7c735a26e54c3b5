"""Write tables for spreadsheets: CSV that opens without running anything.

Who opens it may separate by another sign than the comma: German Excel does by the semicolon. It
then takes what follows a semicolon, a tab or a line break inside a text for another cell, whatever
is quoted, so no text has the beginning of a formula there either.
"""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import Final

# How a cell begins that spreadsheets compute, and what some of them drop in front of it.
_FORMULA: Final = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
_DROPPED: Final = "".join(map(chr, range(33))) + "\x7f\u00a0\u200b\u2060\ufeff"

# Where inside a text another spreadsheet may begin a cell, up to what that would begin with.
_SIGNS: Final = re.escape("".join(_FORMULA))
_BORDER: Final = re.compile(rf"""([;\t\r\n][;"{re.escape(_DROPPED)}]*+)([{_SIGNS}]|\Z)?""")
_TAB_FIRST: Final = re.compile(r"""([;\r\n]"*)(?=\t)""")


def csv_bytes(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """Return a CSV file in UTF-8 with a byte order mark, as spreadsheets expect it. Texts are
    quoted, and one that would be taken for a formula gets an apostrophe in front; numbers stay
    numbers.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_STRINGS)
    writer.writerow(map(_cell, columns))
    writer.writerows(map(_cell, row) for row in rows)
    return text.getvalue().encode("utf-8-sig")


def _cell(value: object) -> object:
    if value is None or isinstance(value, int | float):
        return value
    text = str(without_formula(_BORDER.sub(_harmless, str(value))))
    return f"'{text}" if text.startswith(("\t", "\r")) else text


def _harmless(border: re.Match[str]) -> str:
    """Keep a formula sign from beginning a cell, and a cell from having no end in this text."""
    between, sign = _TAB_FIRST.sub(r"\1'", border[1]), border[2]
    return between if sign is None else f"{between}'{sign}"


def without_formula(value: object) -> object:
    """Return a cell as spreadsheets show it: a text that they would compute has an apostrophe in
    front, everything else is as it was.
    """
    if isinstance(value, str) and value.lstrip(_DROPPED).startswith(_FORMULA):
        return f"'{value}"
    return value
