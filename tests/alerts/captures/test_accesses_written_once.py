"""Who opened a capture: the database keeps it as it was noted."""

import pytest
from django.db import DatabaseError, transaction

from alerts.captures.models import CaptureAccess
from alerts.captures.services import note_access
from tests.conftest import NOON

pytestmark = [pytest.mark.django_db, pytest.mark.abuse("A42")]


@pytest.mark.parametrize(
    "values", [{"kind": "opened"}, {"at": NOON.replace(year=2001)}, {"by": None}], ids=str
)
def test_an_access_stays_as_it_was_noted(attach, water, oda, sam, values):
    note_access(
        capture=attach(water, read=True), kind=CaptureAccess.Kind.DOWNLOADED, by=sam, now=NOON
    )
    values = {name: oda if name == "by" else value for name, value in values.items()}
    with pytest.raises(DatabaseError, match="only these columns change"), transaction.atomic():
        CaptureAccess.objects.update(**values)
