"""Planned work: read it, plan some, change, extend, finish, cancel it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, OuterRef, QuerySet, Value
from django.db.models.functions import Concat
from django.http import HttpResponse
from django.utils.translation import gettext_lazy

from alerts.incidents.queries import sites_in_reach
from alerts.planned_work.api.bodies import CancelIn, ExtendIn, OccurrenceIn, WorkIn
from alerts.planned_work.api.listings import OCCURRENCES, WORKS
from alerts.planned_work.engine.errors import PlanError
from alerts.planned_work.engine.matching import WorkSide
from alerts.planned_work.engine.recurrence import YEARS, Schedule, time_zone_named
from alerts.planned_work.models import NamedDevice, Occurrence, Revision
from alerts.planned_work.queries import latest_occurrence, works_visible_to
from alerts.planned_work.services.plan import WorkPlan, devices_named
from alerts.planned_work.services.work import (
    cancel_work,
    change_work,
    extend_work,
    finish_work,
    plan_work,
)
from alerts.sites.models import Site
from portal.accounts.models import TokenScope
from portal.accounts.rights import OT_ROLES
from portal.api.listing import Own
from portal.api.problems import BadInput
from portal.api.views import Resource, command, sub_list

WRITE: dict[str, Any] = {"scope": TokenScope.WORK_WRITE, "roles": OT_ROLES}
_SIDES = {"from_devices": WorkSide.FROM, "to_devices": WorkSide.TO, "devices": WorkSide.ANY}


class PlannedWorkViewSet(Resource):
    """Planned work."""

    tag = "planned work"
    title = gettext_lazy("Planned work")
    listing = WORKS
    lookup_field = "work__uuid"
    lookup_value_converter = "uuid"

    def rows(self) -> QuerySet[Revision]:
        """Of each work at the person's sites, what it says now."""
        works = works_visible_to(self.person)
        return Revision.objects.filter(is_latest=True, work__in=works.values("pk"))

    def own(self) -> Own:
        """The devices that the work names, by zone and address."""
        named = Concat(F("zone__name"), Value(" / "), F("address"))
        rows = NamedDevice.objects.filter(revision=OuterRef("pk")).order_by("pk")
        return Own(
            sources={
                name: ArraySubquery(rows.filter(side=side.value).values(text=named))
                for name, side in _SIDES.items()
            }
        )

    @sub_list(OCCURRENCES)
    def occurrences(self, row: Revision) -> QuerySet[Occurrence]:
        """The times at which it takes place, worked out for three months."""
        return Occurrence.objects.filter(work=row.work_id)

    @command(WorkIn, **WRITE, detail=False)
    def create(self, values: dict[str, Any]) -> HttpResponse:
        """Plan work. It announces what to expect and closes nothing."""
        site = self._site(values)
        made = plan_work(site=site, plan=_plan(values, site), by=self.person, now=self.now)
        return self.answer_row(made.uuid)

    @command(WorkIn, **WRITE)
    def edit(self, row: Revision, values: dict[str, Any]) -> None:
        """Set what the work is from now on; what is over stays as it was."""
        site = self._site(values)
        if site.pk != row.work.site_id:
            raise _bad("site", "The work is of another site. Cancel it there and plan it here.")
        change_work(work_id=row.work_id, plan=_plan(values, site), by=self.person, now=self.now)

    @command(ExtendIn, **WRITE)
    def extend(self, row: Revision, values: dict[str, Any]) -> None:
        """Let an occurrence last longer."""
        occurrence = self._occurrence(row, values)
        extend_work(
            occurrence_id=occurrence.pk, until=values["until"], by=self.person, now=self.now
        )

    @command(OccurrenceIn, **WRITE)
    def done(self, row: Revision, values: dict[str, Any]) -> None:
        """Mark an occurrence as done."""
        occurrence = self._occurrence(row, values)
        finish_work(occurrence_id=occurrence.pk, by=self.person, now=self.now)

    @command(CancelIn, **WRITE)
    def cancel(self, row: Revision, values: dict[str, Any]) -> None:
        """Cancel the work."""
        cancel_work(work_id=row.work_id, by=self.person, now=self.now, **values)

    def _site(self, values: Mapping[str, Any]) -> Site:
        site = sites_in_reach(self.person).filter(name=values["site"]).first()
        if site is None:
            raise _bad("site", "There is no such site, or none that you may see.")
        return site

    def _occurrence(self, row: Revision, values: Mapping[str, Any]) -> Occurrence:
        if (uuid := values.get("occurrence")) is None:
            found = latest_occurrence(row.work, now=self.now)
        else:
            found = Occurrence.objects.filter(work=row.work_id, uuid=uuid).first()
        if found is None:
            raise _bad("occurrence", "The work has no such occurrence.")
        return found


def _plan(values: Mapping[str, Any], site: Site) -> WorkPlan:
    try:
        zone = time_zone_named(values.get("time_zone") or site.time_zone)
    except PlanError as error:
        raise _bad("time_zone", str(error)) from None
    starts, ends = _moment(values, "starts_at", zone), _moment(values, "ends_at", zone)
    length = _exact(ends, zone) - _exact(starts, zone)
    devices = []
    for member, side in _SIDES.items():
        found, reasons = devices_named(", ".join(values.get(member, ())), site=site, side=side)
        if reasons:
            raise _bad(member, reasons[0])
        devices += found
    return WorkPlan(
        title=values["title"],
        kind=values["kind"],
        schedule=Schedule(starts, length, zone, values.get("repeats", "").upper()),
        devices=tuple(devices),
        zone_id=_zone_id(values, site),
        work_order=values.get("work_order", ""),
        vendor=values.get("vendor", ""),
        people=values.get("people", ""),
    )


def _moment(values: Mapping[str, Any], member: str, zone: str) -> datetime:
    """A moment on the clock of the plant, whether it came with an offset or without."""
    try:
        moment = datetime.fromisoformat(values[member])
        if moment.tzinfo is not None:
            moment = moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    except (ValueError, OverflowError):
        raise _bad(member, str(PlanError("time.form", text=values[member]))) from None
    if moment.year not in YEARS:
        raise _bad(member, str(PlanError("time.far", text=moment.date().isoformat())))
    return moment


def _exact(moment: datetime, zone: str) -> datetime:
    return moment.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def _zone_id(values: Mapping[str, Any], site: Site) -> int | None:
    if not (name := values.get("zone")):
        return None
    zone = site.zones.filter(name=name).first()
    if zone is None:
        raise _bad("zone", "The site has no such zone.")
    return zone.pk


def _bad(member: str, sentence: str) -> BadInput:
    return BadInput(sentence, {member: [sentence]})
