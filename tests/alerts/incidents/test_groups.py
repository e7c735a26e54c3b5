import threading
import time
import uuid
from datetime import timedelta
from importlib import import_module

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from alerts.incidents.ingest.groups import regroup, touch_incidents
from alerts.incidents.models import (
    ACTIVE_FROM,
    ACTIVE_UNTIL,
    Group,
    Incident,
    IncidentStatus,
    PatternMemory,
    Severity,
)
from tests.factories.incidents import NOON, make_alert, make_incident, make_workspace

PATTERN = uuid.UUID(int=7)
LATER = NOON + timedelta(hours=1)


@pytest.fixture
def workspace(db):
    return make_workspace()


def alike(workspace, n, **columns):
    return [
        make_incident(
            workspace, **{"pattern": PATTERN, "created_at": NOON + timedelta(minutes=i)} | columns
        )
        for i in range(n)
    ]


def test_open_incidents_of_equal_pattern_are_one_row(workspace):
    rows = alike(workspace, 14, title="Firmware Change Detected")
    regroup([row.pk for row in rows], now=NOON)
    group = Group.objects.get()
    assert (group.n, group.latest, group.title) == (14, rows[-1], "Firmware Change Detected")
    assert (group.first_at, group.latest_at) == (NOON, NOON + timedelta(minutes=13))
    assert set(Incident.objects.values_list("group_key", flat=True)) == {group.key}


def test_while_details_are_pending_each_incident_stands_alone(workspace):
    regroup([row.pk for row in alike(workspace, 3, pattern=None)], now=NOON)
    assert list(Group.objects.values_list("n", flat=True)) == [1, 1, 1]


def test_what_differs_in_severity_is_another_row(workspace):
    rows = alike(workspace, 3)
    regroup([row.pk for row in rows], now=NOON)
    Incident.objects.filter(pk=rows[2].pk).update(severity=Severity.HIGH)
    regroup([rows[2].pk], now=LATER)
    assert sorted(Group.objects.values_list("n", flat=True)) == [1, 2]
    assert not Group.objects.exclude(changed_at=LATER).exists(), "both rows changed"


def test_one_stream_in_many_states_is_one_row_that_lists_them(workspace):
    rows = alike(workspace, 5)
    due, later = NOON + timedelta(hours=2), NOON + timedelta(hours=3)
    for row, change in zip(
        rows,
        (
            {"status": IncidentStatus.ACTIVE, "owner_id": "sam", "owner_name": "Sam Keller"},
            {"ot_state": "waiting", "ot_due_at": later},
            {"ot_state": "waiting", "ot_due_at": due},
            {"ot_state": "suspicious"},
            {},
        ),
        strict=True,
    ):
        Incident.objects.filter(pk=row.pk).update(**change)
    regroup([row.pk for row in rows], now=NOON)
    group = Group.objects.get()
    assert (group.n, group.n_unasked, group.n_waiting) == (5, 2, 2)
    assert group.statuses == [IncidentStatus.NEW, IncidentStatus.ACTIVE]
    assert group.ot_states == ["", "suspicious", "waiting"]
    assert (group.owner_ids, group.owner_names) == (["", "sam"], ["", "Sam Keller"])
    assert group.ot_due_at == due


@pytest.mark.parametrize(
    "end", [{"status": IncidentStatus.CLOSED}, {"gone_at": NOON}, {"merged_into": 4}], ids=str
)
def test_what_is_over_leaves_the_queue(workspace, end):
    rows = alike(workspace, 2)
    regroup([row.pk for row in rows], now=NOON)
    Incident.objects.filter(pk=rows[1].pk).update(**end)
    regroup([rows[1].pk], now=LATER)
    assert (Group.objects.get().n, Group.objects.get().latest) == (1, rows[0])
    Incident.objects.filter(pk=rows[0].pk).update(**end)
    regroup([rows[0].pk], now=LATER)
    assert not Group.objects.exists()


def test_priority_is_recomputed_and_its_parts_add_up(workspace):
    (row,) = alike(workspace, 1)
    PatternMemory.objects.create(
        pattern=PATTERN, first_seen_at=NOON, latest_seen_at=NOON, routine=30, seen=40
    )
    regroup([row.pk], now=NOON)
    row.refresh_from_db()
    assert row.priority == sum(points for _, points, _ in row.priority_parts)
    assert "routine-share" in {code for code, _, _ in row.priority_parts}
    assert Group.objects.get().priority == row.priority


def test_an_answer_that_is_late_raises_the_priority(workspace):
    (row,) = alike(workspace, 1, ot_state="waiting", ot_due_at=NOON)
    regroup([row.pk], now=NOON)
    before = Group.objects.get()
    regroup([row.pk], now=LATER)
    assert Group.objects.get().priority == before.priority + 10
    assert before.ot_due_at == NOON


def test_a_thousand_incidents_cost_as_many_queries_as_one(workspace):
    rows = alike(workspace, 30) + alike(workspace, 30, pattern=None)
    with CaptureQueriesContext(
        connection,
    ) as one:
        regroup([rows[0].pk], now=NOON)
    with CaptureQueriesContext(connection) as all_of_them:
        regroup([row.pk for row in rows], now=NOON)
    assert len(all_of_them) == len(one)


def test_a_touched_incident_and_its_row_are_new_to_live_lists(workspace):
    rows = alike(workspace, 2)
    regroup([row.pk for row in rows], now=NOON)
    touch_incidents([rows[0].pk], now=LATER)
    assert Group.objects.get().changed_at == LATER
    assert Incident.objects.get(pk=rows[0].pk).changed_at == LATER


@pytest.mark.django_db(transaction=True)
def test_two_who_close_and_add_at_once_agree_on_the_number():
    workspace = make_workspace()
    rows = alike(workspace, 8)
    regroup([row.pk for row in rows[:1]], now=NOON)
    Incident.objects.exclude(pk=rows[0].pk).update(status=IncidentStatus.CLOSED)
    failures = []

    def turn(number):
        try:
            for step in range(12):
                with transaction.atomic():
                    mine = rows[number::2]
                    status = IncidentStatus.NEW if (step + number) % 2 else IncidentStatus.CLOSED
                    Incident.objects.filter(pk__in=[row.pk for row in mine]).update(status=status)
                    regroup([row.pk for row in mine], now=NOON)
                    time.sleep(0.002)
        except Exception as error:
            failures.append(error)
        finally:
            connection.close()

    turns = [threading.Thread(target=turn, args=(number,)) for number in (0, 1)]
    for one in turns:
        one.start()
    for one in turns:
        one.join()
    assert not failures
    open_ones = Incident.objects.exclude(status=IncidentStatus.CLOSED).count()
    assert sum(Group.objects.values_list("n", flat=True)) == open_ones


@pytest.mark.django_db(transaction=True)
def test_a_row_that_another_removes_meanwhile_is_made_again():
    workspace = make_workspace()
    leaving, joining = alike(workspace, 2)
    Incident.objects.filter(pk=joining.pk).update(status=IncidentStatus.CLOSED)
    regroup([leaving.pk, joining.pk], now=NOON)
    removed, go_on = threading.Event(), threading.Event()

    def leave():
        with transaction.atomic():
            Incident.objects.filter(pk=leaving.pk).update(status=IncidentStatus.CLOSED)
            regroup([leaving.pk], now=NOON)
            removed.set()
            go_on.wait(5)
        connection.close()

    other = threading.Thread(target=leave)
    other.start()
    removed.wait(5)
    threading.Timer(0.2, go_on.set).start()
    with transaction.atomic():
        Incident.objects.filter(pk=joining.pk).update(status=IncidentStatus.NEW)
        regroup([joining.pk], now=NOON)
    other.join()
    assert Group.objects.get().n == 1
    assert Group.objects.get().latest == joining


def test_a_row_is_named_after_the_newest_of_the_highest_priority(workspace):
    rows = alike(workspace, 4)  # a late answer weighs more
    late = {"ot_state": "waiting", "ot_due_at": NOON - timedelta(hours=1)}
    Incident.objects.filter(pk__in=[rows[1].pk, rows[2].pk]).update(**late)
    regroup([row.pk for row in rows], now=NOON)
    group = Group.objects.get()
    assert (group.lead, group.number, group.latest) == (rows[2], rows[2].number, rows[3])
    assert group.priority == Incident.objects.get(pk=rows[2].pk).priority
    Incident.objects.filter(pk=rows[2].pk).update(ot_state="", ot_due_at=None)
    regroup([rows[2].pk], now=LATER)
    assert Group.objects.get().lead == rows[1]


@pytest.mark.parametrize(
    ("first", "latest", "modified", "offsets"),
    [
        (NOON - timedelta(hours=3), NOON - timedelta(hours=1), NOON, (-3, -1)),
        (None, NOON - timedelta(hours=1), NOON, (-1, -1)),
        (NOON - timedelta(hours=3), None, NOON, (-3, 0)),
        (None, None, NOON, (0, 0)),
        (None, NOON + timedelta(days=400), NOON, (0, 0)),  # a moment that cannot be
    ],
)
def test_a_row_tells_when_its_alerts_were_active(workspace, first, latest, modified, offsets):
    row = make_incident(
        workspace,
        pattern=PATTERN,
        first_activity_at=first,
        latest_activity_at=latest,
        modified_at=modified,
    )
    regroup([row.pk], now=NOON)
    group = Group.objects.get()
    hours = [NOON + timedelta(hours=offset) for offset in offsets]
    assert [group.first_at, group.latest_at] == hours
    assert [row.active_from, row.active_until] == hours
    queried = Incident.objects.values_list(ACTIVE_FROM, ACTIVE_UNTIL)
    assert list(queried) == [tuple(hours)]


def test_rows_that_are_there_are_named_when_the_software_is_renewed(workspace):
    rows = alike(workspace, 3, latest_activity_at=NOON - timedelta(hours=1))
    for row in rows:
        make_alert(row, at=NOON - timedelta(hours=2))
    regroup([row.pk for row in rows], now=NOON)
    before = "lead", "number", "priority", "first_at", "latest_at"
    Group.objects.update(lead=None, number=None, priority=1, first_at=NOON, latest_at=NOON)
    migration = import_module("alerts.incidents.migrations.0014_name_the_rows_that_are_there")
    with connection.cursor() as cursor:
        cursor.execute(migration.ACTIVITY)
        cursor.execute(migration.ROWS)
    named = Group.objects.values_list(*before).get()
    Incident.objects.update(changed_at=NOON)
    regroup([row.pk for row in rows], now=LATER)
    assert Group.objects.values_list(*before).get() == named
    assert named[3] == NOON - timedelta(hours=2)


def test_what_was_closed_before_moments_were_stored_is_active_since_its_first_alert(workspace):
    early, late = NOON - timedelta(hours=2), NOON - timedelta(hours=1)
    closed, dated, without = (
        make_incident(workspace, status=IncidentStatus.CLOSED, latest_activity_at=late, **columns)
        for columns in ({}, {"first_activity_at": NOON}, {})
    )
    for row in (closed, dated):
        for at in (late, early):
            make_alert(row, at=at)
    migration = import_module("alerts.incidents.migrations.0017_since_when_closed_ones_were_active")
    with connection.cursor() as cursor:
        cursor.execute(migration.FILL)
    found = [Incident.objects.get(pk=row.pk).first_activity_at for row in (closed, dated, without)]
    assert found == [early, NOON, None]
    Incident.objects.filter(pk=closed.pk).update(status=IncidentStatus.ACTIVE)
    regroup([closed.pk], now=NOON)
    assert Group.objects.get().first_at == early


def test_nothing_to_regroup_asks_nothing_of_the_database(db):
    with CaptureQueriesContext(connection) as asked:
        regroup([], now=NOON)
    assert not asked.captured_queries  # not even a transaction


def test_incidents_that_name_no_device_are_rows_of_their_own(workspace):
    nameless, named = alike(workspace, 3, names_device=False), alike(workspace, 3)
    regroup([row.pk for row in (*nameless, *named)], now=NOON)
    assert sorted(Group.objects.values_list("n", flat=True)) == [1, 1, 1, 3]
    leads = Group.objects.filter(n=1).values_list("lead", flat=True)
    assert set(leads) == {row.pk for row in nameless}


def test_rows_that_were_split_by_state_become_one_when_the_software_is_renewed(workspace):
    facts = {"techniques": ["T0855", "T0801"], "product_names": ["Microsoft Defender for IoT"]}
    rows = alike(workspace, 3, **facts) + alike(workspace, 2, pattern=None)
    make_alert(rows[0], function="Write")
    Incident.objects.filter(pk=rows[0].pk).update(functions="Write")
    Incident.objects.filter(pk=rows[1].pk).update(ot_state="waiting", ot_due_at=LATER)
    Incident.objects.filter(pk=rows[2].pk).update(owner_id="sam", owner_name="Sam Keller")
    regroup([row.pk for row in rows], now=NOON)
    after = list(Group.objects.order_by("key").values())
    for row in rows[:3]:
        Incident.objects.filter(pk=row.pk).update(group_key=uuid.uuid4(), functions="")
    migration = import_module("alerts.incidents.migrations.0032_storms_fold")
    delete = "DELETE FROM incidents_group"
    with connection.cursor() as cursor:
        for statement in (delete, migration.FUNCTIONS, migration.KEYS, migration.BEFORE.ROWS):
            cursor.execute(statement)
    assert list(Group.objects.order_by("key").values()) == after


def test_the_version_before_still_reads_and_writes_rows_during_an_upgrade(workspace):
    taken = {"status": IncidentStatus.ACTIVE, "owner_id": "sam", "owner_name": "Sam Keller"}
    (row,) = alike(workspace, 1, **taken)
    regroup([row.pk], now=NOON)
    before = import_module("alerts.incidents.migrations.0032_storms_fold").BEFORE
    old = ", ".join(before.OLD_COLUMNS)
    others = "workspace_id, site_ids, place, alert_type, title, protocol, source, destination"
    counts = "severity, n, latest_id, priority, first_at, latest_at, changed_at"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {old} FROM incidents_group")
        assert cursor.fetchall() == [("", "", "", IncidentStatus.NEW)]
        cursor.execute(before.OLD_VALUES)
        cursor.execute(
            f"INSERT INTO incidents_group (key, {others}, {counts}, {old})"
            f" SELECT gen_random_uuid(), {others}, {counts}, {old} FROM incidents_group"
        )
        cursor.execute(f"SELECT {old} FROM incidents_group")
        assert cursor.fetchall() == [("", "sam", "Sam Keller", IncidentStatus.ACTIVE)] * 2
