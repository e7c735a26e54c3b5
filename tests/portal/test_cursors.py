"""The cursor that is kept for a connection."""

import pytest
from django.db import ProgrammingError, connection, transaction
from django.test.utils import CaptureQueriesContext

from portal.formats.plain_sql import kept_cursor


def one():
    cursor = kept_cursor()
    cursor.execute("SELECT 1")
    return cursor.fetchall()


@pytest.mark.django_db
def test_it_is_the_same_until_somebody_closes_it():
    first = kept_cursor()
    assert kept_cursor() is first and one() == [(1,)]
    first.close()
    assert kept_cursor() is not first and one() == [(1,)]


@pytest.mark.django_db(transaction=True)
def test_a_new_connection_has_one_of_its_own():
    first = kept_cursor()
    connection.close()
    assert one() == [(1,)]
    assert kept_cursor() is not first


@pytest.mark.django_db
def test_it_works_on_after_a_failure():
    with pytest.raises(ProgrammingError), transaction.atomic():
        kept_cursor().execute("SELECT nothing")
    assert one() == [(1,)]


@pytest.mark.django_db
def test_who_counts_questions_sees_its_own():
    kept_cursor()
    with CaptureQueriesContext(connection) as asked:
        one()
    assert [query["sql"] for query in asked] == ["SELECT 1"]
