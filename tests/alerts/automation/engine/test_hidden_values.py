"""What decides what a playbook does and is not in its digest: no word about it can hold."""

import pytest

from alerts.automation.engine.hidden_values import hidden_values_of
from alerts.automation.engine.plant_effects import EffectEvidence
from tests.factories.workflows import (
    COMMENT,
    GROUP,
    HARMLESS,
    MAIL,
    MANAGED,
    connectors_of,
    http_step,
    workflow_properties,
)

SITE_CONNECTION = f"{GROUP}/providers/Microsoft.Web/connections/mail"
CHILD = {"workflow": {"id": f"{GROUP}/providers/Microsoft.Logic/workflows/open-breaker"}}


def hidden_in(actions, *, parameters=None, declared=None):
    properties = workflow_properties(actions)
    properties["definition"]["parameters"] |= declared or {}
    values = properties["parameters"] | (parameters or {})
    return hidden_values_of(
        definition=properties["definition"],
        parameters=values,
        connectors=connectors_of(values),
    )


def hidden_in_standard(actions, *, connections=None, parameters=None, connectors=None):
    files = {"connections.json": connections or {}, "parameters.json": parameters or {}}
    return hidden_values_of(
        definition={"actions": actions, "triggers": {}},
        parameters=files,
        connectors={SITE_CONNECTION.lower(): "x"} if connectors is None else connectors,
    )


def site_step(name="mail", **inputs):
    host = {"connection": {"referenceName": name}}
    return {"Mail": {"type": "ApiConnection", "inputs": {"host": host, **inputs}}}


def managed(resource_id=SITE_CONNECTION, **more):
    return {"managedApiConnections": {"mail": {"connection": {"id": resource_id}} | more}}


@pytest.mark.parametrize("name", HARMLESS)
def test_what_stands_in_the_definition_is_not_hidden(name):
    assert hidden_in(HARMLESS[name]) == []


def test_a_parameter_with_its_value_is_not_hidden():
    step = {"Call": http_step("GET", "@parameters('where')")}
    assert hidden_in(step, parameters={"where": {"value": "https://plant"}}) == []
    assert hidden_in(step, declared={"where": {"type": "String", "defaultValue": "u"}}) == []


@pytest.mark.parametrize(
    "uri",
    [
        "@parameters('where')",
        "@{parameters('where')}/off",
        "@concat('https://', PARAMETERS ( 'where' ))",
        "@parameters(concat('wh','ere'))",
        "@parameters(variables('x'))",
        "@appsetting('TARGET')",
        "@{toLower(AppSetting('TARGET'))}",
    ],
)
def test_a_value_that_azure_does_not_show_is(uri):
    declared = {"where": {"type": "SecureString"}}
    assert hidden_in({"Call": http_step("GET", uri)}, declared=declared)


@pytest.mark.parametrize("kind", ["Foreach", "Scope", "Until"])
def test_it_is_found_in_steps_inside_of_others(kind):
    inner = {"Call": http_step("GET", "@parameters('where')")}
    actions = {"Outer": {"type": kind, "actions": {"Inner": {"type": "Scope", "actions": inner}}}}
    assert hidden_in(actions) == [EffectEvidence("value", "where", "parameter")]


def test_a_parameter_that_names_another_is_followed():
    step = {"Call": http_step("GET", "@parameters('a')")}
    parameters = {"a": {"value": "@parameters('b')"}}
    assert hidden_in(step, parameters=parameters) == [EffectEvidence("value", "b", "parameter")]
    around = parameters | {"b": {"value": "@parameters('a')"}}
    assert hidden_in(step, parameters=around) == []


@pytest.mark.parametrize("kind", ["Workflow", "InvokeWorkflow"])
def test_what_another_logic_app_does_is_hidden(kind):
    actions = {"Comment": COMMENT, "Go": {"type": kind, "inputs": {"host": CHILD}}}
    assert hidden_in(actions) == [EffectEvidence("value", "open-breaker", "Logic App")]


@pytest.mark.parametrize("kind", ["Xslt", "Liquid", "FlatFileDecoding", "XmlValidation"])
def test_maps_of_an_integration_account_are_hidden(kind):
    actions = {"Map": {"type": kind, "inputs": {"content": "@triggerBody()"}}}
    assert hidden_in(actions) == [EffectEvidence("value", kind.lower(), "integration account")]


def test_a_batch_of_another_logic_app_is_hidden():
    actions = {"Send": {"type": "SendToBatch", "inputs": {"host": CHILD}}}
    assert hidden_in(actions) == [EffectEvidence("value", "open-breaker", "Logic App")]


def test_a_connection_that_was_not_read_is_hidden():
    properties = workflow_properties({"Mail": MAIL})
    connectors = connectors_of(properties["parameters"])
    connectors[next(name for name in connectors if name.endswith("office365"))] = ""
    parts = {"definition": properties["definition"], "parameters": properties["parameters"]}
    found = hidden_values_of(**parts, connectors=connectors)
    assert found == [EffectEvidence("value", "office365", "connection")]


def test_a_workflow_of_a_site_is_read_with_the_connections_that_it_names():
    api = {"api": {"id": f"{MANAGED}/office365"}}
    assert hidden_in_standard(site_step(), connections=managed(**api)) == []
    other = managed(**api)
    other["serviceProviderConnections"] = {"sql": {"parameterValues": {"x": "@appsetting('y')"}}}
    assert hidden_in_standard(site_step(), connections=other) == [], "the workflow does not name it"


@pytest.mark.parametrize(
    "how",
    [
        {"connections": {}},
        {"connections": managed("@appsetting('ID')")},
        {"connections": managed(f"{GROUP}/x/@{{appsetting('NAME')}}")},
        {"connections": managed(connectionRuntimeUrl="@appsetting('URL')")},
        {"connections": managed(), "connectors": {SITE_CONNECTION.lower(): ""}},
        {"connections": managed(), "connectors": {}},
    ],
)
def test_a_connection_of_a_site_that_its_settings_decide_is_hidden(how):
    assert hidden_in_standard(site_step(), **how)


def test_parameters_of_a_site_are_followed_into_its_settings():
    step = {"Call": http_step("GET", "@parameters('where')")}
    plain = {"where": {"type": "String", "value": "https://plant"}}
    assert hidden_in_standard(step, parameters=plain) == []
    hidden = {"where": {"type": "String", "value": "@appsetting('WHERE')"}}
    assert hidden_in_standard(step, parameters=hidden)[0].call == "app setting"


def test_a_service_provider_of_a_site_with_a_setting_is_hidden():
    provider = {"connectionName": "sql", "operationId": "x", "serviceProviderId": "/sql"}
    inputs = {"serviceProviderConfiguration": provider}
    actions = {"Query": {"type": "ServiceProvider", "inputs": inputs}}
    groups = {"serviceProviderConnections": {"sql": {"parameterValues": {"c": "@appsetting('C')"}}}}
    assert hidden_in_standard(actions, connections=groups)


@pytest.mark.parametrize("value", [None, [], "x", 7, {"value": []}, {"$connections": []}])
def test_what_cannot_be_read_breaks_nothing(value):
    hidden_values_of(definition=value, parameters=value, connectors={})
