"""A workspace with playbooks in Azure, an incident at one site, and people of both sides."""

import pytest

from alerts.automation.models import Inventory, Playbook
from alerts.automation.services.consent import decide_consent, request_consent
from alerts.automation.services.inventory import read_due_inventory
from alerts.automation.services.run_playbook import run_playbook
from alerts.outbox.services.deliver import deliver_one
from portal.accounts.models import GrantScope, Role
from tests import cast
from tests.alerts.outbox.conftest import Clock
from tests.conftest import NOON, add_person
from tests.factories.incidents import make_workspace
from tests.factories.workflows import COMMENT, workflow_properties
from tests.memory_sentinel import MemorySentinel
from tests.program import stored_incident
from tests.reuse import reuse_rows

WHY = "It scans the controllers."


@reuse_rows
def workspace(db):
    return make_workspace()


@pytest.fixture
def clock(monkeypatch, noon):
    clock = Clock()
    monkeypatch.setattr("portal.clock.unshifted", lambda: clock.at)
    return clock


@pytest.fixture
def sentinel():
    return MemorySentinel()


@pytest.fixture
def incident(workspace, site, sentinel):
    row = stored_incident(workspace, site_ids=[site.pk])
    sentinel.add_incident(row.name)
    return row


class Worker:
    """Reads and delivers as the workers would."""

    def __init__(self, sentinel, clock):
        self.sentinel, self.clock = sentinel, clock

    def read(self):
        Inventory.objects.update(due_at=self.clock.at)
        return read_due_inventory(now=NOON, connect=lambda *_: self.sentinel)

    def deliver(self, *, now=NOON):
        self.clock.go(seconds=10)
        return deliver_one(now=now, connect=lambda *_: self.sentinel)


@pytest.fixture
def worker(workspace, sentinel, clock):
    return Worker(sentinel, clock)


@pytest.fixture
def enrich(sentinel, worker):
    """A playbook that everybody of the SOC may run."""
    properties = workflow_properties({"Add_comment_to_incident": COMMENT})
    resource = sentinel.add_playbook("enrich-with-cve", **properties)
    worker.read()
    return Playbook.objects.get(resource_id=resource)


@pytest.fixture
def isolate(sentinel, worker):
    """A playbook that acts on the plant."""
    resource = sentinel.add_playbook("isolate-device", "Shut_port_on_switch")
    worker.read()
    return Playbook.objects.get(resource_id=resource)


@reuse_rows
def leo(workspace):
    return add_person(cast.LEO, (Role.SOC_LEAD, GrantScope.WORKSPACE, workspace.uuid))


@reuse_rows
def sam(workspace):
    return add_person(cast.SAM, (Role.SOC_ANALYST, GrantScope.WORKSPACE, workspace.uuid))


@pytest.fixture
def start(incident):
    """`start(playbook, by)`: somebody runs it on the incident."""

    def make(playbook, by, **options):
        values = {"incident_ids": [incident.pk], "now": NOON} | options
        return run_playbook(playbook_id=playbook.pk, by=by, **values)

    return make


@pytest.fixture
def ask(incident):
    """`ask(playbook, by)`: somebody asks for consent to run it on the incident."""

    def make(playbook, by, *, now=NOON, reason=WHY):
        return request_consent(
            playbook_id=playbook.pk, incident_id=incident.pk, reason=reason, by=by, now=now
        )

    return make


@pytest.fixture
def decide():
    """`decide(request, by)`: somebody consents, or declines."""

    def make(request, by, *, is_given=True, reason="", now=NOON):
        return decide_consent(
            consent=request.uuid, is_given=is_given, reason=reason, by=by, now=now
        )

    return make
