"""The line of details runs over a few incidents, and both sides store all of them."""

import pytest
from django.db import connection

from alerts.incidents.models import Alert
from bench import details

pytestmark = pytest.mark.django_db


def test_details_of_each_incident_are_stored_on_both_sides():
    (line,) = details.measure(60)
    assert line.size == "60" and line.at_least
    assert Alert.objects.count() == 60
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM floor_records")
        assert cursor.fetchone() == (60 + 3 * 60 + 6,)
