"""A pretend Azure that Tagout writes to for real: over TLS, with Microsoft's own clients."""

import os
from collections import Counter

from django.db import connection

from alerts.incidents.ingest.store import store_incidents
from alerts.incidents.models import Incident
from alerts.outbox.models import Change, WantedRule
from alerts.outbox.services.deliver import deliver_one
from alerts.sentinel.client import client_for
from alerts.sentinel.models import Reachability, WorkspaceScope
from alerts.sentinel.services.workspaces import add_workspace
from alerts.sentinel.wire.incidents import read_incident_page
from portal import clock
from portal.jobs.models import JobState

SECRET_VARIABLE = "OUTBOX_FAULTS_SECRET"


class SimulatedService:
    """Some of the simulator's workspaces, registered with Tagout."""

    def __init__(self, running, monkeypatch):
        self.running, self.control = running, running.control
        monkeypatch.setenv(SECRET_VARIABLE, running.application().secret)

    def register(self, index=0):
        """Register one of its workspaces as a person would, and take in all that happens there:
        incidents of these tests name neither a product nor a rule.
        """
        place = self.running.workspaces[index]
        workspace = add_workspace(
            name=place.key,
            tenant=place.tenant_id,
            subscription=place.subscription_id,
            resource_group=place.resource_group,
            workspace=place.name,
            credential="client-secret",
            client_id=self.running.application().client_id,
            secret_env=SECRET_VARIABLE,
            endpoint=self.running.endpoint,
            authority=self.running.endpoint,
            ca_bundle=str(self.running.ca_file),
            by="tests",
            now=clock.now(),
        )
        workspace.ot_scope = WorkspaceScope.ALL
        workspace.save(update_fields=["ot_scope"])
        return workspace

    def incidents(self, workspace, n=1, **properties):
        """Let incidents happen there, and pull them as intake does."""
        values = {"title": "Unauthorized PLC Programming", "severity": "Medium"} | properties
        made = self.control.inject(workspace=workspace.name, count=n, properties=values)
        self.pull(workspace)
        names = [incident["name"] for incident in made["incidents"]]
        return list(Incident.objects.filter(workspace=workspace, name__in=names).order_by("pk"))

    def pull(self, workspace):
        """One page of what changed; returns how it was counted."""
        page = read_incident_page(client_for(workspace).list_incidents())
        return store_incidents(
            workspace_id=workspace.pk, incidents=list(page.items), now=clock.now()
        )

    def read(self, incident):
        """The incident's properties as they are in Sentinel now."""
        page = read_incident_page(client_for(incident.workspace).list_incidents())
        properties = {item.name: item.raw["properties"] for item in page.items}
        return properties[incident.name]

    def effects(self):
        """How often each address was written to with effect."""
        return Counter(
            entry["path"].lower()
            for entry in self.control.journal()
            if entry["applied"] and entry["method"] == "PUT"
        )


def let_holds_and_waits_pass():
    """As if some minutes had gone by: holds, waits, leases and breakers are over."""
    past = clock.unshifted()
    for rows in (Change.objects, WantedRule.objects):
        rows.filter(state=JobState.WAITING).update(due_at=past)
        rows.filter(state=JobState.RUNNING).update(lease_until=past)
    Reachability.objects.update(open_until=None, not_before=None, failures=0)


def deliver_all():
    """Send whatever is due; how each attempt ended."""
    done = []
    while change := deliver_one(now=clock.now(), connect=client_for, pause=lambda _: None):
        done.append(change.outcome)
    return done


def environment_of_a_worker():
    """For a process of its own on the test's database."""
    database = connection.settings_dict
    host = database["HOST"].replace("/", "%2F")
    port = f":{database['PORT']}" if database["PORT"] else ""
    who = database["USER"] + (f":{database['PASSWORD']}" if database["PASSWORD"] else "")
    url = f"postgresql://{who}@{host}{port}/{database['NAME']}"
    return os.environ | {"DATABASE_URL": url}
