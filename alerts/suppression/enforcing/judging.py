"""Judge one incident: do rules cover all of it, and what keeps it open all the same.

`scene_of` collects what the guards ask for: what people did to it, what its entities say beside its
alerts, and which cases hold a device of it.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.db.models.functions import Lower

from alerts.incidents.models import DetailsState, Entity, Incident, IncidentStatus, OtState
from alerts.incidents.models.incident import touches_sites
from alerts.outbox.engine.labels import is_our_label
from alerts.outbox.queries import withdrawn_rules
from alerts.reviews.queries.questions import open_questions_on, suspicions_on, verdict_on
from alerts.rules.fields import FieldValues
from alerts.rules.guards.closing import (
    CoveredEnd,
    Scene,
    ends_in_groups,
    ends_of_newcomers,
    is_worth_a_tag,
    reason_uncovered,
    reasons_to_keep_open,
)
from alerts.rules.guards.holds import (
    DeviceRef,
    Hold,
    IncidentEnds,
    blocking_labels,
    ends_of_alert,
    is_same_device,
)
from alerts.rules.guards.never import is_soft, works_of_box
from alerts.rules.sentence import Sentence
from alerts.sentinel.queries import minutes_old
from alerts.sentinel.wire.values import ENTITY_KIND
from alerts.sites.models import Device
from alerts.suppression.drafting.same_devices import names_any, same_devices
from alerts.suppression.drafting.work_size import is_too_wide, work_hours_around
from alerts.suppression.enforcing.acting_rules import ActingSet, Cover, cover_of
from alerts.suppression.enforcing.group_members import introduced_ends, members_among
from alerts.suppression.enforcing.true_positive_cases import (
    TruePositiveCase,
    cases_since,
    true_positive_cases,
)
from alerts.suppression.models import Ending, LedgerAct, LedgerEntry
from alerts.suppression.queries import facts_by_incident

_NAMED = {
    "IoTDevice": ("deviceName",),
    "Ip": ("address",),
    "Nic": ("macAddress",),
    "Host": ("hostName",),
}
_THE_ALERT_ITSELF = frozenset({"SecurityAlert", "Bookmark"})


@dataclass(frozen=True, slots=True)
class EntityFindings:
    """The entities of one incident, as far as a decision needs them."""

    unexplained: tuple[str, ...]
    unknown_kinds: tuple[str, ...]
    device_ids: frozenset[int]


def findings_on_entities(incident_id: int, *, alerts: Iterable[FieldValues]) -> EntityFindings:
    """Look at all entities beside all alerts. What no alert names, and nothing named leads to, is
    unexplained.
    """
    names = {name.casefold() for facts in alerts for name in _names_in(facts)}
    entities = list(Entity.objects.filter(incident=incident_id).select_related("device"))
    explained = {entity.pk for entity in entities if entity_names(entity) & names}
    explained |= {entity.pk for entity in entities if entity.kind in _THE_ALERT_ITSELF}
    leads = {ref for entity in entities if entity.pk in explained for ref in _references(entity)}
    while more := {
        entity.pk for entity in entities if entity.pk not in explained and _id_of(entity) in leads
    }:
        explained |= more
        leads |= {ref for entity in entities if entity.pk in more for ref in _references(entity)}
    return EntityFindings(
        unexplained=tuple(
            sorted(entity.label or entity.name for entity in entities if entity.pk not in explained)
        ),
        unknown_kinds=tuple(
            sorted({entity.kind or "none" for entity in entities if entity.kind not in ENTITY_KIND})
        ),
        device_ids=frozenset(
            entity.device_id for entity in entities if entity.device_id is not None
        ),
    )


def criticality_of(found: EntityFindings, *, alerts: Iterable[FieldValues]) -> dict[str, str]:
    """The criticality of every device that is involved, by its name. A name that the alert's own
    site does not know is looked up everywhere.
    """
    rows = list(alerts)
    names = {name for facts in rows for name in _names_in(facts)}
    sites = {facts.site for facts in rows if facts.site}
    devices = Device.objects.filter(Q(name__in=names) | Q(address__in=names))
    if sites and all(facts.site for facts in rows):
        devices = devices.filter(zone__site__name__in=sites)
    pairs = [*devices, *Device.objects.filter(pk__in=found.device_ids)]
    return {str(device): device.criticality for device in pairs}


def _names_in(facts: FieldValues) -> set[str]:
    ends = {facts.source_device, facts.source_address, facts.destination_device}
    ends |= {facts.destination_address, *facts.any_device, *facts.any_address}
    return {name for name in ends if name}


def entity_names(entity: Entity) -> set[str]:
    """By which names the entity could stand in an alert, folded."""
    properties = _properties(entity)
    texts = [properties.get(member) for member in _NAMED.get(entity.kind, ())]
    if entity.kind in _NAMED:
        texts.append(entity.label)
    if entity.device is not None:
        texts += [entity.device.name, entity.device.address]
    return {text.casefold() for text in texts if isinstance(text, str) and text}


def _properties(entity: Entity) -> dict[str, Any]:
    properties = entity.body.get("properties") if isinstance(entity.body, dict) else None
    return properties if isinstance(properties, dict) else {}


def _id_of(entity: Entity) -> str:
    entity_id = entity.body.get("id") if isinstance(entity.body, dict) else None
    return entity_id.casefold() if isinstance(entity_id, str) else ""


def _references(entity: Entity) -> set[str]:
    """The ids of other entities that this one is made of: its addresses and network cards."""
    found: set[str] = set()
    for member, value in _properties(entity).items():
        if member.endswith(("EntityId", "EntityIds")):
            values: Collection[Any] = value if isinstance(value, list) else [value]
            found |= {
                reference.casefold()
                for reference in values
                if isinstance(reference, str) and reference
            }
    return found


@dataclass(frozen=True, slots=True)
class BlockingDevices:
    """The devices for which an incident stays open, by what holds them."""

    by_true_positives: tuple[str, ...] = ()  # open ones
    by_suspicions: tuple[str, ...] = ()
    by_closed_cases: tuple[str, ...] = ()  # of true positives that were closed
    by_past_cases: tuple[str, ...] = ()  # by true positives when it came, no longer

    @property
    def of_cases(self) -> tuple[str, ...]:
        """Those that true positives hold now."""
        return tuple(sorted({*self.by_true_positives, *self.by_closed_cases}))


def blocking_devices(
    incident: Incident,
    *,
    alerts: Iterable[FieldValues],
    now: datetime,
    began_by: datetime | None = None,
) -> BlockingDevices:
    """Return the devices of this incident that another case holds open; with `began_by`, of true
    positives only those that held them at that moment. What a true positive has held since the
    incident came stays with people when the hold ends. The incident's own verdict is no case
    against it: it keeps itself open as touched by a person.
    """
    others = _of_same_plant(incident)
    cases = {}
    if others.filter(classification="TruePositive").exists():  # hardly any plant has one at hand
        is_of_people = incident.status == IncidentStatus.CLOSED and not incident.closed_by
        since = now if is_of_people else min(incident.created_at, now)
        cases = {
            case.incident.pk: case
            for case in cases_since(others, since=since, now=now)
            if began_by is None or case.since <= began_by
        }
    suspicions = [suspicion for suspicion in suspicions_on(others) if not suspicion.is_past]
    if not cases and not suspicions:
        return BlockingDevices()
    ends = ends_by_incident({*cases, *(suspicion.incident_id for suspicion in suspicions)})
    own = Entity.objects.filter(incident=incident).select_related("device__zone__site")
    touched = _ends_of_incident(alerts, own)

    def labels(are_of: Callable[[TruePositiveCase], bool]) -> tuple[str, ...]:
        holds = [Hold(ends=ends[pk]) for pk, case in cases.items() if are_of(case)]
        return blocking_labels(holds, touched)

    return BlockingDevices(
        labels(lambda case: case.is_open),
        blocking_labels(
            [
                Hold(ends=ends[suspicion.incident_id], is_narrow=suspicion.is_narrow)
                for suspicion in suspicions
            ],
            touched,
        ),
        labels(lambda case: case.until is not None and case.until > now),
        labels(lambda case: case.until is not None and case.until <= now),
    )


def devices_in_open_cases(
    *, named: Collection[str], now: datetime, incidents: QuerySet[Incident] | None = None
) -> frozenset[str]:
    """Return the names and addresses, folded, of all devices that the case of a true positive or an
    undecided suspicion holds, of these incidents or all: for who cannot ask incident by incident.
    `named` is what is to be compared: it may be one of these devices by another name.
    """
    rows = Incident.objects.all() if incidents is None else incidents
    holding = {case.incident.pk for case in true_positive_cases(rows, now=now)}
    holding |= {row.incident_id for row in suspicions_on(rows) if not row.is_past}
    return handles_of(holding, named=named) if holding else frozenset()


def handles_of(incident_ids: Collection[int], *, named: Collection[str]) -> frozenset[str]:
    """Return the names and addresses, folded, of all devices that these incidents touch."""
    refs = {ref for ends in ends_by_incident(incident_ids).values() for ref in ends.devices}
    texts = {text for ref in refs for text in (ref.name, ref.address) if text}
    devices_by_name = Device.objects.alias(lower_name=Lower("name"), lower_address=Lower("address"))
    candidates = devices_by_name.filter(names_any(texts)).select_related("zone__site")
    seeds = [row.pk for row in candidates if any(is_same_device(_ref_of(row), ref) for ref in refs)]
    devices = same_devices(Q(pk__in=seeds), named=named)
    return frozenset(map(str.casefold, texts)).union(*(device.handles for device in devices))


def _of_same_plant(incident: Incident) -> QuerySet[Incident]:
    """The other incidents of its plant."""
    found = incidents_of_plant(incident.workspace_id, incident.site_ids)
    return found.exclude(pk=incident.pk)


def incidents_of_plant(workspace_id: int, site_ids: Sequence[int]) -> QuerySet[Incident]:
    """Return the incidents of a workspace, and of sites: a device of a site may be seen through
    another workspace, too.
    """
    near = Q(workspace=workspace_id)
    if site_ids:
        near |= touches_sites(site_ids)
    return Incident.objects.filter(near)


def ends_by_incident(incident_ids: Collection[int]) -> dict[int, IncidentEnds]:
    """What each of these incidents touches."""
    facts = facts_by_incident(incident_ids)
    entities: dict[int, list[Entity]] = {pk: [] for pk in incident_ids}
    rows = Entity.objects.filter(incident__in=incident_ids)
    for entity in rows.select_related("device__zone__site"):
        entities[entity.incident_id].append(entity)
    return {pk: _ends_of_incident(facts[pk].values(), entities[pk]) for pk in incident_ids}


def _ends_of_incident(alerts: Iterable[FieldValues], entities: Iterable[Entity]) -> IncidentEnds:
    """The ends of the alerts; of the entities the known devices, and names that no alert said."""
    rows = list(alerts)
    ends = tuple(ends_of_alert(facts) for facts in rows)
    sites = {facts.site for facts in rows}
    site = sites.pop() if len(sites) == 1 else ""
    named = {
        text.casefold()
        for alert in ends
        for device in alert.devices
        for text in (device.name, device.address)
    }
    devices = []
    for entity in entities:
        if entity.device is not None:
            devices.append(_ref_of(entity.device))
        else:
            unnamed = sorted(entity_names(entity) - named)
            devices += [DeviceRef(site=site, name=text, address=text) for text in unnamed]
    return IncidentEnds(alerts=ends, entities=tuple(devices))


def _ref_of(device: Device) -> DeviceRef:
    return DeviceRef(
        site=device.zone.site.name, zone=device.zone.name, name=device.name, address=device.address
    )


_OLDEST = 365 * 24 * 60.0  # minutes; also where a workspace was never read to the end
# How a flag ends that says nothing about whether we understood the record.
_HARMLESS = (":empty", ":no_zone", ":cut", ":not_a_port", ":not_a_count", ":not_yes_or_no")


@dataclass(frozen=True, slots=True)
class IncidentState:
    """The incident's own members: as our row has them, or as Sentinel has them this moment."""

    severity: int
    status: int
    owner: str
    labels: Sequence[str]
    alerts_count: int
    comments_count: int
    product_names: Sequence[str]
    flags: Sequence[str]


def incident_state_of(row: Any) -> IncidentState:
    """What an incident, or a row of Sentinel's words about one, says."""
    return IncidentState(
        severity=row.severity,
        status=row.status,
        owner=row.owner_name or row.owner_id,
        labels=tuple(row.labels),
        alerts_count=row.alerts_count,
        comments_count=row.comments_count,
        product_names=tuple(row.product_names),
        flags=tuple(row.flags),
    )


def scene_of(
    incident: Incident,
    *,
    state: IncidentState,
    alerts: Mapping[int, FieldValues],
    cover: Cover,
    now: datetime,
) -> Scene:
    """Everything the guards ask for. What Tagout itself wrote does not count as touched."""
    found = findings_on_entities(incident.pk, alerts=alerts.values())
    holds = blocking_devices(incident, alerts=alerts.values(), now=now)
    late = new_ends(incident.pk, alerts=alerts, cover=cover)
    wide_works = _wide_works(alerts, cover, now=now)
    products = {*state.product_names, *(alert.product_name for alert in alerts.values())} - {""}
    if not state.product_names:
        products = set()  # a missing member is one that we do not understand
    return Scene(
        alerts=tuple((facts, cover.rule_of(alert)) for alert, facts in alerts.items()),
        products=tuple(sorted(products)),
        labels=tuple(state.labels),
        owner=state.owner,
        touched=tuple(_touched(incident, state)),
        unknown_words=tuple(_unknown_words(incident, state, found)),
        entities_count=incident.entities_count,
        unexplained=found.unexplained,
        new_members=tuple(dict.fromkeys(end.name for end in late)),
        in_open_cases=holds.by_true_positives,
        after_cases=holds.by_closed_cases,
        during_cases=holds.by_past_cases,
        under_suspicion=holds.by_suspicions,
        criticality=criticality_of(found, alerts=alerts.values()),
        details_pending=_is_pending(incident, state, alerts),
        minutes_old=min(minutes_old(incident.workspace_id, now=now), _OLDEST),
        wide_works=wide_works,
    )


def _wide_works(
    alerts: Mapping[int, FieldValues], cover: Cover, *, now: datetime
) -> tuple[tuple[str, int], ...]:
    """Return the sites where planned work stands for the hours of a rule and takes too many of a
    week around one of the alerts, with those hours.
    """
    hours_at: dict[str, int] = {}
    for alert, facts in alerts.items():
        rule = cover.rule_of(alert)
        if rule is None or is_soft(facts) or not works_of_box(rule):
            continue
        hours = work_hours_around(rule, site=facts.site, at=facts.at, known_at=now)
        hours_at[facts.site] = max(hours, hours_at.get(facts.site, 0))
    return tuple((site, hours) for site, hours in sorted(hours_at.items()) if is_too_wide(hours))


def _is_pending(
    incident: Incident, state: IncidentState, alerts: Mapping[int, FieldValues]
) -> bool:
    """Whether something may be there that we have not read."""
    return (
        incident.details_state != DetailsState.FETCHED
        or incident.details_due_at is not None
        or state.alerts_count > len(alerts)
    )


def _touched(incident: Incident, state: IncidentState) -> list[str]:
    touched = []
    if state.status != IncidentStatus.NEW:
        word = (
            IncidentStatus(state.status).label
            if state.status in IncidentStatus.values
            else "unknown"
        )
        touched.append(f"status {word}")
    touched += [f"label {name}" for name in state.labels if not is_our_label(name)]
    comments = list(incident.comments.values_list("ours", flat=True))
    if not all(comments) or state.comments_count > len(comments):
        touched.append("a comment")
    if incident.timeline.filter(by__isnull=False).exists():
        touched.append("work in Tagout")
    if incident.timeline.filter(code="reopened").exists():
        touched.append("a reopening")
    if incident.ot_state == OtState.WAITING or open_questions_on(incident.pk).exists():
        touched.append("a question to OT")
    elif incident.ot_state or verdict_on(incident.pk):
        touched.append("a verdict")
    return touched


def _unknown_words(incident: Incident, state: IncidentState, found: EntityFindings) -> list[str]:
    words = {flag for flag in (*state.flags, *incident.flags) if not flag.endswith(_HARMLESS)}
    if not state.severity:
        words.add("severity:unknown")
    return sorted(words) + [f"entity {kind}" for kind in found.unknown_kinds]


@dataclass(frozen=True, slots=True)
class IncidentDecision:
    """What covers the incident, and why it stays open; no reason: rules may act on it."""

    cover: Cover
    reasons: tuple[Sentence, ...]

    @property
    def may_act(self) -> bool:
        """Whether nothing keeps the incident open."""
        return self.cover.is_whole and not self.reasons

    @property
    def is_kept_open(self) -> bool:
        """Whether rules cover all of it, and a guard that knows enough keeps it open."""
        return self.cover.is_whole and bool(self.reasons) and is_worth_a_tag(self.reasons)


def decide_incident(
    incident: Incident,
    *,
    alerts: Mapping[int, FieldValues],
    acting: ActingSet,
    now: datetime,
    state: IncidentState | None = None,
) -> IncidentDecision:
    """Ask the guards. Where an alert is uncovered nothing else is looked up: it stays open."""
    cover = cover_of(alerts, acting=acting, created_at=incident.created_at, now=now)
    if any(version.in_sentinel for version in (*cover.versions, *cover.canaries)):
        cover = cover.outside_sentinel(withdrawn_rules(incident.workspace_id))
    if not cover.is_whole:
        reasons = sorted(
            {
                reason_uncovered(alerts[pk])
                for pk, version in cover.by_alert.items()
                if version is None
            }
        )
        return IncidentDecision(cover, tuple(reasons or [Sentence("never.pending")]))
    scene = scene_of(
        incident, state=state or incident_state_of(incident), alerts=alerts, cover=cover, now=now
    )
    return IncidentDecision(cover, tuple(reasons_to_keep_open(scene)))


def was_closed_by_rule(incident_id: int) -> bool:
    """Whether a rule closed it before, whatever became of that: rules do not close it again."""
    lines = LedgerEntry.objects.filter(incident=incident_id, act=LedgerAct.CLOSED)
    return lines.exclude(ending=Ending.NOT_SENT).exists()


def new_ends(
    incident_id: int, *, alerts: Mapping[int, FieldValues], cover: Cover
) -> list[CoveredEnd]:
    """Return the ends of these alerts that are covered only because their group is, that were no
    members when the rule was signed, and that no earlier incident has introduced. The same of
    devices that came to the list of a version which keeps the trial of the one before.
    """
    covered = [(alerts[alert], by) for alert, by in cover.by_alert.items() if by is not None]
    found = [
        (by.version_id, end)
        for facts, by in covered
        for end in ends_in_groups(facts, by.definition)
    ]
    newcomers = {end for facts, by in covered for end in ends_of_newcomers(facts, by.newcomers)}
    if not found and not newcomers:
        return []
    late = newcomers | {end for _version, end in set(found) - members_among(found)}
    introduced = introduced_ends(late, but=incident_id)
    return sorted(
        (end for end in late if (end.site, end.zone, end.handle) not in introduced),
        key=lambda end: (end.site, end.name, end.side),
    )
