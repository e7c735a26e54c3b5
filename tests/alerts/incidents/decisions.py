"""A SOC desk for tests: incidents as Sentinel in memory has them, and people who decide."""

import uuid

from alerts.incidents.ingest.store import store_incidents
from alerts.incidents.models import Incident
from alerts.outbox.services.deliver import deliver_one
from alerts.sentinel.wire.incidents import read_incident_page
from portal.accounts.models import GrantScope, Role
from tests.conftest import NOON


class SocDesk:
    """One workspace, its Sentinel in memory, and intake and workers in the test's hand."""

    def __init__(self, workspace, sentinel, clock):
        self.workspace, self.sentinel, self.clock = workspace, sentinel, clock

    def incident(self, **properties):
        name = self.sentinel.add_incident(**properties)
        self.pull()
        return Incident.objects.get(name=name)

    def pull(self):
        """What intake does; returns how it counted."""
        page = read_incident_page(self.sentinel.list_incidents())
        return store_incidents(workspace_id=self.workspace.pk, incidents=list(page.items), now=NOON)

    def deliver(self, seconds=10):
        """Let the hold pass and send everything; returns the outcomes."""
        self.clock.go(seconds=seconds)
        done = []
        while one := deliver_one(now=NOON, connect=lambda *_: self.sentinel, pause=lambda _: None):
            done.append(one.outcome)
        return done

    def in_sentinel(self, incident):
        return self.sentinel.incidents[incident.name]["properties"]

    def soc(self, make_person, who, role=Role.SOC_ANALYST):
        return make_person(who, (role, GrantScope.WORKSPACE, self.workspace.uuid))


def timeline(incident):
    return list(incident.timeline.order_by("pk").values_list("code", flat=True))


def entra(person):
    """Give the person an Entra object id."""
    person.tid, person.oid = str(uuid.UUID(int=1)), str(uuid.UUID(int=person.pk))
    person.save()
    return person
