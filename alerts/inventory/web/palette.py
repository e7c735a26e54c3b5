"""What the portal's search finds of this room: devices."""

from django.db.models import Q, Value
from django.db.models.functions import NullIf
from django.http import HttpRequest
from django.urls import reverse

from alerts.incidents.queries import devices_visible_to
from alerts.sites.models import Device
from portal.accounts.sessions import actor_of
from portal.ui.palette import MAX_RESULTS, FinderResult, Result

NAMED_FIRST = NullIf("name", Value("")).asc(nulls_last=True)
MIN_DEVICE_TEXT = 2


def find_devices(request: HttpRequest, text: str) -> FinderResult:
    """Return visible devices with this text in name or address, those with a name first."""
    if len(text) < MIN_DEVICE_TEXT:
        return FinderResult()
    devices = devices_visible_to(actor_of(request))
    devices = devices.filter(Q(name__icontains=text) | Q(address__icontains=text))
    rows = devices.order_by(NAMED_FIRST, "address").select_related("zone__site")[:MAX_RESULTS]
    return FinderResult([_result(device) for device in rows])


def _result(device: Device) -> Result:
    place = "" if device.is_outside else f"{device.zone.site.name}, {device.zone.name}"
    label = device.name or device.address
    words = (device.kind, device.address if device.address != label else "", place)
    url = reverse("devices:device", args=[device.pk])
    return Result(label, url, "cpu", detail=" · ".join(filter(None, words)))
