"""A pattern becomes a rule, is rejected with a reason, or put off for thirty days."""

from datetime import timedelta

import pytest

from alerts.patterns.models import PatternState
from alerts.patterns.queries.patterns import open_patterns, patterns_visible_to
from alerts.patterns.services import decide
from alerts.patterns.services.decide import (
    CannotDecidePattern,
    harmless_verdicts,
    reject_pattern,
    reopen_pattern,
    rule_of_pattern,
    snooze_pattern,
    turn_into_rule,
)
from alerts.rules.rule import reasons_against_rule
from alerts.rules.sentinel_conditions import PROBED
from alerts.suppression.models import RuleVersion
from alerts.suppression.signing.propose import propose_rule
from portal.audit.models import Entry
from tests.alerts.patterns.conftest import POLLING
from tests.alerts.suppression.past import judge
from tests.conftest import NOON
from tests.factories.incidents import READ_RULES, make_alert, make_device, make_incident

pytestmark = pytest.mark.django_db


def clauses(rule):
    return [(line.field, line.operator, line.values) for line in rule.all_of]


def test_the_draft_says_what_the_pattern_is(programming, judged, run_mining, oda):
    (row,) = run_mining()
    version = turn_into_rule(pattern_id=row.pk, by=oda, now=NOON)
    rule = version.definition
    assert clauses(rule) == [
        ("site", "is", ("Gdańsk",)),
        ("alert_type", "is", ("Unauthorized PLC Programming",)),
        ("source_device", "is", ("ENG-WS-04",)),
        ("destination_device", "is", ("PLC-4",)),
        ("severity", "at_most", ("Medium",)),
        (
            "time",
            "within",
            tuple(
                sorted(
                    f"{day} 06:00-09:00 Europe/Warsaw"
                    for day in ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
                )
            ),
        ),
    ]
    assert rule.enforcement == "tagout"
    assert sorted(rule.evidence) == sorted(str(verdict.uuid) for verdict in judged)
    assert rule.expires_at == NOON + timedelta(days=30)  # time-boxed
    assert reasons_against_rule(rule) == []
    row.refresh_from_db()
    assert (row.state, row.rule, row.state_by) == (PatternState.HAS_RULE, version.rule, oda)
    entry = Entry.objects.get(action="patterns.candidate.turned")
    assert (entry.object_type, entry.object_id) == ("patterns.candidate", str(row.pk))


def test_the_draft_of_a_group_names_its_kind_and_zone_and_what_is_left_out(
    polling, run_mining, oda
):
    by_gateway = polling(4)
    judge(by_gateway["GW-1"][:1], oda)
    judge(by_gateway["GW-4"][:1], oda, "suspicious")
    (row,) = run_mining()
    rule = rule_of_pattern(row, now=NOON)
    assert clauses(rule) == [
        ("site", "is", ("Gdańsk",)),
        ("alert_type", "is", (POLLING,)),
        ("source_device", "is", ("HIST-01",)),
        ("source_zone", "is", ("Operations",)),
        ("destination_kind", "is", ("Gateway",)),
        ("destination_zone", "is", ("Packaging 2",)),
        ("severity", "at_most", ("Medium",)),
    ]
    assert [(line.field, line.values) for line in rule.except_any] == [
        ("destination_device", ("GW-4",))
    ]


@pytest.fixture
def undirected(workspace, site, noise):
    """Two devices that talk, and nobody knows who begins."""
    for name, address in (("SCAN-1", "10.0.0.1"), ("HIST-1", "10.0.0.2")):
        make_device(site, name, address)
    rows = []
    for back in range(1, 11):
        for hour in (3, 9, 16, 22):
            at = (NOON - timedelta(days=back)).replace(hour=hour)
            row = make_incident(workspace, title=POLLING, created_at=at, site_ids=[site.pk])
            make_alert(row, site=site, any_device=["SCAN-1", "HIST-1"])
            rows.append(row)
    return rows


@pytest.fixture
def accepts(workspace):
    """A probe has shown that the workspace takes all our conditions."""
    capabilities = {"accepts": sorted(PROBED), "probed_at": NOON.isoformat()}
    workspace.capabilities = READ_RULES | {"rules": capabilities}
    workspace.save(update_fields=["capabilities"])


def test_no_draft_ever_drops_the_site_so_that_somebody_there_can_own_it(
    polling, programming, undirected, accepts, run_mining, oda, leo
):
    for rows in (*polling(4).values(), programming, undirected):
        judge(rows[:1], oda)
    rows = run_mining()
    assert len(rows) == 3
    for row in rows:
        version = turn_into_rule(pattern_id=row.pk, by=leo, now=NOON)
        assert ("site", "is", ("Gdańsk",)) in clauses(version.definition)
        assert version.site_ids == [row.site_id]
        assert (version.definition.owner_ot, version.definition.owner_soc) == (oda.email, leo.email)
        assert (
            version.definition.enforcement == "tagout"
        )  # Sentinel knows no site: it would be wider


def test_without_direction_the_draft_names_both_devices(undirected, run_mining):
    (row,) = run_mining()
    assert clauses(rule_of_pattern(row, now=NOON))[2:4] == [
        ("any_device", "is", ("HIST-1",)),
        ("any_device", "is", ("SCAN-1",)),
    ]


def test_who_judged_most_of_it_owns_it_for_ot(polling, run_mining, oda, olaf, leo):
    by_gateway = polling(4)
    judge(by_gateway["GW-1"][:1], oda)
    for incident in by_gateway["GW-2"][:3]:
        judge([incident], olaf)
    (row,) = run_mining()
    version = turn_into_rule(pattern_id=row.pk, by=leo, now=NOON)
    assert version.definition.owner_ot == olaf.email


def test_it_can_be_proposed_as_it_is(polling, run_mining, oda, olaf, leo):
    for name, rows in polling(4).items():
        judge(rows[:1], oda if name < "GW-3" else olaf)
    (row,) = run_mining()
    version = turn_into_rule(pattern_id=row.pk, by=oda, now=NOON)
    proposed = propose_rule(version_id=version.pk, by=oda, now=NOON, proved_at=NOON)
    assert proposed.state == "proposed"
    assert proposed.signatures.get().side == "ot"


def test_evidence_is_bounded_and_takes_every_person_in_turn(
    programming, run_mining, oda, olaf, monkeypatch
):
    monkeypatch.setattr(decide, "MAX_EVIDENCE", 60)
    for incident in programming[:29]:
        for _ in range(3):
            judge([incident], oda)
    judge(programming[29:], olaf)
    (row,) = run_mining()
    evidence = harmless_verdicts(row)
    assert len(evidence) == 60 < len(row.verdict_uuids)
    assert {incident.by for incident in evidence} == {oda, olaf}


def test_a_verdict_that_was_withdrawn_since_is_no_evidence(programming, judged, run_mining):
    (row,) = run_mining()
    judged[0].withdrawn_at = NOON
    judged[0].save()
    assert judged[0] not in harmless_verdicts(row)


def test_what_cannot_become_a_rule_or_has_one_is_refused(programming, run_mining, oda):
    judge(programming[:1], oda, "suspicious")
    (row,) = run_mining()
    with pytest.raises(CannotDecidePattern, match="OT called it suspicious 1 time"):
        turn_into_rule(pattern_id=row.pk, by=oda, now=NOON)
    assert not RuleVersion.objects.exists()


def test_a_pattern_gets_one_rule(programming, run_mining, oda, leo):
    (row,) = run_mining()
    version = turn_into_rule(pattern_id=row.pk, by=oda, now=NOON)
    for act in (turn_into_rule, snooze_pattern):
        with pytest.raises(CannotDecidePattern, match=version.rule.label):
            act(pattern_id=row.pk, by=leo, now=NOON)


def test_when_its_rule_has_ended_it_is_open_again(programming, run_mining, oda):
    (row,) = run_mining()
    version = turn_into_rule(pattern_id=row.pk, by=oda, now=NOON)
    run_mining()
    row.refresh_from_db()
    assert row.state == PatternState.HAS_RULE
    RuleVersion.objects.filter(pk=version.pk).update(state="rejected", rule_hash="x")
    run_mining()
    row.refresh_from_db()
    assert (row.state, row.rule) == (PatternState.OPEN, None)


def test_rejecting_needs_a_reason_and_can_be_taken_back(programming, run_mining, oda):
    (row,) = run_mining()
    with pytest.raises(CannotDecidePattern, match="few words"):
        reject_pattern(pattern_id=row.pk, by=oda, now=NOON, reason="  ")
    reject_pattern(pattern_id=row.pk, by=oda, now=NOON, reason="The station is replaced.")
    assert not open_patterns(patterns_visible_to(oda), now=NOON).exists()
    reopen_pattern(pattern_id=row.pk, by=oda, now=NOON)
    assert open_patterns(patterns_visible_to(oda), now=NOON).exists()


def test_put_off_it_comes_back_after_thirty_days(programming, run_mining, oda):
    (row,) = run_mining()
    snooze_pattern(pattern_id=row.pk, by=oda, now=NOON)
    visible = patterns_visible_to(oda)
    assert not open_patterns(visible, now=NOON + timedelta(days=29)).exists()
    assert open_patterns(visible, now=NOON + timedelta(days=30)).exists()


def test_others_see_nothing_of_it_and_readers_decide_nothing(programming, run_mining, pia, mia):
    (row,) = run_mining()
    assert not patterns_visible_to(pia).exists()
    assert patterns_visible_to(mia).exists()
    for person in (pia, mia):
        with pytest.raises(CannotDecidePattern, match="Only OT and SOC people"):
            snooze_pattern(pattern_id=row.pk, by=person, now=NOON)
