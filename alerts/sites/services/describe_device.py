"""Say of one device what it is: its kind, its role, how critical it is, where it stands."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext

from alerts.sites.models import PURDUE_WORDS, Criticality, Device
from alerts.sites.policies import reasons_against_criticality, reasons_against_describing
from alerts.sites.registry import tell_of_devices
from portal.accounts.models import User
from portal.audit.services import record
from portal.errors import Refused

MAX_KIND, MAX_ROLE = 80, 120


class CannotDescribeDevice(Refused):
    """The device is described as before."""


@transaction.atomic
def describe_device(
    *,
    device_id: int,
    by: User,
    now: datetime,
    unshifted: datetime,
    kind: str,
    role: str,
    criticality: str,
    purdue_level: float | None,
    reason: str = "",
) -> Device:
    """Set what OT of the site says of a device. What is set stays: neither alerts nor inventories
    write over it. To say nothing of its kind gives that back to them.
    """
    device = (
        Device.objects.select_for_update(of=("self",))
        .select_related("zone__site")
        .get(pk=device_id)
    )
    wanted: dict[str, object] = {
        "kind": " ".join(kind.split()),
        "role": " ".join(role.split()),
        "criticality": criticality,
        "purdue_level": purdue_level,
    }
    reasons = reasons_against_describing(by, device.zone.site) or _reasons_against(wanted)
    reasons = reasons or reasons_against_criticality(by, device, criticality, reason=reason)
    if reasons:
        raise CannotDescribeDevice(*reasons)
    before = {name: getattr(device, name) for name in wanted}
    changed = {name: value for name, value in wanted.items() if before[name] != value}
    if not changed:
        return device
    for name, value in changed.items():
        setattr(device, name, value)
    said = {name for name, value in changed.items() if value not in ("", None)}
    device.set_by_people = sorted((set(device.set_by_people) - changed.keys()) | said)
    device.save(update_fields=[*changed, "set_by_people"])
    tell_of_devices([device.pk], unshifted=unshifted)
    record(
        "sites.device.described",
        on=device,
        by=by,
        at=now,
        zone=str(device.zone),
        before={name: before[name] for name in changed},
        after=changed,
        reason=reason.strip(),
    )
    return device


def _reasons_against(wanted: dict[str, object]) -> list[str]:
    reasons = []
    if len(str(wanted["kind"])) > MAX_KIND or len(str(wanted["role"])) > MAX_ROLE:
        reasons.append(gettext("Keep kind and role short: one line each."))
    if wanted["criticality"] not in Criticality.values:
        reasons.append(gettext("Choose how critical it is."))
    if wanted["purdue_level"] is not None and wanted["purdue_level"] not in PURDUE_WORDS:
        reasons.append(gettext("Choose a Purdue level from 0 to 5."))
    return reasons
