"""Which rows of the inventory are one device: those of one name at a site, and those to which
entities of incidents gave the same name, MAC address or resource id there. An alert names a device
by any of these, a rule by one.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import reduce

from django.db.models import Q
from django.db.models.functions import Lower

from alerts.incidents.device_evidence import DeviceEvidence, device_evidence
from alerts.sites.models import Device

_NONE = DeviceEvidence(frozenset(), frozenset())


@dataclass(frozen=True, slots=True)
class SameDevice:
    """Rows that are one device, and every name and address that it has, folded."""

    rows: tuple[Device, ...]
    handles: frozenset[str]


def same_devices(seeds: Q, *, named: Collection[str] = ()) -> list[SameDevice]:
    """Return the devices of the rows that `seeds` finds. What rules or pairs name (`named`) is
    looked at, too: it may be one of them under another name or address.
    """
    found = {row.pk: row for row in _rows(seeds)}
    if not found:
        return []
    rows = found | {row.pk: row for row in _rows(names_any(named))}
    names = {row.name.lower() for row in rows.values() if row.name}
    sites = {row.zone.site_id for row in rows.values()}
    rows |= {row.pk: row for row in _rows(Q(lower_name__in=names, zone__site__in=sites))}
    evidence = device_evidence(rows)
    marks = {pk: set(_marks(row, evidence.get(pk, _NONE))) for pk, row in rows.items()}
    groups: list[tuple[set[int], set[tuple[int, str]]]] = []
    for pk, its_marks in marks.items():
        touching = [group for group in groups if group[1] & its_marks]
        groups = [group for group in groups if group not in touching]
        groups.append(reduce(lambda a, b: (a[0] | b[0], a[1] | b[1]), touching, ({pk}, its_marks)))
    return [
        SameDevice(
            tuple(rows[pk] for pk in sorted(pks)),
            frozenset(
                text
                for pk in pks
                for text in (
                    rows[pk].name.casefold(),
                    rows[pk].address.casefold(),
                    *evidence.get(pk, _NONE).handles,
                )
                if text
            ),
        )
        for pks, _ in groups
        if pks & found.keys()
    ]


def names_any(handles: Collection[str]) -> Q:
    """Return the condition on devices that have one of these names or addresses."""
    lower = {handle.lower() for handle in handles if handle}
    return Q(lower_name__in=lower) | Q(lower_address__in=lower)


def _rows(where: Q) -> Iterator[Device]:
    devices = Device.objects.alias(lower_name=Lower("name"), lower_address=Lower("address"))
    return iter(devices.filter(where).select_related("zone__site").order_by("pk"))


def _marks(row: Device, evidence: DeviceEvidence) -> Iterator[tuple[int, str]]:
    for text in (row.name.casefold(), *evidence.marks):
        if text:
            yield row.zone.site_id, text
