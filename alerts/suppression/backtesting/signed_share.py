"""What signed rules would have closed without trial, stop or hold, beside what they closed."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Max, Q

from alerts.incidents.models import Incident, IncidentAlert
from alerts.suppression.backtesting.history_sql import TimeSpan, statement_limit
from alerts.suppression.backtesting.marginal_gains import alerts_by_version
from alerts.suppression.models import ACTING, Ending, LedgerAct, LedgerEntry, RuleVersion
from alerts.suppression.models import VersionState as State

LATELY: Final = timedelta(days=28)
MAX_SECONDS: Final = 5.0
_LATE: Final = timedelta(days=1)  # an incident comes at most so long after its alerts


@dataclass(frozen=True, slots=True)
class SignedShare:
    """Of the incidents of a site since then, how many its signed rules cover wholly, from their
    second signature on, and how many of these rules have closed.
    """

    since: datetime
    incidents: int
    covered: int
    closed: int

    @property
    def covered_share(self) -> float:
        """What the back-test's replay takes off."""
        return self.covered / self.incidents if self.incidents else 0.0

    @property
    def closed_share(self) -> float:
        """What rules took off."""
        return self.closed / self.incidents if self.incidents else 0.0


def signed_share_at(site_id: int, *, now: datetime) -> SignedShare | None:
    """Return both of the last 28 days, or since the first signature; None where no rule is signed
    there. Raises BackTestTimedOut.
    """
    with statement_limit(MAX_SECONDS):
        return _signed_share(site_id, now=now)


def _signed_share(site_id: int, *, now: datetime) -> SignedShare | None:
    versions = list(
        RuleVersion.objects.filter(
            state__in=(*ACTING, State.PAUSED), site_ids__contains=[site_id]
        ).annotate(signed_at=Max("signatures__signed_at", filter=Q(signatures__void_at=None)))
    )
    signed = {row.pk: row.signed_at for row in versions if row.signed_at is not None}
    if not signed:
        return None
    since = max(now - LATELY, min(signed.values()))
    incidents = dict(
        Incident.objects.filter(
            site_ids__contains=[site_id], created_at__gte=since, created_at__lt=now, gone_at=None
        ).values_list("pk", "created_at")
    )
    members: dict[int, list[int]] = defaultdict(list)
    links = IncidentAlert.objects.filter(incident__in=list(incidents))
    for incident, alert in links.values_list("incident", "alert"):
        members[incident].append(alert)
    covered_from: dict[int, datetime] = {}
    matched = alerts_by_version(versions, TimeSpan(since - _LATE, now))
    for version, alerts in matched.items():
        for alert in alerts if version in signed else ():
            covered_from[alert] = min(signed[version], covered_from.get(alert, now))
    closed = LedgerEntry.objects.filter(
        incident__in=list(incidents),
        act=LedgerAct.CLOSED,
        landed_at__isnull=False,
        ending__in=(Ending.NOTHING, Ending.LINKED),
    )
    return SignedShare(
        since=since,
        incidents=len(incidents),
        covered=sum(
            all(covered_from.get(alert, now) <= incidents[incident] for alert in alerts)
            for incident, alerts in members.items()
        ),
        closed=closed.values("incident").distinct().count(),
    )
