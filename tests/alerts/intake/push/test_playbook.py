"""The playbook that docs offer knocks at the door that is there."""

import json

from django.urls import resolve

from tests.architecture.tree import HOME

TEMPLATE = json.loads((HOME / "docs/playbooks/push-hint.json").read_text())


def test_the_playbook_sends_a_name_with_its_own_identity():
    workflow = next(
        row for row in TEMPLATE["resources"] if row["type"] == "Microsoft.Logic/workflows"
    )
    definition = workflow["properties"]["definition"]
    assert workflow["identity"] == {"type": "SystemAssigned"}
    assert list(definition["triggers"]) == ["Microsoft_Sentinel_incident"], "Sentinel looks for it"
    (action,) = definition["actions"].values()
    assert action["inputs"]["method"] == "POST"
    assert action["inputs"]["authentication"]["type"] == "ManagedServiceIdentity"
    assert set(action["inputs"]["body"]["object"]) == {"name", "etag"}
    assert action["inputs"]["headers"]["Content-Type"] == "application/json"


def test_the_address_that_it_names_as_an_example_is_the_hook():
    text = TEMPLATE["parameters"]["TagoutAddress"]["metadata"]["description"]
    path = text[text.index("/hooks/") :]
    assert resolve(path).view_name == "intake:sentinel-hook"


def test_everything_that_it_uses_is_a_parameter_of_its_own():
    text = json.dumps(TEMPLATE["resources"])
    for name in TEMPLATE["parameters"]:
        assert f"parameters('{name}')" in text
