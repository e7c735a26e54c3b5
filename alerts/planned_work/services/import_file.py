"""Take planned work over from a calendar or a CSV file: all of it or, with errors, nothing."""

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from django.db import connection, transaction
from django.utils.translation import gettext as _

from alerts.planned_work.engine.calendar_file import read_calendar
from alerts.planned_work.engine.csv_file import read_csv
from alerts.planned_work.engine.entries import (
    MAX_ENTRIES,
    MAX_ERRORS,
    ReadFile,
    WorkEntry,
    decode_file,
)
from alerts.planned_work.engine.errors import PlanError
from alerts.planned_work.engine.matching import WorkSide
from alerts.planned_work.engine.origin import OriginKind, WorkOrigin, work_origin
from alerts.planned_work.engine.recurrence import WorkSpan
from alerts.planned_work.models import NamedDevice, Occurrence, PlannedWork, Revision, WorkStep
from alerts.planned_work.policies import reasons_against_planning
from alerts.planned_work.services.occurrences import (
    BATCH,
    new_occurrence,
    spans_of,
    store_occurrences,
)
from alerts.planned_work.services.plan import (
    BEHIND,
    BEHIND_IN_FILES,
    CannotPlanWork,
    DeviceOfPlan,
    WorkPlan,
    checked_plan,
    is_within_horizon,
    new_revision,
    unknown_device,
)
from alerts.planned_work.services.work import cancel_work, change_work, follow_occurrences
from alerts.sites.models import Device, Site, Zone
from portal.accounts.models import User
from portal.audit.services import Actor, record
from portal.ui.words import number

MAX_OCCURRENCES = 200_000  # of one file, from five weeks ago to three months from now
MAX_PAST = 50_000  # of one file, longer ago: from here on recurring works come without theirs
_IMPORTS = 0x706C616E  # of advisory locks: the second key is the person


class CannotImportWork(CannotPlanWork):
    """A file could not be taken over. Each reason names its line."""


@dataclass(slots=True)
class ImportReport:
    """What came of a file. `over`: works that are past, or too far ahead to matter."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    cancelled: int = 0
    over: int = 0
    occurrences: int = 0

    def as_json(self) -> dict[str, int]:
        """Return the counts by name."""
        return asdict(self)


def read_work_file(
    data: bytes, *, name: str, time_zone: str, max_entries: int = MAX_ENTRIES
) -> ReadFile:
    """Return the works of a file: a calendar, unless its name ends like a CSV file's. Raises
    CannotImportWork where it cannot be read.
    """
    try:
        text = decode_file(data)
    except PlanError as error:
        raise CannotImportWork(error.translated(_)) from error
    is_csv = name.casefold().endswith((".csv", ".tsv", ".txt"))
    read = read_csv if is_csv else read_calendar
    return read(text, time_zone=time_zone, max_entries=max_entries)


@transaction.atomic
def import_works(
    *,
    data: bytes,
    name: str,
    site: Site | None,
    by: Actor,
    now: datetime,
    dry_run: bool = False,
    max_entries: int = MAX_ENTRIES,
    max_seconds: float | None = None,
) -> ImportReport:
    """Take over the works of a file, at most `max_entries`. `site` is that of works that name none;
    a work is known again by its UID. With an error nothing is stored, nor in a dry run. One at a
    time a person; `max_seconds` is how long this may keep a processor busy.
    """
    _refuse_second_import(by)
    budget = _TimeBudget(max_seconds)
    read = read_work_file(
        data, name=name, time_zone=site.time_zone if site else "UTC", max_entries=max_entries
    )
    places = _Places(site)
    pairs: list[tuple[WorkEntry, Site, WorkPlan]] = []
    for entry in () if read.errors else read.entries:
        budget.check()
        reasons = _add(pairs, entry, places, by=by, now=now)
        for reason in reasons:
            places.errors.append((entry.line, "", reason))
        if len(places.errors) >= MAX_ERRORS:
            break
    errors = [(e.line, e.column, e.error.translated(_)) for e in read.errors] + places.errors
    if errors:
        raise CannotImportWork(*[_in_line(*error) for error in errors])
    report = _Import(by, now, budget).take_over(pairs)
    report.over = len(read.entries) - len(pairs)
    if dry_run:
        transaction.set_rollback(True)
    elif report.new or report.changed or report.cancelled:
        first = site or pairs[0][1]
        record(
            "planned_work.file.imported",
            on=first,
            by=by,
            at=now,
            file=name[:200],
            counts=report.as_json(),
        )
    return report


class _TimeBudget:
    """How long an import may keep a processor busy: working out rare or daily recurrences takes
    time that nobody sees in the size of a file, and in a web process others wait meanwhile.
    """

    def __init__(self, max_seconds: float | None) -> None:
        self.max_seconds = max_seconds
        self._began = time.thread_time()

    def has_room_for_history(self) -> bool:
        """Whether three quarters of the time are left: what is to come goes first."""
        return self.max_seconds is None or time.thread_time() - self._began < self.max_seconds / 4

    def check(self) -> None:
        """Raise CannotImport once the time is used up."""
        if self.max_seconds is not None and time.thread_time() - self._began > self.max_seconds:
            raise CannotImportWork(
                _(
                    "To work out when these works take place needs more than %(n)s seconds. Import "
                    "the file with planned-work import, or in parts."
                )
                % {"n": number(round(self.max_seconds))}
            )


def _refuse_second_import(by: Actor) -> None:
    """Refuse a second import of a person beside the first: each would make the other wait."""
    if not isinstance(by, User):
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [_IMPORTS, by.pk])
        if not cursor.fetchone()[0]:
            raise CannotImportWork(
                _("Another file of yours is being imported. Wait until it is done.")
            )


def _in_line(line: int, column: str, reason: str) -> str:
    if column:
        return _("Line %(line)s, column %(column)s: %(reason)s") % {
            "line": line,
            "column": column,
            "reason": reason,
        }
    return _("Line %(line)s: %(reason)s") % {"line": line, "reason": reason}


def _add(
    pairs: list[tuple[WorkEntry, Site, WorkPlan]],
    entry: WorkEntry,
    places: "_Places",
    *,
    by: Actor,
    now: datetime,
) -> Sequence[str]:
    """Add the entry as a plan of its site; return what is wrong with it."""
    site = places.site_of(entry)
    if site is None:
        if entry.site:
            return [_("There is no site “%(name)s”.") % {"name": entry.site}]
        return [_("The work names no site. Name it there, or give --site.")]
    if reasons := places.reasons_against(site, by):
        return reasons
    is_near = is_within_horizon(entry.schedule, now=now, behind=BEHIND_IN_FILES)
    if not is_near and not entry.is_cancelled:
        return []
    devices, zone_id, reasons = places.scope_of(entry, site)
    if reasons:
        return reasons
    plan = WorkPlan(
        title=entry.title,
        kind=entry.kind,
        schedule=entry.schedule,
        devices=tuple(devices),
        zone_id=zone_id,
        work_order=entry.work_order,
        vendor=entry.vendor,
        people=entry.people,
    )
    try:
        checked = checked_plan(plan, site=site, now=now, is_looked_up=True, behind=BEHIND_IN_FILES)
        pairs.append((entry, site, checked))
    except CannotPlanWork as refusal:
        return [] if entry.is_cancelled else refusal.reasons
    return []


class _Places:
    """Sites, zones and devices by the names that people use, each site read once."""

    def __init__(self, usual: Site | None) -> None:
        self.usual = usual
        self.errors: list[tuple[int, str, str]] = []
        self._sites = {site.name.casefold(): site for site in Site.objects.all()}
        self._reasons: dict[int, list[str]] = {}
        self._zones: dict[int, dict[str, Zone]] = {}
        self._devices: dict[int, dict[str, list[Device]]] = {}

    def reasons_against(self, site: Site, by: Actor) -> list[str]:
        """Return why this person may not plan work at this site."""
        if site.pk not in self._reasons:
            self._reasons[site.pk] = reasons_against_planning(site, by=by)
        return self._reasons[site.pk]

    def site_of(self, entry: WorkEntry) -> Site | None:
        """Return the site that an entry names, else the usual one."""
        return self._sites.get(entry.site.casefold()) if entry.site else self.usual

    def scope_of(
        self, entry: WorkEntry, site: Site
    ) -> tuple[list[DeviceOfPlan], int | None, list[str]]:
        """Return the devices or the zone that an entry is about, and what is wrong with them."""
        zones = self._zones_of(site)
        zone = zones.get(entry.zone.casefold()) if entry.zone else None
        if entry.zone and zone is None:
            zone_names = ", ".join(sorted(zone.name for zone in zones.values())) or "–"
            reason = _("%(site)s has no zone “%(name)s”. It has: %(known)s.")
            return [], None, [reason % {"site": site.name, "name": entry.zone, "known": zone_names}]
        devices, reasons = [], []
        named = (
            (WorkSide.FROM, entry.from_),
            (WorkSide.TO, entry.to),
            (WorkSide.ANY, entry.devices),
        )
        for side, words in named:
            for word in words:
                found = self._device(word, site, zone, side)
                if isinstance(found, str):
                    reasons.append(found)
                else:
                    devices.append(found)
        return devices, zone.pk if zone and not devices else None, reasons

    def _device(
        self, word: str, site: Site, zone: Zone | None, side: WorkSide
    ) -> DeviceOfPlan | str:
        zone_name, mark, name = word.rpartition(" / ")
        zone_of_name = self._zones_of(site).get(zone_name.casefold()) if mark else zone
        found = self._devices_of(site).get(name.casefold(), [])
        if zone_of_name is not None:
            found = [device for device in found if device.zone_id == zone_of_name.pk] or found
        if len(found) == 1:
            return DeviceOfPlan(side, found[0].zone_id, found[0].address, found[0].name)
        if found:
            example = f"{found[0].zone.name} / {found[0].address}"
            text = _("“%(name)s” is more than one device. Write zone and address: %(example)s.")
            return text % {"name": word, "example": example}
        if mark and zone_of_name is not None:
            return DeviceOfPlan(side, zone_of_name.pk, name[:64])
        return unknown_device(word, site=site)

    def _zones_of(self, site: Site) -> dict[str, Zone]:
        if site.pk not in self._zones:
            self._zones[site.pk] = {zone.name.casefold(): zone for zone in site.zones.all()}
        return self._zones[site.pk]

    def _devices_of(self, site: Site) -> dict[str, list[Device]]:
        if site.pk not in self._devices:
            by_name: dict[str, list[Device]] = defaultdict(list)
            for device in Device.objects.filter(zone__site=site).select_related("zone"):
                for name in {device.name.casefold(), device.address.casefold()} - {""}:
                    by_name[name].append(device)
            self._devices[site.pk] = by_name
        return self._devices[site.pk]


def _digests_of(works: Iterable[PlannedWork]) -> dict[int, str]:
    rows = Revision.objects.filter(work__in=[work.pk for work in works], is_latest=True)
    return dict(rows.values_list("work_id", "digest"))


class _Import:
    """One run over the plans of a file."""

    def __init__(self, by: Actor, now: datetime, budget: _TimeBudget) -> None:
        self.by, self.now, self.budget = by, now, budget
        self.report = ImportReport()
        self.past = 0  # occurrences of more than five weeks ago
        self.digests: dict[int, str] = {}  # what the works of a chunk say now

    def take_over(self, pairs: Sequence[tuple[WorkEntry, Site, WorkPlan]]) -> ImportReport:
        """Store what is new, change what differs, cancel what was cancelled."""
        for start in range(0, len(pairs), BATCH):
            chunk = pairs[start : start + BATCH]
            stored_works = self._stored_works(chunk)
            self.digests = _digests_of(stored_works.values())
            new = []
            for entry, site, plan in chunk:
                self.budget.check()
                work = stored_works.get((site.pk, entry.uid))
                if work is not None:
                    self._update(work, entry, plan)
                elif entry.is_cancelled:
                    self.report.unchanged += 1
                else:
                    new.append((entry, site, plan))
            self._store(new)
        return self.report

    def _stored_works(
        self, chunk: Sequence[tuple[WorkEntry, Site, WorkPlan]]
    ) -> dict[tuple[int, str], PlannedWork]:
        rows = PlannedWork.objects.filter(uid__in=[entry.uid for entry, _site, _plan in chunk])
        return {(row.site_id, row.uid): row for row in rows}

    def _update(self, work: PlannedWork, entry: WorkEntry, plan: WorkPlan) -> None:
        if work.state != PlannedWork.State.PLANNED:
            self.report.unchanged += 1
        elif entry.is_cancelled:
            cancel_work(work_id=work.pk, by=self.by, now=self.now)
            self.report.cancelled += 1
        elif self.digests.get(work.pk) == plan.digest or self._is_past(plan):
            self.report.unchanged += 1
        else:
            change_work(work_id=work.pk, plan=plan, by=self.by, now=self.now, is_from_file=True)
            self.report.changed += 1

    def _is_past(self, plan: WorkPlan) -> bool:
        """Whether all of it is over for so long that nobody writes it anew."""
        return not is_within_horizon(plan.schedule, now=self.now)

    def _store(self, new: Sequence[tuple[WorkEntry, Site, WorkPlan]]) -> None:
        label, now = str(self.by)[:200], self.now
        owner = self.by if isinstance(self.by, User) else None
        works = PlannedWork.objects.bulk_create(
            PlannedWork(
                site=site,
                uid=entry.uid,
                owner=owner,
                made_by_label=label,
                made_at=now,
                changed_at=now,
            )
            for entry, site, _plan in new
        )
        revisions = Revision.objects.bulk_create(
            new_revision(work, plan=plan, number=1, by=self.by, now=now)
            for work, (_entry, _site, plan) in zip(works, new, strict=True)
        )
        NamedDevice.objects.bulk_create(
            (
                NamedDevice(
                    revision=revision,
                    side=device.side.value,
                    zone_id=device.zone_id,
                    address=device.address,
                    name=device.name[:120],
                )
                for revision, (_entry, _site, plan) in zip(revisions, new, strict=True)
                for device in plan.devices
            ),
            batch_size=BATCH,
        )
        WorkStep.objects.bulk_create(
            WorkStep(work=work, at=now, by=owner, by_label=label, code="made") for work in works
        )
        entries = [entry for entry, _site, _plan in new]
        made = store_occurrences(self._occurrences(zip(revisions, entries, strict=True)))
        self.report.new += len(works)
        follow_occurrences(made, forgotten=[], now=now)

    def _occurrences(self, revisions: Iterable[tuple[Revision, WorkEntry]]) -> Iterator[Occurrence]:
        for revision, entry in revisions:
            try:
                spans = self._spans_of(revision)
            except PlanError as error:
                raise CannotImportWork(_in_line(entry.line, "", error.translated(_))) from error
            self.report.occurrences += len(spans)
            if self.report.occurrences - self.past > MAX_OCCURRENCES:
                most = _(
                    "The works of the file would take place more than %(n)s times from five weeks "
                    "ago to three months from now. Plan them as fewer, longer works."
                )
                raise CannotImportWork(
                    _in_line(entry.line, "", most % {"n": number(MAX_OCCURRENCES)})
                )
            self.budget.check()
            for span in {span.starts_at: span for span in spans}.values():
                origin = self._origin_of(revision, entry, span)
                yield new_occurrence(revision, span=span, known_from=self.now, origin=origin)

    def _spans_of(self, revision: Revision) -> list[WorkSpan]:
        """Return when the work takes place, with its history as far as there is room for it. Raises
        PlanError where it takes place too often even without.
        """
        has_room = self.past < MAX_PAST and self.budget.has_room_for_history()
        if revision.is_recurring and not has_room:
            return spans_of(revision, now=self.now)
        try:
            spans = spans_of(revision, now=self.now, behind=BEHIND_IN_FILES)
        except PlanError:  # too often in a year; since five weeks ago it may be few enough
            return spans_of(revision, now=self.now)
        self.past += sum(span.ends_at <= self.now - BEHIND for span in spans)
        return spans

    def _origin_of(self, revision: Revision, entry: WorkEntry, span: WorkSpan) -> WorkOrigin | None:
        """Return since when one time that had begun was known, by the file's word; None of what is
        yet to come. What a program with a token brings is not believed.
        """
        if self.now <= span.starts_at:
            return None
        if revision.came_by_token:
            return WorkOrigin(self.now, OriginKind.TAGOUT)
        return work_origin(
            entry.times,
            starts_at=span.starts_at,
            is_recurring=revision.is_recurring,
            stored_at=self.now,
        )
