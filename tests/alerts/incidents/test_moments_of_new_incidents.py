"""Times of new incidents are copied as Sentinel wrote them only where PostgreSQL reads the same."""

from datetime import UTC, datetime, timedelta

import pytest

from alerts.incidents.ingest.pg_copy import moments, query_rows
from alerts.sentinel.wire.values import moment_field
from tests.factories.incidents import NOON

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-24T12:00:00Z",
        "2026-11-24T12:00:00.5Z",
        "2026-11-24T12:00:00.123456Z",
        "2026-11-24T12:00:00.1234567Z",
        "2026-11-24T12:00:00.9999999Z",
        "2026-11-24T12:00:00+01:00",
        "2026-W48-2T12:00:00Z",
        "20261124T120000Z",
        "2026-11-24 12:00:00Z",
    ],
)
def test_the_database_reads_what_we_read(text):
    read = moment_field(text, "at", [])
    (copied,) = moments([text], read=[read])
    assert query_rows("SELECT %s::timestamptz", copied) == [(read,)]


def test_a_moment_that_was_moved_is_not_copied_as_it_was_said():
    assert moments([None], read=[NOON]) == ["2026-11-24T12:00:00Z"]
    assert moments(["2026-11-24T12:00:00Z", None], read=[NOON, None])[1] == "\\N"


def test_what_is_copied_as_it_was_said_is_not_spelled_anew():
    texts = [
        (datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=n)).isoformat()[:-6] + "Z"
        for n in range(9)
    ]
    assert moments(texts, read=[None] * 9) == texts
