"""The rows that checks are judged from, read together."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime

from django.db.models import Exists, OuterRef

from alerts.incidents.models import Incident, OtState, touches_sites
from alerts.readiness.engine.checks import evaluate
from alerts.readiness.engine.readings import (
    History,
    PartReading,
    ReadinessCheck,
    Readings,
    Residence,
)
from alerts.readiness.models import Finding as FindingRow
from alerts.sentinel.client.versions import AcceptedVersion
from alerts.sentinel.engine.rights import RightsEntries
from alerts.sentinel.models import ClientPurpose, PortalResidence, Workspace, WorkspaceCredential
from alerts.sentinel.queries import accepted_versions, portal_residence_of, portal_residences
from alerts.sentinel.wire.values import D4IOT_PRODUCTS
from alerts.sites.models import Site
from portal.accounts.queries import people_with_roles, sites_with
from portal.accounts.rights import OT_ROLES, SOC_ROLES

_ANSWERED = [OtState.ROUTINE, OtState.MAINTENANCE, OtState.SUSPICIOUS, OtState.NOT_SURE]
_NEWEST = 200  # incidents among which the newest of Defender for IoT is looked for


def checks_of(workspace: Workspace, *, now: datetime) -> list[ReadinessCheck]:
    """Return all checks of a workspace, from what workers read and from our own rows."""
    return evaluate(load_readings(workspace, now=now))


def azure_checks_by_workspace(
    workspaces: Sequence[Workspace], *, now: datetime
) -> dict[int, list[ReadinessCheck]]:
    """Return the checks that are judged from Azure's answers alone, of all these workspaces in as
    many questions as of one.
    """
    findings: dict[int, dict[str, PartReading]] = defaultdict(dict)
    for row in FindingRow.objects.filter(workspace__in=workspaces):
        findings[row.workspace_id][row.part] = _finding(row)
    for parts in findings.values():
        _outdate(parts)
    own: dict[int, set[str]] = defaultdict(set)
    credentials = WorkspaceCredential.objects.filter(workspace__in=workspaces)
    for workspace_id, purpose in credentials.values_list("workspace", "purpose"):
        own[workspace_id].add(purpose)
    ids = [workspace.pk for workspace in workspaces]
    residences, accepted = portal_residences(ids), accepted_versions(ids)
    return {
        workspace.pk: evaluate(
            _readings(
                workspace,
                findings[workspace.pk],
                own[workspace.pk],
                None,
                residences.get(workspace.pk),
                accepted=accepted.get(workspace.pk, []),
                now=now,
            )
        )
        for workspace in workspaces
    }


def load_readings(workspace: Workspace, *, now: datetime) -> Readings:
    """Return what was read of a workspace. Where Azure did not let us in since a part was read, the
    part is unknown.
    """
    findings = load_findings(workspace)
    own = set(workspace.credentials.values_list("purpose", flat=True))
    residence = portal_residence_of(workspace.pk)
    accepted = accepted_versions([workspace.pk]).get(workspace.pk, [])
    history = _history(workspace)
    return _readings(workspace, findings, own, history, residence, accepted=accepted, now=now)


def load_findings(workspace: Workspace) -> dict[str, PartReading]:
    """Return what workers read of a workspace, by part. Where Azure did not let us in since a part
    was read, the part has the error of that attempt.
    """
    findings = {row.part: _finding(row) for row in FindingRow.objects.filter(workspace=workspace)}
    _outdate(findings)
    return findings


def _readings(
    workspace: Workspace,
    findings: dict[str, PartReading],
    own: Collection[str],
    history: History | None,
    residence: PortalResidence | None,
    *,
    accepted: Sequence[AcceptedVersion],
    now: datetime,
) -> Readings:
    return Readings(
        findings=findings,
        history=history,
        purposes=[
            ClientPurpose.READ.value,
            *(p.value for p in ClientPurpose if p in own and p is not ClientPurpose.READ),
        ],
        subscription=workspace.subscription_id.lower(),
        workspace_id=workspace.arm_id,
        now=now,
        residence=_residence(residence),
        accepted_versions=accepted,
    )


def _residence(row: PortalResidence | None) -> Residence:
    if row is None:
        return Residence()
    return Residence(row.is_in_portal, row.since, row.incident_number, row.asked_at)


def _finding(row: FindingRow) -> PartReading:
    return PartReading(row.facts, row.read_at, row.error, row.error_code, row.tried_at)


def _outdate(findings: dict[str, PartReading]) -> None:
    probe = findings.get(f"probe {ClientPurpose.READ}")
    if probe is None or probe.read_at is None or not probe.facts.get("kind"):
        return
    for part, finding in findings.items():
        is_from_azure = part != "collected" and not part.startswith("probe ")
        if is_from_azure and finding.tried_at and finding.tried_at < probe.read_at:
            findings[part] = PartReading(
                finding.facts,
                finding.read_at,
                probe.facts["error"],
                probe.facts["code"],
                probe.read_at,
            )


def _history(workspace: Workspace) -> History:
    incidents = Incident.objects.filter(workspace=workspace)
    newest = incidents.order_by("-modified_at")[:_NEWEST]
    rows = list(newest.values_list("created_at", "latest_activity_at", "product_names"))
    alerts = [
        max(created_at, latest_at or created_at)
        for created_at, latest_at, products in rows
        if any(product.lower() in D4IOT_PRODUCTS for product in products)
    ]
    here = Exists(incidents.filter(touches_sites([OuterRef("pk")])))
    touched = list(Site.objects.filter(here).order_by("name"))
    with_ot = sites_with(OT_ROLES, sites=[site.uuid for site in touched])
    organisation = workspace.organisation
    analysts = people_with_roles(
        SOC_ROLES,
        workspaces=[workspace.uuid],
        organisations=[organisation.uuid] if organisation else [],
    )
    return History(
        workspace=workspace.name,
        incidents=len(rows),
        latest_alert_at=max(alerts, default=None),
        analysts=analysts.count(),
        sites=[site.name for site in touched],
        sites_without_ot=[site.name for site in touched if site.uuid not in with_ot],
        answered=incidents.filter(ot_state__in=_ANSWERED)[:1].count(),
    )


def newest_incident_of(workspace: Workspace) -> str:
    """Return Sentinel's name of the incident that changed last; empty where there is none."""
    rows = Incident.objects.filter(workspace=workspace).order_by("-modified_at")
    return rows.values_list("name", flat=True).first() or ""


def granted_rights(workspace_id: int, identity: str, group: str = "") -> RightsEntries | None:
    """Return what the identity of a purpose was granted on the workspace, or on a resource group,
    when it was read last; None where that is not known, or could not be read any more.
    """
    parts = (f"rights {identity} {group}".strip(), f"probe {identity}")
    rows = FindingRow.objects.filter(workspace=workspace_id, part__in=parts)
    findings = {row.part: row for row in rows}
    rights, probe = (findings.get(part) for part in parts)
    if rights is None or rights.error or rights.facts is None or rights.read_at is None:
        return None
    is_newer = probe is not None and probe.read_at and probe.read_at > rights.read_at
    if probe is not None and is_newer and (probe.facts or {}).get("kind"):  # not let in since
        return None
    found: RightsEntries = rights.facts
    return found
