"""Of each kind that `workspace move-check` knows, whether it breaks in the pretend Azure, which a
test shows, or is known from documentation alone.
"""

import re
from importlib import import_module

from alerts.readiness.engine.move_findings import MoveKind
from tests.architecture.tree import HOME

BREAKS = "tests.simulator.test_move_breaks"
CONDITIONS = f"{BREAKS}:test_a_condition_that_the_portal_does_not_keep_decides_otherwise"
OFF = f"{BREAKS}:test_fusion_and_the_rules_that_create_incidents_of_alerts_are_switched_off"
ONBOARDING = "tests.simulator.test_onboarding"
# By kind: the test in which it breaks.
SHOWN = {
    MoveKind.TITLE_CONDITION: CONDITIONS,
    MoveKind.DESCRIPTION_CONDITION: CONDITIONS,
    MoveKind.PROVIDER_CONDITION: CONDITIONS,
    MoveKind.LOST_REASON: (
        f"{BREAKS}:test_the_reason_of_a_close_that_the_portal_does_not_know_is_lost"
    ),
    MoveKind.CREATION_RULE: OFF,
    MoveKind.OTHER_CREATION_RULE: OFF,
    MoveKind.FUSION: OFF,
    MoveKind.UNCOVERED_TYPES: f"{ONBOARDING}:test_what_no_rule_watches_makes_no_incident",
    MoveKind.CONNECTOR_SWITCHED_OFF: (
        f"{ONBOARDING}:test_connectors_that_the_portal_replaces_are_switched_off"
    ),
    MoveKind.CORRELATION: f"{ONBOARDING}:test_incidents_are_joined_where_the_rules_ask_for_it",
    MoveKind.INCIDENTS_BY_API: (
        f"{ONBOARDING}:test_an_incident_made_by_the_api_does_not_reach_the_portal"
    ),
    MoveKind.PLAYBOOK_CREATES_INCIDENTS: (
        f"{ONBOARDING}:test_an_incident_made_by_the_api_does_not_reach_the_portal"
    ),
    MoveKind.INCIDENT_TABLE_QUERY: (
        "tests.simulator.test_log_analytics:"
        "test_after_onboarding_incidents_have_no_description_column"
    ),
}
DOCUMENTED = {
    MoveKind.UNSCOPED_RULE,
    MoveKind.ALERT_TRIGGER,
    MoveKind.UPDATED_BY_CONDITION,
    MoveKind.SINGLE_CHANGE,
    MoveKind.TASK_ACTION,
    MoveKind.GROUP_OWNER,
    MoveKind.REOPENING_RULE,
    MoveKind.PLAYBOOK_MOVES_ALERTS,
    MoveKind.OPEN_TASKS,
    MoveKind.GRAPH_CONSENT,
}
# What Tagout says of its own knowledge and of its own rules; nothing of a customer's breaks.
OF_TAGOUT = {MoveKind.NOT_READ, MoveKind.RULE_NOT_UNDERSTOOD, MoveKind.OWN_RULE_BY_TITLE}


def test_each_kind_breaks_in_a_test_or_is_named_as_documented_only():
    assert {*SHOWN, *DOCUMENTED, *OF_TAGOUT} == set(MoveKind)
    for place in SHOWN.values():
        module, _, name = place.partition(":")
        assert callable(getattr(import_module(module), name))
    guide = (HOME / "docs/simulator.md").read_text()
    (line,) = re.findall(r"from documentation only[^:]*: (.*?)\n\n", guide, re.S)
    assert set(re.findall(r"`([a-z-]+)`", line)) == {kind.value for kind in DOCUMENTED}
