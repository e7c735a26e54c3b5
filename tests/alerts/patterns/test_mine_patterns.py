"""What came again and again in history is a candidate, with its rhythm, verdicts and worth."""

from datetime import timedelta

import pytest

from alerts.incidents.models import Incident
from alerts.patterns.models import Candidate, Mining, State
from alerts.patterns.services.mine import CannotMine, mine_patterns
from alerts.sites.models import Criticality
from tests.alerts.patterns.conftest import SCAN
from tests.alerts.suppression.past import close_by, judge, routine
from tests.conftest import NOON
from tests.factories.incidents import make_alert, make_device, make_incident, make_site

pytestmark = pytest.mark.django_db


def _codes(candidate):
    return [code for code, _ in candidate.cannot]


def test_alike_alerts_are_one_candidate_with_counts_and_days(workspace, site, mine):
    routine(workspace, site)
    routine(workspace, site, days=20, destination="PLC-5")
    routine(workspace, site, days=4, source="HMI-1")  # too few to speak of routine
    first, second = mine()
    assert (first.alerts, first.incidents, first.days_seen) == (30, 30, 30)
    assert (first.source_device, first.destination_device) == ("ENG-WS-04", "PLC-4")
    assert second.destination_device == "PLC-5"
    assert (first.latest_at - first.first_at).days == 29
    told = Mining.objects.get()
    assert (told.alerts, told.history_days, told.candidates) == (54, 30, 2)


def test_two_sites_are_two_candidates(workspace, site, mine):
    routine(workspace, site)
    routine(workspace, make_site("Ulm"))
    assert sorted(row.site.name for row in mine()) == ["Gdańsk", "Ulm"]


def test_the_rhythm_is_of_the_plants_week(workspace, site, programming, mine):
    (row,) = mine()
    assert sum(row.rhythm) == 30
    assert {at % 24 for at, count in enumerate(row.rhythm) if count} == {7}
    assert (row.window.start, row.window.end, len(row.window.weekdays)) == (7, 8, 7)


def test_alerts_without_direction_are_alike_by_all_that_they_name(workspace, site, mine):
    for back in range(6):
        at = NOON - timedelta(days=back + 1)
        incident = make_incident(workspace, title=SCAN, created_at=at, site_ids=[site.pk])
        make_alert(incident, site=site, any_device=["HIST-01", "SCAN-1"], source_device="",
                   destination_device="")  # fmt: skip
    (row,) = mine()
    assert (row.parts.source, row.devices) == ("", ["HIST-01", "SCAN-1"])


def test_verdicts_are_trials_and_bound_what_could_be_suspicious(programming, oda, mine):
    judge(programming[:10], oda)
    for each in programming[10:29]:
        judge([each], oda, "maintenance", cause="maint-planned")
    judge(programming[29:], oda, "not-sure")
    (row,) = mine()
    assert row.verdicts == {"routine": 1, "maintenance": 19, "suspicious": 0, "not-sure": 1}
    assert (row.judged, row.cause, _codes(row)) == (20, "maint-planned", [])
    assert row.limit == pytest.approx(0.139, abs=0.001)


def test_rank_is_minutes_times_the_least_share_that_is_routine(workspace, site, oda, leo, mine):
    much, less = routine(workspace, site), routine(workspace, site, days=25, source="HMI-1")
    for each in less:
        judge([each], oda)
    judge(much[:1], oda)
    close_by(leo, much, after=timedelta(minutes=12))
    best, other = mine()
    assert (best.source_device, other.source_device) == ("HMI-1", "ENG-WS-04")
    assert (best.minutes_each, best.minutes_month) == (12, 300)
    assert best.rank == pytest.approx(300 * (1 - best.limit), abs=0.01)


def test_no_minutes_are_claimed_where_too_few_closings_were_measured(programming, leo, mine):
    close_by(leo, programming[:19], after=timedelta(minutes=12))
    (row,) = mine()
    assert (row.minutes_each, row.minutes_month) == (None, None)


def test_a_suspicious_verdict_or_a_true_positive_inside_forbids_a_rule(programming, oda, mine):
    judge(programming[:1], oda, "suspicious")
    Incident.objects.filter(pk=programming[1].pk).update(classification="TruePositive")
    (row,) = mine()
    assert _codes(row) == ["suspicious", "true_positive"]


def test_what_the_guards_hold_against_the_rule_is_said(workspace, site, mine):
    routine(workspace, site, title="Profinet Device Factory Reset", source="HMI-A")
    routine(workspace, site, title="Unauthorized PLC Programming", source="HMI-B", hour=1)
    for back in range(1, 11):
        for hour in (3, 9, 16, 22):
            at = (NOON - timedelta(days=back)).replace(hour=hour)
            incident = make_incident(workspace, created_at=at, site_ids=[site.pk], source="HMI-C",
                                     destination="PLC-4")  # fmt: skip
            make_alert(incident, site=site)
    make_device(site, "PLC-9", "10.0.0.9", criticality=Criticality.SAFETY)
    routine(workspace, site, title=SCAN, source="HMI-D", destination="PLC-9")
    found = {row.source_device: _codes(row) for row in mine()}
    assert "never.type" in found["HMI-A"]
    assert found["HMI-B"] == []  # it needs hours and has them
    assert found["HMI-C"] == ["box.hours"]
    assert found["HMI-D"] == ["never.asset"]


def test_mined_again_decisions_stay_and_what_is_gone_goes(workspace, site, oda, mine):
    routine(workspace, site)
    gone = routine(workspace, site, days=20, source="HMI-1")
    row, _ = mine()
    Candidate.objects.filter(pk=row.pk).update(state=State.REJECTED, state_reason="No.")
    gone[0].alerts.all().delete()
    for each in gone:
        each.alerts.all().delete()
    (again,) = mine()
    assert (again.pk, again.state, again.state_reason) == (row.pk, State.REJECTED, "No.")
    assert again.incidents == 30


def test_nonsense_days_are_refused():
    with pytest.raises(CannotMine, match="1 to 400 days"):
        mine_patterns(now=NOON, days=0)


def test_what_did_harm_outside_its_hours_is_told_and_forbids_no_rule(
    workspace, site, programming, oda, mine
):
    judge(programming[:3], oda)
    night = routine(workspace, site, days=10, hour=2)
    Incident.objects.filter(pk__in=[each.pk for each in night]).update(
        classification="TruePositive"
    )
    judge(night[:1], oda, "suspicious")
    (row,) = mine()
    assert (row.window.start, row.window.end) == (7, 8)
    assert (row.true_positives, row.suspicious, row.routine) == (0, 0, 1)
    assert row.outside == {"suspicious": 1, "true_positive": 10}
    assert not {"true_positive", "suspicious"} & set(_codes(row))


def test_what_did_harm_inside_its_hours_forbids_a_rule(programming, oda, mine):
    Incident.objects.filter(pk=programming[0].pk).update(classification="TruePositive")
    (row,) = mine()
    assert row.outside == {} and "true_positive" in _codes(row)
