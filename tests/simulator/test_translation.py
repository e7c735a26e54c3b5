"""Questions that differ in moments alone are translated once, and answered as if each were."""

from datetime import datetime

import duckdb_kql
import pytest

from simulator.logs.translation import execute, forget_columns, without_moments

NOW = datetime(2026, 11, 25)
EARLY, LATE = "datetime(2026-11-23T00:00:00Z)", "datetime(2026-11-24T11:59:59.500Z)"


@pytest.fixture
def events():
    connection = duckdb_kql.connect()
    connection.execute("CREATE TABLE Events (Seen TIMESTAMP, Name VARCHAR)")
    connection.execute(
        "INSERT INTO Events VALUES ('2026-11-24 12:00', 'noon'), ('2026-11-23', ?)", [EARLY]
    )
    yield connection
    connection.close()


@pytest.mark.parametrize(
    "question",
    [
        "Events | count",
        f"Events | where Seen >= {LATE} and Seen < now() | project Seen, Asked = now()",
        f"Events | where Seen > ago(1d) or Seen == {EARLY}",
        f'Events | where Name == "{EARLY}" // {LATE}',
        f"let since = {EARLY}; Events | where Seen between (since .. {LATE}) | project Seen",
        f"Events | extend Late = Seen > {LATE} | order by Seen asc",
        f"set query_now = {LATE}; Events | project Asked = now()",
        "Events | where Seen > datetime(2026-11-23T00:00:00.1234567Z) | project Name",
    ],
)
def test_an_answer_is_that_of_the_question_itself(events, question):
    there = duckdb_kql.execute(events, question, allow_write=False, query_now=NOW).fetchall()
    assert execute(events, question, NOW).fetchall() == there
    assert there


def test_the_second_span_is_not_translated_again(events, monkeypatch):
    question = "Events | where Seen > {} | project Name, Asked = now()"
    assert execute(events, question.format(LATE), NOW).fetchall() == [("noon", NOW)]
    monkeypatch.setattr("duckdb_kql.to_sql", None)
    later = datetime(2026, 12, 1)
    assert execute(events, question.format(EARLY), later).fetchall() == [("noon", later)]


def test_a_table_that_changes_is_translated_again(events):
    question = (
        f"Events | where Seen == {EARLY} | join kind=inner (Events) on Seen | project-away Name"
    )
    execute(events, question, NOW)
    events.execute("ALTER TABLE Events ADD COLUMN More INTEGER DEFAULT 7")
    forget_columns(events)
    answered = execute(events, question, NOW)
    assert "More" in [column[0] for column in answered.description]


def test_what_is_wrong_is_told_of_the_question_itself(events):
    question = f"Events | where Seen > {EARLY} | nonsense"
    with pytest.raises(duckdb_kql.KqlError) as of_library:
        duckdb_kql.execute(events, question, allow_write=False, query_now=NOW)
    with pytest.raises(duckdb_kql.KqlError) as ours:
        execute(events, question, NOW)
    assert str(ours.value) == str(of_library.value)


def test_only_moments_of_the_question_are_taken_out():
    text = f"T | where A > {LATE} and B == '{EARLY}' // {EARLY}"
    general, moments = without_moments(text)
    assert general == text.replace(LATE, "_moment0")
    assert moments == [datetime(2026, 11, 24, 11, 59, 59, 500_000)]
    assert without_moments("T | where A > ago(1d)") == ("T | where A > ago(1d)", [])
