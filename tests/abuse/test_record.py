"""A42: fifty changes to the audit record, each of which an owner of the tables could make."""

import random

import pytest
from django.db import connection, transaction

from portal.audit.engine import Anchor
from portal.audit.models import Entry
from portal.audit.queries import verify_chain
from portal.audit.services import record
from tests import cast

ENTRIES, CHANGES = 24, 50
COLUMNS = {
    "at": "at - interval '3 seconds'",
    "actor_id": "NULL",
    "actor_label": "actor_label || ' '",
    "action": "'suppression.rule.signed'",
    "object_type": "'accounts.grant'",
    "object_id": "object_id || '0'",
    "object_label": "upper(object_label)",
    "details": "details || '{\"n\": 999}'",
    "request_id": "'r-999'",
    "written_by": "'somebody'",
    "prev_hash": "repeat('a', 64)",
    "hash": "repeat('b', 64)",
}
REWRITE = """
    UPDATE audit_entry SET details = '{{"n": 999}}' WHERE seq = {seq};
    UPDATE audit_entry e SET hash = audit_hash_of(e) WHERE seq = {seq}
"""
CUT = """
    DELETE FROM audit_entry WHERE seq > {seq};
    UPDATE audit_head SET seq = {seq}, hash = (SELECT hash FROM audit_entry WHERE seq = {seq})
"""


def changes(dice):
    """SQL by what it does: a column, a row away, two swapped, one more, one rewritten with its own
    hash, the end cut off without and with its head.
    """
    for number in range(CHANGES):
        seq = dice.randint(2, ENTRIES - 1)
        column = list(COLUMNS)[number % len(COLUMNS)]
        other = dice.choice(
            [candidate for candidate in range(1, ENTRIES) if candidate not in (seq, seq - 1)]
        )
        yield (
            f"UPDATE audit_entry SET {column} = {COLUMNS[column]} WHERE seq = {seq}",
            f"DELETE FROM audit_entry WHERE seq = {seq}",
            f"UPDATE audit_entry SET seq = -1 WHERE seq = {seq};"
            f" UPDATE audit_entry SET seq = {seq} WHERE seq = {other};"
            f" UPDATE audit_entry SET seq = {other} WHERE seq = -1",
            "INSERT INTO audit_entry SELECT (jsonb_populate_record(e,"
            f" jsonb_build_object('id', 999999, 'seq', {ENTRIES + 1}))).*"
            f" FROM audit_entry e WHERE seq = {seq}",
            REWRITE.format(seq=seq),
            f"DELETE FROM audit_entry WHERE seq > {seq}",
            CUT.format(seq=seq),
        )[number % 7]


@pytest.mark.abuse("A42")
@pytest.mark.django_db
def test_a42_each_of_fifty_changes_by_an_owner_is_found(make_person, noon, attempts):
    ada, dice = make_person(cast.ADA), random.Random(42)
    first = Entry.objects.count()
    with transaction.atomic():
        for n in range(ENTRIES - first):
            record("accounts.person.enabled", on=ada, by=ada, at=noon, request_id=f"r-{n}", n=n)
    head = Entry.objects.latest("seq")
    assert head.seq == ENTRIES and verify_chain().whole
    anchors = [Anchor(head.seq, head.hash)]  # what was told outside before
    for sql in changes(dice):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")  # no triggers
            cursor.execute(sql)
            cursor.execute("SET LOCAL session_replication_role = origin")
            report = verify_chain(anchors)
            attempts.note(sql, blocked=not report.whole)
            transaction.set_rollback(True)
    assert verify_chain(anchors).whole
