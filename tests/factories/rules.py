"""A plant with a routine that OT has judged, and rules about it in any state of their life."""

import uuid
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from alerts.incidents.models import (
    Alert,
    DetailsState,
    Incident,
    IncidentAlert,
    IncidentStatus,
    Severity,
)
from alerts.reviews.models import Verdict, VerdictAlert, VerdictIncident
from alerts.rules.guards.signing import SigningSide
from alerts.rules.rule import Clause, RuleDefinition, as_json
from alerts.sentinel.models import Workspace
from alerts.sites.models import Site, Zone
from alerts.suppression.drafting.drafts import draft_rule
from alerts.suppression.models import LedgerAct, LedgerEntry, RuleVersion, Where
from alerts.suppression.services import sign_rule
from alerts.suppression.signing.propose import propose_rule
from portal.accounts.models import User
from tests import cast
from tests.factories.incidents import new_incident

DOWNLOAD = "Unauthorized PLC Programming"
POLLING = "Unauthorized Modbus Operation"
TUESDAYS = "Tue 06:00-08:00 Europe/Warsaw"
TUESDAY = datetime(2026, 11, 24, 5, 10, tzinfo=UTC)  # 06:10 on the plant's clock


def routine(
    workspace: Workspace,
    site: Site,
    *,
    weeks: int = 12,
    until: datetime = TUESDAY,
    alert_type: str = DOWNLOAD,
    source: str = "ENG-WS-04",
    destination: str = "PLC-PL2-07",
    **columns: Any,
) -> list[Incident]:
    """One incident a week with one alert, closed as benign, the newest first."""
    values = {
        "status": IncidentStatus.CLOSED,
        "classification": "BenignPositive",
        "classification_reason": "SuspiciousButExpected",
        "details_state": DetailsState.FETCHED,
        "product_names": ["Azure Security Center for IoT"],
        "severity": Severity.HIGH if alert_type == DOWNLOAD else Severity.MEDIUM,
    } | columns
    ends = {"alert_type": alert_type, "source": source, "destination": destination}
    moments = [until - timedelta(weeks=week) for week in range(weeks)]
    return incidents_of(workspace, site, [ends | values | {"at": at} for at in moments])


def incident_of(workspace: Workspace, site: Site, **columns: Any) -> Incident:
    """An incident with one alert between two devices, its details fetched."""
    return incidents_of(workspace, site, [columns])[0]


def incidents_of(
    workspace: Workspace, site: Site, incidents: Iterable[dict[str, Any]]
) -> list[Incident]:
    """Such incidents, all stored at once. What is told of each: `at`, and any column."""
    zone = site.zones.order_by("pk").first()
    rows, alerts = [], []
    for columns in incidents:
        ends = {"source": "ENG-WS-04", "destination": "PLC-PL2-07", "alert_type": DOWNLOAD}
        values = ends | columns
        at, alert_type = values.pop("at"), values.pop("alert_type")
        between = {"source": values["source"], "destination": values["destination"]}
        alike = f"{site.pk}{alert_type}{between['source']}{between['destination']}"
        row = new_incident(
            workspace,
            **{
                "title": alert_type,
                "created_at": at,
                "site_ids": [site.pk],
                "alerts_count": 1,
                "pattern": uuid.uuid5(uuid.NAMESPACE_OID, alike),
                "details_state": DetailsState.FETCHED,
                "severity": Severity.HIGH,
                "product_names": ["Azure Security Center for IoT"],
            }
            | values,
        )
        rows.append(row)
        alerts.append(_new_alert(row, site, zone, at=at, **between))
    Incident.objects.bulk_create(rows)
    Alert.objects.bulk_create(alerts)
    IncidentAlert.objects.bulk_create(
        IncidentAlert(incident=row, alert=alert) for row, alert in zip(rows, alerts, strict=True)
    )
    return rows


def alert_of(incident: Incident, site: Site, **columns: Any) -> Alert:
    """One more alert of an incident."""
    alert = _new_alert(incident, site, site.zones.order_by("pk").first(), **columns)
    alert.save(force_insert=True)
    IncidentAlert.objects.create(incident=incident, alert=alert)
    return alert


def _new_alert(
    incident: Incident,
    site: Site,
    zone: Zone | None,
    *,
    at: datetime | None = None,
    source: str = "ENG-WS-04",
    destination: str = "PLC-PL2-07",
    **columns: Any,
) -> Alert:
    moment = at or incident.created_at
    local = moment + timedelta(hours=1)  # Warsaw in winter
    values = {
        "key": str(uuid.uuid4()),
        "site": site,
        "zone": zone,
        "alert_type": incident.alert_type,
        "severity": incident.severity,
        "sensor": "sensor-pk2",
        "product_name": "Azure Security Center for IoT",
        "source_device": source,
        "destination_device": destination,
        "any_device": [source, destination],
        "at": moment,
        "plant_weekday": local.weekday(),
        "plant_minute": local.hour * 60 + local.minute,
    } | columns
    return Alert(workspace=incident.workspace, **values)


def noise(workspace: Workspace, site: Site, *, n: int = 40, until: datetime = TUESDAY) -> None:
    """Other incidents of the site, so that the routine is a small part of them."""
    columns = {
        "alert_type": "Port Scan Detected",
        "destination": "SRV-1",
        "status": IncidentStatus.CLOSED,
        "severity": Severity.LOW,
    }
    incidents_of(
        workspace,
        site,
        [
            columns | {"at": until - timedelta(days=day * 2, hours=3), "source": f"HMI-{day}"}
            for day in range(n)
        ],
    )


def judge(incidents: Iterable[Incident], *, by: User, verdict: str = "routine") -> list[Verdict]:
    """One verdict on each incident, as OT's past answers."""
    rows = list(incidents)
    verdicts = Verdict.objects.bulk_create(
        Verdict(
            kind=verdict,
            cause="plc-programming-window",
            by=by,
            given_at=row.created_at + timedelta(hours=1),
            key=uuid.uuid4(),
            act=uuid.uuid4(),
            note="odd" if verdict == "suspicious" else "",
        )
        for row in rows
    )
    verdict_of = {row.pk: answer.pk for row, answer in zip(rows, verdicts, strict=True)}
    VerdictIncident.objects.bulk_create(
        VerdictIncident(verdict_id=answer, incident_id=incident)
        for incident, answer in verdict_of.items()
    )
    VerdictAlert.objects.bulk_create(
        VerdictAlert(verdict_id=verdict_of[incident], alert_id=alert)
        for incident, alert in IncidentAlert.objects.filter(incident__in=rows).values_list(
            "incident", "alert"
        )
    )
    return verdicts


def clause(field: str, operator: str, *values: str | int) -> Clause:
    """One line."""
    return Clause(field, operator, values)


def downloads(**more: Any) -> RuleDefinition:
    """The rule of the story: programs are loaded on Tuesdays. It has hours, so Tagout enforces."""
    values: dict[str, Any] = {
        "title": "Planned recipe downloads",
        "all_of": (
            clause("site", "is", "Gdańsk"),
            clause("alert_type", "is", DOWNLOAD),
            clause("source_device", "is", "ENG-WS-04"),
            clause("destination_device", "is_one_of", "PLC-PL2-07", "PLC-PL2-08"),
            clause("time", "within", TUESDAYS),
        ),
        "reason": "plc-programming-window",
        "owner_ot": cast.ODA.email,
        "owner_soc": cast.LEO.email,
        "expires_at": datetime(2026, 12, 20, tzinfo=UTC),
    }
    return RuleDefinition(**values | more)


def polling(**more: Any) -> RuleDefinition:
    """The second rule of the story: a historian polls. Exact in Sentinel's terms."""
    values: dict[str, Any] = {
        "title": "Historian polls the gateways",
        "all_of": (
            clause("workspace", "is", "gdansk"),
            clause("alert_type", "is", POLLING),
            clause("any_device", "is_one_of", "GW-MOD-03", "HIST-GD-01"),
        ),
        "enforcement": "sentinel",
        "expires_at": datetime(2027, 1, 20, tzinfo=UTC),
    }
    return downloads(**values | more)


def draft(
    rule: RuleDefinition, *, by: User, evidence: Iterable[Verdict], now: datetime
) -> RuleVersion:
    """A first version that says this."""
    ids = [verdict.pk for verdict in evidence]
    return draft_rule(by=by, now=now, body=as_json(rule), evidence_ids=ids)


def propose(version: RuleVersion, *, by: User, now: datetime, **more: Any) -> RuleVersion:
    """Propose it, having just proved who one is."""
    return propose_rule(version_id=version.pk, by=by, now=now, **{"proved_at": now} | more)


def sign(
    version: RuleVersion,
    *,
    by: User,
    now: datetime,
    side: SigningSide = SigningSide.SOC,
    **more: Any,
) -> RuleVersion:
    """Sign it as it is, having looked at everything."""
    values = {
        "seen_hash": version.rule_hash,
        "proved_at": now,
        "note": "Seen with Oda on site.",
        "checked_evidence": True,
    } | more
    return sign_rule(version_id=version.pk, side=side, by=by, now=now, **values)


def tag(
    version: RuleVersion,
    workspace: Workspace,
    site: Site,
    n: int,
    *,
    at: datetime | None = None,
    **columns: Any,
) -> list[LedgerEntry]:
    """Lines of incidents that the trial of a version labelled."""
    moment = at or version.state_since
    return [
        LedgerEntry.objects.create(
            **{
                "incident": incident_of(workspace, site, at=moment),
                "rule": version.rule,
                "version": version,
                "rule_hash": version.rule_hash,
                "act": LedgerAct.TAGGED,
                "where": Where.TAGOUT,
                "at": moment,
                "landed_at": moment,
                "reason": "routine",
                "signed_ot": "Oda",
                "signed_soc": "Leo",
            }
            | columns
        )
        for _ in range(n)
    ]
