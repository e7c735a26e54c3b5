"""Work that has run over its end: one question to its owner."""

from datetime import UTC, datetime, timedelta

import pytest

from alerts.planned_work.services.work import ask_about_overruns, extend_work, finish_work
from portal.notifications.models import Notification

pytestmark = pytest.mark.django_db

SLACK_ENDS = datetime(2026, 11, 24, 13, 0, tzinfo=UTC)
EARLY = SLACK_ENDS - timedelta(days=1)
HOUR = timedelta(hours=1)


def test_its_owner_is_asked_once_after_the_slack(planned, oda):
    planned(now=EARLY)
    assert ask_about_overruns(now=SLACK_ENDS - HOUR / 60) == 0
    assert ask_about_overruns(now=SLACK_ENDS) == 1
    assert ask_about_overruns(now=SLACK_ENDS + HOUR) == 0
    line = Notification.objects.get()
    assert line.to == oda
    assert line.subject == "Still going on? WO-4711, Drive firmware, Process Line 2"


def test_nobody_is_asked_about_work_that_is_done_or_recurs(planned, oda):
    work = planned(now=EARLY)
    finish_work(occurrence_id=work.occurrences.get().pk, by=oda, now=SLACK_ENDS - HOUR)
    planned(now=EARLY, rule="FREQ=DAILY")
    assert ask_about_overruns(now=SLACK_ENDS) == 0


def test_extended_work_is_asked_about_again_after_its_new_end(planned, oda):
    work = planned(now=EARLY)
    ask_about_overruns(now=SLACK_ENDS)
    occurrence = work.occurrences.get(known_until=None)
    extend_work(
        occurrence_id=occurrence.pk, until=SLACK_ENDS + 2 * HOUR, by=oda, now=SLACK_ENDS + HOUR
    )
    assert ask_about_overruns(now=SLACK_ENDS + 2 * HOUR) == 0
    assert ask_about_overruns(now=SLACK_ENDS + 3 * HOUR) == 1


def test_the_leads_are_asked_where_nobody_owns_it(planned, olaf):
    planned(now=EARLY, by="command line")
    ask_about_overruns(now=SLACK_ENDS)
    assert Notification.objects.get().to == olaf
