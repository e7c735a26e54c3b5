"""`make abuse` fails where something got through, and where a row did not run or not whole."""

import re

import pytest

from tests.abuse.matrix import ROWS, Attempts, RowResult, Table
from tests.architecture.tree import HOME, sources


def reports(*, row="A11", call="passed", counts=None):
    properties = [("abuse row", row)] + ([("abuse attempts", counts)] if counts else [])
    common = {"nodeid": "test_it", "location": ("f", 1, "t"), "keywords": {}, "longrepr": None}
    for when, outcome in (("setup", "passed"), ("call", call), ("teardown", "passed")):
        yield pytest.TestReport(**common, outcome=outcome, when=when, user_properties=properties)


def table_of(*tests):
    table = Table()
    for test in tests:
        for report in test:
            table.pytest_runtest_logreport(report)
    return table


def test_every_row_has_a_test():
    marked = set()
    for path in sources(".py"):
        if path.parts[0] == "tests":
            marked |= set(re.findall(r"mark\.abuse\(\"(A\d\d)\"\)", (HOME / path).read_text()))
    assert marked == set(ROWS)


def test_attempts_add_up_over_the_tests_of_a_row():
    table = table_of(reports(counts=(40, 0)), reports())
    assert table.rows["A11"] == RowResult(tried=41)
    assert table.rows["A11"].passed


@pytest.mark.parametrize(
    ("test", "result"),
    [
        ({"counts": (40, 2), "call": "failed"}, RowResult(tried=40, got_through=2)),
        ({"counts": (40, 0), "call": "failed"}, RowResult(tried=40, got_through=1)),
        ({"call": "failed"}, RowResult(tried=1, got_through=1)),
        ({"call": "skipped"}, RowResult(not_run=1)),
    ],
)
def test_a_row_has_not_held(test, result):
    table = table_of(reports(), reports(**test))
    assert table.rows["A11"] == RowResult(1 + result.tried, result.got_through, result.not_run)
    assert not table.rows["A11"].passed


def test_the_matrix_passes_only_when_every_row_ran():
    all_rows = [reports(row=row) for row in ROWS]
    assert table_of(*all_rows).passed
    missing = table_of(*(reports(row=row) for row in ROWS if row != "A45"))
    assert not missing.passed
    assert next(line for line in missing.lines() if "ALL DID" in line).startswith("A45")


def test_an_attempt_that_was_not_held_off_is_named():
    attempts = Attempts()
    attempts.note("/one/", blocked=True)
    attempts.note("/two/", blocked=False)
    assert (attempts.tried, attempts.got_through) == (2, ["/two/"])
