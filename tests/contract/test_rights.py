"""The table of rights against the calls of our client: what each call needs is found out by making
it, in a pretend Azure that enforces rights call by call. A call that the table lacks fails here.
"""

import json
import re
from pathlib import Path

import pytest

from alerts.sentinel.client.azure import AzureSentinelClient
from alerts.sentinel.client.log_analytics import AzureLogsClient, LogsClient
from alerts.sentinel.client.port import SentinelClient, SentinelDenied
from alerts.sentinel.client.prerequisites import Prerequisite, Writable
from alerts.sentinel.engine.rights import (
    IDENTITY_OF,
    OPERATIONS,
    PROBED,
    ROLE_NAMES,
    SET_UP,
    RightsScope,
    custom_role,
    missing_actions,
    needed_actions,
)
from alerts.sentinel.models import ClientPurpose
from alerts.sentinel.wire.automation import read_automation_rules
from alerts.sentinel.wire.incidents import read_incident_page
from alerts.sentinel.wire.playbooks import read_playbooks
from simulator.running import running_simulator
from tests.conftest import NOON
from tests.contract.test_prerequisites import PACKAGE, of_what
from tests.factories.azure import connection_to, secret_of

ROLES = Path(__file__).resolve().parents[2] / "docs" / "roles"
GUID = "33333333-0000-4000-8000-000000000003"
BUILT_IN = {"change_incident": "put_incident"}  # a call made of another
NO_CALL = {"calls_left", "answered", "credential_ends_at", "capabilities", "resource_manager"}
# Not in Microsoft's published list of what the provider can do, which a custom role would need.
UNPUBLISHED = {
    "Microsoft.SecurityInsights/incidents/runPlaybook/action",
    "Microsoft.SecurityInsights/contentProductPackages/read",
}


def names_of_calls():
    """Every call that our clients have, as the table names it."""
    kinds = ("", "Standard")  # of Logic Apps, for which Azure asks other actions
    parts = {"read_prerequisite": Prerequisite, "put_prerequisite": Writable}
    parts |= {"run_playbook": kinds, "get_playbook": kinds, "list_playbook_runs": kinds}
    for protocol in (SentinelClient, LogsClient):
        for name in dir(protocol):
            if name.startswith("_") or name in NO_CALL:
                continue
            for part in parts.get(name, ("",)):
                yield f"{name} {part}".strip()


@pytest.fixture(scope="module")
def running():
    with running_simulator(now=NOON, incidents=40) as pretend:
        yield pretend


@pytest.fixture
def act(running):
    """`act(call)` makes one call as the application that may do everything, or as another."""
    with secret_of(running), pytest.MonkeyPatch.context():
        arm = AzureSentinelClient(connection_to(running))
        logs = AzureLogsClient(connection_to(running, logs_endpoint=running.endpoint))
        yield Acts(arm, logs, running).make
        arm.close()


class Acts:
    """One way to make each call, on things that are there."""

    def __init__(self, arm, logs, running):
        self.arm, self.logs, self.running = arm, logs, running
        self.place = running.workspaces[0]
        application = running.application("portal")
        running.control.application("portal", custom=["*"], denied=[])
        self.key = application.key
        self.incident = read_incident_page(arm.list_incidents(top=1)).items[0]
        playbooks, _ = read_playbooks(arm.list_playbooks())
        running.control.resource(
            self.place.key,
            "sites",
            "ot-apps/enrich",
            body={"properties": {"flowState": "Enabled"}},
        )
        group = f"/subscriptions/{self.place.subscription_id}/resourceGroups"
        self.site = f"{group}/{self.place.resource_group}/providers/Microsoft.Web/sites/ot-apps"
        web = f"{group}/{self.place.resource_group}/providers/Microsoft.Web"
        self.connection = f"{web}/connections/office365"
        standard = f"{self.site}/workflows/enrich"
        self.playbook = next(row for row in playbooks if row.has_incident_trigger).resource_id
        rules, _ = read_automation_rules(arm.list_automation_rules())
        self.rule = rules[0]
        comment = {"properties": {"message": "x"}}
        arm.put_comment(self.incident.name, GUID, comment)
        task = {"properties": {"title": "x", "status": "New"}}
        arm.put_task(self.incident.name, GUID, task)
        scheduled = {
            "kind": "Scheduled",
            "properties": {
                "displayName": "x",
                "enabled": True,
                "suppressionEnabled": False,
                "suppressionDuration": "PT5H",
                "query": 'datatable(M:string)["x"]',
            },
        }
        arm.put_prerequisite(Writable.ANALYTICS_RULE, GUID, scheduled)
        packages = json.loads(arm.read_prerequisite(Prerequisite.CATALOGUE))["value"]
        package = next(row["properties"] for row in packages if PACKAGE in row["name"])
        sensors = {"subscriptionId": self.place.subscription_id}
        connector = sensors | {"dataTypes": {"alerts": {"state": "Enabled"}}}
        name = self.incident.name
        self.bodies = {
            Writable.ANALYTICS_RULE: (GUID, scheduled),
            Writable.PACKAGE: (PACKAGE, {"properties": package}),
            Writable.CONNECTOR: (GUID, {"kind": "IOT", "properties": connector}),
        }
        self.calls = {
            "probe": arm.probe,
            "list_incidents": arm.list_incidents,
            "get_incident": lambda: arm.get_incident(name),
            "change_incident": lambda: arm.change_incident(self._fresh(), {"severity": "Low"}),
            "list_alerts": lambda: arm.list_alerts(name),
            "list_entities": lambda: arm.list_entities(name),
            "list_comments": lambda: arm.list_comments(name),
            "get_comment": lambda: arm.get_comment(name, GUID),
            "put_comment": lambda: arm.put_comment(name, GUID, comment),
            "list_tasks": lambda: arm.list_tasks(name),
            "get_task": lambda: arm.get_task(name, GUID),
            "put_task": lambda: arm.put_task(name, GUID, task),
            "get_connection": lambda: arm.get_connection(self.connection),
            "list_automation_rules": arm.list_automation_rules,
            "get_automation_rule": lambda: arm.get_automation_rule(self.rule.name),
            "put_automation_rule": lambda: arm.put_automation_rule(GUID, self._new_rule()),
            "delete_automation_rule": lambda: arm.delete_automation_rule(GUID),
            "list_playbooks": arm.list_playbooks,
            "get_playbook": lambda: arm.get_playbook(self.playbook),
            "list_playbook_runs": lambda: arm.list_playbook_runs(self.playbook),
            "run_playbook": lambda: arm.run_playbook(name, playbook=self.playbook),
            "get_watchlist": lambda: arm.get_watchlist("plant"),
            "put_watchlist": lambda: arm.put_watchlist("plant", {"displayName": "x"}),
            "list_watchlist_items": lambda: arm.list_watchlist_items("plant"),
            "get_watchlist_item": lambda: arm.get_watchlist_item("plant", GUID),
            "put_watchlist_item": lambda: arm.put_watchlist_item("plant", GUID, {"a": "b"}),
            "delete_watchlist_item": lambda: arm.delete_watchlist_item("plant", GUID),
            "list_playbook_sites": arm.list_playbook_sites,
            "list_site_playbooks": lambda: arm.list_site_playbooks(self.site),
            "get_playbook Standard": lambda: arm.get_playbook(standard),
            "run_playbook Standard": lambda: arm.run_playbook(name, playbook=standard),
            "list_playbook_runs Standard": lambda: arm.list_playbook_runs(standard),
            "get_analytics_rule": lambda: arm.get_analytics_rule(GUID),
            "put_analytics_rule": lambda: arm.put_analytics_rule(GUID, scheduled),
            "run_analytics_rule": lambda: arm.run_analytics_rule(GUID, at=NOON),
            "delete_analytics_rule": lambda: arm.delete_analytics_rule("none"),
            "query": lambda: logs.query(
                "union (SecurityIncident | count), (SecurityAlert | count)"
            ),
        }

    def _fresh(self):
        """The incident as the application may read it, or as it was."""
        return self.incident

    def _new_rule(self):
        written = ("displayName", "order", "triggeringLogic", "actions")
        return {member: self.rule.properties[member] for member in written}

    def make(self, call, *, granted=("*",), without=()):
        """Make a call with these rights alone. Raises SentinelDenied where they do not suffice."""
        self.running.control.application(
            self.key, roles=[], custom=list(granted), denied=list(without)
        )
        method, _, part = call.partition(" ")
        if method == "read_prerequisite":
            found = Prerequisite(part)
            self.arm.read_prerequisite(found, of=of_what(found, self.place))
        elif method == "put_prerequisite":
            name, body = self.bodies[Writable(part)]
            self.arm.put_prerequisite(Writable(part), name, body)
        else:
            self.logs._workspace_id = ""  # asked for anew: that is a call, too
            try:
                self.calls[call]()
            except Exception as error:  # what the call answers is no matter here
                if isinstance(error, SentinelDenied):
                    raise

    def actions_of(self, call):
        """Which actions a call needs: asked with none, it is refused by name until it has all."""
        granted = []
        for _ in range(9):
            try:
                self.make(call, granted=granted)
            except SentinelDenied as refusal:
                named = self._named_by(refusal, granted)
                assert named not in granted
                granted.append(named)
            else:
                return set(granted)
        raise AssertionError(f"{call} is refused whatever it is granted")

    def _named_by(self, refusal, granted):
        found = re.search(r"action '([^']+)'", refusal.message)
        if found:
            return found[1]
        base = "Microsoft.OperationalInsights/workspaces/query/"
        order = ("read", "SecurityAlert/read", "SecurityIncident/read")  # logs name no action
        return next(base + tail for tail in order if base + tail not in granted)


def test_every_call_of_the_clients_is_in_the_table():
    named = {row.call for row in OPERATIONS} | set(PROBED)
    calls = set(names_of_calls()) | set(BUILT_IN)
    assert calls - named == set(), "these calls are in no row: say which action they need"
    assert named - calls - set(BUILT_IN.values()) == set(), "these rows are of no call"


@pytest.mark.parametrize("call", sorted({row.call for row in OPERATIONS} - {"put_incident"}))
def test_a_call_needs_exactly_what_the_table_says(act, call):
    actions = act.__self__.actions_of(call)
    assert actions == {row.action for row in OPERATIONS if row.call == call}


@pytest.mark.parametrize("call", PROBED)
def test_what_is_probed_has_no_row(act, call):
    assert call not in {row.call for row in OPERATIONS}
    with pytest.raises(SentinelDenied):
        act(call, granted=["Microsoft.SecurityInsights/*/read"])


@pytest.mark.parametrize("purpose", IDENTITY_OF)
def test_with_the_actions_of_a_purpose_everything_of_it_runs(act, purpose):
    granted = [action for scope in RightsScope for action in needed_actions(purpose, scope=scope)]
    calls = {row.call for row in OPERATIONS if purpose in row.purposes} - {"put_incident"}
    for call in sorted(calls):
        act(call, granted=granted)


@pytest.mark.parametrize("purpose", IDENTITY_OF)
def test_without_one_action_exactly_its_calls_are_refused(act, purpose):
    granted = [action for scope in RightsScope for action in needed_actions(purpose, scope=scope)]
    rows = [row for row in OPERATIONS if purpose in row.purposes and row.call != "put_incident"]
    for missing in granted:
        rest = [action for action in granted if action != missing]
        refused = set()
        for call in sorted({row.call for row in rows}):
            try:
                act(call, granted=rest)
            except SentinelDenied:
                refused.add(call)
        assert refused == {row.call for row in rows if row.action == missing}, missing


def test_every_purpose_has_an_identity():
    assert set(IDENTITY_OF.values()) == set(ClientPurpose.values)
    assert IDENTITY_OF[SET_UP] == ClientPurpose.RULES


@pytest.mark.parametrize("name", ROLE_NAMES)
def test_a_shipped_role_is_the_one_of_the_table(name):
    shipped = json.loads((ROLES / f"tagout-{name}.json").read_text())
    assert shipped == custom_role(name), "write them anew: manage.py azure_roles docs/roles"


@pytest.mark.parametrize(
    ("name", "purposes"),
    [("reader", ["read"]), ("responder", ["incidents"]), ("rules", ["rules", "set-up"])],
)
def test_a_role_grants_its_purposes_and_never_a_deletion(name, purposes):
    role = custom_role(name)
    entries = [{"actions": role["Actions"], "not_actions": role["NotActions"]}]
    for purpose in purposes:
        for scope in RightsScope:
            assert missing_actions(needed_actions(purpose, scope=scope), entries) == []
    never = [
        "Microsoft.SecurityInsights/incidents/delete",
        "Microsoft.SecurityInsights/incidents/comments/delete",
    ]
    assert missing_actions(never, entries) == never
    assert not UNPUBLISHED & set(role["Actions"]), "Azure takes no role with an unknown action"
    assert "Microsoft.SecurityInsights/incidents/delete" in role["NotActions"]


def test_a_reader_writes_nothing():
    writes = [row.action for row in OPERATIONS if "read" not in row.purposes]
    entries = [{"actions": custom_role("reader")["Actions"]}]
    granted = set(writes) - set(missing_actions(writes, entries))
    assert all(action.endswith("/read") for action in granted)


def test_every_action_that_no_list_names_has_a_wildcard():
    assert {row.action for row in OPERATIONS if row.wildcard} == UNPUBLISHED
