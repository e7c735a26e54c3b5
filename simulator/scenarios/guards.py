"""Says which guard must keep an attack open, whatever rules were learned from the history."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network
from zoneinfo import ZoneInfo

from .inventory import SitePlan
from .life import Group
from .records import GuardClass, Work
from .streams import Draft
from .tables import Tables, alert_type

type _Habit = tuple[str, str, str]
"""Alert type, side, device."""
_SLACK = timedelta(hours=1)


class GuardBook:
    """What is routine at one site, as far as guards ask for it."""

    def __init__(
        self, tables: Tables, plan: SitePlan, works: list[Work], groups: Iterable[Group]
    ) -> None:
        self.works = works
        self.zone = ZoneInfo(plan.row.time_zone)
        self.networks = [
            ip_network(cidr)
            for name, row in tables.networks.items()
            if name != "hostile"
            for cidr in row.cidr
        ]
        self.hours: dict[_Habit, set[int]] = {}
        for group in groups:
            for draft in group:
                for habit in _habits(draft) if _is_strict(draft) else ():
                    self.hours.setdefault(habit, set()).add(self._hour(draft.at))

    def guard_class(self, group: Group) -> GuardClass:
        """Return the first guard that covers an incident of an attack; empty if none does."""
        if any(not draft.product and alert_type(draft.title).guard == "never" for draft in group):
            return "never"
        if any(draft.product for draft in group):
            return "second-product"
        parties = [party for draft in group for party in (draft.source, draft.destination)]
        if any(party.criticality in {"safety", "crown-jewel"} for party in parties):
            return "protected"
        if any(self._is_foreign(draft) for draft in group):
            return "outside"
        if any(_is_strict(draft) and not self._is_usual(draft) for draft in group):
            return "strict"
        return ""

    def _is_foreign(self, draft: Draft) -> bool:
        if draft.source.is_outside:
            return True
        if not draft.destination.is_outside:
            return False
        address = ip_address(draft.destination.address)
        return not any(address in network for network in self.networks)

    def _is_usual(self, draft: Draft) -> bool:
        """Tell whether a rule that names devices and hours, or planned work, may cover this."""
        source, destination = (self.hours.get(habit) for habit in _habits(draft))
        if not source or not destination:
            return False
        hour = self._hour(draft.at)
        if {(hour + step) % 24 for step in (-1, 0, 1)} & source:
            return True
        name = draft.destination.name or draft.source.name
        return any(
            work.starts_at <= draft.at <= work.ends_at + _SLACK and name in work.devices
            for work in self.works
        )

    def _hour(self, at: datetime) -> int:
        return at.astimezone(self.zone).hour


def _habits(draft: Draft) -> tuple[_Habit, _Habit]:
    return (
        (draft.title, "source", draft.source.name),
        (draft.title, "destination", draft.destination.name),
    )


def _is_strict(draft: Draft) -> bool:
    kind = alert_type(draft.title)
    return not draft.product and (kind.severity == "High" or kind.guard == "timeboxed")
