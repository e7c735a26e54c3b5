"""Python and PostgreSQL read a rule the same way, on the suite's own database."""

import itertools
import uuid
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alerts.incidents.engine.title_proof import BY_TITLE
from alerts.incidents.models import Alert, IncidentAlert, PlannedAlert
from alerts.rules import sql
from alerts.rules.fields import FieldValues
from alerts.rules.guards.never import is_soft, works_of_box
from alerts.rules.index import RuleIndex
from alerts.rules.match import exception_predicate, holds, line_predicate, matches
from alerts.sites.models import Site, Zone
from tests.alerts.suppression import samples
from tests.factories.incidents import make_incident, make_workspace
from tests.reuse import reuse_rows

_numbers = itertools.count()
ALERTS = 200
MINUTE = timedelta(minutes=1)
pytestmark = pytest.mark.django_db


def _rows(statement: str, params=()):
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _store(history: list[FieldValues]) -> dict[int, FieldValues]:
    """The facts as rows; read back, they are what was stored."""
    places = {
        "workspace": {name: make_workspace(name) for name in samples.WORKSPACES},
        "site": {"": None} | {name: Site.objects.create(name=name) for name in samples.SITES[:2]},
        "zone": {"": None},
    }
    for name in samples.ZONES[:2]:
        places["zone"][name] = Zone.objects.create(site=places["site"]["Gdańsk"], name=name)
    small = {
        name: make_incident(place, alerts_count=0, entities_count=0)
        for name, place in places["workspace"].items()
    }
    alerts, links, kept, works = [], [], [], []
    for alert_facts in history:
        columns = {name: getattr(alert_facts, name) for name in FieldValues.__slots__}
        kinds, by_name = columns.pop("planned_work"), columns.pop("planned_work_for_hours")
        counts = columns.pop("alerts_in_incident"), columns.pop("entities_in_incident")
        columns |= {name: ids[columns[name]] for name, ids in places.items()}
        if title := columns.pop("unproved_title"):
            columns |= {"alert_type": title, "flags": [BY_TITLE]}
        for name in ("techniques", "tactics", "any_device", "any_address"):
            columns[name] = list(columns[name])
        alerts.append(Alert(**columns, key=f"a{next(_numbers)}"))
        works += [_work(alerts[-1], kind, boxes=kind in by_name) for kind in kinds]
        works += _not_inside(alerts[-1], kinds)
        if None in counts:
            kept.append(replace(alert_facts, alerts_in_incident=None, entities_in_incident=None))
            continue
        kept.append(alert_facts)
        names = {"alerts_count": counts[0], "entities_count": counts[1]}
        links += [(make_incident(columns["workspace"], **names), alerts[-1])]
        links += [(small[alert_facts.workspace], alerts[-1])]
    Alert.objects.bulk_create(alerts)
    IncidentAlert.objects.bulk_create(IncidentAlert(incident=i, alert=a) for i, a in links)
    PlannedAlert.objects.bulk_create(works)
    return {alert.pk: alert_facts for alert, alert_facts in zip(alerts, kept, strict=True)}


def _work(alert, kind, **changes):
    """Planned work beside an alert; known a minute before it, unless something else is said."""
    columns = {
        "occurrence": uuid.uuid4(),
        "work": uuid.uuid4(),
        "fit": "inside",
        "kind": kind,
        "names_devices": True,
        "boxes": True,
        "title": kind,
        "ends_at": alert.at,
        "inside_until": alert.at,
        "known_from": alert.at - MINUTE,
        "known_until": alert.at + MINUTE,
    }
    return PlannedAlert(alert=alert, **columns | changes)


def _not_inside(alert, kinds):
    """Work that was told too late, was changed before, or is over: none of it counts."""
    others = [kind for kind in samples.WORKS if kind not in kinds]
    changes = (
        {"known_from": alert.at + MINUTE, "known_until": None},
        {"known_until": alert.at},
        {"fit": "late"},
    )
    return [_work(alert, kind, **change) for kind, change in zip(others, changes, strict=False)]


@reuse_rows
def history(db):
    """Alerts of every kind, drawn once; rules are drawn against them."""
    drawn = []

    @settings(max_examples=ALERTS)
    @given(samples.any_facts())
    def draw(facts):
        drawn.append(facts)

    draw()
    return _store(drawn[:ALERTS])


def _found_by(piece: sql.Sql) -> set[int]:
    return {
        row["id"]
        for row in _rows(f"SELECT a.id FROM incidents_alert a WHERE {piece.text}", piece.params)
    }


def test_what_was_stored_is_read_back_as_facts(history):
    read = {}
    for row in _rows(sql.SELECT_FACTS):
        number = row.pop("id")
        read[number] = FieldValues(
            **{k: tuple(v) if isinstance(v, list) else v for k, v in row.items()}
        )
    assert read == history


def test_both_readings_agree(history, pytestconfig):
    pairs = 100_000 if pytestconfig.getoption("--all-pairs") else 12_000
    compared, met = 0, 0

    @settings(max_examples=pairs // len(history), suppress_health_check=[HealthCheck.too_slow])
    @given(samples.rules())
    def compare(rule):
        nonlocal compared, met
        expected = {number for number, facts in history.items() if holds(rule, facts)}
        assert _found_by(sql.rule_condition_sql(rule)) == expected
        assert expected == {n for n, facts in history.items() if matches(rule, facts).holds}
        compared, met = compared + len(history), met + len(expected)

    compare()
    assert compared >= pairs * 0.9
    assert met > compared / 100, "the rules hardly ever matched: nothing was compared"


def _agree(history, rule):
    """The alerts that both readings find: the same."""
    expected = {number for number, facts in history.items() if holds(rule, facts)}
    assert _found_by(sql.rule_condition_sql(rule)) == expected
    index = RuleIndex({1: rule})
    assert {number for number, facts in history.items() if index.matching(facts)} == expected
    return expected


WORKS = ("planned_work", "alert_type", "severity", "time", "site")


def test_planned_work_that_boxes_nothing_counts_for_neither(history):
    """What is closed only inside hours is met by work that boxes it in, and by no other."""
    boxed, loose = set(), set()

    @settings(max_examples=60)
    @given(samples.clauses(("planned_work",)), samples.rules(WORKS))
    def compare(work, rule):
        rule = replace(rule, all_of=(work, *rule.all_of))
        found = _agree(history, rule)
        if not works_of_box(rule):
            return
        for number in found:
            facts, kinds = history[number], set(work.texts)
            if is_soft(facts):
                loose.add(number)
            else:
                assert kinds & set(facts.planned_work_for_hours)
                boxed.add(number)

    compare()
    assert boxed and loose


def test_an_exception_by_type_holds_for_every_alert_whose_type_is_not_proved(history):
    unproved = {number for number, facts in history.items() if facts.unproved_title}
    met = set()

    @settings(max_examples=60)
    @given(samples.clauses(("site", "severity", "workspace")), samples.clauses(("alert_type",)))
    def compare(line, exception):
        rule = samples.rule(line, except_any=(exception,))
        found = _agree(history, rule)
        assert not found & unproved
        met.update(_agree(history, samples.rule(line)) & unproved)

    compare()
    assert met, "without the exception the rule meets some of them"


def test_each_line_of_the_editor_agrees(history):
    @settings(max_examples=25)
    @given(samples.rules())
    def compare(rule):
        left = dict(history)
        tests = [(line_predicate(clause, rule), True) for clause in rule.all_of]
        tests += [(exception_predicate(clause), False) for clause in rule.except_any]
        for (test, wanted), piece in zip(tests, sql.prefixes(rule), strict=True):
            left = {number: facts for number, facts in left.items() if test(facts) is wanted}
            assert _found_by(piece) == set(left)

    compare()


def test_near_misses_fail_exactly_one_line(history):
    @settings(max_examples=25)
    @given(samples.rules())
    def compare(rule):
        expected = set()
        for number, facts in history.items():
            missed = [
                c.field == "alert_type" for c in rule.all_of if not line_predicate(c, rule)(facts)
            ]
            missed += [False for c in rule.except_any if exception_predicate(c)(facts)]
            if missed == [False]:
                expected.add(number)
        assert _found_by(sql.near_misses(rule)) == expected

    compare()


@given(st.text(max_size=20).filter(lambda text: "\0" not in text))
def test_nothing_a_person_wrote_stands_in_the_text(value):
    made = samples.rule(samples.clause("sensor", "is", "s0me'; " + value))
    assert sql.rule_condition_sql(made).text == "(a.sensor = %s)"
    assert sql.rule_condition_sql(made).params == ("s0me'; " + value,)


def test_a_rule_without_a_line_finds_nothing():
    assert _found_by(sql.rule_condition_sql(samples.rule())) == set()


def test_the_database_knows_every_time_zone_a_rule_may_name():
    from alerts.sites.engine.time_zones import plant_zones

    names = {row["name"] for row in _rows("SELECT name FROM pg_timezone_names")}
    assert not plant_zones() - names
