"""How many incidents there were of each alert type."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count

from alerts.incidents.engine.catalogue import all_types
from alerts.incidents.queries import incidents_visible_to
from portal.accounts.models import User
from portal.attack.engine import resolve


@dataclass(frozen=True, slots=True)
class TypeCount:
    """Incidents of one alert type. `techniques` are Sentinel's own, in the ids of the current
    release, where the catalogue does not have the type; else there are none.
    """

    alert_type: str
    techniques: frozenset[str]
    n: int


def count_by_alert_type(user: User, *, since: datetime) -> Sequence[TypeCount]:
    """Return the counts of the incidents that the person may see and that were created since."""
    incidents = incidents_visible_to(user).filter(
        created_at__gte=since, gone_at=None, merged_into=None
    )
    # An index answers the first question alone; few incidents have titles that nobody knows.
    numbers = dict(incidents.order_by().values_list("alert_type").annotate(n=Count("*")))
    known = {each.title for each in all_types()}
    counts = [TypeCount(title, frozenset(), n) for title, n in numbers.items() if title in known]
    if unknown := [title for title in numbers if title not in known]:
        others = incidents.filter(alert_type__in=unknown).order_by()
        rows = others.values_list("alert_type", "techniques").annotate(n=Count("*"))
        counts += [TypeCount(title, frozenset(map(resolve, ids)), n) for title, ids, n in rows]
    return counts
