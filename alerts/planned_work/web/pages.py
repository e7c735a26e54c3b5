"""The week or list of a site, and one work."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from itertools import groupby
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_GET

from alerts.incidents.engine.catalogue import headline
from alerts.planned_work.models import Occurrence, PlannedWork
from alerts.planned_work.policies import may_plan_at, sites_in_reach
from alerts.planned_work.queries import (
    AlertCounts,
    counts_of,
    expected_types,
    latest_occurrence,
    marks_of,
    names_of,
    occurrences_between,
    overrun_now,
    steps_of,
    unexpected_alerts,
    works_visible_to,
)
from alerts.planned_work.web.week import (
    WEEK,
    day_heading,
    days_of,
    monday_of,
    start_of,
    week_words,
)
from alerts.planned_work.web.words import ShownWork, facts_of, shown, state_chip, step_words
from alerts.sites.models import Site
from portal import clock
from portal.accounts.actor import actor_of
from portal.accounts.models import User
from portal.ui.htmx import render_page
from portal.ui.moments import moment_words, zone_name
from portal.ui.pieces import Tab
from portal.ui.zones import reader_clock

MAX_IN_LIST = 200


@dataclass(frozen=True, slots=True)
class Visit:
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
    site = next((each for each in sites if str(each.pk) == asked), sites[0])
    zone = reader_clock().zone(site.time_zone)
    monday = monday_of(request.GET.get("week", ""), today=now.astimezone(zone).date())
    visit = Visit(user, site, monday, zone, now, request.GET.get("as") == "list")
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
    page: dict[str, Any] = {
        "work": found,
        "zone": zone,
        "now": now,
        "problems": problems,
        "latest": found.revisions.select_related("zone").get(is_latest=True),
        "state": state_chip(found),
        "is_open": found.state == PlannedWork.State.PLANNED,
        "may_plan": may_plan_at(found.site, by=user),
        "steps": [(step, step_words(step)) for step in steps_of(found)],
    }
    if one := latest_occurrence(found, now=now):
        page |= _of_occurrence(one, user, zone=zone, now=now)
    status = 422 if problems else 200
    return render_page(request, "alerts/planned_work/work.html", page, status=status)


def work_or_404(request: HttpRequest, uuid: UUID) -> PlannedWork:
    """The work, if this person may see it."""
    rows = works_visible_to(actor_of(request)).select_related("site")
    return get_object_or_404(rows, uuid=uuid)


def _of_occurrence(one: Occurrence, user: User, *, zone: tzinfo, now: datetime) -> dict[str, Any]:
    names = names_of([one.revision])[one.revision_id]
    unexpected = unexpected_alerts(one, user)
    return {
        "one": shown(one, zone=zone, now=now, counts=counts_of([one])),
        "facts": facts_of(one, names, zone=zone, now=now),
        "has_begun": one.starts_at <= now,
        "types": expected_types(one),
        "unexpected": [
            (
                each,
                headline(each.alert_type, source=each.source, destination=each.destination),
                moment_words(each.at, now, zone=zone, is_local=True),
            )
            for each in unexpected
        ],
    }


def _week(visit: Visit, sites: list[Site]) -> dict[str, Any]:
    start = start_of(visit.monday, visit.zone)
    end = start_of(visit.monday + WEEK, visit.zone)
    found = list(occurrences_between([visit.site.pk], start=start, end=end)[:MAX_IN_LIST])
    over = list(overrun_now([visit.site.pk], now=visit.now))
    counts = counts_of([*found, *over])
    rows = [shown(one, zone=visit.zone, now=visit.now, counts=counts) for one in found]
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
        "over": [shown(one, zone=visit.zone, now=visit.now, counts=counts) for one in over],
        "days": days_of(visit.monday, found, marks_of(found), zone=visit.zone, now=visit.now),
        "agenda": _agenda(visit, rows),
        "may_plan": may_plan_at(visit.site, by=visit.user),
        "new_url": f"{reverse('planned_work:new')}?site={visit.site.pk}",
    }


def _site_tabs(visit: Visit, sites: list[Site]) -> list[Tab]:
    if len(sites) < 2:
        return []
    return [
        Tab(
            each.name,
            f"?site={each.pk}&week={visit.monday.isoformat()}",
            current=each.pk == visit.site.pk,
        )
        for each in sites
    ]


def _totals(counts: Mapping[UUID, AlertCounts]) -> AlertCounts:
    return AlertCounts(
        sum(each.expected for each in counts.values()),
        sum(each.unexpected for each in counts.values()),
    )


def _agenda(visit: Visit, rows: list[ShownWork]) -> list[tuple[str, list[ShownWork]]]:
    """The works of the week by the day on which they begin, or on which the week does."""

    def day(row: ShownWork) -> date:
        return max(row.it.starts_at.astimezone(visit.zone).date(), visit.monday)

    local = visit.now.astimezone(visit.zone)
    return [
        (day_heading(each, local), list(works))
        for each, works in groupby(sorted(rows, key=day), day)
    ]
