"""What signed rules would have closed without trial, stop or hold, beside what they closed."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Exists, Max, OuterRef, Q

from alerts.incidents.models import Incident, IncidentAlert
from alerts.suppression.backtesting.guards_of_history import incidents_for_people, refused_alerts
from alerts.suppression.backtesting.history_sql import TimeSpan, statement_limit
from alerts.suppression.backtesting.marginal_gains import alerts_by_rule
from alerts.suppression.models import ACTING, Ending, LedgerAct, LedgerEntry, RuleVersion, Step
from alerts.suppression.models import VersionState as State
from alerts.suppression.models.rules import ENDED

LATELY: Final = timedelta(days=28)
MAX_SECONDS: Final = 5.0
_LATE: Final = timedelta(days=1)  # an incident comes at most so long after its alerts


@dataclass(frozen=True, slots=True)
class SignedShare:
    """Of the incidents of a site since then, how many its signed rules cover wholly, from their
    second signature to their end, and how many of these rules have closed. What people worked on at
    once, or a guard keeps open, is not covered: no rule closes it.
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
    spans = _signed_spans(site_id, now=now)
    if not spans:
        return None
    since = max(now - LATELY, min(span.start for span in spans.values()))
    incidents = dict(
        Incident.objects.filter(
            site_ids__contains=[site_id], created_at__gte=since, created_at__lt=now, gone_at=None
        ).values_list("pk", "created_at")
    )
    members: dict[int, list[int]] = defaultdict(list)
    links = IncidentAlert.objects.filter(incident__in=list(incidents))
    for incident, alert in links.values_list("incident", "alert"):
        members[incident].append(alert)
    covered: dict[int, list[TimeSpan]] = defaultdict(list)
    period = TimeSpan(since - _LATE, now)
    rules = {version.pk: version.definition for version in spans}
    span_by_id = {version.pk: span for version, span in spans.items()}
    for version, alerts in alerts_by_rule(rules, period).items():
        refused = refused_alerts(rules[version], alerts, period=period) if alerts else {}
        for alert in alerts:
            if alert not in refused:
                covered[alert].append(span_by_id[version])
    for_people = incidents_for_people(incidents)
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
            all(_holds(covered[alert], incidents[incident]) for alert in alerts)
            for incident, alerts in members.items()
            if incident not in for_people
        ),
        closed=closed.values("incident").distinct().count(),
    )


def _signed_spans(site_id: int, *, now: datetime) -> dict[RuleVersion, TimeSpan]:
    """From the second signature of each version to its end, or until now. One that ended before it
    acted was never signed by both sides.
    """
    has_acted = Exists(Step.objects.filter(version=OuterRef("pk"), to_state__in=ACTING))
    rows = RuleVersion.objects.filter(
        Q(state__in=(*ACTING, State.PAUSED)) | Q(has_acted, state__in=ENDED),
        site_ids__contains=[site_id],
    ).annotate(signed_at=Max("signatures__signed_at", filter=Q(signatures__void_at=None)))
    return {
        row: TimeSpan(row.signed_at, row.state_since if row.state in ENDED else now)
        for row in rows
        if row.signed_at is not None and (row.state not in ENDED or row.state_since > now - LATELY)
    }


def _holds(spans: Iterable[TimeSpan], at: datetime) -> bool:
    return any(span.start <= at < span.end for span in spans)
