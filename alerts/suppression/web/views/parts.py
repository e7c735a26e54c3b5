"""Parts of pages of other rooms, by address: why an incident is open, rules of a device."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET

from alerts.incidents.queries import devices_visible_to, incidents_visible_to
from alerts.suppression.drafting.rule_list import rules_touching
from alerts.suppression.enforcing.explain import (
    NearMiss,
    reasons_against_any_rule,
    reasons_visible_to,
    why_of,
)
from alerts.suppression.models import LedgerAct
from alerts.suppression.queries import versions_visible_to
from alerts.suppression.signing.notify import in_words
from alerts.suppression.web.shared import may_propose
from alerts.suppression.web.views.ledger import ledger_rows
from alerts.suppression.web.wording import all_in_words, state_chip
from portal import clock
from portal.accounts.models import User
from portal.accounts.sessions import actor_of
from portal.ui.moments import reader_clock
from portal.ui.responses import render_page


@require_GET
def why(request: HttpRequest, incident_id: int) -> HttpResponse:
    """What rules did to the incident; while it is open, which came closest and why it did not."""
    user, now = actor_of(request), clock.now()
    incident = get_object_or_404(
        incidents_visible_to(user).select_related("workspace"), pk=incident_id
    )
    explanation, is_hidden = why_of(incident, now=now), bool(incident.hidden)
    reasons = reasons_visible_to(user, explanation.reasons)
    can_propose = may_propose(user) and not incident.is_read_only and not incident.closed_by
    never = reasons_against_any_rule(incident) if can_propose else []
    version_ids = {entry.version_id for entry in explanation.acted}
    visible = set(versions_visible_to(user).filter(pk__in=version_ids).values_list("pk", flat=True))
    zone = reader_clock().zone_of_plants(incident.site_ids)
    page: dict[str, Any] = {
        "now": now,
        "incident": incident,
        "rows": [
            (row, row.entry.version_id in visible, row.entry.act == LedgerAct.CLOSED)
            for row in ledger_rows(list(explanation.acted), user)
        ],
        "near": [
            (near_miss, in_words(near_miss.why, zone))
            for near_miss in _visible_near_misses(explanation.near, user)
        ],
        "reasons": all_in_words(reasons) if explanation.trials or not explanation.near else [],
        "trials": ", ".join(explanation.trials),
        "covering": ", ".join(explanation.covering) if explanation.reasons or is_hidden else "",
        "is_hidden": is_hidden,  # whether a suspicion holds it open, while the reader is asked
        "is_off": explanation.is_off,
        "may_propose": can_propose and not never,
        "never": all_in_words(never),
    }
    return render_page(request, "alerts/suppression/why.html", page, part="why")


def _visible_near_misses(near: tuple[NearMiss, ...], user: User) -> list[NearMiss]:
    """Rules that the person may not see are not named."""
    uuids = [near_miss.version for near_miss in near]
    visible = set(versions_visible_to(user).filter(uuid__in=uuids).values_list("uuid", flat=True))
    return [near_miss for near_miss in near if near_miss.version in visible]


@require_GET
def rules_of_device(request: HttpRequest, device_id: int) -> HttpResponse:
    """Rules whose lines about one end fit a device."""
    user = actor_of(request)
    row = get_object_or_404(devices_visible_to(user).select_related("zone__site"), pk=device_id)
    found = rules_touching(row, user=user)
    page = {"device": row, "rows": [(version, state_chip(version.state)) for version in found]}
    return render_page(request, "alerts/suppression/device.html", page, part="rules")
