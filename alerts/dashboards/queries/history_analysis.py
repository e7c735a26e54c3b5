"""The analysis of a period of alerts: each alert type with its verdicts and a proposed severity,
and the harmless patterns that come again and again. Counted from rows, at the moment of asking.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Max, Min, Q, QuerySet
from django.db.models.functions import TruncDate

from alerts.dashboards.engine.severity_proposal import TypeHistory, propose_severity
from alerts.incidents.models import Alert, Incident, IncidentAlert, IncidentStatus, Severity
from alerts.incidents.queries import alerts_visible_to, incidents_visible_to
from alerts.reviews.models import Verdict
from alerts.reviews.queries.questions import evidence_in_force
from alerts.reviews.queries.second_opinions import verdicts_open_to
from portal.accounts.models import User

MAX_PATTERNS = 200
RECURRING_INCIDENTS, RECURRING_DAYS = 5, 3  # fewer are no habit
PIECE = 2_000
_TRUE_POSITIVE = Q(status=IncidentStatus.CLOSED, classification="TruePositive")
_BENIGN = Q(status=IncidentStatus.CLOSED, classification="BenignPositive")
_HARMLESS = ("routine", "maintenance")


@dataclass(frozen=True, slots=True)
class TypeLine:
    """One alert type of one severity in the period."""

    alert_type: str
    severity: str
    alerts: int
    incidents: int
    days: int
    sites: int
    routine: int
    maintenance: int
    suspicious: int
    not_sure: int
    true_positives: int
    closed_as_benign: int
    proposed: str
    why: str
    limit: float
    alerts_harmless: int  # alerts that a verdict covers; one called suspicious is not harmless
    alerts_suspicious: int


@dataclass(frozen=True, slots=True)
class PatternLine:
    """One pattern (type, ends, protocol) that came again and again and that OT judged harmless.
    Counts are of its incidents of the period; one ever judged suspicious is none.
    """

    pattern: str
    alert_type: str
    source: str
    destination: str
    place: str
    severity: str
    incidents: int
    days: int
    routine: int
    maintenance: int
    closed_as_benign: int
    first_at: str
    latest_at: str


@dataclass(frozen=True, slots=True)
class HistoryAnalysis:
    """The whole analysis of a period. `alerts` is the sum over `types`."""

    alerts: int
    incidents: int
    verdicts: int
    types: list[TypeLine]
    patterns: list[PatternLine]

    def as_json(self) -> dict[str, Any]:
        """For the report's row and `--json`."""
        return asdict(self)


def alerts_between(user: User | None, *, since: datetime, until: datetime) -> QuerySet[Alert]:
    """Return the alerts first detected in a period that the person may see; None sees all."""
    alerts = Alert.objects.all() if user is None else alerts_visible_to(user)
    return alerts.filter(at__gte=since, at__lt=until)


def analyse_history(user: User | None, *, since: datetime, until: datetime) -> HistoryAnalysis:
    """Return the analysis of the period, of what the person may see; None sees all. Where a verdict
    is hidden from the person, it does not count.
    """
    alerts = alerts_between(user, since=since, until=until)
    evidence = evidence_in_force()
    if user is not None:
        evidence = evidence.filter(pk__in=verdicts_open_to(user).values("pk"))
    types = _type_lines(alerts, evidence)
    links = IncidentAlert.objects.filter(alert__in=alerts.values("pk"))
    return HistoryAnalysis(
        alerts=sum(line.alerts for line in types),
        incidents=links.values("incident").distinct().count(),
        verdicts=evidence.filter(alerts__in=alerts.values("pk")).values("pk").distinct().count(),
        types=types,
        patterns=_pattern_lines(user, evidence, since=since, until=until),
    )


def _type_lines(alerts: QuerySet[Alert], evidence: QuerySet[Verdict]) -> list[TypeLine]:
    key = ("alert_type", "severity")
    rows = (
        alerts.order_by()
        .values(*key)
        .annotate(
            n=Count("pk"),
            days=Count(TruncDate("at"), distinct=True),
            sites=Count("site", distinct=True),
        )
    )
    ids = alerts.values("pk")
    judged = _judged_alerts(alerts, evidence)
    links = (
        IncidentAlert.objects.filter(alert__in=ids)
        .order_by()
        .values("alert__alert_type", "alert__severity")
        .annotate(
            n=Count("incident", distinct=True),
            tp=Count("incident", distinct=True, filter=_through(_TRUE_POSITIVE)),
            benign=Count("incident", distinct=True, filter=_through(_BENIGN)),
        )
    )
    incidents = {(row["alert__alert_type"], row["alert__severity"]): row for row in links}
    verdicts: dict[tuple[str, int], dict[str, int]] = defaultdict(dict)
    for title, severity, verdict, n in (
        evidence.filter(alerts__in=ids)
        .order_by()
        .values_list("alerts__alert_type", "alerts__severity", "kind")
        .annotate(n=Count("pk", distinct=True))
    ):
        verdicts[title, severity][verdict] = n
    no_incident = {"n": 0, "tp": 0, "benign": 0}
    lines = []
    for row in rows:
        place = row["alert_type"], row["severity"]
        counts, closes = verdicts[place], incidents.get(place, no_incident)
        severity = Severity(row["severity"]).label
        history = TypeHistory(
            alert_type=row["alert_type"],
            severity=severity,
            days=row["days"],
            harmless=sum(counts.get(verdict, 0) for verdict in _HARMLESS),
            suspicious=counts.get("suspicious", 0),
            true_positives=closes["tp"],
        )
        proposal = propose_severity(history)
        lines.append(
            TypeLine(
                alert_type=row["alert_type"],
                severity=severity,
                alerts=row["n"],
                incidents=closes["n"],
                days=row["days"],
                sites=row["sites"],
                routine=counts.get("routine", 0),
                maintenance=counts.get("maintenance", 0),
                suspicious=counts.get("suspicious", 0),
                not_sure=counts.get("not-sure", 0),
                true_positives=closes["tp"],
                closed_as_benign=closes["benign"],
                proposed=proposal.severity,
                why=proposal.why,
                limit=round(proposal.limit, 4),
                alerts_harmless=judged[place][0],
                alerts_suspicious=judged[place][1],
            )
        )
    return sorted(lines, key=lambda line: (-line.alerts, line.alert_type, line.severity))


def _judged_alerts(
    alerts: QuerySet[Alert], evidence: QuerySet[Verdict]
) -> dict[tuple[str, int], tuple[int, int]]:
    """Return by type and severity how many alerts were judged harmless, how many suspicious."""
    covered = evidence.filter(alerts__isnull=False).order_by()
    suspicious = Q(pk__in=covered.filter(kind="suspicious").values("alerts"))
    harmless = Q(pk__in=covered.filter(kind__in=_HARMLESS).values("alerts")) & ~suspicious
    rows = (
        alerts.order_by()
        .values("alert_type", "severity")
        .annotate(harmless=Count("pk", filter=harmless), suspicious=Count("pk", filter=suspicious))
        .values_list("alert_type", "severity", "harmless", "suspicious")
    )
    return {(title, severity): (good, bad) for title, severity, good, bad in rows}


def _through(condition: Q) -> Q:
    return Q(**{f"incident__{name}": value for name, value in condition.children})  # type: ignore[misc]  # pairs


def _pattern_lines(
    user: User | None, evidence: QuerySet[Verdict], *, since: datetime, until: datetime
) -> list[PatternLine]:
    incidents = Incident.objects.all() if user is None else incidents_visible_to(user)
    incidents = incidents.filter(
        created_at__gte=since, created_at__lt=until, pattern__isnull=False, merged_into=None
    )
    rows = (
        incidents.order_by()
        .values("pattern")
        .annotate(
            n=Count("pk"),
            days=Count(TruncDate("created_at"), distinct=True),
            alert_type=Max("alert_type"),
            source=Max("source"),
            destination=Max("destination"),
            place=Max("place"),
            severity=Max("severity"),
            tp=Count("pk", filter=_TRUE_POSITIVE),
            benign=Count("pk", filter=_BENIGN),
            first=Min("created_at"),
            latest=Max("created_at"),
        )
        .exclude(source="", destination="")
        .filter(n__gte=RECURRING_INCIDENTS, days__gte=RECURRING_DAYS, tp=0)
        .order_by("-n", "pattern")
    )
    found = list(rows[: 5 * MAX_PATTERNS])
    keys = [row["pattern"] for row in found]
    verdicts: dict[Any, dict[str, int]] = defaultdict(dict)
    for pattern, verdict, n in (
        evidence.filter(incidents__in=incidents.filter(pattern__in=keys).order_by().values("pk"))
        .order_by()
        .values_list("incidents__pattern", "kind")
        .annotate(n=Count("pk", distinct=True))
    ):
        verdicts[pattern][verdict] = n
    judged = evidence.filter(incidents__pattern__in=keys, kind="suspicious")
    suspicious = set(judged.order_by().values_list("incidents__pattern", flat=True))
    lines = []
    for row in found:
        counts = verdicts[row["pattern"]]
        harmless = sum(counts.get(verdict, 0) for verdict in _HARMLESS)
        # That the SOC closed it as benign is no word of OT. A suspicion counts of whatever time:
        # caution has no end.
        if row["pattern"] in suspicious or not harmless:
            continue
        lines.append(
            PatternLine(
                pattern=str(row["pattern"]),
                alert_type=row["alert_type"],
                source=row["source"],
                destination=row["destination"],
                place=row["place"],
                severity=Severity(row["severity"]).label,
                incidents=row["n"],
                days=row["days"],
                routine=counts.get("routine", 0),
                maintenance=counts.get("maintenance", 0),
                closed_as_benign=row["benign"],
                first_at=row["first"].isoformat(),
                latest_at=row["latest"].isoformat(),
            )
        )
    return lines[:MAX_PATTERNS]


ALERT_COLUMNS = (
    *("at", "latest_at", "workspace", "site", "zone", "sensor", "alert_type", "severity"),
    *("protocol", "source", "destination", "verdict", "key"),
)


def alert_rows(
    user: User | None, *, since: datetime, until: datetime, most: int | None = None
) -> Iterator[tuple[Any, ...]]:
    """Yield the alerts of a period as rows of a table, oldest first, a piece at a time; at most so
    many. The verdict is the newest that is in force and that the person may know.
    """
    alerts = alerts_between(user, since=since, until=until).order_by("at", "pk")
    alerts = alerts.select_related("workspace", "site", "zone")
    evidence = evidence_in_force()
    if user is not None:
        evidence = evidence.filter(pk__in=verdicts_open_to(user).values("pk"))
    after: tuple[datetime, int] | None = None
    remaining = most
    while remaining is None or remaining > 0:
        size = PIECE if remaining is None else min(PIECE, remaining)
        rows = alerts
        if after is not None:
            rows = rows.filter(Q(at__gt=after[0]) | Q(at=after[0], pk__gt=after[1]))
        piece = list(rows[:size])
        counts = dict(
            evidence.filter(alerts__in=[alert.pk for alert in piece])
            .order_by("given_at", "pk")
            .values_list("alerts", "kind")
        )
        for alert in piece:
            yield _alert_row(alert, counts.get(alert.pk, ""))
        if len(piece) < size:
            return
        after = piece[-1].at, piece[-1].pk
        remaining = None if remaining is None else remaining - len(piece)


def _alert_row(alert: Alert, verdict: str) -> tuple[Any, ...]:
    return (
        alert.at.isoformat(),
        alert.latest_at.isoformat() if alert.latest_at else "",
        alert.workspace.name,
        alert.site.name if alert.site else "",
        alert.zone.name if alert.zone else "",
        alert.sensor,
        alert.alert_type,
        Severity(alert.severity).label,
        alert.protocol,
        alert.source,
        alert.destination,
        verdict,
        alert.key,
    )
