"""Numbers over weeks: each incident once, each place apart, no zero where nothing was read."""

from datetime import timedelta

import pytest

from alerts.dashboards.engine.periods import Coverage, ReportSpan
from alerts.dashboards.measures import MEASURES, WEEK
from alerts.dashboards.queries.series import series_of
from alerts.incidents.models import IncidentStatus
from portal.accounts.models import GrantScope, Role
from tests import cast
from tests.conftest import NOON
from tests.factories.incidents import make_alert, make_incident, make_site

FOUR_WEEKS = ReportSpan(NOON - 4 * WEEK, NOON, WEEK)
READ = Coverage(NOON - timedelta(days=90), NOON)


def weeks(n):
    return NOON - n * WEEK


@pytest.fixture
def values(mia, workspace):
    """`values("closed-by-rule")` are the four weeks' numbers, as Mia sees them; grouped by name."""

    def found(name, group_by="", *, user=mia, covered=None):
        covered = covered or {workspace.pk: READ}
        (made,) = series_of(
            [MEASURES[name]], user, span=FOUR_WEEKS, covered=covered, group_by=group_by, now=NOON
        )
        by_group = {
            series.group: [point.number.value for point in series.points] for series in made
        }
        return by_group if group_by else by_group[None]

    return found


def closed(workspace, ago, **columns):
    values = {"status": IncidentStatus.CLOSED, "created_at": weeks(8), "closed_at": weeks(ago)}
    return make_incident(workspace, **values | {"modified_at": NOON} | columns)


def test_an_incident_is_open_from_its_creation_to_the_close_that_stands(workspace, values):
    make_incident(workspace, created_at=weeks(2.5))  # still open
    closed(workspace, 1.5)  # open at the ends of two weeks
    closed(workspace, 0.5, created_at=weeks(0.9))  # came and went within one week
    make_incident(workspace, created_at=weeks(8), gone_at=weeks(3.5))  # deleted in Sentinel
    make_incident(workspace, created_at=weeks(8), merged_into=7)  # its survivor counts
    assert values("open-incidents") == [1, 2, 1, 1]


def test_people_and_rules_close_apart(workspace, values):
    closed(workspace, 0.5)
    closed(workspace, 0.6)
    closed(workspace, 0.5, closed_by="R-12")
    closed(workspace, 2.5, closed_by="R-7")
    closed(workspace, 9)  # before the stretch began
    make_incident(workspace, closed_by="")
    assert values("closed-by-people") == [0, 0, 0, 2]
    assert values("closed-by-rule") == [0, 1, 0, 1]


def test_a_moment_on_the_border_counts_in_the_week_that_it_ends(workspace, values):
    closed(workspace, 1, created_at=weeks(3))
    closed(workspace, 4, created_at=weeks(8))  # just before the stretch
    assert values("closed-by-people") == [0, 0, 1, 0]
    assert values("open-incidents") == [1, 1, 0, 0]


def test_an_incident_with_many_alerts_is_one_incident(workspace, site, values):
    incident = closed(workspace, 0.5, site_ids=[site.pk])
    for _ in range(3):
        make_alert(incident, site=site)
    assert values("closed-by-people") == [0, 0, 0, 1]
    assert values("closed-by-people", "site") == {"Gdańsk": [0, 0, 0, 1]}


def test_an_incident_that_touches_two_sites_counts_at_both_and_once_in_all(
    workspace, site, porto, values
):
    closed(workspace, 0.5, site_ids=[site.pk, porto.pk])
    closed(workspace, 0.5)  # of no site
    assert values("closed-by-people") == [0, 0, 0, 2]
    assert values("closed-by-people", "workspace") == {"gdansk": [0, 0, 0, 2]}
    assert values("closed-by-people", "site") == {
        "Gdańsk": [0, 0, 0, 1],
        "Porto": [0, 0, 0, 1],
        "": [0, 0, 0, 1],
    }


def test_a_foreign_site_of_ones_own_incident_is_not_named(workspace, site, porto, values, olaf):
    closed(workspace, 0.5, site_ids=[site.pk, porto.pk])
    assert values("closed-by-people", "site", user=olaf) == {"Gdańsk": [0, 0, 0, 1]}


def test_numbers_end_at_the_edge_of_the_reach(workspace, porto_workspace, values, make_person):
    closed(porto_workspace, 0.5)
    boss = make_person(cast.LEO, (Role.MANAGER, GrantScope.WORKSPACE, workspace.uuid))
    assert values("closed-by-people", user=boss) == [0, 0, 0, 0]
    assert values("closed-by-people", "workspace", user=boss) == {}


def test_each_kind_of_alert_has_its_own_numbers(workspace, values):
    closed(workspace, 0.5, alert_type="Port Scan")
    make_incident(workspace, alert_type="PLC Stop", created_at=weeks(1.5))
    assert values("open-incidents", "alert_type") == {
        "PLC Stop": [0, 0, 1, 1],
        "Port Scan": [1, 1, 1, 0],
    }


def test_weeks_that_were_not_read_have_no_number(workspace, porto_workspace, values):
    closed(workspace, 0.5)
    behind = {workspace.pk: READ, porto_workspace.pk: Coverage(weeks(2.5), NOON - WEEK / 2)}
    assert values("closed-by-people", covered=behind) == [None, None, 0, None]
    assert values("closed-by-people", "workspace", covered=behind) == {"gdansk": [0, 0, 0, 1]}


def test_weeks_without_an_answer_have_no_answer_time_whatever_was_read(
    workspace, make, ask, answer, values
):
    for hours, minutes in ((50, 20), (80, 40), (90, 60)):
        asked_at = NOON - timedelta(hours=hours)
        answer(
            ask(make(destination=f"PLC-{hours}"), now=asked_at),
            now=asked_at + timedelta(minutes=minutes),
        )
    unread = {workspace.pk: Coverage(None, None)}
    assert values("answer-time", covered=unread) == [None, None, None, 40 * 60]
    assert values("answer-time", "site") == {"Gdańsk": [None, None, None, 40 * 60]}
    assert values("answered-in-time") == [None, None, None, 100]


def test_a_question_counts_in_the_week_in_which_it_became_late(make, ask, values):
    ask(make(), now=weeks(2.5))
    assert values("answered-in-time") == [None, 0, None, None]


def test_a_site_of_a_workspace_in_reach_has_its_past(workspace, values, make_person):
    boss = make_person(cast.LEO, (Role.MANAGER, GrantScope.WORKSPACE, workspace.uuid))
    closed(workspace, 0.5, site_ids=[make_site("Łódź").pk])
    assert values("closed-by-people", "site", user=boss) == {"Łódź": [0, 0, 0, 1]}
