"""A running simulator, and a bare client with a token for it."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
import requests

from simulator.running import running_simulator

START = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)
GA, PREVIEW = "2025-09-01", "2025-10-01-preview"
# What lies elsewhere than below Sentinel, by a piece of its address.
VERSIONS = {
    "Microsoft.SecurityInsights/": PREVIEW,
    "Microsoft.Authorization/": "2022-04-01",
    "Microsoft.IoTSecurity/": "2021-02-01-preview",
    "Microsoft.Logic/": "2019-05-01",
    "Microsoft.OperationalInsights/": "2022-10-01",
    "Microsoft.Web/": "2024-04-01",
}


def version_for(path):
    """The api-version of whatever provider the address ends in."""
    provider = path.casefold().rpartition("/providers/")[2]
    found = (v for name, v in VERSIONS.items() if provider.startswith(name.casefold()))
    return next(found, "2021-04-01")


class Arm:
    """Calls Azure Resource Manager as one application, on one workspace."""

    def __init__(self, running, key="portal"):
        self.running, self.key = running, key
        self.workspace = running.workspaces[0]
        self.link = requests.Session()
        self.link.trust_env = False
        self.link.verify = str(running.ca_file)
        self.token = self.sign_in().json()["access_token"]

    def sign_in(self, **changed):
        application = self.running.application(self.key)
        form = {
            "client_id": application.client_id,
            "client_secret": application.secret,
            "grant_type": "client_credentials",
            "scope": "https://management.azure.com/.default",
            **changed,
        }
        address = f"{self.running.endpoint}/{self.workspace.tenant_id}/oauth2/v2.0/token"
        return self.link.post(address, data=form)

    def __call__(self, method, tail, *, at=None, version=None, headers=None, json=None, **query):
        place = self.workspace.security_path if at is None else at
        version = version_for(f"{place}{tail}") if version is None else version
        return self.link.request(
            method,
            f"{self.running.endpoint}{place}{tail}",
            params={"api-version": version, **query},
            headers={"Authorization": f"Bearer {self.token}", **(headers or {})},
            json=json,
            timeout=30,
        )

    def follow(self, link):
        return self.link.get(link, headers={"Authorization": f"Bearer {self.token}"}, timeout=30)

    def put(self, name, *, etag=None, **properties):
        values = {"title": "Made by hand", "severity": "Low", "status": "New", **properties}
        body = {"properties": values} | ({"etag": etag} if etag else {})
        return self("PUT", f"/incidents/{name}", json=body)

    def rule(self, name, **changed):
        return self("PUT", f"/automationRules/{name}", json={"properties": a_rule(**changed)})


class Graph:
    """Calls Microsoft Graph as one application, for the tenant."""

    def __init__(self, running, key="portal"):
        self.arm = Arm(running, key)
        self.running, self.link = running, self.arm.link
        self.sign_in()

    def sign_in(self):
        answer = self.arm.sign_in(scope="https://graph.microsoft.com/.default")
        self.token = answer.json()["access_token"]

    def __call__(self, method, tail, *, prefer=True, headers=None, json=None, **query):
        wishes = {"Prefer": "include-unknown-enum-members"} if prefer else {}
        return self.link.request(
            method,
            f"{self.running.endpoint}/v1.0/security{tail}",
            params=query,
            headers={"Authorization": f"Bearer {self.token}", **wishes, **(headers or {})},
            json=json,
            timeout=30,
        )

    def follow(self, link):
        return self.link.get(link, headers={"Authorization": f"Bearer {self.token}"}, timeout=30)

    def incidents(self, **query):
        return self("GET", "/incidents", **query).json()["value"]

    def of(self, summary):
        """The portal's id of an incident that a control call told of."""
        resource = self.arm("GET", f"/incidents/{summary['name']}").json()
        return resource["properties"]["providerIncidentId"]


def a_rule(*, conditions=(), actions=None, when="Created", order=10, enabled=True, ends=None):
    return {
        "displayName": "A rule",
        "order": order,
        "triggeringLogic": {
            "isEnabled": enabled,
            "triggersOn": "Incidents",
            "triggersWhen": when,
            "conditions": list(conditions),
            **({"expirationTimeUtc": ends} if ends else {}),
        },
        "actions": actions
        or [
            {
                "order": 1,
                "actionType": "ModifyProperties",
                "actionConfiguration": {"labels": [{"labelName": "seen"}]},
            }
        ],
    }


def modify(**properties):
    return [{"order": 1, "actionType": "ModifyProperties", "actionConfiguration": properties}]


CLOSING = {
    "status": "Closed",
    "classification": "BenignPositive",
    "classificationReason": "SuspiciousButExpected",
}


@pytest.fixture
def pretend():
    """A simulator of its own, its clock still at six in the morning."""
    with running_simulator(now=START) as running:
        yield running


@pytest.fixture
def arm(pretend):
    client = Arm(pretend)
    yield client
    client.link.close()


@pytest.fixture
def graph(pretend):
    """Microsoft Graph, with the first workspace in the Defender portal."""
    pretend.control.onboard(pretend.workspaces[0].key)
    client = Graph(pretend)
    yield client
    client.link.close()


@pytest.fixture(scope="module")
def shared_arm():
    """One simulator for all tests of a file that leave nothing behind."""
    with running_simulator(now=START) as running:
        client = Arm(running)
        yield client
        client.link.close()


@pytest.fixture
def control(pretend):
    return pretend.control


@pytest.fixture
def labels():
    return lambda resource: [label["labelName"] for label in resource["properties"]["labels"]]


@pytest.fixture
def words():
    return SimpleNamespace(a_rule=a_rule, modify=modify, CLOSING=CLOSING, START=START, Arm=Arm)
