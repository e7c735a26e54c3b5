"""A rule that its pattern outgrew: what the next version would say, and who may take it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from alerts.incidents.models import Alert, Incident, TimelineItem
from alerts.rules.lifetime import default_end
from alerts.rules.new_devices import (
    LineChange,
    Newcomer,
    Sighting,
    change_of,
    suggested_rule,
)
from alerts.rules.rule import instant
from alerts.suppression.drafting.drafts import CannotSaveRule
from alerts.suppression.drafting.suggested_version import line_changes
from alerts.suppression.models import RuleVersion, VersionState
from alerts.suppression.signing.take_suggestion import NothingSuggested, take_suggested_version
from tests.alerts.suppression.samples import DOWNLOADS, NOW, clause
from tests.conftest import NOON
from tests.factories import rules
from tests.factories.incidents import make_device
from tests.factories.rewriting import rewrite

DAY = timedelta(days=1)
LINE = clause("source_device", "is_one_of", "EWS-1", "EWS-2")


def sighting_of(name, **columns):
    values = {
        "name": name,
        "kind": "Engineering station",
        "zone": "Packaging 2",
        "first_at": NOW - 40 * DAY,
        "latest_at": NOW - DAY,
        "alerts": 9,
        "days": 5,
        "partners": frozenset({"PLC-1"}),
    } | columns
    return Sighting(**values)


OLD = (sighting_of("EWS-1"), sighting_of("EWS-2", partners=frozenset({"PLC-2"})))
NEW = {"first_at": NOW - 6 * DAY, "alerts": 3, "days": 2}


def test_a_rule_whose_devices_are_the_only_ones_still_fits():
    assert change_of(LINE, OLD, now=NOW) is None


def test_a_device_like_those_that_are_listed_is_added():
    change = change_of(LINE, (*OLD, sighting_of("EWS-3", **NEW)), now=NOW)
    assert (change.added, change.removed) == (("EWS-3",), ())
    assert change.new_line == clause("source_device", "is_one_of", "EWS-1", "EWS-2", "EWS-3")


@pytest.mark.parametrize(
    "columns",
    [
        {"kind": "HMI"},
        {"zone": "Utilities"},
        {"partners": frozenset({"PLC-1", "PLC-9"})},
        {"alerts": 2},
        {"days": 1},
        {"is_doubted": True},
    ],
    ids=["kind", "zone", "another partner", "seldom", "one day", "suspicious"],
)
def test_what_is_not_like_them_is_not_suggested(columns):
    assert change_of(LINE, (*OLD, sighting_of("EWS-3", **NEW | columns)), now=NOW) is None


def test_devices_whose_kind_nobody_knows_suggest_nothing():
    unknown = [replace(sighting, kind="") for sighting in (*OLD, sighting_of("EWS-3", **NEW))]
    assert change_of(LINE, unknown, now=NOW) is None


def test_one_that_came_when_another_fell_silent_takes_its_place():
    silent = sighting_of("EWS-1", latest_at=NOW - 8 * DAY)
    change = change_of(LINE, (silent, OLD[1], sighting_of("EWS-3", **NEW)), now=NOW)
    assert (change.added, change.removed) == (("EWS-3",), ("EWS-1",))
    assert change.new_line == clause("source_device", "is_one_of", "EWS-2", "EWS-3")


@pytest.mark.parametrize(
    ("columns", "newcomer"),
    [
        ({"latest_at": NOW - 7 * DAY + timedelta(seconds=1)}, {}),
        ({"latest_at": NOW - 8 * DAY, "alerts": 2}, {}),
        ({"latest_at": NOW - 8 * DAY, "zone": "Utilities"}, {}),
        ({"latest_at": NOW - 8 * DAY}, {"first_at": NOW - 9 * DAY}),
        ({"latest_at": NOW - 8 * DAY}, {"partners": frozenset({"PLC-2"})}),
    ],
    ids=["not silent", "seldom", "another zone", "came before", "other partners"],
)
def test_else_it_is_added_and_nothing_is_taken_out(columns, newcomer):
    sighting = sighting_of("EWS-1", **columns)
    change = change_of(LINE, (sighting, OLD[1], sighting_of("EWS-3", **NEW | newcomer)), now=NOW)
    assert change.removed == ()


def test_a_silent_device_is_replaced_once():
    silent = sighting_of("EWS-1", latest_at=NOW - 8 * DAY)
    two = (sighting_of("EWS-3", **NEW), sighting_of("EWS-4", **NEW))
    change = change_of(LINE, (silent, OLD[1], *two), now=NOW)
    assert (change.added, change.removed) == (("EWS-3", "EWS-4"), ("EWS-1",))


def test_the_next_version_says_it_and_all_else_as_before():
    line = next(clause for clause in DOWNLOADS.all_of if clause.field == "source_device")
    new = Newcomer(name="EWS-9", kind="k", zone="z", alerts=3, first_at=NOW)
    rule = suggested_rule(DOWNLOADS, [LineChange(line, (new,))])
    assert set(rule.all_of) ^ set(DOWNLOADS.all_of) == {
        line,
        clause("source_device", "is_one_of", *line.texts, "EWS-9"),
    }
    assert replace(rule, all_of=DOWNLOADS.all_of) == DOWNLOADS


@pytest.fixture
def live(canary):
    RuleVersion.objects.filter(pk=canary.pk).update(state=VersionState.LIVE)
    canary.refresh_from_db()
    return canary


@pytest.fixture
def newcomer(workspace, site, history):
    """A second station that does the same on four days of the last weeks."""
    for back in range(4):
        rules.incident_of(
            workspace,
            site,
            at=rules.TUESDAY - back * 7 * DAY + timedelta(minutes=20),
            source="ENG-WS-05",
        )
    Alert.objects.update(source_kind="Engineering station", source_zone="Packaging 2")


pytestmark = pytest.mark.django_db


def test_a_second_station_is_suggested_with_what_it_did(live, newcomer):
    (change,) = line_changes(live, now=NOON)
    (found,) = change.newcomers
    assert (change.line.field, found.name, found.alerts) == ("source_device", "ENG-WS-05", 4)


@pytest.mark.parametrize("state", ["canary", "paused", "proposed", "expired"])
def test_only_a_live_rule_is_suggested_another_version(live, newcomer, state):
    RuleVersion.objects.filter(pk=live.pk).update(state=state)
    assert line_changes(RuleVersion.objects.get(pk=live.pk), now=NOON) == []


def test_while_the_next_version_is_in_its_trial_no_other_is_suggested(live, newcomer, people):
    draft = take_suggested_version(version_id=live.pk, by=people.oda, now=NOON)
    proposed = rules.propose(draft, by=people.oda, now=NOON)
    rules.sign(proposed, by=people.leo, now=NOON)
    assert RuleVersion.objects.get(pk=draft.pk).state == VersionState.IN_TRIAL
    assert line_changes(live, now=NOON) == []
    RuleVersion.objects.filter(pk=draft.pk).update(state=VersionState.RETIRED)
    assert line_changes(live, now=NOON), "it still lacks the station"


def test_a_suspicion_about_the_newcomer_suggests_nothing(live, newcomer, people):
    odd = Incident.objects.filter(source="ENG-WS-05").first()
    rules.judge([odd], by=people.olaf, verdict="suspicious")
    assert line_changes(live, now=NOON) == []


def test_it_is_taken_as_a_draft_that_needs_all_that_a_draft_needs(live, newcomer, people):
    draft = take_suggested_version(version_id=live.pk, by=people.oda, now=NOON)
    assert (draft.state, draft.made_by, draft.number) == (VersionState.DRAFT, people.oda, 2)
    lines = {line.field: line.texts for line in draft.definition.all_of}
    assert lines["source_device"] == ("ENG-WS-04", "ENG-WS-05")
    live.refresh_from_db()
    assert live.state == VersionState.LIVE


def test_it_ends_as_what_is_signed_today_so_that_nobody_signs_it_again_soon(live, newcomer, people):
    soon = NOON + timedelta(days=15)
    rewrite(
        RuleVersion.objects.filter(pk=live.pk),
        body=live.body | {"expires_at": instant(soon)},
        expires_at=soon,
    )
    draft = take_suggested_version(version_id=live.pk, by=people.oda, now=NOON)
    assert draft.definition.expires_at == default_end(draft.definition, now=NOON) > soon


def test_where_the_rule_fits_nothing_is_taken(live, people):
    with pytest.raises(NothingSuggested, match="still fits"):
        take_suggested_version(version_id=live.pk, by=people.oda, now=NOON)


def test_who_may_not_edit_the_rule_takes_nothing(live, newcomer, people):
    with pytest.raises(CannotSaveRule):
        take_suggested_version(version_id=live.pk, by=people.mia, now=NOON)
    assert RuleVersion.objects.count() == 1


def test_a_suggested_version_that_a_back_test_would_stop_leaves_no_draft(live, newcomer, people):
    odd = Incident.objects.filter(source="ENG-WS-05").first()
    TimelineItem.objects.create(incident=odd, at=NOON, side="sentinel", code="reopened")
    assert line_changes(live, now=NOON)
    with pytest.raises(NothingSuggested, match="not routine"):
        take_suggested_version(version_id=live.pk, by=people.oda, now=NOON)
    assert list(RuleVersion.objects.all()) == [live]


def test_a_suggested_version_that_names_a_crown_jewel_leaves_no_draft(live, newcomer, people, site):
    make_device(site, "ENG-WS-05", "10.1.0.55", criticality="crown-jewel")
    with pytest.raises(NothingSuggested, match="ENG-WS-05"):
        take_suggested_version(version_id=live.pk, by=people.oda, now=NOON)
    assert list(RuleVersion.objects.all()) == [live]
