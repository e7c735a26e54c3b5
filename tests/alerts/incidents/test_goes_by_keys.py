"""What ranking asks of the server is found by keys, whatever the planner believes of the tables."""

import json

import pytest
from django.db import connection

from alerts.incidents.ingest.groups import PRIORITY_FACTS
from tests.conftest import NOON

pytestmark = pytest.mark.django_db
GROWING = {
    *("incidents_incident", "incidents_entity", "incidents_incidentalert", "incidents_alert"),
    *("incidents_patternmemory", "incidents_pairmemory", "sites_device"),
}
KEYS = {"id", "incident_id", "pattern", "first_incident", "zone_id", "address", "alert_id"}


def scans(plan):
    """Every part of a plan that reads a table."""
    if "Relation Name" in plan:
        yield plan
    for part in plan.get("Plans", ()):
        yield from scans(part)


@pytest.mark.parametrize("tuples", [0, 1, 30_000_000])
def test_each_table_that_grows_is_read_by_its_key(tuples):
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE pg_class SET relpages = greatest(1, %s / 50), reltuples = %s"
            " WHERE relname = ANY(%s)",
            [tuples, tuples, list(GROWING)],
        )
        for way in ("seqscan", "bitmapscan", "hashjoin", "mergejoin"):  # as for tables with rows
            cursor.execute(f"SET LOCAL enable_{way} = off")
        cursor.execute(
            f"EXPLAIN (FORMAT JSON) {PRIORITY_FACTS}",
            {"ids": "{1,2,3}", "patterns": "{NULL,NULL,NULL}", "now": NOON},
        )
        (plan,) = cursor.fetchone()
    plan = json.loads(plan) if isinstance(plan, str) else plan
    read = [scan for scan in scans(plan[0]["Plan"]) if scan["Relation Name"] in GROWING]
    assert {scan["Relation Name"] for scan in read} == GROWING
    for scan in read:
        condition = scan.get("Index Cond", "")
        assert any(f"({key} = " in condition or f"({key})::text = " in condition for key in KEYS), (
            f"{scan['Relation Name']}: {condition or 'all of it'}"
        )
