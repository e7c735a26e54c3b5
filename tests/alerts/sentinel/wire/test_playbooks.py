"""What a playbook does, read from its definition."""

import orjson

from alerts.sentinel.wire.playbooks import read_playbooks

GROUP = "/subscriptions/1/resourceGroups/soc/providers/Microsoft.Logic/workflows"


def test_a_step_names_the_logic_app_that_it_calls():
    called = {"host": {"triggerName": "manual", "workflow": {"id": f"{GROUP}/isolate-device"}}}
    actions = {"Respond": {"type": "Workflow", "inputs": called}}
    app = {"id": f"{GROUP}/respond", "name": "respond"}
    app["properties"] = {"definition": {"actions": actions}}
    (playbook,), _ = read_playbooks(orjson.dumps({"value": [app]}))
    assert playbook.steps == ("Respond Workflow isolate-device",)
