"""What administrators ask for, done with the real client in a pretend Azure over TLS."""

import pytest

from alerts.intake.services.foreground import sync_workspace
from alerts.readiness.engine.readings import CheckRemedy
from alerts.readiness.engine.solution import titles_without_rule
from alerts.readiness.services.check_workspace import check_workspace
from alerts.readiness.services.setup import carry_out_due_step, request_step
from alerts.sentinel.client import client_for
from alerts.sentinel.models import Workspace
from portal.jobs.models import JobState
from simulator.running import running_simulator
from tests.alerts.readiness.conftest import checks_by_name
from tests.conftest import NOON

pytestmark = pytest.mark.django_db
UNWATCHED = "Database Login Failed"  # no rule of the solution selects it


class Azure:
    """A pretend Azure and Tagout's worker."""

    def __init__(self, running, ada):
        self.running, self.ada = running, ada
        self.place = running.workspaces[0]
        application = running.application()
        self.workspace = Workspace.objects.create(
            name="new",
            tenant_id=self.place.tenant_id,
            subscription_id=self.place.subscription_id,
            resource_group=self.place.resource_group,
            workspace_name=self.place.name,
            endpoint=running.endpoint,
            authority=running.endpoint,
            ca_bundle=str(running.ca_file),
            credential="client-secret",
            client_id=application.client_id,
            secret_env="PRETEND_SECRET",
            added_at=NOON,
        )

    def look(self):
        check_workspace(self.workspace, purpose="read", now=NOON, connect=client_for)
        checks = checks_by_name(self.workspace)
        return {name.partition(" (")[0]: check for name, check in checks.items()}

    def do(self, kind, target=""):
        step = request_step(
            workspace=self.workspace, kind=kind, target=target, by=self.ada, now=NOON
        )
        carry_out_due_step(now=NOON, connect=client_for)
        step.refresh_from_db()
        assert (step.state, step.latest_error) == (JobState.DONE, "")
        return self.look()

    def poll(self):
        """Read the incidents as a poll does."""
        options = {"workspace": self.workspace, "client": client_for(self.workspace)}
        sync_workspace(**options, since=None, full=False)
        return self.look()

    def happens(self, title, nonce):
        """An alert of this type comes at the plant; returns the incidents that Sentinel made."""
        wish = {"site": "gdansk", "title": title, "nonce": nonce}
        made = self.running.control.inject(kind="misconfigured-service", options=wish)
        return made["incidents"]

    def written(self):
        entries = self.running.control.journal(path="alertRules")
        return [entry["path"] for entry in entries if entry["method"] == "PUT"]


@pytest.fixture
def azure(monkeypatch, noon, ada):
    with running_simulator(now=NOON, empty=True) as running:
        monkeypatch.setenv("PRETEND_SECRET", running.application().secret)
        yield Azure(running, ada)


def test_an_empty_workspace_is_made_ready_step_by_step(azure):
    assert azure.look()["incident creation"].state == "failed"
    checks = azure.do(CheckRemedy.CONNECT, azure.place.subscription_id)
    assert checks["connector"].state == "ok"
    assert azure.do(CheckRemedy.INSTALL)["content package"].state == "ok"
    checks = azure.do(CheckRemedy.ENABLE)
    assert checks["analytics rules"].state == checks["incident creation"].state == "ok"
    assert len(set(azure.written())) == len(azure.written()) == 15
    azure.do(CheckRemedy.ENABLE)
    assert len(azure.written()) == 15, "what is there is not written again"


def test_the_rule_for_the_rest_brings_incidents_that_would_not_come(azure):
    assert UNWATCHED in titles_without_rule()
    azure.do(CheckRemedy.CONNECT, azure.place.subscription_id)
    azure.do(CheckRemedy.INSTALL)
    azure.do(CheckRemedy.ENABLE)
    assert azure.happens(UNWATCHED, nonce=1) == []
    assert azure.do(CheckRemedy.COVER)["coverage"].reason == "own_rule"
    assert len(azure.happens(UNWATCHED, nonce=2)) == 1
    assert len(azure.happens("Excessive Login Attempts", nonce=3)) == 1


def test_after_onboarding_the_rules_are_tagged_and_the_rest_is_covered(azure):
    azure.do(CheckRemedy.CONNECT, azure.place.subscription_id)
    azure.do(CheckRemedy.INSTALL)
    azure.do(CheckRemedy.ENABLE)
    azure.happens("Excessive Login Attempts", nonce=8)
    assert azure.poll()["portal"].reason == "in_azure"
    azure.running.control.onboard(azure.place.key)
    azure.happens("Excessive Login Attempts", nonce=9)
    checks = azure.poll()
    assert checks["portal"].reason == "in_defender"
    assert checks["correlation"].state == "unknown"  # the default of the tenant decides
    assert azure.do(CheckRemedy.TAG)["correlation"].state == "ok"
    assert azure.happens(UNWATCHED, nonce=4) == []
    checks = azure.do(CheckRemedy.COVER)
    assert checks["coverage"].state == checks["correlation"].state == "ok"
    assert len(azure.happens(UNWATCHED, nonce=5)) == 1


def test_double_creation_is_ended(azure):
    azure.do(CheckRemedy.CONNECT, azure.place.subscription_id)
    azure.do(CheckRemedy.INSTALL)
    azure.do(CheckRemedy.ENABLE)
    client = client_for(azure.workspace, "rules")
    from alerts.sentinel.client.prerequisites import Writable
    from tests.alerts.readiness.azure import creation_rule

    client.put_prerequisite(Writable.ANALYTICS_RULE, "all", creation_rule())
    assert azure.look()["incident creation"].reason == "both_ways"
    assert len(azure.happens("Excessive Login Attempts", nonce=6)) == 2
    assert azure.do(CheckRemedy.SINGLE)["incident creation"].state == "ok"
    assert len(azure.happens("Excessive Login Attempts", nonce=7)) == 1
