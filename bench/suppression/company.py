"""A simulated company as Tagout has it: workspaces, sites, inventory, people, planned work."""

import csv
import io
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import transaction

from alerts.incidents.models import Incident
from alerts.planned_work.services.import_file import import_works
from alerts.reviews.engine.causes import OTHER, cause
from alerts.reviews.models import VerdictFile
from alerts.reviews.queries.file_answers import answers_digest, answers_of_file
from alerts.reviews.services.import_verdicts import import_verdicts
from alerts.reviews.services.past_verdicts import (
    PastVerdict,
    VerdictTrial,
    keep_judgements,
    lock_in_order,
    rank_alike,
)
from alerts.reviews.services.verdict_files import (
    confirm_verdict_file,
    reasons_against_confirming_file,
)
from alerts.sentinel.models import Workspace
from alerts.sites.models import Site
from alerts.sites.services.describe import (
    DeviceFacts,
    SensorFacts,
    ZoneFacts,
    describe_devices,
    describe_site,
)
from bench.setup import make_workspace
from bench.suppression.azure_bodies import name_of
from bench.suppression.customs import customs_of
from bench.suppression.plant_sentinel import PlantSentinel
from portal.accounts.models import GrantScope, Role, User
from portal.accounts.services.people import add_person, grant_role
from simulator.scenarios.records import Answer, Device, Work
from simulator.scenarios.scenario import Scenario

BY = "bench"
WORK_COLUMNS = (
    *("uid", "title", "kind", "starts", "ends", "zone", "devices", "work_order", "vendor"),
    "created",
)
VERDICT_COLUMNS = ("incident", "verdict", "cause", "by", "at", "note")


class Company:
    """The company of a scenario in Tagout's database."""

    def __init__(self, scenario: Scenario, *, now: datetime) -> None:
        self.scenario, self.customs = scenario, customs_of(scenario)
        self.sites: dict[str, Site] = {}
        self.workspaces: dict[str, Workspace] = {}
        self.sentinels: dict[int, PlantSentinel] = {}
        self._workspace_of: dict[str, Workspace] = {}
        for site in scenario.sites:
            if site.workspace not in self.workspaces:
                workspace = make_workspace(site.workspace, now=now)
                self.workspaces[site.workspace] = workspace
                self.sentinels[workspace.pk] = PlantSentinel(now)
            self._workspace_of[site.name] = self.workspaces[site.workspace]
            self.sites[site.name] = describe_site(
                name=site.name,
                time_zone=site.time_zone,
                zones=[ZoneFacts(zone.name, zone.purdue_level) for zone in site.zones],
                sensors=[SensorFacts(zone.sensor, zone.name) for zone in site.zones],
                by=BY,
                now=now,
            )
        self._add_people(now)
        self._devices: dict[tuple[str, str], Device] = {}
        self._described_until = scenario.starts_at.min.replace(tzinfo=now.tzinfo)
        self._imported_until = dict.fromkeys(self.sites, self._described_until)

    def sentinel_of(self, site: str) -> PlantSentinel:
        """Return the Sentinel that a site's incidents come to."""
        return self.sentinels[self.workspace_of(site).pk]

    def workspace_of(self, site: str) -> Workspace:
        """Return the workspace that a site's incidents come to."""
        return self._workspace_of[site]

    def _add_people(self, now: datetime) -> None:
        self.people: dict[str, User] = {}
        self.leads: dict[str, User] = {}
        self.team: dict[str, list[str]] = defaultdict(list)
        for number, person in enumerate(self.scenario.people):
            user = _add(f"ot{number}@plant.example", person.name, now)
            is_lead = person.role == "lead"
            grant_role(
                to=user,
                role=Role.OT_SITE_LEAD if is_lead else Role.OT_ENGINEER,
                scope=GrantScope.SITE,
                scope_uuid=self.sites[person.site].uuid,
                by=BY,
                now=now,
            )
            self.people[person.name] = user
            self.team[person.site].append(person.name)
            if is_lead:
                self.leads[person.site] = user
        self.soc_lead = _add("lead@soc.example", "SOC lead", now)
        grant_role(
            to=self.soc_lead,
            role=Role.SOC_LEAD,
            scope=GrantScope.ALL,
            scope_uuid=None,
            by=BY,
            now=now,
        )

    def bring_up_to_date(self, now: datetime) -> None:
        """Describe devices that came since, and import what the calendars hold by now."""
        fresh = [d for d in self.scenario.devices if self._described_until < d.since <= now]
        self._described_until = now
        by_site: dict[str, list[Device]] = defaultdict(list)
        for device in fresh:
            self._devices[device.site, device.name] = device
            by_site[device.site].append(device)
        for site, devices in by_site.items():
            facts = [_facts_of(device, now) for device in devices]
            describe_devices(site=self.sites[site], devices=facts, by=BY, now=now)
        for site, since in self._imported_until.items():
            begins = self.customs[site].calendar_from
            if begins is None or begins <= now:
                works = [
                    work
                    for work in self.scenario.works
                    if work.site == site and since < work.entered_at <= now
                ]
                self._import_works(site, works, now)
                self._imported_until[site] = now

    def _import_works(self, site: str, works: Iterable[Work], now: datetime) -> None:
        zone = ZoneInfo(self.sites[site].time_zone)
        rows = [row for work in works for row in self._rows_of(work, zone)]
        if rows:
            import_works(
                data=_csv(WORK_COLUMNS, rows),
                name="calendar.csv",
                site=self.sites[site],
                by=self.leads[site],
                now=now,
            )

    def _rows_of(self, work: Work, zone: ZoneInfo) -> list[tuple[str, ...]]:
        """Lines of the calendar: one a work, or one for each zone that it is about."""
        starts, ends, created = (
            moment.astimezone(zone).strftime("%Y-%m-%dT%H:%M:%S")
            for moment in (work.starts_at, work.ends_at, work.entered_at)
        )
        devices = ", ".join(self._handle(work.site, name) for name in work.devices)
        return [
            (
                f"{work.id}/{place}",
                work.title,
                work.kind,
                starts,
                ends,
                place,
                devices,
                work.order,
                work.vendor,
                created,
            )
            for place in ([""] if devices else work.zones)
        ]

    def _handle(self, site: str, name: str) -> str:
        device = self._devices.get((site, name))
        device = device or next(
            d for d in self.scenario.devices if d.site == site and d.name == name
        )
        return f"{device.zone} / {device.address}"

    def keep_past_verdicts(self, answers: Iterable[Answer], *, now: datetime) -> None:
        """Take over what OT said before Tagout: on its pages, or by a file where that is so. What
        only another product had seen, Tagout does not have.
        """
        by_file: list[tuple[str, ...]] = []
        on_pages: list[PastVerdict] = []
        ids = dict(Incident.objects.values_list("name", "pk"))
        for answer in answers:
            name, note = name_of(answer.incident_id), note_of(answer)
            if name not in ids:
                continue
            site = self.scenario.by_id[answer.incident_id].site
            user, why = self.people[answer.person], cause_of(answer)
            if self.customs[site].verdicts_by_file:
                at = answer.at.isoformat(timespec="seconds")
                by_file.append((name, answer.verdict, why, user.email, at, note))
            else:
                on_pages.append(PastVerdict(ids[name], answer.verdict, why, user, answer.at, note))
        if by_file:
            import_verdicts(
                data=_csv(VERDICT_COLUMNS, by_file), source="verdicts.csv", by=BY, now=now
            )
            self._confirm_files(now=now)
        with transaction.atomic():
            rows = Incident.objects.all()
            lock_in_order(rows, ids={verdict.incident_id for verdict in on_pages})
            judgements = [VerdictTrial(v, (v.incident_id,)) for v in on_pages]
            _, patterns = keep_judgements(judgements=judgements, now=now)
        rank_alike(patterns=patterns, now=now)

    def _confirm_files(self, *, now: datetime) -> None:
        """The OT lead of each site vouches for what its file brought."""
        for file in VerdictFile.objects.filter(confirmations=None):
            for name, lead in self.leads.items():
                site = self.sites[name]
                if not reasons_against_confirming_file(file=file, site=site, by=lead):
                    shown = answers_digest(answers_of_file(file, site, user=lead))
                    confirm_verdict_file(
                        file_id=file.pk, site_id=site.pk, shown=shown, by=lead, now=now
                    )


def cause_of(answer: Answer) -> str:
    """Return the cause that the person taps: theirs where Tagout offers it, else "other"."""
    return answer.cause if answer.cause and cause(answer.cause) else OTHER


def note_of(answer: Answer) -> str:
    """Return the line that a suspicion needs."""
    return "None of us did this." if answer.verdict == "suspicious" else ""


def _add(email: str, name: str, now: datetime) -> User:
    return add_person(email=email, name=name, password=None, by=BY, now=now)


def _facts_of(device: Device, now: datetime) -> DeviceFacts:
    return DeviceFacts(
        zone=device.zone,
        address=device.place_at(now)[0],
        name=device.name,
        kind=device.kind,
        purdue_level=device.purdue_level,
        criticality=device.criticality,
    )


def _csv(columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue().encode()
