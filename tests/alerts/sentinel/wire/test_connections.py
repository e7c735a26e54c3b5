"""What a digest of a playbook and of its connections changes with."""

import orjson
import pytest

from alerts.sentinel.wire.connections import read_connection
from alerts.sentinel.wire.playbooks import read_playbook

GROUP = "/subscriptions/s/resourceGroups/rg/providers/"
SQL = "/subscriptions/s/providers/Microsoft.Web/locations/westeurope/managedApis/sql"


def digest_of_connection(**properties):
    values = {"api": {"id": SQL}, "parameterValues": {}, **properties}
    body = {"id": f"{GROUP}Microsoft.Web/connections/sql", "properties": values}
    return read_connection(orjson.dumps(body)).digest


def digest_of_playbook(expression, *, tags):
    step = {"type": "Compose", "inputs": expression}
    body = {
        "id": f"{GROUP}Microsoft.Logic/workflows/pb",
        "name": "pb",
        "tags": tags,
        "properties": {"state": "Enabled", "definition": {"actions": {"Compose": step}}},
    }
    return read_playbook(orjson.dumps(body)).definition_digest


@pytest.mark.parametrize(
    "changes",
    [
        {"parameterValues": {"server": "plc-gateway"}},
        {"nonSecretParameterValues": {"server": "plc-gateway"}},
        {"customParameterValues": {"server": "plc-gateway"}},
        {"parameterValueSet": {"name": "sqlAuthentication", "values": {"server": "plc-gateway"}}},
        {"alternativeParameterValues": {"server": "plc-gateway"}},
        {"parameterValueType": "Alternative"},
    ],
)
def test_a_connection_that_leads_elsewhere_is_another_one(changes):
    assert digest_of_connection(**changes) != digest_of_connection()


@pytest.mark.parametrize("changes", [{"statuses": [{"status": "Error"}]}, {"changedTime": "x"}])
def test_what_changes_by_itself_makes_no_other_connection(changes):
    assert digest_of_connection(**changes) == digest_of_connection()


@pytest.mark.parametrize(
    ("expression", "counts"),
    [
        ("@workflow()['tags']['Target']", True),
        ("@Workflow ()['tags']['Target']", True),
        ("@{workflow\n\t()['tags']['Target']}", True),
        ("@triggerBody()['tags']", False),
    ],
)
def test_tags_count_where_a_step_may_read_them(expression, counts):
    one = digest_of_playbook(expression, tags={"Target": "mail"})
    other = digest_of_playbook(expression, tags={"Target": "breaker"})
    assert (one != other) is counts
