"""Plan work, change it, extend it, say that it is done, cancel it, take a calendar over."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from alerts.planned_work.models import NamedDevice, Occurrence, PlannedWork, Revision
from alerts.planned_work.policies import may_plan_at, sites_in_reach
from alerts.planned_work.services import (
    CannotPlanWork,
    cancel_work,
    change_work,
    extend_work,
    finish_work,
    plan_work,
)
from alerts.planned_work.services.import_file import import_works
from alerts.planned_work.web.forms import WorkForm, initial_of, usual_times
from alerts.planned_work.web.pages import work_or_404, work_page
from alerts.sites.models import Site
from portal import clock
from portal.accounts.actor import actor_of
from portal.accounts.models import OT_ROLES
from portal.moments import in_utc
from portal.ui.forms_only import post_only
from portal.ui.htmx import render_page
from portal.ui.toasts import leave_toast
from portal.ui.zones import zone_of

FORM = "alerts/planned_work/form.html"
UUID_FORM = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
MAX_UPLOAD = 5_000_000  # bytes; larger files are for the command
MAX_WORKS = 5_000  # of a file that is read while somebody waits
_PREFILLED = ("title", "kind", "from_names", "to_names", "any_names", "work_order", "vendor")


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
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
    page = {"form": form, "site": site, "back": reverse("planned_work:week")}
    return render_page(request, FORM, page, form=form)


@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, work: UUID) -> HttpResponse:
    """Change what the work says from now on."""
    found = work_or_404(request, work)
    if not may_plan_at(found.site, by=actor_of(request)):
        raise Http404
    says: Revision = found.revisions.get(is_latest=True)
    devices = NamedDevice.objects.filter(revision=says).select_related("zone").order_by("pk")
    form = WorkForm(request.POST or None, site=found.site, initial=initial_of(says, devices))
    if form.is_valid():
        try:
            change_work(
                work_id=found.pk, plan=form.plan(of=says), by=actor_of(request), now=clock.now()
            )
            return _back(request, found, gettext("Changed."))
        except CannotPlanWork as refusal:
            form.add_error(None, list(refusal.reasons))
    back = reverse("planned_work:work", args=[found.uuid])
    page = {"form": form, "site": found.site, "work": found, "back": back}
    return render_page(request, FORM, page, form=form)


@post_only(otherwise=lambda work: reverse("planned_work:work", args=[work]))
def extend(request: HttpRequest, work: UUID) -> HttpResponse:
    """Let an occurrence last longer."""

    def carry_out(one: Occurrence) -> None:
        until = _until(request.POST.get("until", ""), one)
        extend_work(occurrence_id=one.pk, until=until, by=actor_of(request), now=clock.now())

    return _act_on_occurrence(request, work, carry_out, gettext("Extended."))


@post_only(otherwise=lambda work: reverse("planned_work:work", args=[work]))
def done(request: HttpRequest, work: UUID) -> HttpResponse:
    """Say that an occurrence is done."""

    def carry_out(one: Occurrence) -> None:
        finish_work(occurrence_id=one.pk, by=actor_of(request), now=clock.now())

    return _act_on_occurrence(request, work, carry_out, gettext("Noted as done."))


@post_only(otherwise=lambda work: reverse("planned_work:work", args=[work]))
def cancel(request: HttpRequest, work: UUID) -> HttpResponse:
    """Cancel the work."""
    found = work_or_404(request, work)
    note = request.POST.get("note", "")[:300]
    try:
        cancel_work(work_id=found.pk, by=actor_of(request), now=clock.now(), note=note)
    except CannotPlanWork as refusal:
        return work_page(request, work, problems=refusal.reasons)
    return _back(request, found, gettext("Cancelled."))


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
        most=MAX_WORKS,
    )
    return report.as_json()


def _site(request: HttpRequest) -> Site:
    """The site that is asked for, of those at which the person plans work."""
    sites = list(sites_in_reach(actor_of(request), OT_ROLES))
    asked = request.POST.get("site") or request.GET.get("site", "")
    found = next((each for each in sites if str(each.pk) == asked), None)
    if found is None and (asked or not sites):
        raise Http404
    return found or sites[0]


def _act_on_occurrence(
    request: HttpRequest, work: UUID, carry_out: Callable[[Occurrence], None], words: str
) -> HttpResponse:
    found = work_or_404(request, work)
    named = UUID_FORM.fullmatch(request.POST.get("occurrence", ""))
    one = found.occurrences.filter(uuid=named[0]).first() if named else None
    if one is None:
        raise Http404
    try:
        carry_out(one)
    except CannotPlanWork as refusal:
        return work_page(request, work, problems=refusal.reasons)
    return _back(request, found, words)


def _until(text: str, one: Occurrence) -> datetime:
    """The moment that a form names; without a zone it is on the clock of the plant."""
    try:
        until = datetime.fromisoformat(text)
        if until.tzinfo is None:
            until = until.replace(tzinfo=zone_of(one.work.site.time_zone))
        return in_utc(until)
    except ValueError:
        raise CannotPlanWork(gettext("Enter a day and a time.")) from None


def _back(request: HttpRequest, work: PlannedWork, words: str) -> HttpResponse:
    goal = reverse("planned_work:work", args=[work.uuid])
    return leave_toast(request, HttpResponseRedirect(goal), words)
