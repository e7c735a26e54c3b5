"""Incidents of a site are counted by day, and a back-test finds them counted."""

from datetime import timedelta

import pytest

from alerts.suppression.backtesting.history import incidents_at_sites
from alerts.suppression.backtesting.history_sql import TimeSpan
from alerts.suppression.models import SiteDay
from alerts.suppression.watching.site_days import count_site_days
from tests.alerts.suppression.past import routine
from tests.conftest import NOON
from tests.factories.incidents import make_incident, make_site, make_workspace

pytestmark = pytest.mark.django_db


@pytest.fixture
def sites():
    workspace, site, other = make_workspace(), make_site(), make_site("Ulm")
    routine(workspace, site, days=30)
    routine(workspace, other, days=3)
    make_incident(workspace, site_ids=[site.pk, other.pk], created_at=NOON - timedelta(hours=1))
    return site, other


def test_whole_days_are_counted_once_and_late_arrivals_at_the_next_count(sites):
    assert count_site_days(now=NOON) == count_site_days(now=NOON) == 33
    make_incident(
        make_workspace("north"), site_ids=[sites[1].pk], created_at=NOON - timedelta(days=9)
    )
    assert count_site_days(now=NOON) == SiteDay.objects.count() == 34


def test_counted_or_not_the_incidents_of_a_site_are_the_same(sites):
    period = TimeSpan((NOON - timedelta(days=20)).replace(hour=0) - timedelta(seconds=1), NOON)
    before = incidents_at_sites(["Gdańsk", "Ulm"], period)
    count_site_days(now=NOON)
    assert incidents_at_sites(["Gdańsk", "Ulm"], period) == before == {"Gdańsk": 21, "Ulm": 4}


def test_a_day_that_the_period_cuts_is_left_out_of_what_was_counted(sites):
    count_site_days(now=NOON)
    period = TimeSpan(NOON - timedelta(days=2), NOON)
    assert incidents_at_sites(["Ulm"], period) == {"Ulm": 2}
