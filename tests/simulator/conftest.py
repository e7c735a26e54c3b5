"""A running simulator, and a bare client with a token for it."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
import requests

from simulator.running import running_simulator

START = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)
GA, PREVIEW = "2025-09-01", "2025-10-01-preview"


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

    def __call__(self, method, tail, *, at=None, version=GA, headers=None, json=None, **query):
        place = self.workspace.security_path if at is None else at
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
