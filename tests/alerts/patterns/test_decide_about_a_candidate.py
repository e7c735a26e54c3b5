"""A candidate becomes a rule, is rejected with a reason, or put off for thirty days."""

from datetime import timedelta

import pytest

from alerts.patterns.models import Candidate, State
from alerts.patterns.queries import candidates_visible_to, still_open
from alerts.patterns.services.decide import (
    CannotDecide,
    reject_candidate,
    reopen_candidate,
    rule_of,
    snooze_candidate,
    turn_into_rule,
)
from alerts.suppression.engine.rule import reasons_against_rule
from alerts.suppression.engine.sentinel_conditions import PROBED
from alerts.suppression.models import RuleVersion
from portal.audit.models import Entry
from tests.alerts.patterns.conftest import SCAN
from tests.alerts.suppression.past import judge, routine
from tests.conftest import NOON
from tests.factories.incidents import make_alert, make_device, make_incident

pytestmark = pytest.mark.django_db


def _lines(rule):
    return [(line.field, line.operator, line.values) for line in rule.all_of]


def test_the_draft_says_what_the_candidate_is(programming, judged, mine, oda):
    (row,) = mine()
    version = turn_into_rule(candidate_id=row.pk, by=oda, now=NOON)
    said = version.said
    assert _lines(said) == [
        ("workspace", "is", ("gdansk",)),
        ("site", "is", ("Gdańsk",)),
        ("alert_type", "is", ("Unauthorized PLC Programming",)),
        ("source_device", "is", ("ENG-WS-04",)),
        ("destination_device", "is", ("PLC-4",)),
        ("time", "within", tuple(sorted(
            f"{day} 07:00-08:00 Europe/Warsaw"
            for day in ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
        ))),
    ]  # fmt: skip
    assert said.enforcement == "tagout"
    assert sorted(said.evidence) == sorted(str(each.uuid) for each in judged)
    assert said.expires_at == NOON + timedelta(days=30)  # time-boxed
    assert reasons_against_rule(said) == []
    row.refresh_from_db()
    assert (row.state, row.rule, row.state_by) == (State.HAS_RULE, version.rule, oda)
    assert "patterns.candidate.turned" in Entry.objects.values_list("action", flat=True)


PLACE = [("workspace", "is", ("gdansk",)), ("site", "is", ("Gdańsk",))]
SCANS = [
    ("alert_type", "is", (SCAN,)),
    ("severity", "at_most", ("Medium",)),  # the type is High as a rule; here it never was
]


@pytest.fixture
def scans(workspace, site):
    """`scans(source=…)` scans four times a day, at no particular hour, from a known device."""
    for name, address in (("SCAN-1", "10.0.0.1"), ("HIST-1", "10.0.0.2")):
        make_device(site, name, address)

    def happen(**columns):
        for back in range(1, 11):
            for hour in (3, 9, 16, 22):
                at = (NOON - timedelta(days=back)).replace(hour=hour)
                incident = make_incident(workspace, title=SCAN, created_at=at, site_ids=[site.pk])
                make_alert(incident, site=site, **columns)

    return happen


@pytest.fixture
def accepts(workspace):
    """`accepts()`: a probe has shown that the workspace takes all our conditions."""

    def probed():
        known = {"accepts": sorted(PROBED), "probed_at": NOON.isoformat()}
        workspace.capabilities = {"rules": known}
        workspace.save(update_fields=["capabilities"])

    return probed


def test_source_and_destination_stay_as_the_pattern_has_them(scans, accepts, mine):
    scans(source_device="SCAN-1", destination_device="HIST-1")
    accepts()
    (row,) = mine()
    assert row.window is None
    said = rule_of(row, now=NOON)
    assert said.enforcement == "tagout"
    assert _lines(said) == [
        *PLACE, *SCANS,
        ("source_device", "is", ("SCAN-1",)),
        ("destination_device", "is", ("HIST-1",)),
    ]  # fmt: skip


def test_without_direction_what_sentinel_holds_exactly_is_for_sentinel(scans, accepts, mine):
    scans(source_device="", destination_device="", any_device=["SCAN-1", "HIST-1"])
    (row,) = mine()
    ends = [("any_device", "is", ("SCAN-1",)), ("any_device", "is", ("HIST-1",))]
    unprobed = rule_of(row, now=NOON)
    assert (unprobed.enforcement, _lines(unprobed)) == ("tagout", [*PLACE, *SCANS, *ends])
    accepts()
    row = Candidate.objects.get()
    said = rule_of(row, now=NOON)
    assert (said.enforcement, _lines(said)) == ("sentinel", [PLACE[0], *SCANS, *ends])


def test_what_cannot_become_a_rule_or_has_one_is_refused(programming, mine, oda):
    judge(programming[:1], oda, "suspicious")
    (row,) = mine()
    with pytest.raises(CannotDecide, match="OT called 1 of them suspicious"):
        turn_into_rule(candidate_id=row.pk, by=oda, now=NOON)
    assert not RuleVersion.objects.exists()


def test_a_candidate_gets_one_rule(programming, mine, oda, leo):
    (row,) = mine()
    version = turn_into_rule(candidate_id=row.pk, by=oda, now=NOON)
    for act in (turn_into_rule, snooze_candidate):
        with pytest.raises(CannotDecide, match=version.rule.label):
            act(candidate_id=row.pk, by=leo, now=NOON)


def test_when_its_rule_has_ended_it_is_open_again(programming, mine, oda):
    (row,) = mine()
    version = turn_into_rule(candidate_id=row.pk, by=oda, now=NOON)
    mine()
    row.refresh_from_db()
    assert row.state == State.HAS_RULE
    RuleVersion.objects.filter(pk=version.pk).update(state="rejected", rule_hash="x")
    mine()
    row.refresh_from_db()
    assert (row.state, row.rule) == (State.OPEN, None)


def test_rejecting_needs_a_reason_and_can_be_taken_back(programming, mine, oda):
    (row,) = mine()
    with pytest.raises(CannotDecide, match="few words"):
        reject_candidate(candidate_id=row.pk, by=oda, now=NOON, reason="  ")
    reject_candidate(candidate_id=row.pk, by=oda, now=NOON, reason="The station is replaced.")
    assert not still_open(candidates_visible_to(oda), now=NOON).exists()
    reopen_candidate(candidate_id=row.pk, by=oda, now=NOON)
    assert still_open(candidates_visible_to(oda), now=NOON).exists()


def test_put_off_it_comes_back_after_thirty_days(programming, mine, oda):
    (row,) = mine()
    snooze_candidate(candidate_id=row.pk, by=oda, now=NOON)
    seen = candidates_visible_to(oda)
    assert not still_open(seen, now=NOON + timedelta(days=29)).exists()
    assert still_open(seen, now=NOON + timedelta(days=30)).exists()


def test_others_see_nothing_of_it_and_readers_decide_nothing(programming, mine, pia, mia):
    (row,) = mine()
    assert not candidates_visible_to(pia).exists()
    assert candidates_visible_to(mia).exists()
    for person in (pia, mia):
        with pytest.raises(CannotDecide, match="Only OT and SOC people"):
            snooze_candidate(candidate_id=row.pk, by=person, now=NOON)


def test_a_candidate_of_another_type_is_another_one(workspace, site, programming, mine):
    routine(workspace, site, title=SCAN)
    assert len(mine()) == 2
