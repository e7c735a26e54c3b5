"""Decisions: one act of one person is one, however many incidents it holds; what people did not
decide in Tagout is none.
"""

from datetime import timedelta
from uuid import uuid4

import pytest

from alerts.dashboards.engine.periods import SHIFT, ReportSpan
from alerts.dashboards.measures import MEASURES, WEEK
from alerts.dashboards.queries.series import series_of
from alerts.dashboards.queries.sync import coverage_by_workspace, syncs_visible_to
from alerts.incidents.acts.apply import undo_act, write_timeline
from alerts.incidents.acts.bulk import process_piece, start_bulk_act
from alerts.incidents.acts.close import close_incidents
from alerts.incidents.acts.triage import assign_incidents
from alerts.incidents.models import IncidentStatus, TimelineItem
from alerts.reviews.models import Opinion, SecondOpinion, Verdict
from portal.accounts.models import ApiToken
from tests.conftest import NOON
from tests.factories.incidents import make_incident
from tests.program import Program

pytestmark = pytest.mark.usefixtures("fixed_clocks")
BENIGN = {"classification": "BenignPositive", "reason": "SuspiciousButExpected"}
HOUR = timedelta(hours=1)


def points_of(user, name, *, span=None, **more):
    """The numbers of Mia's latest shift, unless another span is given."""
    (found,) = series_of(
        [MEASURES[name]],
        user,
        span=span or ReportSpan(NOON - SHIFT, NOON, SHIFT),
        covered=coverage_by_workspace(syncs_visible_to(user, now=NOON)),
        now=NOON,
        **more,
    )
    return {series.group: [point.number.value for point in series.points] for series in found}


@pytest.fixture
def decisions(mia):
    """`decisions()` is how many decisions Mia's numbers have in the latest shift."""
    return lambda: points_of(mia, "decisions")[None][0]


def close(incidents, *, by, now=NOON - HOUR, **more):
    ids = [incident.pk for incident in incidents]
    return close_incidents(incident_ids=ids, by=by, now=now, **BENIGN | more)


def test_forty_incidents_closed_by_one_tap_are_one_decision(make, sam, decisions):
    close(make(40), by=sam)
    assert TimelineItem.objects.filter(code="closed").count() == 40
    assert decisions() == 1


def test_two_taps_are_two_decisions_also_on_the_same_incidents(make, sam, ask, answer, decisions):
    rows = make(3)
    answer(ask(rows))
    close(rows, by=sam)
    assert decisions() == 3  # asked, answered, closed
    close(make(destination="PLC-2"), by=sam)
    assert decisions() == 4


def test_an_act_on_many_incidents_is_one_decision_though_done_piece_by_piece(make, sam, decisions):
    rows = make(70)
    begin = {"values": BENIGN | {"comment": ""}, "title": "Close", "unshifted": NOON}
    start_bulk_act(verb="close", incidents=rows, by=sam, now=NOON - HOUR, **begin)
    assert process_piece(unshifted=NOON, now=NOON - HOUR)
    assert process_piece(unshifted=NOON, now=NOON - HOUR / 2)
    assert TimelineItem.objects.filter(code="closed").values("at").distinct().count() == 2
    assert decisions() == 1


def test_an_act_over_the_border_of_two_shifts_counts_in_the_first(make, sam, mia):
    act = uuid4()
    first, second = make(2)
    close([first], by=sam, act=act, now=NOON - SHIFT)
    close([second], by=sam, act=act, now=NOON - SHIFT + HOUR)
    both = ReportSpan(NOON - 2 * SHIFT, NOON, SHIFT)
    assert points_of(mia, "decisions", span=both)[None] == [1, 0]
    assert points_of(mia, "decisions")[None] == [0], "nor does it count again in the second alone"


def test_what_was_undone_is_no_decision(make, sam, decisions):
    act = close(make(2), by=sam, now=NOON)
    undo_act(act=act, by=sam, now=NOON)
    assert decisions() == 0


def test_rules_programs_and_files_decide_nothing(make, sam, oda, ask, answer, decisions):
    write_timeline(
        incident_ids=[make()[0].pk],
        code="closed",
        side=TimelineItem.Side.PORTAL,
        by="R-12",
        now=NOON - HOUR,
        act=uuid4(),
    )
    sam.via_token = ApiToken(prefix="tgt_abc")
    oda.via_token = ApiToken(prefix="tgt_def")
    question = ask(make(destination="PLC-2"))
    answer(question)
    close(make(destination="PLC-3"), by=sam)
    assert set(TimelineItem.objects.values_list("code", flat=True)) >= {"asked", "answered"}
    TimelineItem.objects.create(
        incident=make(destination="PLC-4")[0],
        at=NOON - HOUR,
        side="ot",
        by=oda,
        code="answered",
        act=uuid4(),
        details={"imported": True},
    )
    assert decisions() == 0


def test_taking_an_incident_is_no_decision_about_it(make, sam, decisions):
    assign_incidents(incident_ids=[make()[0].pk], to=sam, by=sam, now=NOON - HOUR)
    assert decisions() == 0


def test_a_second_opinion_counts_once_also_where_it_takes_the_place_of_the_first(
    make, site, ask, answer, oda, olaf, decisions
):
    question = ask(make(2), now=NOON - 2 * SHIFT)
    verdict = answer(question, now=NOON - 2 * SHIFT)
    case = SecondOpinion.objects.create(verdict=verdict, site=site, opened_at=NOON - SHIFT)
    opinion = Opinion.objects.create(
        second_opinion=case,
        person=olaf,
        asked_at=NOON - SHIFT,
        due_at=NOON,
        state="answered",
        settled_at=NOON - HOUR,
        verdict="routine",
        act=uuid4(),
    )
    assert decisions() == 1
    case.correction = Verdict.objects.create(
        kind="routine", by=olaf, given_at=NOON - HOUR, key=uuid4(), act=uuid4()
    )
    case.save()
    assert opinion.pk
    assert decisions() == 0, "the verdict itself is counted in its place"


def test_a_site_a_workspace_and_a_person_have_their_own_decisions(
    make, sam, site, porto, porto_workspace, mia, olaf
):
    close(make(2), by=sam)
    close(make(site_ids=[site.pk, porto.pk], destination="PLC-2"), by=sam)
    assert points_of(mia, "decisions", group_by="site") == {"Gdańsk": [2], "Porto": [1]}
    assert points_of(mia, "decisions", group_by="workspace") == {"gdansk": [2]}
    assert points_of(mia, "decisions", site=porto) == {None: [1]}
    assert points_of(olaf, "decisions") == {None: [2]}


def test_a_thousand_incidents_are_those_that_came_since_their_workspace_was_connected(
    make, sam, mia, workspace
):
    make(8, destination="PLC-2", created_at=NOON - timedelta(days=3))  # added two days ago
    make(6, destination="PLC-3", created_at=NOON - timedelta(days=1))
    close(make(2), by=sam)
    week = ReportSpan(NOON - WEEK, NOON, WEEK)
    assert points_of(mia, "decisions-per-thousand", span=week) == {None: [125.0]}  # 1 of 8
    assert points_of(mia, "decisions-per-thousand", group_by="site") == {"Gdańsk": [500.0]}


def test_before_a_workspace_was_connected_there_is_no_number(mia, workspace):
    days = ReportSpan(NOON - timedelta(days=4), NOON, timedelta(days=1))
    assert points_of(mia, "decisions", span=days)[None] == [None, None, 0, 0]


def test_what_was_answered_before_the_workspace_was_connected_was_not_decided_here(
    make, ask, answer, mia
):
    long_ago = NOON - timedelta(days=3)
    answer(ask(make(), now=long_ago), now=long_ago)
    week = ReportSpan(NOON - WEEK, NOON, WEEK)
    assert points_of(mia, "decisions", span=week) == {None: [0]}


def test_minutes_after_the_connection_there_is_no_rate(client, make, sam, mia, workspace, site):
    workspace.added_at = NOON - 2 * HOUR
    workspace.save()
    close(make(), by=sam)
    client.force_login(mia)
    plan = client.get(f"/decisions/?site={site.uuid}").text
    assert "1 decision of people here in the last 7 days: " in plan
    assert "counted since 24 Nov 2026" in plan and "a shift" not in plan


def test_share_closed_by_rules_is_of_incidents_that_came(client, mia, workspace, site):
    for closed_by in ("", "R-12", "R-12", "R-7"):
        closed = {"status": IncidentStatus.CLOSED, "closed_at": NOON - HOUR}
        make_incident(workspace, site_ids=[site.pk], closed_by=closed_by, **closed)
    make_incident(workspace, site_ids=[site.pk])
    assert points_of(mia, "closed-by-rule-share") == {None: [60]}
    client.force_login(mia)
    plan = client.get(f"/decisions/?site={site.uuid}").text
    assert "Rules closed 60 % of the 5 incidents that came." in plan
    quiet = ReportSpan(NOON - 9 * WEEK, NOON - 8 * WEEK, WEEK)
    assert points_of(mia, "closed-by-rule-share", span=quiet) == {None: [None]}


def test_page_plan_and_program_show_the_same(client, make, sam, mia, olaf, oda, site):
    close(make(3), by=sam)
    close(make(5, destination="PLC-2"), by=sam)
    client.force_login(mia)
    home = " ".join(client.get("/").text.split())
    assert "0.7 a shift" not in home
    assert "counted since 22 Nov 2026" in home
    plan = client.get(f"/decisions/?site={site.uuid}")
    assert "2 decisions of people here in the last 7 days: 0.3 a shift" in plan.text
    (point,) = (
        Program(mia)
        .get("metrics/decisions/?from=2026-11-17T12:00:00Z&to=2026-11-24T12:00:00Z")
        .json()["series"][0]["points"]
    )
    assert (point["value"], point["missing_seconds"]) == (2, 5 * 86400)
    a_thousand = Program(mia).get("metrics/decisions-per-thousand/").json()
    assert a_thousand["series"][0]["points"][-1]["value"] == 250.0
    assert "250 per thousand incidents" in plan.text
    assert "250 per thousand incidents" in home


def test_who_reads_no_numbers_reads_no_decisions_of_a_site(client, make, oda, site):
    client.force_login(oda)
    assert client.get(f"/decisions/?site={site.uuid}").status_code == 404
    assert client.get("/decisions/?site=none").status_code == 404
