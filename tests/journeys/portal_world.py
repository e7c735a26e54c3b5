"""A plant whose workspaces are in the Defender portal, or come there while everything goes on."""

from io import StringIO

from django.core.management import call_command

from alerts.incidents.models import Incident
from alerts.outbox.models import Change
from alerts.sentinel.client import client_for
from alerts.sentinel.models import DefenderIncident, Workspace
from alerts.sentinel.wire.incidents import read_incident_page
from portal.jobs.models import JobState
from tests.faults.outbox import let_holds_and_waits_pass
from tests.journeys.past import CLOSED, WORKSPACE
from tests.journeys.routine import Routine
from tests.journeys.world import World

GRAPH = "/v1.0/security/incidents"


class InPortal:
    """What a journey asks and does about the Defender portal; beside World or Routine."""

    def onboard(self, workspace, **options):
        """An administrator of the tenant brings a workspace to the portal."""
        return self.control.onboard(workspace, **options)

    def use(self, workspace, source):
        """An administrator of Tagout says where the incidents are read and written."""
        call_command(
            "workspace",
            "source",
            workspace,
            "--source",
            source,
            "--graph-endpoint",
            self.endpoint,
            stdout=StringIO(),
        )

    def portal_row(self, incident):
        """The row that says what an incident is called in Graph; None where it is not there."""
        return DefenderIncident.objects.filter(name=incident.name).first()

    def graph_id(self, incident):
        """What an incident is called in Graph."""
        return self.portal_row(incident).graph_id

    def patches(self, incident):
        """What Tagout changed of an incident through Graph."""
        entries = self.control.journal(path=f"{GRAPH}/{self.graph_id(incident)}")
        return [entry for entry in entries if entry["method"] == "PATCH" and entry["applied"]]

    def posts(self, incident):
        """What Tagout added to an incident through Graph."""
        entries = self.control.journal(path=f"{GRAPH}/{self.graph_id(incident)}/comments")
        return [entry for entry in entries if entry["method"] == "POST" and entry["applied"]]

    def puts_by_arm(self):
        """What Tagout wrote to incidents through the resource manager."""
        entries = self.control.journal(path="/incidents/")
        return [entry for entry in entries if entry["method"] == "PUT" and entry["applied"]]


class PortalWorld(InPortal, World):
    """World on a simulator of its own."""

    def __init__(self, simulator, mailbox):
        super().__init__(simulator.control, mailbox)
        self.endpoint = simulator.endpoint
        self.workspaces = [workspace.key for workspace in simulator.workspaces]

    def happens_unread(self, **options):
        """Something happens at the plant; Tagout does not know it yet. Answers its name."""
        name = self.control.inject(kind="tuesday-download", options=options)["name"]
        self.made.append(name)
        return name

    def closes(self, incident, *, by):
        """A person closes an incident in Sentinel, and Tagout reads it."""
        self.control.edit(incident.name, by=by, properties=CLOSED)
        self.sync(incident.workspace.name)

    def names_here(self):
        """The incidents that Tagout has."""
        return sorted(Incident.objects.values_list("name", flat=True))

    def names_there(self):
        """The incidents that Sentinel has."""
        client = client_for(Workspace.objects.get(name=WORKSPACE)).resource_manager
        return sorted(item.name for item in read_incident_page(client.list_incidents()).items)

    def deliver_in_vain(self):
        """The workers send what is owed, and something of it does not succeed."""
        let_holds_and_waits_pass()
        call_command("deliver", stdout=StringIO())
        assert Change.objects.filter(state=JobState.WAITING).exists()

    def writes_of(self, incident):
        """How often the incident was written, by either side."""
        path = f"{GRAPH}/{row.graph_id}" if (row := self.portal_row(incident)) else incident.name
        entries = self.control.journal(path=path)
        return sum(entry["method"] in ("PATCH", "PUT") and entry["applied"] for entry in entries)


class PortalRoutine(InPortal, Routine):
    """Routine in the Defender portal."""

    def __init__(self, simulator, mailbox):
        super().__init__(simulator, mailbox)
        self.endpoint = simulator.endpoint
