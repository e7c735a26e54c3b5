"""The same rows in four formats: read back by other programs they are what they were."""

import csv
import io
import json
from datetime import UTC, datetime

import openpyxl
import pytest
from pyarrow import parquet

from portal.exports.engine.formats import MEDIA_TYPES, ExportColumn, open_writer

COLUMNS = [
    ExportColumn("n", "integer"),
    ExportColumn("share", "number"),
    ExportColumn("is_open", "boolean"),
    ExportColumn("at", "moment"),
    ExportColumn("title", "text"),
    ExportColumn("labels", "text"),
]
AT = datetime(2026, 11, 24, 9, 30, 5, tzinfo=UTC)
ROW = {"n": 7, "share": 0.5, "is_open": True, "at": AT, "title": "Ärger, \n“neu”", "labels": ["a"]}
EMPTY = dict.fromkeys(ROW)
FORMULAS = ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1", " =1", "＝1", "https://evil.example"]


def written(file_format, *pages):
    file = io.BytesIO()
    writer = open_writer(file_format, COLUMNS, file, name="incidents")
    for rows in pages:
        writer.write(rows)
    writer.close()
    return file.getvalue()


def cells(file_format, body):
    """The rows as another program reads them, by column."""
    match file_format:
        case "csv":
            return list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"), newline="")))
        case "xlsx":
            head, *rows = openpyxl.load_workbook(io.BytesIO(body)).active.values
            return [dict(zip(head, row, strict=True)) for row in rows]
        case "parquet":
            return parquet.read_table(io.BytesIO(body)).to_pylist()
    return [json.loads(line) for line in body.decode().splitlines()]


def test_a_row_comes_back_as_it_was_typed_where_the_format_knows_types():
    found = {name: cells(name, written(name, [ROW], [EMPTY])) for name in MEDIA_TYPES}
    at = "2026-11-24T09:30:05Z"
    assert found["ndjson"] == [{**ROW, "at": at}, EMPTY]
    assert found["parquet"] == [{**ROW, "labels": '["a"]'}, EMPTY]
    assert found["csv"][0] == {
        **{"n": "7", "share": "0.5", "is_open": "true", "at": at},
        **{"title": ROW["title"], "labels": '["a"]'},
    }
    moment = AT.replace(tzinfo=None)
    assert found["xlsx"] == [{**ROW, "at": moment, "labels": '["a"]'}], "nothing is in the last row"


@pytest.mark.parametrize("name", MEDIA_TYPES)
def test_a_list_without_rows_is_a_file_all_the_same(name):
    assert cells(name, written(name)) == cells(name, written(name, [])) == []


@pytest.mark.abuse("A34")
@pytest.mark.parametrize("name", ["csv", "xlsx"])
def test_no_text_is_a_formula_or_a_link(name, attempts):
    body = written(name, [{**ROW, "title": text} for text in FORMULAS])
    found = [row["title"] for row in cells(name, body)]
    for text, read in zip(FORMULAS, found, strict=True):
        is_safe = read == text if text.startswith("http") else read.startswith("'")
        attempts.note((text, read), blocked=is_safe)
    if name == "xlsx":
        sheet = openpyxl.load_workbook(io.BytesIO(body)).active
        kinds = {cell.data_type for row in sheet.iter_rows(min_row=2) for cell in row}
        attempts.note("formulas", blocked="f" not in kinds)
        links = [cell for row in sheet.iter_rows() for cell in row if cell.hyperlink]
        attempts.note("links", blocked=not links)
