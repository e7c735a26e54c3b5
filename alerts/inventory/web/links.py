"""Addresses that a device's page leads to."""

from urllib.parse import urlencode

from django.urls import NoReverseMatch, reverse

from alerts.incidents.engine.tokens import Term, render


def rules_of_device_address(device_id: int) -> str | None:
    """Return the address of the rules that touch a device, to be placed in its page."""
    try:
        return reverse("suppression:device", args=[device_id])
    except NoReverseMatch:
        return None


def queue_of_device_address(name: str) -> str:
    """Return the address of a device's open incidents."""
    query = {"view": "open", "q": render([Term("device", (name,))])}
    return f"{reverse('incidents:queue')}?{urlencode(query)}"
