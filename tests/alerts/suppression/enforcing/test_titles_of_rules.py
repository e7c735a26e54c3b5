"""What an analytics rule of Sentinel writes in a title closes nothing: a fixed text, another case,
look-alike letters, a German name, or a title that somebody changed by hand.
"""

import json

import pytest

from alerts.incidents.models import Alert, Incident, IncidentStatus
from alerts.readiness.services.check_workspace import check_workspace
from alerts.rules.sql import rule_condition_sql
from alerts.sentinel.client.prerequisites import Prerequisite
from alerts.suppression.backtesting.history_sql import fetch_rows
from alerts.suppression.enforcing.explain import reasons_against_any_rule, why_of
from tests.alerts.readiness.azure import answers, scheduled
from tests.alerts.suppression.enforcing.floor import POLLING, ROUTINE, SITE, SOURCE, TYPE, routine
from tests.alerts.suppression.samples import clause, rule
from tests.factories.answers import alert

STOP, NAME = "Controller Stop", "plc-stop"
NAMING = "(MDIoT) {{AlertName}}"
QUERY = 'SecurityAlert | where ProviderName == "IoTSecurity"'
CYRILLIC = POLLING.replace("o", "\N{CYRILLIC SMALL LETTER O}")


@pytest.fixture
def stops(floor):
    """`stops(title)`: an incident of a Controller Stop as an analytics rule titles it."""
    floor.rule()

    def incident(title, *, details=None, name=NAME, **properties):
        made = routine(alertDisplayName=title, **{"productComponentName": None} | properties)
        more = {"Analytic Rule Ids": json.dumps([name])} if name else {}
        shown = {"Sensor": ["sensor-pk2"]} | (details or {})
        made["properties"]["additionalData"] |= {"Custom Details": json.dumps(shown)} | more
        return floor.incident(made, title=title)

    return incident


@pytest.fixture
def read_rule(floor):
    """`read_rule(format, …)`: an analytics rule of the workspace, and a look that reads it."""
    floor.sentinel.prerequisites = answers()

    def read(title_format, *, name=NAME, **properties):
        override = {"alertDisplayNameFormat": title_format} if title_format else None
        row = scheduled(
            "", "Stops", **{"query": QUERY, "alertDetailsOverride": override} | properties
        )
        floor.sentinel.lay_out(Prerequisite.ANALYTICS_RULES, [row | {"name": name}])
        check_workspace(
            floor.workspace, purpose="read", now=floor.now, connect=lambda *_: floor.sentinel
        )

    return read


def is_closed(floor, incident):
    floor.decide()
    floor.go(seconds=30)
    floor.deliver()
    return floor.properties(incident)["status"] == "Closed"


@pytest.mark.parametrize(
    "title",
    [
        POLLING,
        f"(MDIoT) {POLLING}",
        f"(MDIoT)  {POLLING.upper()} ",
        "".join(f"{letter} " if letter == " " else letter for letter in POLLING),
    ],
)
def test_a_controller_stop_with_the_name_of_a_routine_type_stays_open(
    floor, stops, read_rule, title
):
    read_rule(title)
    incident = stops(title)
    assert not is_closed(floor, incident)
    assert Incident.objects.get(pk=incident.pk).status == IncidentStatus.NEW
    assert floor.ledger == []
    (reason,) = why_of(incident, now=floor.now).reasons
    assert reason.code == "scene.untyped" and POLLING in reason
    assert "scene.untyped" in {why.code for why in reasons_against_any_rule(incident)}


def test_the_same_alert_closes_where_its_rule_names_alerts(floor, stops, read_rule):
    read_rule(NAMING)
    assert is_closed(floor, stops(f"(MDIoT) {POLLING}"))
    read_rule("{{AlertName}}")
    assert is_closed(floor, stops(POLLING))


@pytest.mark.parametrize(
    ("title_format", "changes"),
    [
        ("", {}),
        ("(MDIoT) {{AlertName}} in hall 3", {}),
        ("(MDIoT) {{DisplayName}}", {}),
        ("{{AlertName}}{{Protocol}}", {}),
        (NAMING, {"query": QUERY + f' | extend AlertName = "{POLLING}"'}),
        (NAMING, {"query": QUERY + " | join kind=inner (Other) on SystemAlertId"}),
        (NAMING, {"eventGroupingSettings": {"aggregationKind": "SingleAlert"}}),
        (NAMING, {"eventGroupingSettings": None}),
        (NAMING, {"name": "another-rule"}),
    ],
)
def test_what_does_not_prove_the_name_of_an_alert_closes_nothing(
    floor, stops, read_rule, title_format, changes
):
    read_rule(title_format, **changes)
    assert not is_closed(floor, stops(f"(MDIoT) {POLLING}"))


def test_of_a_rule_that_nobody_has_read_nothing_is_proved_until_the_first_look(
    floor, stops, read_rule
):
    incident = stops(f"(MDIoT) {POLLING}")
    assert not is_closed(floor, incident)
    read_rule(NAMING)
    floor.sentinel.edit(incident.name, severity="Medium")  # read anew, or by the next look
    assert Alert.objects.get().flags == []


def test_a_rule_that_was_doubtful_at_the_first_look_does_not_prove_it_later(
    floor, stops, read_rule
):
    """Else a fixed title would count as soon as somebody has put the format back."""
    stops(f"(MDIoT) {POLLING}")
    read_rule(POLLING)
    read_rule(NAMING)
    assert Alert.objects.get().flags == ["alert_type:by_title"]


def test_a_doubt_stays_when_the_alert_is_read_again(floor, stops, read_rule):
    read_rule(POLLING)
    incident = stops(f"(MDIoT) {POLLING}")
    assert not is_closed(floor, incident)
    read_rule(NAMING)
    floor.go(minutes=1)
    floor.join(incident, routine())
    floor.read()
    assert not is_closed(floor, incident)
    assert Alert.objects.exclude(flags=[]).get().flags == ["alert_type:by_title"]


def test_one_that_named_no_rule_counts_when_it_is_read_again_with_its_name(floor, stops, read_rule):
    """It was not doubted: which rule made it was not known."""
    read_rule(NAMING)
    incident = stops(f"(MDIoT) {POLLING}", name="")
    assert not is_closed(floor, incident)
    (bare,) = floor.sentinel.alerts[incident.name]
    bare["properties"]["additionalData"]["Analytic Rule Ids"] = json.dumps([NAME])
    floor.go(minutes=1)
    floor.join(incident, routine())
    floor.read()
    assert [row.flags for row in Alert.objects.all()] == [[], []]


@pytest.mark.parametrize(
    "shows",
    [
        {"details": {"AlertName": [STOP]}},
        {"productComponentName": "OPERATIONAL"},
    ],
)
def test_a_title_that_was_fixed_a_minute_ago_is_found_out_by_what_the_alert_shows(
    floor, stops, read_rule, shows
):
    read_rule(NAMING)
    assert not is_closed(floor, stops(f"(MDIoT) {POLLING}", **shows))


def test_a_rule_that_loses_its_proof_between_decision_and_write_closes_nothing(
    floor, stops, read_rule
):
    read_rule(NAMING)
    incident = stops(f"(MDIoT) {POLLING}")
    assert floor.decide() == 1
    read_rule(POLLING)
    floor.go(seconds=30)
    floor.deliver()
    assert floor.properties(incident)["status"] == "New"
    (line,) = floor.ledger
    assert "may write any title" in line.ending_note


def test_the_title_of_an_incident_that_somebody_changed_by_hand_changes_no_type(floor, stops):
    """A person may write what they want there: rules read the alerts."""
    incident = floor.incident(alert(1, alertDisplayName=STOP, severity="Medium"), title=STOP)
    floor.sentinel.edit(incident.name, title=POLLING)
    floor.read()
    assert not is_closed(floor, incident)
    assert Alert.objects.get().alert_type == STOP


@pytest.mark.parametrize("title", ["Steuerung gestoppt", CYRILLIC])
def test_a_rule_for_a_title_outside_the_catalogue_meets_none_that_is_not_proved(
    floor, stops, read_rule, title
):
    floor.rule(rule(clause("alert_type", "is", title), SITE, SOURCE, title="Stops"))
    read_rule(title)
    assert not is_closed(floor, stops(title))


def test_letters_that_look_alike_are_another_type(floor, stops, read_rule):
    read_rule(NAMING)
    assert not is_closed(floor, stops(f"(MDIoT) {CYRILLIC}"))


def test_the_database_reads_lines_about_the_type_as_the_worker_does(floor, stops, read_rule):
    """Back-tests, trials and patterns count what the rule would have matched."""
    read_rule(POLLING)
    stops(POLLING)
    floor.incident()
    found = rule_condition_sql(ROUTINE)
    ids = fetch_rows(f"SELECT a.id FROM incidents_alerts a WHERE {found.text}", found.params)
    assert Alert.objects.count() == 2
    assert ids == [(Alert.objects.get(flags=[]).pk,)]
    other = rule_condition_sql(rule(SITE, SOURCE, except_any=(TYPE,)))
    ids = fetch_rows(f"SELECT a.id FROM incidents_alerts a WHERE {other.text}", other.params)
    assert ids == [], "of the one nobody knows the type: it may be the exception"
