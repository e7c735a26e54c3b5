import pytest

from portal.formats.tables import TableFault, read_table


def table(text):
    return read_table(text.encode() if isinstance(text, str) else text)


def test_rows_know_the_line_where_they_begin():
    found = table('a,b\n1,2\n\n"x\ny",3\n4,5\n')
    assert [(record.line, dict(record.cells)) for record in found.records] == [
        (2, {"a": "1", "b": "2"}),
        (4, {"a": "x\ny", "b": "3"}),
        (6, {"a": "4", "b": "5"}),
    ]
    assert not found.faults


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_the_mark_between_cells_is_told_from_the_heading(mark):
    [row] = table(
        f"name{mark}note\r\nPLC-1{mark}one, two\r\n".replace("one, two", "one two")
    ).records
    assert (row["name"], row["note"]) == ("PLC-1", "one two")


def test_texts_of_spreadsheets_are_read():
    with_mark = b"\xef\xbb\xbfname\nGda\xc5\x84sk\n"
    assert read_table(with_mark).records[0]["name"] == "Gdańsk"
    assert read_table("name\tb\nGdańsk\t1\n".encode("utf-16")).records[0]["name"] == "Gdańsk"


@pytest.mark.parametrize(
    ("data", "line", "words"),
    [
        (b"", 1, "empty"),
        (b"a,b\n1,2\n\xff\xfe,3\n", 3, "not UTF-8"),
        (b"a,b\n1,2\n1,2,3\n", 3, "more cells"),
        (b'a,b\n1,2\n"x,3\n', 3, "quotes"),
        (b"a,a\n1,2\n", 1, "more than once"),
        (b"a,b\n1,\x00\n", 2, "not text"),
        (b'{"a": 1}', 1, "list of objects"),
        (b'[{"a": "1"},\n {"a": tru}]', 2, "not JSON"),
        (b'[{"a": "1"}\n', 2, "not JSON"),
        (b'[{"a": "1"},\n 7]', 2, "must be an object"),
        (b'[\n{"a": "1", "a": "2"}]', 2, "twice"),
        (b'[\n\n{"a": [1]}]', 3, "text or a number"),
        (b"[" * 200_000, 1, "too deep"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_line(data, line, words):
    faults = read_table(data).faults
    assert [fault.line for fault in faults] == [line]
    assert words in faults[0].sentence


def test_json_says_the_same_as_a_table():
    found = table('[{"number": 4711, "note": null},\n{"number": "0815"}]')
    assert [(record.line, record["number"], record["note"]) for record in found.records] == [
        (1, "4711", ""),
        (2, "0815", ""),
    ]


def test_a_number_of_many_digits_is_a_text():
    [row] = table(f'[{{"number": {"9" * 6000}}}]').records
    assert len(row["number"]) == 6000


def test_a_fault_says_where_it_is():
    assert str(TableFault(7, "at", "This is no moment.")) == "Line 7, column at: This is no moment."
    assert str(TableFault(7, "", "It is empty.")) == "Line 7: It is empty."
