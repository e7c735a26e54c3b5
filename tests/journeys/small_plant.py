"""A plant with a month behind it, what its people bring from before, and time as a number."""

import csv
import re
from datetime import timedelta
from html import unescape
from io import BytesIO, StringIO

from django.core.management import call_command

from alerts.demo.services import verdicts_on_history
from alerts.incidents.models import DetailsState, Incident
from alerts.intake.tasks import fetch_due_details
from alerts.patterns.services.mine_patterns import mine_patterns
from alerts.planned_work.models import PlannedWork
from alerts.reviews.models import VerdictFile
from alerts.sentinel.models import Workspace
from alerts.sites.models import Device, Site
from alerts.suppression.watching.watch import watch_rules
from portal import clock
from portal.jobs.services import age_waiting_work, move_clock
from tests import cast
from tests.journeys.routine import WHILE, Routine

NEXT = r'<a [^>]*href="(\?[^"]*)"[^>]*>(?:(?!</a>).)*Next'
CALENDAR = """BEGIN:VCALENDAR
VERSION:2.0
BEGIN:VEVENT
UID:nightly-backup
CREATED:20360801T080000Z
SUMMARY:Nightly backup
DTSTART;TZID=Europe/Warsaw:20360901T000000
DTEND;TZID=Europe/Warsaw:20360901T040000
RRULE:FREQ=DAILY
X-TAGOUT-KIND:backup
X-TAGOUT-DEVICE:BKP-GD-01
END:VEVENT
END:VCALENDAR
"""


class SmallPlant(Routine):
    """Gdańsk alone. `moment` is Tagout's business time: it moves by `live` and by nothing else."""

    def __init__(self, simulator, mailbox):
        super().__init__(simulator, mailbox)
        self.moment = self.now

    def read_history(self):
        """Tagout begins at the plant's time with what it has done."""
        move_clock(by=self.now - clock.unshifted())
        Workspace.objects.filter(name="porto").update(state=Workspace.State.PAUSED)
        call_command("sync", "--all", "--full", stdout=StringIO())
        self.look()

    def live(self, **by):
        """So much time goes by, and then every worker has its turn."""
        duration = timedelta(**by)
        self.pass_time(duration)
        self.moment += duration
        self.work()
        watch_rules(now=self.moment)  # what was tagged just now may have ended a trial

    def fetch_details(self):
        """All of them, however slow the machine is."""
        pending = Incident.objects.filter(details_state=DetailsState.PENDING)
        while pending.exclude(details_due_at=None).exists():
            age_waiting_work(by=WHILE)
            fetch_due_details()

    @staticmethod
    def mine():
        """A night goes by in which patterns are looked for."""
        mine_patterns(now=clock.now())

    def strike(self, source, destination):
        """An attack between two devices; answers its name. Tagout does not know it yet."""
        return self.comes(
            "historian-polling", source=source, destination=destination, title="Controller Stop"
        )

    def in_sentinel(self, name, **properties):
        """Marta changes an incident there."""
        self.control.edit(name, by="marta", properties=properties)

    def bring_inventory(self, client, *, crown_jewel):
        """Oda uploads the inventory, reads what it changes, and takes it over."""
        device = Device.objects.select_related("zone__site").get(name=crown_jewel)
        rows = [
            "site,zone,address,name,kind,role,criticality",
            f"{device.zone.site},{device.zone.name},{device.address},{device.name},{device.kind},,"
            "crown-jewel",
        ]
        client.force_login(self.person(cast.ODA))
        look = client.post("/devices/import/", {"file": file_of("plant.csv", "\n".join(rows))})
        assert "1 changed" in client.get(look["Location"]).content.decode()
        assert client.post(look["Location"]).status_code == 302

    def bring_calendar(self, client):
        """Oda uploads the calendar of works; Olaf confirms what recurs, as its second person."""
        client.force_login(self.person(cast.ODA))
        site = Site.objects.get(name="Gdańsk")
        sent = {"site": site.pk, "file": file_of("plan.ics", CALENDAR), "do": "import"}
        assert "New: 1." in client.post("/planned-work/import/", sent).content.decode()
        work = PlannedWork.objects.get()
        client.force_login(self.person(cast.OLAF))
        address = f"/planned-work/{work.uuid}/"
        assert client.post(f"{address}confirm/", {"revision": 1}).status_code == 302
        assert "Confirmed" in client.get(address).content.decode()

    def bring_verdicts(self, client, tmp_path):
        """Ada imports what OT answered before Tagout; Olaf, the lead, confirms the file."""
        path = tmp_path / "answers.csv"
        path.write_text(self.past_answers(), encoding="utf-8")
        call_command("verdicts", "import", str(path), by=cast.ADA.email, stdout=StringIO())
        file, site = VerdictFile.objects.get(), Site.objects.get(name="Gdańsk")
        client.force_login(self.person(cast.OLAF))
        address = f"/reviews/files/{file.pk}/{site.pk}/"
        page = client.get(address).content.decode()
        while more := re.search(NEXT, page, re.DOTALL):  # he reads all of it
            page = client.get(address + unescape(more[1])).content.decode()
        (shown,) = re.findall(r'name="shown" value="([^"]*)"', page)
        assert client.post(address, {"do": "confirm", "shown": shown}).status_code == 302
        assert "Confirmed" in client.get("/reviews/files/").content.decode()

    def past_answers(self):
        """A file of what the engineers of Gdańsk have answered in the last month."""
        truth = {row["name"]: row["truth"] for row in self.control.truth()}
        text = StringIO()
        lines = csv.writer(text)
        lines.writerow(["incident", "verdict", "cause", "by", "at", "note"])
        for batch in verdicts_on_history(truth=truth, processed=set()):
            names = Incident.objects.in_bulk([verdict.incident_id for verdict in batch])
            for verdict in batch:
                lines.writerow(
                    [
                        names[verdict.incident_id].name,
                        verdict.kind,
                        verdict.cause,
                        verdict.by.email,
                        verdict.given_at.isoformat(),
                        verdict.note,
                    ]
                )
        return text.getvalue()


def file_of(name, text):
    """A file as a browser sends it."""
    made = BytesIO(text.encode())
    made.name = name
    return made
