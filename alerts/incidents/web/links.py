"""Addresses that pages of this room lead to; of other rooms as far as they are wired."""

from collections.abc import Iterable
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.http import url_has_allowed_host_and_scheme

from alerts.incidents.engine.catalogue import alert_type_for
from portal.accounts.models import User
from portal.accounts.queries import roles_of
from portal.ui.navigation import address_of, roles_for_page


def ask_address() -> str | None:
    """Where OT is asked."""
    return address_of("reviews:ask")


def review_panel_address(incident_id: int, *, group: UUID | None = None) -> str | None:
    """Return the address of an incident's questions and answers, or of all its row's."""
    try:
        address = reverse("reviews:panel", args=[incident_id])
        return f"{address}?group={group}" if group else address
    except NoReverseMatch:
        return None


def planned_work_address(work: UUID) -> str | None:
    """Return the address of planned work."""
    try:
        return reverse("planned_work:work", args=[work])
    except NoReverseMatch:
        return None


def rules_panel_address(incident_id: int) -> str | None:
    """Return the address of what rules did to an incident, to be placed in a page."""
    try:
        return reverse("suppression:why", args=[incident_id])
    except NoReverseMatch:
        return None


def exports_address(user: User) -> str | None:
    """Return where files of lists are asked for; None for who may not."""
    address, roles = address_of("exports:list"), roles_for_page("exports:list")
    if address is None or (roles is not None and roles_of(user).isdisjoint(roles)):
        return None
    return address


def lessons_address(titles: Iterable[str], user: User) -> str | None:
    """Return the address of lessons about these alerts; None where there can be none."""
    alert_types = {
        alert_type.title: True for title in titles if (alert_type := alert_type_for(title))
    }
    address, roles = address_of("training:beside"), roles_for_page("training:beside")
    if (
        not alert_types
        or address is None
        or (roles is not None and roles_of(user).isdisjoint(roles))
    ):
        return None
    return f"{address}?{urlencode({'type': list(alert_types)}, doseq=True)}"


def goal_of(request: HttpRequest) -> str:
    """Where a person goes on after an act: where they came from, else the queue."""
    address = request.POST.get("next") or request.GET.get("next") or ""
    is_ours = url_has_allowed_host_and_scheme(address, {request.get_host()}, request.is_secure())
    return address if address and is_ours else reverse("incidents:queue")
