"""Reads of this room: the facts of alerts that rules match, which rules there are, for whom, and
what they do now.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.db.models import Count, Max, Min, Q, QuerySet

from alerts.incidents.models import Entity, Incident, IncidentAlert
from alerts.incidents.models.incident import touches_sites
from alerts.incidents.queries import groups_visible_to
from alerts.rules.fields import FieldValues
from alerts.rules.rule import NotARule, pinned
from alerts.rules.sql import SELECT_FACTS, SELECT_FACTS_HERE, SELECT_FACTS_NOW
from alerts.sentinel.models import Workspace
from alerts.sentinel.queries import workspaces_visible_to
from alerts.sentinel.wire.values import ENTITY_KIND
from alerts.sites.models import Site
from alerts.suppression.models import (
    ACTING,
    OPEN,
    Ending,
    LedgerAct,
    LedgerEntry,
    Rule,
    RuleVersion,
    Step,
    Stop,
    VersionState,
)
from portal.accounts.models import User
from portal.accounts.queries import reach_of
from portal.accounts.rights import READING_ROLES
from portal.backup.queries import resumed_since

ENDS_SOON: Final = timedelta(days=14)  # from here on both owners are warned
COMPARED = "suppression.ledger-compared"  # the note of the daily comparison with Sentinel


def versions_visible_to(user: User) -> QuerySet[RuleVersion]:
    """Return versions that reach a site or a workspace of the person, and those they made."""
    versions = RuleVersion.objects.select_related("rule", "made_by", "proposed_by", "backtest")
    reach = reach_of(user, READING_ROLES)
    if reach.everywhere:
        return versions
    sites = list(Site.objects.filter(uuid__in=reach.sites).values_list("pk", flat=True))
    workspaces = list(
        Workspace.objects.filter(reach.workspaces_where()).values_list("pk", flat=True)
    )
    in_reach = Q(site_ids__overlap=sites) | Q(workspace_ids__overlap=workspaces)
    return versions.filter(in_reach | Q(made_by=user))


def workspaces_reached_by(user: User) -> QuerySet[Workspace]:
    """Return workspaces in the person's reach, and those with rules or open incidents about their
    sites: there they may stop suppression, and see that it is stopped.
    """
    visible = workspaces_visible_to(user)
    if not reach_of(user).sites:
        return visible
    by_rules = {
        pk
        for ids in versions_visible_to(user).values_list("workspace_ids", flat=True)
        for pk in ids
    }
    by_incidents = groups_visible_to(user).order_by().values("workspace").distinct()
    reached = (
        Q(pk__in=visible.order_by().values("pk")) | Q(pk__in=by_rules) | Q(pk__in=by_incidents)
    )
    return Workspace.objects.select_related("organisation").filter(reached).order_by("name")


def rules_visible_to(user: User) -> QuerySet[Rule]:
    """Return rules with a version that the person may see."""
    versions = versions_visible_to(user).values("rule")
    return Rule.objects.filter(pk__in=versions).select_related("made_by")


def ledger_visible_to(user: User) -> QuerySet[LedgerEntry]:
    """Return what rules did to incidents, newest first, as far as the person sees the rule."""
    entries = LedgerEntry.objects.select_related("rule", "version", "incident")
    versions = versions_visible_to(user).values("pk")
    return entries.filter(version__in=versions).order_by("-at", "-pk")


def first_live_at(versions: QuerySet[RuleVersion]) -> datetime | None:
    """Return when the first of these went live; None where none did."""
    steps = Step.objects.filter(
        to_state=VersionState.LIVE, version__in=versions.order_by().values("pk")
    )
    at: datetime | None = steps.aggregate(at=Min("at"))["at"]
    return at


def acting_versions() -> QuerySet[RuleVersion]:
    """Return versions in trial and live ones: what matching works with."""
    return RuleVersion.objects.filter(state__in=ACTING).select_related("rule")


def ending_versions(versions: QuerySet[RuleVersion], *, now: datetime) -> QuerySet[RuleVersion]:
    """Return the versions that end soon unless somebody renews them, the earliest first."""
    alive = versions.filter(state__in=(*ACTING, VersionState.PAUSED))
    ending = alive.filter(expires_at__gt=now, expires_at__lte=now + ENDS_SOON)
    return ending.order_by("expires_at", "pk")


def trials_that_cannot_end() -> QuerySet[RuleVersion]:
    """Return the trials that labelled a true positive: nobody can promote them."""
    lines = LedgerEntry.objects.filter(act=LedgerAct.TAGGED, ending=Ending.TRUE_POSITIVE)
    trials = RuleVersion.objects.filter(state=VersionState.IN_TRIAL)
    return trials.filter(pk__in=lines.values("version"))


def acting_by_state(workspace_ids: Collection[int] | None = None) -> dict[str, int]:
    """Return how many rules are in trial and how many live, in these workspaces or in all."""
    versions = acting_versions()
    if workspace_ids is not None:
        versions = versions.filter(workspace_ids__overlap=list(workspace_ids))
    rows = versions.order_by().values_list("state").annotate(n=Count("pk"))
    return dict(rows)


def off_in(workspace_ids: Collection[int] | None = None) -> list[str | None]:
    """Return the names of the workspaces (of these, or of all) where suppression is off now; None
    stands for everywhere.
    """
    stops = Stop.objects.filter(lifted_at=None).order_by("workspace__name")
    if workspace_ids is not None:
        stops = stops.filter(Q(workspace=None) | Q(workspace__in=workspace_ids))
    return list(stops.values_list("workspace__name", flat=True))


def is_off(workspace_id: int) -> bool:
    """Return whether suppression is off there or everywhere. Asked at every decision (S8)."""
    stops = Stop.objects.filter(lifted_at=None)
    return stops.filter(Q(workspace=None) | Q(workspace=workspace_id)).exists()


def on_again_since(workspace_id: int) -> datetime | None:
    """Return when suppression was last switched on again there, or resumed after a restore; what
    came before that is for people.
    """
    lifted = Stop.objects.filter(Q(workspace=None) | Q(workspace=workspace_id))
    latest: datetime | None = lifted.aggregate(latest=Max("lifted_at"))["latest"]
    return max(filter(None, (latest, resumed_since())), default=None)


def incidents_of_plant(workspace_id: int, site_ids: Sequence[int]) -> QuerySet[Incident]:
    """Return the incidents of a workspace, and of sites: a device of a site may be seen through
    another workspace, too.
    """
    near = Q(workspace=workspace_id)
    if site_ids:
        near |= touches_sites(site_ids)
    return Incident.objects.filter(near)


type AlertFacts = dict[int, FieldValues]


def facts_by_incident(
    incident_ids: Collection[int], *, as_of_alert: bool = False, without_files: bool = False
) -> dict[int, AlertFacts]:
    """The facts of every alert of these incidents; each incident is in the answer. `as_of_alert`:
    planned work counts as it was known when the alert came, for whoever weighs the past;
    `without_files`: of that, nothing that a file brought after the alert.
    """
    links = IncidentAlert.objects.filter(incident__in=incident_ids)
    pairs = list(links.values_list("incident_id", "alert_id"))
    facts = facts_of(
        {alert for _, alert in pairs}, as_of_alert=as_of_alert, without_files=without_files
    )
    found: dict[int, AlertFacts] = defaultdict(
        dict, {incident_id: {} for incident_id in incident_ids}
    )
    for incident, alert in pairs:
        if alert in facts:
            found[incident][alert] = facts[alert]
    return dict(found)


def facts_of(
    alert_ids: Collection[int], *, as_of_alert: bool = False, without_files: bool = False
) -> AlertFacts:
    """What a rule may see of these alerts."""
    then = SELECT_FACTS_HERE if without_files else SELECT_FACTS
    question = then if as_of_alert else SELECT_FACTS_NOW
    if not alert_ids:
        return {}
    with connection.cursor() as cursor:
        # One array as text: psycopg quotes a list member by member, which costs more for hundreds.
        array = "{" + ",".join(map(str, alert_ids)) + "}"
        cursor.execute(f"{question} WHERE a.id = ANY(%s::bigint[])", [array])
        names = [column.name for column in cursor.description or ()]
        rows = cursor.fetchall()
    return {row[0]: _facts(dict(zip(names[1:], row[1:], strict=True))) for row in rows}


def _facts(row: dict[str, Any]) -> FieldValues:
    columns: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in row.items()
    }
    return FieldValues(**columns)


@dataclass(frozen=True, slots=True)
class LiveRule:
    """A live rule. `alert_types` and `techniques` are what it pins; empty: any."""

    uuid: UUID
    name: str
    title: str
    alert_types: tuple[str, ...]
    techniques: tuple[str, ...]


def live_rules_of(user: User, *, now: datetime) -> Sequence[LiveRule]:
    """Return the live rules that the person may see, by number."""
    live = versions_visible_to(user).filter(state=VersionState.LIVE, expires_at__gt=now)
    rules = (_live_rule(version) for version in live.order_by("rule__number"))
    return [rule for rule in rules if rule is not None]


def _live_rule(version: RuleVersion) -> LiveRule | None:
    try:
        clauses = version.definition.all_of
    except NotARule:  # it closes nothing either
        return None
    return LiveRule(
        uuid=version.uuid,
        name=str(version.rule),
        title=version.title,
        alert_types=pinned(clauses, "alert_type"),
        techniques=pinned(clauses, "techniques"),
    )


def techniques_in_rules() -> list[tuple[str, list[str]]]:
    """Return the name and the technique ids of every rule that acts, rests or is being made and
    names any; exceptions count, too.
    """
    rows = RuleVersion.objects.filter(state__in=(*ACTING, *OPEN, VersionState.PAUSED))
    found = []
    for version in rows.select_related("rule").order_by("rule__number", "number"):
        try:
            clauses = version.definition.clauses
        except NotARule:
            continue
        ids = [text for clause in clauses if clause.field == "techniques" for text in clause.texts]
        if ids:
            found.append((f"{version.rule} v{version.number}", ids))
    return found


NAMED_KINDS = {
    "IoTDevice": ("deviceName",),
    "Ip": ("address",),
    "Nic": ("macAddress",),
    "Host": ("hostName",),
}


def entities_of(incident_ids: Collection[int]) -> dict[int, list[Entity]]:
    """Return the entities of these incidents with their devices, by incident."""
    found: dict[int, list[Entity]] = defaultdict(list)
    rows = Entity.objects.filter(incident__in=incident_ids)
    for entity in rows.select_related("device__zone__site"):
        found[entity.incident_id].append(entity)
    return found


def entity_names(entity: Entity) -> set[str]:
    """Return by which names the entity could stand in an alert, folded."""
    properties = _properties_of(entity)
    texts = [properties.get(member) for member in NAMED_KINDS.get(entity.kind, ())]
    if entity.kind in NAMED_KINDS:
        texts.append(entity.label)
    if entity.device is not None:
        texts += [entity.device.name, entity.device.address]
    return {text.casefold() for text in texts if isinstance(text, str) and text}


def id_of_entity(entity: Entity) -> str:
    """Return the id of an entity as others refer to it; empty where it has none."""
    entity_id = entity.body.get("id") if isinstance(entity.body, dict) else None
    return entity_id.casefold() if isinstance(entity_id, str) else ""


def references_of(entity: Entity) -> set[str]:
    """Return the ids of other entities that it is made of: its addresses and network cards."""
    found: set[str] = set()
    for member, value in _properties_of(entity).items():
        if member.endswith(("EntityId", "EntityIds")):
            values: Collection[Any] = value if isinstance(value, list) else [value]
            found |= {
                reference.casefold()
                for reference in values
                if isinstance(reference, str) and reference
            }
    return found


def _properties_of(entity: Entity) -> dict[str, Any]:
    properties = entity.body.get("properties") if isinstance(entity.body, dict) else None
    return properties if isinstance(properties, dict) else {}


THE_ALERT_ITSELF: Final = frozenset({"SecurityAlert", "Bookmark"})
# How a flag ends that says nothing about whether we understood the record.
_HARMLESS = (":empty", ":no_zone", ":cut", ":not_a_port", ":not_a_count", ":not_yes_or_no")


@dataclass(frozen=True, slots=True)
class EntityFindings:
    """The entities of one incident, as far as a decision needs them."""

    unexplained: tuple[str, ...]
    unknown_kinds: tuple[str, ...]


def findings_on_entities(
    entities: Collection[Entity], *, alerts: Iterable[FieldValues]
) -> EntityFindings:
    """Look at all entities beside all alerts. What no alert names, and nothing named leads to, is
    unexplained.
    """
    names = {name.casefold() for facts in alerts for name in names_in_alert(facts)}
    explained = {entity.pk for entity in entities if entity_names(entity) & names}
    explained |= {entity.pk for entity in entities if entity.kind in THE_ALERT_ITSELF}
    leads = {ref for entity in entities if entity.pk in explained for ref in references_of(entity)}
    while more := {
        entity.pk
        for entity in entities
        if entity.pk not in explained and id_of_entity(entity) in leads
    }:
        explained |= more
        leads |= {ref for entity in entities if entity.pk in more for ref in references_of(entity)}
    return EntityFindings(
        unexplained=tuple(
            sorted(entity.label or entity.name for entity in entities if entity.pk not in explained)
        ),
        unknown_kinds=tuple(
            sorted({entity.kind or "none" for entity in entities if entity.kind not in ENTITY_KIND})
        ),
    )


def names_in_alert(facts: FieldValues) -> set[str]:
    """Return every name and address in an alert."""
    ends = {facts.source_device, facts.source_address, facts.destination_device}
    ends |= {facts.destination_address, *facts.any_device, *facts.any_address}
    return {name for name in ends if name}


def unknown_words(flags: Iterable[str], *, severity: int, found: EntityFindings) -> tuple[str, ...]:
    """Return what of the record we did not understand, as people read it."""
    words = {flag for flag in flags if not flag.endswith(_HARMLESS)}
    if not severity:
        words.add("severity:unknown")
    return (*sorted(words), *(f"entity {kind}" for kind in found.unknown_kinds))


def stopped_versions(user: User) -> list[tuple[RuleVersion, str]]:
    """Return the rules that stopped by themselves and wait for a new approval, the latest first,
    each with why.
    """
    versions = versions_visible_to(user).filter(state=VersionState.PAUSED, needs_approval=True)
    rows = list(versions.order_by("-state_since", "-pk"))
    steps = Step.objects.filter(version__in=rows, to_state=VersionState.PAUSED).order_by("at", "pk")
    why = {step.version_id: step.reason for step in steps}
    return [(version, why.get(version.pk, "")) for version in rows]
