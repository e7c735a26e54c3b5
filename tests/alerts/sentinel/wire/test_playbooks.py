"""What a playbook does, read from its definition."""

import json

from alerts.sentinel.wire.playbooks import MAX_DEPTH, MAX_STEPS, read_playbooks

GROUP = "/subscriptions/1/resourceGroups/soc/providers/Microsoft.Logic/workflows"


def test_a_step_names_the_logic_app_that_it_calls():
    called = {"host": {"triggerName": "manual", "workflow": {"id": f"{GROUP}/isolate-device"}}}
    actions = {"Respond": {"type": "Workflow", "inputs": called}}
    app = {"id": f"{GROUP}/respond", "name": "respond"}
    app["properties"] = {"definition": {"actions": actions}}
    (playbook,), _ = read_playbooks(json.dumps({"value": [app]}).encode())
    assert playbook.steps == ("Respond Workflow isolate-device",)


def playbook_of(actions):
    app = {"id": f"{GROUP}/respond", "name": "respond"}
    app["properties"] = {"definition": {"actions": actions}}
    (playbook,), _ = read_playbooks(json.dumps({"value": [app]}).encode())
    return playbook


def test_all_steps_are_read_up_to_a_bound_that_is_told():
    playbook = playbook_of({f"Step_{n}": {"type": "Http"} for n in range(MAX_STEPS)})
    assert len(playbook.steps) == MAX_STEPS and playbook.has_all_steps
    playbook = playbook_of({f"Step_{n}": {"type": "Http"} for n in range(MAX_STEPS + 1)})
    assert len(playbook.steps) == MAX_STEPS and not playbook.has_all_steps


def test_steps_that_are_nested_too_deep_are_missed_aloud():
    def nested(depth):
        actions = {"Stop": {"type": "Http"}}
        for _ in range(depth):
            actions = {"If": {"type": "If", "actions": actions}}
        return playbook_of(actions)

    assert nested(MAX_DEPTH - 1).has_all_steps
    assert not nested(MAX_DEPTH).has_all_steps


def test_a_change_at_the_end_of_a_long_step_is_seen():
    def calling(end):
        return playbook_of({"Call": {"inputs": {"uri": "https://example.org/" + "a" * 400 + end}}})

    assert len(calling("x").steps[0]) <= 300
    assert calling("x").steps != calling("y").steps


def test_what_is_nested_beyond_reading_is_not_taken_for_read():
    deep = {"inputs": {}}
    inner = deep["inputs"]
    for _ in range(300):
        inner["in"] = {}
        inner = inner["in"]
    playbook = playbook_of({"Call": deep})
    assert playbook.definition_digest == "" and not playbook.has_all_steps
    assert playbook_of({"Call": {"inputs": {}}}).has_all_steps
