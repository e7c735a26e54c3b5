"""What a person may see of automation: rules, playbooks, runs, requests for consent."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Exists, F, Max, OuterRef, Q, QuerySet

from alerts.automation.engine.status_sync import is_status_sync
from alerts.automation.models import (
    FAILED_STATUSES,
    FoundRule,
    Inventory,
    MadeRule,
    PlantConsent,
    Playbook,
    PlaybookRun,
    WorkflowCheck,
)
from alerts.incidents.models import Alert, Incident, Severity, touches_sites
from alerts.incidents.queries import incidents_visible_to
from alerts.outbox.models import WantedRule
from alerts.patterns.registry import StatusSyncPlaybook
from alerts.rules.fields import SEVERITIES
from alerts.sentinel.models import Workspace
from alerts.sentinel.queries import workspaces_visible_to
from alerts.sites.models import Site
from portal.accounts.models import User
from portal.accounts.queries import reach_of
from portal.accounts.rights import roles_for


def playbooks_visible_to(user: User) -> QuerySet[Playbook]:
    """The playbooks of the person's workspaces, those that somebody wants to run on an incident of
    the person's sites, and for an OT site lead, who says what they are, those of workspaces with
    incidents at the site; those that are gone among them.
    """
    wanted = consents_visible_to(user).order_by().values("playbook")
    where = Q(workspace__in=_workspaces(user)) | Q(pk__in=wanted)
    if led := reach_of(user, roles_for("automation.mark_harmless")).sites:
        sites = list(Site.objects.filter(uuid__in=led).values_list("pk", flat=True))
        where |= Q(workspace__in=Incident.objects.filter(touches_sites(sites)).values("workspace"))
    return Playbook.objects.filter(where)


def playbook_ids_of(workspace_id: int) -> list[str]:
    """The resource ids of the playbooks that are there, in lower case."""
    rows = Playbook.objects.filter(workspace=workspace_id, gone_at=None).order_by("resource_id")
    return list(rows.values_list("resource_id", flat=True))


def found_rules_visible_to(user: User) -> QuerySet[FoundRule]:
    """The automation rules of the person's workspaces."""
    return FoundRule.objects.filter(workspace__in=_workspaces(user))


def runs_visible_to(user: User) -> QuerySet[PlaybookRun]:
    """Runs on incidents that the person sees, and in workspaces of the person those on none."""
    incidents = incidents_visible_to(user).order_by().values("pk")
    own = _workspaces(user)
    return PlaybookRun.objects.filter(
        Q(incident__in=incidents) | Q(incident=None, playbook__workspace__in=own)
    )


def consents_visible_to(user: User) -> QuerySet[PlantConsent]:
    """Requests about incidents that the person sees."""
    return PlantConsent.objects.filter(incident__in=incidents_visible_to(user).order_by())


def waiting_consents(user: User, *, since: datetime) -> QuerySet[PlantConsent]:
    """The requests that wait for somebody's answer and were made since then, newest first."""
    rows = consents_visible_to(user).filter(state=PlantConsent.State.ASKED, asked_at__gt=since)
    return rows.select_related("playbook", "incident", "asked_by").order_by("-asked_at", "-pk")


def inventories_of(workspaces: Collection[int]) -> dict[int, Inventory]:
    """When these workspaces were read, by their ids."""
    return {row.workspace_id: row for row in Inventory.objects.filter(workspace__in=workspaces)}


def names_of_made_rules(workspace_ids: Collection[int]) -> set[tuple[int, str]]:
    """Return workspaces and names of the automation rules that are, or shall be, there."""
    rows = WantedRule.objects.filter(workspace__in=workspace_ids)
    return {(place, str(name)) for place, name in rows.values_list("workspace", "name")}


def incidents_like(
    *,
    workspace_id: int,
    alert_type: str,
    devices: Sequence[str],
    addresses: Sequence[str],
    severities: Sequence[str] = (),
    since: datetime,
) -> QuerySet[Incident]:
    """The incidents of a workspace since then with an alert of this type, in which all of these
    devices and addresses are: as Sentinel's conditions ask, each by itself. Newest first. Where
    severities are named, its alert has one of them: people may have changed the incident's own.
    """
    rows = Incident.objects.filter(workspace=workspace_id, created_at__gte=since, gone_at=None)
    alerts = Alert.objects.filter(incidents=OuterRef("pk"))
    of_type = alerts.filter(alert_type=alert_type)
    if severities:
        of_type = of_type.filter(severity__in=[SEVERITIES.index(word) for word in severities])
    rows = rows.filter(Exists(of_type))
    for name in devices:
        rows = rows.filter(Exists(alerts.filter(any_device__contains=[name])))
    for address in addresses:
        rows = rows.filter(Exists(alerts.filter(any_address__contains=[address])))
    return rows.order_by("-created_at", "-pk")


def severity_on_arrival(incident: Incident) -> tuple[str, tuple[str, ...]]:
    """Return the severity that incidents like this one come with, and the engines that found their
    alerts: the highest of its alerts of the type, whatever people have made of the incident since.
    """
    rows = list(incident.alerts.filter(alert_type=incident.alert_type))
    number = max((row.severity for row in rows), default=incident.severity)
    return Severity(number).label, tuple({row.engine for row in rows})


def examples_for_rules(
    user: User, *, alert_types: Collection[str], since: datetime, until: datetime
) -> dict[tuple[str, str], list[tuple[str, int]]]:
    """Return for each alert type and severity of a period the workspaces where the person makes
    automation rules, by name, each with the id of an incident to make one from.
    """
    led = reach_of(user, roles_for("automation.make_rule"))
    places = [row for row in workspaces_visible_to(user) if led.covers(row) and not row.is_removed]
    if not alert_types or not places:
        return {}
    rows = (
        incidents_visible_to(user)
        .filter(
            workspace__in=[row.pk for row in places],
            gone_at=None,
            alert_type__in=alert_types,
            alerts__alert_type=F("alert_type"),
            alerts__at__gte=since,
            alerts__at__lt=until,
        )
        .order_by("workspace__name")
        .values_list("alert_type", "alerts__severity", "workspace__name")
        .annotate(latest=Max("pk"))
    )
    examples: dict[tuple[str, str], list[tuple[str, int]]] = defaultdict(list)
    for alert_type, severity, workspace, incident_id in rows:
        examples[alert_type, Severity(severity).label].append((workspace, incident_id))
    return dict(examples)


def made_rules_visible_to(user: User) -> QuerySet[MadeRule]:
    """The rules that were made in the person's workspaces and are not taken away, newest first."""
    rows = MadeRule.objects.filter(workspace__in=_workspaces(user), removed_at=None)
    return rows.select_related("made_by", "playbook", "workspace__organisation").order_by("-pk")


def wanted_by_rule(rules: Collection[MadeRule]) -> dict[UUID, WantedRule]:
    """The state of these rules in Sentinel, by their UUIDs."""
    rows = WantedRule.objects.filter(about__in=[rule.uuid for rule in rules])
    return {row.about: row for row in rows}


def workflow_checks_of(workspace: Workspace) -> QuerySet[WorkflowCheck]:
    """The checks of a workspace's workflow, newest first."""
    rows = WorkflowCheck.objects.filter(workspace=workspace).select_related("playbook")
    return rows.order_by("-begun_at", "-pk")


def runs_of_incident(incident: Incident) -> QuerySet[PlaybookRun]:
    """The runs on an incident, newest first."""
    rows = PlaybookRun.objects.filter(incident=incident)
    return rows.select_related("playbook", "change", "by", "consent__decided_by").order_by("-pk")


def runs_by_playbook(
    playbook_ids: Collection[int], *, since: datetime
) -> dict[int, tuple[int, int, datetime | None]]:
    """How often each playbook ran since then, how often it failed, and when it ran last."""
    rows = PlaybookRun.objects.filter(playbook__in=playbook_ids, started_at__gte=since)
    failed = Count("pk", filter=Q(status__in=FAILED_STATUSES))
    found = rows.values_list("playbook").annotate(
        n=Count("pk"), failed=failed, latest=Max("started_at")
    )
    return {pk: (n, failures, at) for pk, n, failures, at in found.order_by()}


def _workspaces(user: User) -> QuerySet[Workspace]:
    return workspaces_visible_to(user).select_related(None).order_by()


def find_status_sync_playbooks() -> dict[int, StatusSyncPlaybook]:
    """Return the playbook of each workspace that looks like the status sync of Defender for IoT, an
    enabled one before a disabled one.
    """
    rows = Playbook.objects.filter(gone_at=None).order_by("is_enabled", "pk")
    return {
        workspace: StatusSyncPlaybook(name, is_enabled)
        for workspace, name, notes, is_enabled in rows.values_list(
            "workspace", "name", "description", "is_enabled"
        )
        if is_status_sync(name=name, notes=notes)
    }
