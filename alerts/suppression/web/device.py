"""The rules that touch a device: a part of the device's page, which includes it by address."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET

from alerts.incidents.queries import devices_visible_to
from alerts.suppression.drafting.device_rules import rules_touching
from alerts.suppression.web.words import state_chip
from portal.accounts.actor import actor_of
from portal.ui.htmx import render_page


@require_GET
def device(request: HttpRequest, device_id: int) -> HttpResponse:
    """Rules that name a device, its kind or its zone."""
    user = actor_of(request)
    row = get_object_or_404(devices_visible_to(user).select_related("zone__site"), pk=device_id)
    found = rules_touching(row, user=user)
    page = {"device": row, "rows": [(each, state_chip(each.state)) for each in found]}
    return render_page(request, "alerts/suppression/device.html", page, part="rules")
