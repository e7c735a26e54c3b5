"""How many incidents there were of each alert type."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Case, Count, F, Value, When

from alerts.incidents.engine.catalogue import all_types
from alerts.incidents.models import Incident
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
    titles = [known.title for known in all_types()]
    field = Incident._meta.get_field("techniques")
    unknown = Case(
        When(alert_type__in=titles, then=Value([], output_field=field)), default=F("techniques")
    )
    rows = (
        incidents_visible_to(user)
        .filter(created_at__gte=since, gone_at=None, merged_into=None)
        .order_by()
        .values_list("alert_type", unknown)
        .annotate(n=Count("pk"))
    )
    return [TypeCount(title, frozenset(map(resolve, named)), n) for title, named, n in rows]
