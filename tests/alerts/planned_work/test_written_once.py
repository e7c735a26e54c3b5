"""What work was planned, when it takes place and who confirmed it: the database keeps what was
written once, and the worker that works it out ahead adds nothing that nobody planned.
"""

import uuid
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from alerts.planned_work.models import Occurrence, Revision, WorkConfirmation
from alerts.planned_work.services.confirm import confirm_work
from alerts.planned_work.services.occurrences import work_out_ahead
from portal.accounts.models import GrantScope, Role
from tests import cast
from tests.conftest import NOON
from tests.worker_roles import take_on

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def work(planned, make_person, site):
    work = planned(rule="FREQ=DAILY")
    olaf = make_person(cast.OLAF, (Role.OT_SITE_LEAD, GrantScope.SITE, site.uuid))
    confirm_work(work_id=work.pk, revision=1, by=olaf, now=NOON)
    return work


def refuses(match):
    return pytest.raises(DatabaseError, match=match)


@pytest.mark.parametrize("queue", [None, "bulk"])
@pytest.mark.parametrize(
    ("model", "columns"),
    [
        (Revision, {"rule": ""}),
        (Revision, {"dates": {"moved": []}}),
        (Revision, {"length": DAY}),
        (Revision, {"kind": "backup"}),
        (Revision, {"zone_id": 1}),
        (Revision, {"known_from": NOON - 9 * DAY}),
        (Revision, {"digest": "0" * 64}),
        (Occurrence, {"starts_at": NOON - 90 * DAY}),
        (Occurrence, {"ends_at": NOON + 90 * DAY}),
        (Occurrence, {"late_until": NOON + 90 * DAY}),
        (Occurrence, {"known_from": NOON - 9 * DAY}),
        (Occurrence, {"watched": (NOON - 9 * DAY, NOON + 9 * DAY)}),
        (Occurrence, {"uuid": uuid.UUID(int=7)}),
        (WorkConfirmation, {"confirmed_at": NOON - 9 * DAY}),
        (WorkConfirmation, {"by_label": "Oda Nowak"}),
        (WorkConfirmation, {"by_id": 1}),
        (WorkConfirmation, {"revision_id": 1}),
    ],
)
def test_what_was_planned_stays_as_it_was(work, queue, model, columns):
    row = model.objects.order_by("pk").first()
    changes = {name: value for name, value in columns.items() if getattr(row, name) != value}
    changes = changes or {name: value + 1 for name, value in columns.items()}

    def write():
        with refuses("only these columns|permission denied"), transaction.atomic():
            model.objects.filter(pk=row.pk).update(**changes)

    if queue is None:
        write()
    else:
        with take_on(queue):
            write()


def test_what_lives_of_it_changes(work):
    Occurrence.objects.update(known_until=NOON, done_at=NOON, asked_at=NOON)
    Revision.objects.update(is_latest=False, worked_out_until=NOON)


def test_nobody_takes_a_confirmation_away(work):
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("CREATE ROLE tagout_tests_app")
        cursor.execute("GRANT ALL ON planned_work_workconfirmation TO tagout_tests_app")
        cursor.execute("SELECT others_may('planned_work_workconfirmation', 'SELECT, INSERT')")
        cursor.execute("SET LOCAL ROLE tagout_tests_app")
        for statement in ("DELETE FROM {}", "TRUNCATE {}", "UPDATE {} SET by_label = ''"):
            with refuses("permission denied"), transaction.atomic():
                cursor.execute(statement.format("planned_work_workconfirmation"))
        cursor.execute("RESET ROLE")


def test_the_worker_works_recurring_work_out_further_ahead(work):
    with take_on("bulk"):
        assert work_out_ahead(now=NOON + 60 * DAY) == 60


def next_occurrence(work, **columns):
    """The next time that nobody knows yet, with these columns."""
    revision = work.revisions.get(is_latest=True)
    starts = revision.worked_out_until + DAY
    values = {
        "work_id": work.pk,
        "revision_id": revision.pk,
        "site_id": work.site_id,
        "starts_at": starts,
        "ends_at": starts + revision.length,
        "watched": (starts, starts + revision.length),
        "known_from": revision.known_from,
    }
    return Occurrence(**values | columns)


def test_the_worker_adds_no_time_that_nobody_planned(work, planned, plan, devices):
    once = planned(title="Something else")
    revision = once.revisions.get(is_latest=True)
    start = NOON + 200 * DAY
    wrong = [
        {"starts_at": NOON, "ends_at": NOON + timedelta(hours=5)},
        {"known_from": NOON - 9 * DAY},
        {"came_by_token": True},
        {"late_until": start},
        {"done_at": NOON},
        {"ends_at": start + 20 * DAY},
        {"work_id": once.pk, "revision_id": revision.pk},
        {"revision_id": revision.pk},
    ]
    with take_on("bulk"):
        for columns in wrong:
            with refuses("permission denied"), transaction.atomic():
                next_occurrence(work, **columns).save()
        for columns in ({"known_until": NOON}, {"done_at": NOON}):
            with refuses("permission denied"), transaction.atomic():
                Occurrence.objects.update(**columns)
        for until in (NOON, NOON - DAY):
            with refuses("permission denied"), transaction.atomic():
                Revision.objects.update(worked_out_until=until)
        next_occurrence(work).save()
