import threading

import pytest
from django.db import DatabaseError, connection, transaction

from portal.accounts.services.people import add_organisation
from portal.audit.models import Entry
from portal.audit.queries import verify_chain
from portal.audit.services import record
from tests import cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def three_entries(noon):
    for name in ("Alpha", "Beta", "Gamma"):
        add_organisation(name=name, by="tests", now=noon)
    return list(Entry.objects.order_by("seq"))


def test_entries_form_one_chain(three_entries):
    assert [entry.seq for entry in three_entries] == [1, 2, 3]
    assert three_entries[1].prev_hash == three_entries[0].hash
    assert verify_chain().whole


@pytest.mark.abuse("A42")
@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE audit_entry SET action = 'x'",
        "DELETE FROM audit_entry",
        "TRUNCATE audit_entry",
        "TRUNCATE audit_entry CASCADE",
    ],
)
def test_entries_cannot_be_changed_or_removed(three_entries, sql):
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        connection.cursor().execute("SET CONSTRAINTS ALL IMMEDIATE")
        connection.cursor().execute(sql)


INSERTED = """INSERT INTO audit_entry
    SELECT (jsonb_populate_record(e, '{"seq": 4, "id": 999999}')).*
      FROM audit_entry e WHERE seq = 3"""
SWAPPED = """UPDATE audit_entry SET seq = -seq WHERE seq < 3;
    UPDATE audit_entry SET seq = CASE seq WHEN -1 THEN 2 ELSE 1 END WHERE seq < 0"""


@pytest.mark.abuse("A42")
@pytest.mark.parametrize(
    ("damage", "place"),
    [
        ("UPDATE audit_entry SET actor_label = 'nobody' WHERE seq = 2", 2),
        ("DELETE FROM audit_entry WHERE seq = 2", 3),
        ("DELETE FROM audit_entry WHERE seq = 3", 3),
        (INSERTED, 4),
        (SWAPPED, 1),
    ],
)
def test_a_walk_finds_what_an_owner_did_with_the_triggers_off(three_entries, damage, place):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")  # no triggers
        cursor.execute(damage)
        cursor.execute("SET LOCAL session_replication_role = origin")
    assert verify_chain().broken_at == place


@pytest.mark.django_db(transaction=True)
def test_what_others_record_during_the_walk_is_no_damage(three_entries, noon):
    def write_in_between(execute, sql, params, many, context):
        done = execute(sql, params, many, context)
        if "audit_entry" in sql and not others:
            other = threading.Thread(target=add_another)
            others.append(other)
            other.start()
            other.join()
        return done

    def add_another():
        add_organisation(name="Delta", by="tests", now=noon)
        connection.close()

    others: list[threading.Thread] = []
    with connection.execute_wrapper(write_in_between):
        report = verify_chain()
    assert others
    assert report.whole, report.reason


@pytest.mark.abuse("A42")
@pytest.mark.parametrize(
    "forged",
    [
        "at = at - interval '1 day'",
        "actor_id = NULL",
        "actor_label = 'nobody'",
        "action = 'a.b.c'",
        "object_type = 'a.b'",
        "object_id = '0'",
        "object_label = 'Omega'",
        "details = '{}'",
        "request_id = 'another'",
        "written_by = 'another'",
        "recorded_at = at",
        "prev_hash = ''",
        "hash = repeat('0', 64)",
    ],
)
def test_no_column_of_an_entry_can_be_changed_unseen(make_person, noon, forged):
    ada = make_person(cast.ADA)
    with transaction.atomic():
        for n in range(3):
            record("accounts.person.enabled", on=ada, by=ada, at=noon, request_id=f"r-{n}", n=n)
    seq = Entry.objects.latest("seq").seq - 1
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")  # no triggers
        cursor.execute(f"UPDATE audit_entry SET {forged} WHERE seq = %s", [seq])
        cursor.execute("SET LOCAL session_replication_role = origin")
    assert verify_chain().broken_at == seq


WAIT_FOR_US = """SELECT count(*) FROM pg_locks
    WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))"""


@pytest.mark.django_db(transaction=True)
def test_two_writers_at_once_write_one_chain(three_entries, noon):
    """The second waits for the first one's commit, and goes on from its entry."""
    failed = []

    def write_second():
        try:
            add_organisation(name="Epsilon", by="tests", now=noon)
        except DatabaseError as error:
            failed.append(error)
        finally:
            connection.close()

    second = threading.Thread(target=write_second)
    with transaction.atomic():
        add_organisation(name="Delta", by="tests", now=noon)
        second.start()
        with connection.cursor() as cursor:
            waits = 0
            while not waits and second.is_alive():
                cursor.execute(WAIT_FOR_US)
                (waits,) = cursor.fetchone()
    second.join()
    assert failed == []
    assert list(Entry.objects.order_by("seq").values_list("seq", flat=True)) == [1, 2, 3, 4, 5]
    assert verify_chain().whole


def test_a_long_record_may_take_longer_than_a_page(three_entries):
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE OR REPLACE FUNCTION audit_hash_of(e audit_entry) RETURNS text"
            " LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.1); RETURN e.hash; END $$"
        )
        cursor.execute("SET LOCAL statement_timeout = 100")
    assert verify_chain().whole


@pytest.mark.abuse("A42")
@pytest.mark.django_db(transaction=True)
def test_what_is_recorded_outside_a_transaction_is_refused():
    with pytest.raises(RuntimeError, match="transaction"):
        record("a.b.c", on=Entry(), by="tests", at=None)
