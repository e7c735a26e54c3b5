"""What migrations leave of the rights that a role of the application had on all tables."""

from importlib import import_module

import pytest
from django.db import connection

pytestmark = pytest.mark.django_db
ROLE = "tagout_tests_app"
LEFT = [
    ("portal.audit.migrations.0004_guarded_record", "audit_entry", "SELECT INSERT"),
    ("portal.audit.migrations.0004_guarded_record", "audit_head", ""),
    ("portal.audit.migrations.0005_trigger_of_the_record_alone", "jobs_clockoffset", "SELECT"),
    (
        "alerts.suppression.migrations.0010_what_is_written_once",
        "suppression_signature",
        "SELECT INSERT UPDATE",
    ),
    (
        "alerts.suppression.migrations.0010_what_is_written_once",
        "suppression_ledgerentry",
        "SELECT INSERT UPDATE",
    ),
    (
        "alerts.suppression.migrations.0011_what_landed_stays_written",
        "suppression_backtestrun",
        "SELECT INSERT UPDATE",
    ),
    (
        "alerts.reviews.migrations.0009_verdicts_stay",
        "reviews_annotation",
        "SELECT INSERT UPDATE",
    ),
    (
        "alerts.reviews.migrations.0009_verdicts_stay",
        "reviews_annotation_incidents",
        "SELECT INSERT",
    ),
]


@pytest.mark.parametrize(("migration", "table", "left"), LEFT)
def test_of_all_rights_these_are_left(migration, table, left):
    taken = [
        line for line in import_module(migration).FORWARD.splitlines() if "others_may('" in line
    ]
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE ROLE {ROLE}")
        cursor.execute(f"GRANT ALL ON {table} TO {ROLE}")
        cursor.execute("\n".join(taken))
        cursor.execute(
            """SELECT privilege_type FROM pg_class CROSS JOIN LATERAL aclexplode(relacl)
               WHERE oid = %s::regclass AND grantee = %s::regrole""",
            [table, ROLE],
        )
        assert {right for (right,) in cursor.fetchall()} == set(left.split())
