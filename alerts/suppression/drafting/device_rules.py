"""The rules that touch a device: by its name or address, or by what stands in its place."""

from collections.abc import Iterable

from alerts.sites.models import Device
from alerts.suppression.engine.rule import NotARule
from alerts.suppression.models import ACTING, OPEN, RuleVersion, State
from alerts.suppression.queries import versions_visible_to
from portal.accounts.models import User

GROUPS = {"source_kind", "destination_kind", "source_zone", "destination_zone"}
MAX_RULES = 20


def rules_touching(device: Device, *, user: User) -> list[RuleVersion]:
    """Return the versions in force or in work that name a device, or its kind or zone."""
    rows = versions_visible_to(user).filter(
        site_ids__contains=[device.zone.site_id], state__in=(*ACTING, *OPEN, State.PAUSED)
    )
    ordered = rows.order_by("rule__number", "-number")
    return [row for row in ordered if _touches(row, device)][:MAX_RULES]


def _touches(version: RuleVersion, device: Device) -> bool:
    try:
        lines = version.said.all_of
    except NotARule:
        return False
    names = {device.name.casefold(), device.address.casefold()} - {""}
    places = {device.kind.casefold(), device.zone.name.casefold()} - {""}
    for line in lines:
        if line.field in GROUPS and places & _folded(line.texts):
            return True
        if line.field.endswith(("_device", "_address")) and names & _folded(line.texts):
            return True
    return False


def _folded(values: Iterable[str]) -> set[str]:
    return {value.casefold() for value in values}
