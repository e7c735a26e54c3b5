"""What is known of one device: its alerts a week, what OT said of them, its latest incidents."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Q, QuerySet

from alerts.incidents.hidden_verdicts import hidden_from
from alerts.incidents.models import Alert, Incident
from alerts.incidents.queries import alerts_visible_to, incidents_visible_to
from alerts.sites.models import Device
from portal.accounts.models import User

WEEKS = 12
MAX_INCIDENTS, MAX_TYPES = 10, 5


@dataclass(frozen=True, slots=True)
class DeviceHistory:
    """The last weeks of a device, as far as the person may see it."""

    weeks: Sequence[tuple[datetime, int]]  # when each began, oldest first, and its alerts
    verdicts: dict[str, int]  # incidents by what OT said of them last
    types: Sequence[tuple[str, int]]  # most frequent first
    incidents: Sequence[Incident]

    @property
    def alerts(self) -> int:
        """How many alerts there were."""
        return sum(n for _, n in self.weeks)


def alerts_of_device(device: Device) -> QuerySet[Alert]:
    """Return the alerts that name a device: zone plus address, or its name where an alert tells no
    address.
    """
    zone = device.zone
    at_an_end = (
        Q(source_address=device.address, source_zone=zone.name)
        | Q(destination_address=device.address, destination_zone=zone.name)
        | Q(zone=zone)
    )
    named = Q(any_address__contains=[device.address]) & at_an_end
    if device.name:
        named |= Q(any_device__contains=[device.name], any_address=[])
    return Alert.objects.filter(named, site=zone.site_id)


def history_of_device(device: Device, *, user: User, now: datetime) -> DeviceHistory:
    """Return what the last weeks brought."""
    since = now - timedelta(weeks=WEEKS)
    recent = alerts_of_device(device).filter(at__gte=since, at__lte=now)
    recent = recent.filter(pk__in=alerts_visible_to(user))
    begins = [now - timedelta(weeks=n) for n in range(WEEKS, 0, -1)]
    counts = [0] * WEEKS
    for at in recent.values_list("at", flat=True):
        counts[min(int((at - since) / timedelta(weeks=1)), WEEKS - 1)] += 1
    seen = incidents_visible_to(user).filter(alerts__in=recent).distinct()
    judged = seen.exclude(ot_state__in=("", "waiting"))
    if hidden := hidden_from(user):
        judged = judged.exclude(pk__in=[*hidden.by_incident])
    verdicts = judged.order_by().values_list("ot_state")
    types = recent.order_by().values_list("alert_type").annotate(n=Count("pk"))
    return DeviceHistory(
        weeks=list(zip(begins, counts, strict=True)),
        verdicts=dict(verdicts.annotate(n=Count("pk", distinct=True))),
        types=list(types.order_by("-n", "alert_type")[:MAX_TYPES]),
        incidents=list(seen.order_by("-created_at", "-pk")[:MAX_INCIDENTS]),
    )
