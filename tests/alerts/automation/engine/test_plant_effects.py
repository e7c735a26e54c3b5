"""Which playbooks may act on the plant: all but those whose every part is known to be harmless."""

import pytest

from alerts.automation.engine.plant_effects import (
    MAX_DEPTH,
    MAX_EVIDENCE,
    EffectEvidence,
    plant_effects_of,
)
from tests.factories.workflows import (
    ACT_ON_PLANT,
    COMMENT,
    DISGUISED,
    HARMLESS,
    MAIL,
    connectors_of,
    http_step,
    workflow_properties,
)


def evidence_in(properties):
    parameters = properties.get("parameters")
    return plant_effects_of(
        definition=properties.get("definition"),
        parameters=parameters,
        connectors=connectors_of(parameters),
    )


def test_there_are_thirty_playbooks_that_act():
    assert len(ACT_ON_PLANT) == 30


@pytest.mark.parametrize("name", ACT_ON_PLANT)
def test_what_calls_a_plant_may_act_on_it_whatever_its_name(name):
    assert evidence_in(workflow_properties(ACT_ON_PLANT[name]))


@pytest.mark.parametrize("name", HARMLESS)
def test_mail_teams_comments_and_labels_are_harmless_whatever_their_words(name):
    assert evidence_in(workflow_properties(HARMLESS[name])) == []


@pytest.mark.parametrize("how", DISGUISED)
def test_what_only_looks_harmless_is_not(how):
    assert evidence_in(DISGUISED[how])


def test_the_step_and_what_it_calls_are_named():
    actions = {"Mail": MAIL, "Open_breaker_7": http_step("POST", "https://scada/breaker/7")}
    found = evidence_in(workflow_properties(actions))
    assert found == [EffectEvidence("step", "Open_breaker_7", "Http")]


def test_a_step_that_is_nested_deeper_than_is_read_may_act():
    inner = {"Comment": COMMENT}
    for n in range(MAX_DEPTH):
        inner = {f"Scope_{n}": {"type": "Scope", "actions": inner}}
    assert evidence_in(workflow_properties(inner))[0].call == "nested too deep"


def test_no_more_is_kept_than_pages_show():
    actions = {f"Step_{n}": http_step("POST", "https://x") for n in range(500)}
    assert len(evidence_in(workflow_properties(actions))) == MAX_EVIDENCE


@pytest.mark.parametrize("value", [None, [], "x", 7, {"value": []}])
@pytest.mark.parametrize("place", ["definition", "parameters", "actions", "inputs", "triggers"])
def test_what_cannot_be_read_may_act_and_breaks_nothing(value, place):
    properties = workflow_properties({"Mail": dict(MAIL)})
    if place in properties:
        properties[place] = value
    elif place == "inputs":
        properties["definition"]["actions"]["Mail"]["inputs"] = value
    else:
        properties["definition"][place] = value
    if place == "triggers" and value == {"value": []}:
        return  # a trigger of that name, which is judged as one
    assert evidence_in(properties)


def test_a_text_that_postgresql_does_not_take_is_replaced():
    (found,) = evidence_in(workflow_properties({"a\x00b": http_step("POST", "u")}))
    assert found.name == "a\N{REPLACEMENT CHARACTER}b"
