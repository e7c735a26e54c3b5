"""What one decision asks of the database is asked once for all incidents of a page."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from alerts.suppression.models import LedgerEntry

pytestmark = pytest.mark.django_db
OWNER = {"objectId": "b1c9", "userPrincipalName": "leo@soc.example"}


def _questions_of(floor):
    with CaptureQueriesContext(connection) as asked:
        assert floor.decide() == 0
    return len(asked)


def test_many_incidents_are_judged_with_as_many_questions_as_few(floor):
    floor.rule()
    for _ in range(2):
        floor.incident(owner=OWNER)
    floor.decide()
    few = _questions_of(floor)
    for _ in range(10):
        floor.incident(owner=OWNER)
    assert _questions_of(floor) == few
    assert not LedgerEntry.objects.exists(), "somebody has taken each of them"
