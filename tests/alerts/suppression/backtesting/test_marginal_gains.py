"""What each rule adds to those that act and to those before it."""

from datetime import timedelta

import pytest

from alerts.incidents.models import Alert
from alerts.suppression.backtesting import marginal_gains
from alerts.suppression.backtesting.history_sql import BackTestTimedOut, TimeSpan
from alerts.suppression.backtesting.marginal_gains import in_order_of_gain
from alerts.suppression.models import Ending, RuleVersion
from tests.conftest import NOON
from tests.factories import rules

pytestmark = pytest.mark.django_db


def narrow(people, history, *destinations, **more):
    """A draft about the downloads to these PLCs."""
    rule = rules.downloads()
    lines = tuple(clause for clause in rule.all_of if clause.field != "destination_device")
    if destinations:
        lines += (rules.clause("destination_device", "is_one_of", *destinations),)
    rule = rules.downloads(all_of=lines, title=f"To {len(destinations)}", **more)
    return rules.draft(rule, by=people.oda, evidence=history.verdicts, now=NOON)


def gains_of(*versions):
    rows = {version.pk: version for version in RuleVersion.objects.select_related("backtest")}
    found = in_order_of_gain([rows[version.pk] for version in versions], now=NOON)
    return [(gain.version.pk, gain.incidents) for gain in found]


def test_the_one_that_adds_most_comes_first_and_what_it_covers_counts_once(people, history):
    all_of_them = narrow(people, history, "PLC-PL2-07", "PLC-PL2-08")
    one_of_them = narrow(people, history, "PLC-PL2-07")
    other = narrow(people, history, "PLC-9")
    assert gains_of(other, one_of_them, all_of_them) == [
        (one_of_them.pk, 12),
        (all_of_them.pk, 0),
        (other.pk, 0),
    ] or gains_of(other, one_of_them, all_of_them)[0] == (all_of_them.pk, 12)
    assert sum(n for _, n in gains_of(other, one_of_them, all_of_them)) == 12


def test_what_acts_already_is_not_gained_again(people, history, canary):
    again = narrow(people, history, "PLC-PL2-07")
    assert gains_of(again) == [(again.pk, 0)]


def test_rules_that_act_are_asked_of_a_few_alerts_as_of_all(people, history, monkeypatch):
    monkeypatch.setattr(marginal_gains, "MAX_COLUMNS", 2)  # three rules take two questions
    drafts = [
        narrow(people, history, *names)
        for names in (("PLC-PL2-07",), ("PLC-PL2-07", "PLC-PL2-08"), ("PLC-9",))
    ]
    definitions = {draft.pk: draft.definition for draft in drafts}
    period = TimeSpan(NOON - timedelta(days=90), NOON)
    few = [*Alert.objects.order_by("pk").values_list("pk", flat=True)[:5]]
    matched = marginal_gains.alerts_by_rule_among(definitions, few, period=period)
    of_all = marginal_gains.alerts_by_rule(definitions, period)
    assert any(matched.values())
    assert {key: set(found) for key, found in matched.items()} == {
        key: set(found).intersection(few) for key, found in of_all.items()
    }


def test_alerts_of_a_site_are_read_once_however_many_rules_name_it(
    history, django_assert_num_queries
):
    here = rules.downloads()
    anywhere = rules.downloads(all_of=here.all_of[1:])
    elsewhere = rules.downloads(all_of=(rules.clause("site", "is", "Porto"), *here.all_of[1:]))
    either = rules.clause("site", "is_one_of", "Gdańsk", "Porto")
    at_either = rules.downloads(all_of=(either, *here.all_of[1:]))
    definitions = dict(enumerate((here, anywhere, elsewhere, at_either, here)))
    period = TimeSpan(NOON - timedelta(days=90), NOON)
    with django_assert_num_queries(4):
        found = marginal_gains.alerts_by_rule(definitions, period)
    assert [len(found[key]) for key in range(5)] == [12, 12, 0, 12, 12]
    assert marginal_gains.alerts_by_rule({}, period) == {}


def test_what_only_a_trial_covers_that_cannot_end_is_still_to_gain(
    people, history, canary, workspace, site
):
    rules.tag(canary, workspace, site, 1, ending=Ending.TRUE_POSITIVE, ended_at=NOON)
    again = narrow(people, history, "PLC-PL2-07")
    assert gains_of(again) == [(again.pk, 12)]


def test_an_incident_counts_once_all_its_alerts_are_covered(people, history, site):
    rules.alert_of(history.incidents[0], site, destination="PLC-9")
    first, other = narrow(people, history, "PLC-PL2-07"), narrow(people, history, "PLC-9")
    assert gains_of(first, other) == [(first.pk, 11), (other.pk, 1)]


def test_what_a_person_touched_first_no_rule_closes(people, history):
    first = history.incidents[0]
    first.timeline.create(
        at=first.created_at + timedelta(minutes=2), side="soc", by=people.sam, code="commented"
    )
    version = narrow(people, history, "PLC-PL2-07")
    assert gains_of(version) == [(version.pk, 11)]
    first.timeline.update(at=first.created_at + timedelta(hours=1))
    assert gains_of(version) == [(version.pk, 12)]


def of_group(people, history, source):
    """A draft about the downloads of a station to all PLCs, none of which the inventory has."""
    lines = [line for line in rules.downloads().all_of if not line.field.endswith("_device")]
    station = rules.clause("source_device", "is", source)
    group = rules.clause("destination_kind", "is", "PLC")
    rule = rules.downloads(all_of=(*lines, station, group), title=f"{source} to the PLCs")
    return rules.draft(rule, by=people.oda, evidence=history.verdicts, now=NOON)


def test_once_seen_under_one_rule_a_new_device_is_known_to_all(people, history, workspace, site):
    rules.incident_of(workspace, site, at=rules.TUESDAY, source="ENG-WS-09")
    Alert.objects.update(destination_kind="PLC")
    first = of_group(people, history, "ENG-WS-04")
    other = of_group(people, history, "ENG-WS-09")
    assert gains_of(other) == [(other.pk, 0)]
    assert gains_of(first, other) == [(first.pk, 11), (other.pk, 1)]


def test_a_person_meets_it_where_only_several_rules_cover_an_incident(people, history, site):
    earliest = min(history.incidents, key=lambda row: row.created_at)
    rules.alert_of(earliest, site, destination="PLC-9")
    Alert.objects.filter(destination_device="PLC-PL2-07").update(destination_kind="PLC")
    group, listed = of_group(people, history, "ENG-WS-04"), narrow(people, history, "PLC-9")
    assert gains_of(group) == [(group.pk, 10)]
    assert gains_of(listed) == [(listed.pk, 0)]
    assert sum(n for _, n in gains_of(group, listed)) == 11
    Alert.objects.exclude(incidents=earliest).update(at=NOON - timedelta(days=200))
    assert sum(n for _, n in gains_of(group, listed)) == 0


def test_where_history_is_too_long_each_is_counted_alone(people, proposal, monkeypatch):
    def slow(*_args, **_options):
        raise BackTestTimedOut

    monkeypatch.setattr(marginal_gains, "order_by_gain", slow)
    (gain,) = in_order_of_gain([proposal], now=NOON)
    assert (gain.incidents, gain.is_alone) == (12, True)
