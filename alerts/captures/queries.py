"""Captures that a person may see, their bytes, and what was read of them."""

import json
import zlib
from collections.abc import Collection, Iterator
from typing import Any

from django.db.models import QuerySet, Sum

from alerts.captures.models import Capture, CaptureAccess, CapturePart
from alerts.incidents.models import Alert, Incident
from alerts.incidents.queries import incidents_visible_to
from alerts.sites.models import Device
from portal.accounts.models import User

_MAX_DOCUMENT = 64 * 1024 * 1024


def captures_visible_to(user: User) -> QuerySet[Capture]:
    """The captures of incidents in reach of the person, removed ones among them."""
    return Capture.objects.filter(incident__in=incidents_visible_to(user))


def captures_of(incident: Incident) -> QuerySet[Capture]:
    """The captures of an incident, the newest first."""
    rows = Capture.objects.filter(incident=incident).select_related("by", "removed_by")
    return rows.order_by("-attached_at", "-pk")


def stored_bytes() -> int:
    """How many bytes the captures that are kept have together."""
    return Capture.objects.filter(removed_at=None).aggregate(n=Sum("size"))["n"] or 0


def bytes_of(capture: Capture) -> Iterator[bytes]:
    """Yield the bytes of the file, piece by piece."""
    parts = CapturePart.objects.filter(capture=capture, kind=CapturePart.Kind.FILE)
    for number in parts.order_by("number").values_list("number", flat=True):
        yield bytes(parts.values_list("data", flat=True).get(number=number))


def document_of(capture: Capture, kind: CapturePart.Kind, number: int = 0) -> Any:
    """Return what was read of a capture; None where it was not read."""
    parts = CapturePart.objects.filter(capture=capture, kind=kind, number=number)
    packed = parts.values_list("data", flat=True).first()
    return None if packed is None else _unpacked(bytes(packed))


def summaries_of(captures: Collection[Capture]) -> dict[int, dict[str, Any]]:
    """Return the summaries of captures by their ids."""
    parts = CapturePart.objects.filter(
        capture__in=[capture.pk for capture in captures], kind=CapturePart.Kind.SUMMARY
    )
    return {pk: _unpacked(bytes(data)) for pk, data in parts.values_list("capture", "data")}


def accesses_of(captures: Collection[Capture]) -> dict[int, list[CaptureAccess]]:
    """Return who opened captures, by their ids, the latest first."""
    rows = CaptureAccess.objects.filter(capture__in=[capture.pk for capture in captures])
    by_capture: dict[int, list[CaptureAccess]] = {}
    for row in rows.select_related("by").order_by("-at", "-pk"):
        by_capture.setdefault(row.capture_id, []).append(row)
    return by_capture


def names_of_addresses(incident: Incident, addresses: Collection[str]) -> dict[str, str]:
    """Return the devices at these addresses; of two in two zones, the one an alert names."""
    names_by_address: dict[str, set[str]] = {}
    rows = Device.objects.filter(zone__site__in=incident.site_ids, address__in=addresses)
    for address, name in rows.values_list("address", "name"):
        names_by_address.setdefault(address, set()).add(name)
    names = {address: name for address, (name, *others) in names_by_address.items() if not others}
    for side in ("source", "destination"):
        ends = Alert.objects.filter(incidents=incident, **{f"{side}_address__in": addresses})
        pairs = ends.values_list(f"{side}_address", f"{side}_device").distinct()
        names |= {address: name for address, name in pairs if name}
    return names


def _unpacked(data: bytes) -> Any:
    return json.loads(zlib.decompressobj().decompress(data, _MAX_DOCUMENT))
