"""What happens around the pages while people use them: the plant, the workers, the post."""

import json
from io import StringIO

from django.core.management import call_command

from alerts.incidents.models import Incident
from alerts.outbox.models import Change
from alerts.sentinel.client import client_for
from portal import clock
from portal.jobs.models import JobState
from portal.notifications.models import Mail
from portal.notifications.services import send_one_mail
from tests.faults.outbox import let_holds_and_waits_pass

DOWNLOAD = "tuesday-download"  # the engineering station programs two PLCs


class World:
    """The pretend plant's Sentinel as the story uses it, and Tagout's workers, run by hand."""

    def __init__(self, control, mailbox):
        self.control, self.mailbox = control, mailbox
        self.made = []

    def happens(self, kind=DOWNLOAD, **options):
        """Something happens at the plant, and Tagout reads it with alerts and entities."""
        result = self.control.inject(kind=kind, options=options)
        self.made.append(result["name"])
        self.sync(result["workspace"])
        return Incident.objects.get(name=result["name"])

    def sync(self, workspace):
        call_command("sync", workspace, "--full", stdout=StringIO())

    def deliver(self):
        """Ten seconds later: nobody can undo any more, the workers send what is owed."""
        let_holds_and_waits_pass()
        call_command("deliver", stdout=StringIO())
        assert not Change.objects.filter(state=JobState.WAITING).exists()

    def post(self):
        """Ten seconds later: mails go out."""
        Mail.objects.filter(state=JobState.WAITING).update(due_at=clock.unshifted())
        while send_one_mail(now=clock.unshifted()):
            pass

    def there(self, incident):
        """The incident's properties as they are in Sentinel now."""
        return json.loads(client_for(incident.workspace).get_incident(incident.name))["properties"]

    def comments(self, incident):
        """The comments on the incident as they are in Sentinel now."""
        page = json.loads(client_for(incident.workspace).list_comments(incident.name))
        return [comment["properties"]["message"] for comment in page["value"]]

    def writes(self, incident):
        """What Tagout wrote to this incident so far."""
        entries = self.control.journal(path=incident.name)
        return [entry for entry in entries if entry["method"] == "PUT"]

    def leave(self):
        """The next journey finds an empty Sentinel."""
        for name in self.made:
            self.control.delete(name)
