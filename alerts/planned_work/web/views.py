"""The week or list of a site, one work, and the forms that plan and change it."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from itertools import groupby
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods

from alerts.incidents.engine.catalogue import headline
from alerts.incidents.queries import sites_in_reach
from alerts.planned_work.models import NamedDevice, Occurrence, PlannedWork, Revision
from alerts.planned_work.policies import may_plan_at, reasons_against_confirming
from alerts.planned_work.queries import (
    AlertCounts,
    confirmation_state,
    counts_of,
    devices_of_revisions,
    expected_types,
    has_begun,
    latest_occurrence,
    marks_of,
    occurrences_between,
    overrun_now,
    steps_of,
    unexpected_alerts,
    works_visible_to,
)
from alerts.planned_work.services.confirm import confirm_work
from alerts.planned_work.services.import_file import import_works
from alerts.planned_work.services.plan import CannotPlanWork, suggested_devices
from alerts.planned_work.services.work import (
    cancel_work,
    change_work,
    extend_work,
    finish_work,
    plan_work,
)
from alerts.planned_work.web.forms import WorkForm, initial_of, usual_times
from alerts.planned_work.web.week import WEEK, day_heading, days_of, monday_of, start_of, week_words
from alerts.planned_work.web.wording import (
    ShownWork,
    shown,
    step_words,
    work_facts,
    work_state_chip,
)
from alerts.sites.models import Site
from portal import clock
from portal.accounts.models import User
from portal.accounts.rights import OT_ROLES
from portal.accounts.sessions import actor_of
from portal.formats.moments import in_utc
from portal.ui.moments import moment_words, reader_clock, zone_name, zone_of
from portal.ui.pieces import Tab
from portal.ui.responses import leave_toast, post_only, render_page

MAX_IN_LIST = 200


@dataclass(frozen=True, slots=True)
class WeekVisit:
    """Who looks at which site and week, on whose clock."""

    user: User
    site: Site
    monday: date
    zone: tzinfo
    now: datetime
    is_list: bool

    def address(self, monday: date, *, is_list: bool | None = None) -> str:
        """Return the address of another week, or of the other way to show it."""
        as_list = self.is_list if is_list is None else is_list
        way = "&as=list" if as_list else ""
        return f"?site={self.site.pk}&week={monday.isoformat()}{way}"


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """What is planned at a site in a week: as shapes or as a list."""
    user, now = actor_of(request), clock.now()
    sites = list(sites_in_reach(user))
    if not sites:
        return render_page(request, "alerts/planned_work/week.html", {"sites": []})
    asked = request.GET.get("site", "")
    site = next((site for site in sites if str(site.pk) == asked), sites[0])
    zone = reader_clock().zone(site.time_zone)
    monday = monday_of(request.GET.get("week", ""), today=now.astimezone(zone).date())
    visit = WeekVisit(user, site, monday, zone, now, request.GET.get("as") == "list")
    return render_page(request, "alerts/planned_work/week.html", _week(visit, sites), part="week")


@require_GET
def work(request: HttpRequest, work: UUID) -> HttpResponse:
    """One work: what is planned, what came while it ran, and what can be done."""
    return work_page(request, work)


def work_page(request: HttpRequest, uuid: UUID, *, problems: tuple[str, ...] = ()) -> HttpResponse:
    """The page of a work, with what was wrong with the last act."""
    user, now = actor_of(request), clock.now()
    found = work_or_404(request, uuid)
    zone = reader_clock().zone(found.site.time_zone)
    latest = found.revisions.select_related("zone").get(is_latest=True)
    second = confirmation_state(latest, now=now)
    page: dict[str, Any] = {
        "work": found,
        "zone": zone,
        "now": now,
        "problems": problems,
        "latest": latest,
        "second": second,
        "against_confirming": reasons_against_confirming(
            found, is_wide=second.is_wide, came_by_token=second.came_by_token, by=user
        ),
        "state": work_state_chip(found, has_begun=has_begun(found, now=now)),
        "is_open": found.state == PlannedWork.State.PLANNED,
        "may_plan": may_plan_at(found.site, by=user),
        "steps": [(step, step_words(step)) for step in steps_of(found)],
    }
    if occurrence := latest_occurrence(found, now=now):
        page |= _of_occurrence(occurrence, user, zone=zone, now=now)
    status = 422 if problems else 200
    return render_page(request, "alerts/planned_work/work.html", page, status=status)


def work_or_404(request: HttpRequest, uuid: UUID) -> PlannedWork:
    """The work, if this person may see it."""
    rows = works_visible_to(actor_of(request)).select_related("site")
    return get_object_or_404(rows, uuid=uuid)


def _of_occurrence(
    occurrence: Occurrence, user: User, *, zone: tzinfo, now: datetime
) -> dict[str, Any]:
    names = devices_of_revisions([occurrence.revision])[occurrence.revision_id]
    unexpected = unexpected_alerts(occurrence, user)
    return {
        "one": shown(occurrence, zone=zone, now=now, counts=counts_of([occurrence])),
        "facts": work_facts(occurrence, names, zone=zone, now=now),
        "has_begun": occurrence.starts_at <= now,
        "has_taken_place": has_begun(occurrence.revision.work, now=now),
        "types": expected_types(occurrence),
        "unexpected": [
            (
                alert,
                headline(alert.alert_type, source=alert.source, destination=alert.destination),
                moment_words(alert.at, now, zone=zone, is_local=True),
            )
            for alert in unexpected
        ],
    }


def _week(visit: WeekVisit, sites: list[Site]) -> dict[str, Any]:
    start = start_of(visit.monday, visit.zone)
    end = start_of(visit.monday + WEEK, visit.zone)
    found = list(occurrences_between([visit.site.pk], start=start, end=end)[:MAX_IN_LIST])
    over = list(overrun_now([visit.site.pk], now=visit.now))
    counts = counts_of([*found, *over])
    rows = [
        shown(occurrence, zone=visit.zone, now=visit.now, counts=counts) for occurrence in found
    ]
    local = visit.now.astimezone(visit.zone)
    return {
        "sites": sites,
        "site": visit.site,
        "site_tabs": _site_tabs(visit, sites),
        "clock": zone_name(local),
        "words": week_words(visit.monday),
        "before": visit.address(visit.monday - WEEK),
        "after": visit.address(visit.monday + WEEK),
        "ways": [
            Tab(
                gettext("Week"),
                visit.address(visit.monday, is_list=False),
                current=not visit.is_list,
            ),
            Tab(gettext("List"), visit.address(visit.monday, is_list=True), current=visit.is_list),
        ],
        "is_list": visit.is_list,
        "totals": _totals(counts),
        "over": [
            shown(occurrence, zone=visit.zone, now=visit.now, counts=counts) for occurrence in over
        ],
        "days": days_of(visit.monday, found, marks_of(found), zone=visit.zone, now=visit.now),
        "agenda": _agenda(visit, rows),
        "may_plan": may_plan_at(visit.site, by=visit.user),
        "new_url": f"{reverse('planned_work:new')}?site={visit.site.pk}",
    }


def _site_tabs(visit: WeekVisit, sites: list[Site]) -> list[Tab]:
    if len(sites) < 2:
        return []
    return [
        Tab(
            site.name,
            f"?site={site.pk}&week={visit.monday.isoformat()}",
            current=site.pk == visit.site.pk,
        )
        for site in sites
    ]


def _totals(counts: Mapping[UUID, AlertCounts]) -> AlertCounts:
    return AlertCounts(
        sum(count.expected for count in counts.values()),
        sum(count.unexpected for count in counts.values()),
    )


def _agenda(visit: WeekVisit, rows: list[ShownWork]) -> list[tuple[str, list[ShownWork]]]:
    """The works of the week by the day on which they begin, or on which the week does."""

    def day(row: ShownWork) -> date:
        return max(row.it.starts_at.astimezone(visit.zone).date(), visit.monday)

    local = visit.now.astimezone(visit.zone)
    return [
        (day_heading(start, local), list(works))
        for start, works in groupby(sorted(rows, key=day), day)
    ]


FORM = "alerts/planned_work/form.html"
UUID_FORM = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
MAX_UPLOAD = 5_000_000  # bytes; larger files are for the command
MAX_WORKS = 5_000  # of a file that is read while somebody waits
MAX_SECONDS = 5.0  # of a processor; working out many recurrences is for the command
_PREFILLED = ("title", "kind", "from_names", "to_names", "any_names", "work_order", "vendor")


@require_http_methods(["GET", "POST"])
def plan_new_work(request: HttpRequest) -> HttpResponse:
    """Plan work at a site."""
    site, now = _site(request), clock.now()
    asked = request.GET
    start = usual_times(now.astimezone(zone_of(site.time_zone) or now.tzinfo))
    initial: dict[str, Any] = {
        **start,
        **{name: asked[name] for name in _PREFILLED if name in asked},
    }
    form = WorkForm(request.POST or None, site=site, initial=initial)
    if form.is_valid():
        try:
            work = plan_work(site=site, plan=form.plan(), by=actor_of(request), now=now)
            return _back(request, work, gettext("Planned."))
        except CannotPlanWork as refusal:
            form.add_error(None, list(refusal.reasons))
    page = {
        "form": form,
        "site": site,
        "suggested": suggested_devices(site),
        "back": reverse("planned_work:week"),
    }
    return render_page(request, FORM, page, form=form)


@require_http_methods(["GET", "POST"])
def edit_work(request: HttpRequest, work: UUID) -> HttpResponse:
    """Change the content of the work from now on."""
    found = work_or_404(request, work)
    if not may_plan_at(found.site, by=actor_of(request)):
        raise Http404
    revision: Revision = found.revisions.get(is_latest=True)
    devices = NamedDevice.objects.filter(revision=revision).select_related("zone").order_by("pk")
    form = WorkForm(request.POST or None, site=found.site, initial=initial_of(revision, devices))
    if form.is_valid():
        try:
            change_work(
                work_id=found.pk, plan=form.plan(of=revision), by=actor_of(request), now=clock.now()
            )
            return _back(request, found, gettext("Changed."))
        except CannotPlanWork as refusal:
            form.add_error(None, list(refusal.reasons))
    back = reverse("planned_work:work", args=[found.uuid])
    page = {
        "form": form,
        "site": found.site,
        "suggested": suggested_devices(found.site),
        "work": found,
        "back": back,
    }
    return render_page(request, FORM, page, form=form)


@post_only(otherwise=lambda work: reverse("planned_work:work", args=[work]))
def extend(request: HttpRequest, work: UUID) -> HttpResponse:
    """Let an occurrence last longer."""

    def carry_out(occurrence: Occurrence) -> None:
        until = _until(request.POST.get("until", ""), occurrence)
        extend_work(occurrence_id=occurrence.pk, until=until, by=actor_of(request), now=clock.now())

    return _act_on_occurrence(request, work, carry_out, gettext("Extended."))


@post_only(otherwise=lambda work: reverse("planned_work:work", args=[work]))
def done(request: HttpRequest, work: UUID) -> HttpResponse:
    """Mark an occurrence as done."""

    def carry_out(occurrence: Occurrence) -> None:
        finish_work(occurrence_id=occurrence.pk, by=actor_of(request), now=clock.now())

    return _act_on_occurrence(request, work, carry_out, gettext("Noted as done."))


@post_only(otherwise=lambda work: reverse("planned_work:work", args=[work]))
def cancel(request: HttpRequest, work: UUID) -> HttpResponse:
    """Cancel the work."""
    found = work_or_404(request, work)
    note = request.POST.get("note", "")[:300]
    try:
        was_begun = has_begun(found, now=clock.now())
        cancel_work(work_id=found.pk, by=actor_of(request), now=clock.now(), note=note)
    except CannotPlanWork as refusal:
        return work_page(request, work, problems=refusal.reasons)
    return _back(request, found, gettext("Ended.") if was_begun else gettext("Cancelled."))


@post_only(otherwise=lambda work: reverse("planned_work:work", args=[work]))
def confirm(request: HttpRequest, work: UUID) -> HttpResponse:
    """Confirm work that recurs or lasts longer than a day, as the second person."""
    found, revision = work_or_404(request, work), request.POST.get("revision", "")
    if not (revision.isascii() and revision.isdigit() and len(revision) < 8):
        raise Http404
    try:
        confirm_work(
            work_id=found.pk, revision=int(revision), by=actor_of(request), now=clock.now()
        )
    except CannotPlanWork as refusal:
        return work_page(request, work, problems=refusal.reasons)
    return _back(request, found, gettext("Confirmed."))


@require_http_methods(["GET", "POST"])
def take_over(request: HttpRequest) -> HttpResponse:
    """Take planned work over from a calendar or a CSV file; a check stores nothing."""
    site = _site(request)
    page: dict[str, Any] = {"site": site, "back": reverse("planned_work:week"), "problems": ()}
    status = 200
    if request.method == "POST":
        is_check = request.POST.get("do") == "check"
        try:
            page["report"] = _import(request, site, dry_run=is_check)
            page["is_check"] = is_check
        except CannotPlanWork as refusal:
            page["problems"], status = refusal.reasons, 422
    return render_page(request, "alerts/planned_work/import.html", page, status=status)


def _import(request: HttpRequest, site: Site, *, dry_run: bool) -> dict[str, int]:
    file = request.FILES.get("file")
    if file is None:
        raise CannotPlanWork(gettext("Choose a file."))
    if (file.size or 0) > MAX_UPLOAD:
        raise CannotPlanWork(
            gettext("The file is larger than 5 MB. Import it with planned-work import.")
        )
    report = import_works(
        data=file.read(),
        name=file.name or "",
        site=site,
        by=actor_of(request),
        now=clock.now(),
        dry_run=dry_run,
        max_entries=MAX_WORKS,
        max_seconds=MAX_SECONDS,
    )
    return report.as_json()


def _site(request: HttpRequest) -> Site:
    """The site that is asked for, of those at which the person plans work."""
    sites = list(sites_in_reach(actor_of(request), OT_ROLES))
    asked = request.POST.get("site") or request.GET.get("site", "")
    found = next((site for site in sites if str(site.pk) == asked), None)
    if found is None and (asked or not sites):
        raise Http404
    return found or sites[0]


def _act_on_occurrence(
    request: HttpRequest, work: UUID, carry_out: Callable[[Occurrence], None], words: str
) -> HttpResponse:
    found = work_or_404(request, work)
    named = UUID_FORM.fullmatch(request.POST.get("occurrence", ""))
    occurrence = found.occurrences.filter(uuid=named[0]).first() if named else None
    if occurrence is None:
        raise Http404
    try:
        carry_out(occurrence)
    except CannotPlanWork as refusal:
        return work_page(request, work, problems=refusal.reasons)
    return _back(request, found, words)


def _until(text: str, occurrence: Occurrence) -> datetime:
    """The moment that a form names; without a zone it is on the clock of the plant."""
    try:
        until = datetime.fromisoformat(text)
        if until.tzinfo is None:
            until = until.replace(tzinfo=zone_of(occurrence.work.site.time_zone))
        return in_utc(until)
    except ValueError:
        raise CannotPlanWork(gettext("Enter a day and a time.")) from None


def _back(request: HttpRequest, work: PlannedWork, words: str) -> HttpResponse:
    goal = reverse("planned_work:work", args=[work.uuid])
    return leave_toast(request, HttpResponseRedirect(goal), words)
