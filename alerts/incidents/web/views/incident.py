"""The incident page. Tabs and the timeline's filter are in the address."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from alerts.incidents.acts.against_ot import overruled_answer_of
from alerts.incidents.engine.catalogue import bare_title
from alerts.incidents.models import Alert, Incident, OtState, Severity
from alerts.incidents.page.alert_sources import (
    alert_lines,
    sensors_in_words,
    violations_in_words,
)
from alerts.incidents.page.devices import devices_of, flow_of
from alerts.incidents.page.incident import (
    SENTINEL_ADDRESS,
    alerts_of,
    count_hidden_alerts,
    count_similar,
    flag_sentences,
    pending_change_chips,
    raw_of,
    sensors_of,
    sentinel_address_of,
    similar_to,
    status_chip,
    survivor_of,
    zone_of_page,
)
from alerts.incidents.page.incident_tasks import task_tab_of
from alerts.incidents.page.overview import (
    bars_title,
    incident_checks,
    planned_checks,
    points_of,
)
from alerts.incidents.page.panel import (
    explanation_of,
    happened_at_words,
    incident_number_label,
    parts_of,
)
from alerts.incidents.page.past_closings import closing_parts, past_closings_of
from alerts.incidents.page.pattern_history import (
    is_history_doubted,
    pattern_verdicts_of,
    recent_sightings,
    true_positives_like,
)
from alerts.incidents.page.sentinel_writes import sentinel_writes_of
from alerts.incidents.page.timeline import conflicts_of, timeline_events_of
from alerts.incidents.policies import may_act_on
from alerts.incidents.queries import incidents_visible_to
from alerts.incidents.registry import TabVisit, incident_tabs
from alerts.incidents.techniques import tactics_of, techniques_of
from alerts.incidents.web.forms import CommentForm, TaskForm
from alerts.incidents.web.links import (
    ask_address,
    lessons_address,
    planned_work_address,
    review_panel_address,
    rules_panel_address,
)
from alerts.incidents.web.targets import summarize_targets
from alerts.incidents.wording import aside_words, ot_chip_of
from portal import clock
from portal.accounts.models import User
from portal.accounts.sessions import actor_of
from portal.ui.moments import reader_clock
from portal.ui.pieces import Tab
from portal.ui.responses import render_page

TABS = {
    "overview": gettext_lazy("Overview"),
    "timeline": gettext_lazy("Timeline"),
    "alerts": gettext_lazy("Alerts"),
    "devices": gettext_lazy("Devices"),
    "similar": gettext_lazy("Similar"),
    "tasks": gettext_lazy("Tasks"),
    "writes": gettext_lazy("Our changes in Sentinel"),
    "raw": gettext_lazy("Raw"),
}
WHO = {
    "all": gettext_lazy("All"),
    "people": gettext_lazy("People"),
    "system": gettext_lazy("System"),
}


@dataclass(frozen=True, slots=True)
class IncidentVisit:
    """Who looks at which incident, when, on whose clock."""

    incident: Incident
    user: User
    now: datetime
    zone: tzinfo
    alerts: list[Alert]
    alike: int  # others of the same pattern
    who: str


@require_GET
def incident_page(request: HttpRequest, incident_id: int) -> HttpResponse:
    """One incident. Nobody learns that one exists which they may not see."""
    user, now = actor_of(request), clock.now_of(request)
    rows = incidents_visible_to(user).select_related("workspace__organisation")
    incident = get_object_or_404(rows.annotate(**SENTINEL_ADDRESS), pk=incident_id)
    tab = request.GET.get("tab", "")
    who = request.GET.get("who", "")
    visit = IncidentVisit(
        incident=incident,
        user=user,
        now=now,
        zone=zone_of_page(incident),
        alerts=alerts_of(incident),
        alike=count_similar(incident, user, now=now),
        who=who if who in WHO else "all",
    )
    other_tabs = incident_tabs()
    if tab not in TABS and tab not in other_tabs:
        tab = "overview"
    context = _head(visit) | {"tab": tab, "tabs": _tabs(visit, tab)}
    if tab in other_tabs:
        context |= {"tab_template": other_tabs[tab].template}
        context |= other_tabs[tab].show(TabVisit(incident, user, now, visit.zone))
    else:
        context |= _BODIES[tab](visit)
    context["here"] = request.get_full_path()
    return render_page(request, "alerts/incidents/incident.html", context, part="incident")


def _head(visit: IncidentVisit) -> dict[str, Any]:
    incident = visit.incident
    return {
        "incident": incident,
        "overruled": overruled_answer_of(incident),
        "now": visit.now,
        "zone": visit.zone,
        "number": incident_number_label(incident),
        "happened": happened_at_words(incident, visit.now, visit.zone),
        "explanation": explanation_of(incident, visit.alerts),
        "severity": Severity(incident.severity).label,
        "state": ot_chip_of(incident),
        "is_answered": incident.ot_state not in (OtState.NOT_ASKED, OtState.WAITING),
        "question": incident.hidden_verdict.question if incident.hidden_verdict else None,
        "status": status_chip(incident),
        "aside": aside_words(incident.aside_until, incident.aside_by, visit.now, visit.zone),
        "owed": pending_change_chips(incident),
        "sensors": sensors_of(visit.alerts),
        "may_act": may_act_on(incident, by=visit.user),
        "sentinel": sentinel_address_of(incident),
        "survivor": survivor_of(incident, visit.user),
        "flags": flag_sentences(incident.flags),
        "ask": ask_address(),
        "review": review_panel_address(incident.pk),
        "rules": rules_panel_address(incident.pk),
        "lessons": lessons_address(
            [incident.title, *(a.alert_type for a in visit.alerts)], visit.user
        ),
        "target": f"incident={incident.pk}",
    }


def _tabs(visit: IncidentVisit, current: str) -> list[Tab]:
    incident, base = visit.incident, reverse("incidents:incident", args=[visit.incident.pk])
    counts: dict[str, int | None] = {
        "alerts": max(len(visit.alerts), incident.alerts_count),
        "similar": visit.alike or None,  # its list may hold others, of the same type
    }
    labels: dict[str, object] = {}
    for name, label in TABS.items():
        labels[name] = label
        for other in incident_tabs().values():
            if other.after == name:
                labels[other.name], counts[other.name] = other.label, other.count(incident)
    return [
        Tab(
            str(label),
            base if name == "overview" else f"{base}?tab={name}",
            counts.get(name),
            current=name == current,
        )
        for name, label in labels.items()
    ]


def _overview(visit: IncidentVisit) -> dict[str, Any]:
    incident = visit.incident
    cards, verdicts = devices_of(incident, visit.alerts), pattern_verdicts_of(incident)
    sightings = recent_sightings(incident, now=visit.now, zone=visit.zone)
    cases, are_two = true_positives_like(
        incident, visit.alerts, among=incidents_visible_to(visit.user)
    )
    plant_zone = reader_clock().zone_of_plants(incident.site_ids)
    planned = planned_checks(incident, now=visit.now, zone=visit.zone)
    has_history = bool(sightings.before or verdicts)  # else there is nothing to doubt
    is_doubted = bool(cases) or (
        has_history and is_history_doubted(incident, visit.alerts, verdicts)
    )
    return _timeline(visit) | {
        "planned": [
            ([(check.is_expected, check.words)], planned_work_address(check.work))
            for check in planned
        ],
        "parts": parts_of(incident),
        "cards": cards,
        "cases": [(case, incident_number_label(case), bare_title(case.title)) for case in cases],
        "are_two_devices": are_two,
        "flow": flow_of(incident, visit.alerts, cards),
        "techniques": techniques_of(incident, visit.alerts),
        "tactics": tactics_of(incident, visit.alerts),
        "checks": incident_checks(incident, sightings, verdicts, plant_zone, is_doubted=is_doubted),
        "verdicts": verdicts,
        "sightings": sightings,
        **(_closings(visit) if cases and visit.alike else {}),
        "points": points_of(sightings, is_doubted=is_doubted),
        "bars_title": bars_title(sightings),
    }


def _timeline(visit: IncidentVisit) -> dict[str, Any]:
    happenings = timeline_events_of(visit.incident, visit.who)
    conflicts = conflicts_of(happenings)
    return {
        "happenings": happenings,
        "conflict": conflicts[0] if conflicts else None,
        "who_tabs": [
            Tab(str(label), f"?who={name}#timeline", current=name == visit.who)
            for name, label in WHO.items()
        ],
        "comment_form": CommentForm(
            None, targets=summarize_targets([visit.incident]), by=visit.user
        ),
    }


def _alerts(visit: IncidentVisit) -> dict[str, Any]:
    lines = alert_lines(visit.alerts)
    return {
        "lines": lines,
        "left_out": count_hidden_alerts(visit.incident, visit.alerts),
        "sensors_behind": sensors_in_words(lines),
        "violations_behind": violations_in_words(lines),
    }


def _devices(visit: IncidentVisit) -> dict[str, Any]:
    entities = visit.incident.entities.order_by("kind", "label")
    return {
        "cards": devices_of(visit.incident, visit.alerts),
        "entities": list(entities.values_list("kind", "label", "name")[:200]),
    }


def _similar(visit: IncidentVisit) -> dict[str, Any]:
    found = similar_to(visit.incident, visit.user, now=visit.now)
    return {"similar": found, "alike": visit.alike, "base": reverse("incidents:queue")} | (
        _closings(visit) if visit.alike else {}
    )


def _closings(visit: IncidentVisit) -> dict[str, Any]:
    """How the others of its pattern were closed, beside the true positives among them."""
    visible = incidents_visible_to(visit.user)
    closings = past_closings_of(visit.incident, among=visible, now=visit.now)
    parts = closing_parts(closings, visit.incident, queue=reverse("incidents:queue"))
    return {"closings": parts, "closings_total": closings.total}


def _tasks(visit: IncidentVisit) -> dict[str, Any]:
    shown = task_tab_of(visit.incident)
    reading = shown["reading"]
    is_changing = bool(reading and reading.is_pending) or any(t.is_owed for t in shown["tasks"])
    return shown | {"task_form": TaskForm(), "is_changing": is_changing}


def _writes(visit: IncidentVisit) -> dict[str, Any]:
    return {"writes": sentinel_writes_of(visit.incident)}


def _raw(visit: IncidentVisit) -> dict[str, Any]:
    return {"bodies": raw_of(visit.incident)}


_BODIES: dict[str, Callable[[IncidentVisit], dict[str, Any]]] = {
    "overview": _overview,
    "timeline": _timeline,
    "alerts": _alerts,
    "devices": _devices,
    "similar": _similar,
    "tasks": _tasks,
    "writes": _writes,
    "raw": _raw,
}
