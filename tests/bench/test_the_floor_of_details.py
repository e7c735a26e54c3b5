"""The floor that details are measured against stores the very same rows, or says so loudly."""

import pytest
from django.db import connection

from bench import details
from bench.details import NotTheSameError, prove_the_same
from bench.intake import NOW

pytestmark = pytest.mark.django_db


def test_floor_and_product_store_the_same_rows_and_leave_nothing_behind():
    assert details.prove(60) > 500
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM incidents_alert")
        assert cursor.fetchone() == (0,)


@pytest.mark.parametrize(
    ("change", "table"),
    [
        ("UPDATE incidents_alert SET plant_minute = plant_minute + 1", "alerts"),
        ("UPDATE incidents_incident SET priority_parts = '[]' WHERE number = 3", "incidents"),
        ("DELETE FROM incidents_comment", "comments"),
        ("UPDATE sites_device SET purdue_level = 2 WHERE name = 'PLC-7'", "devices"),
    ],
)
def test_one_value_that_differs_is_told(change, table):
    workspace_id, ids = details.prepared("proof", 30)

    def altered(ids, answers):
        details.detailed(ids, answers)
        with connection.cursor() as cursor:
            cursor.execute(change)

    with pytest.raises(NotTheSameError, match=f"^{table}: the floor stored"):
        prove_the_same(
            workspace_id=workspace_id,
            batches=details.batches(ids, "proof"),
            product=altered,
            now=NOW,
        )


def test_a_table_in_which_nobody_stored_anything_proves_nothing():
    workspace_id, _ = details.prepared("proof", 10)
    with pytest.raises(NotTheSameError, match="Nothing was stored"):
        prove_the_same(workspace_id=workspace_id, batches=[], product=details.detailed, now=NOW)
