"""Judge incidents: do rules cover all of one, and what keeps it open all the same.

`read_surroundings` reads for a page of incidents at once what the guards ask for beside the alerts:
what people did to them, their entities, and which cases hold a device of theirs. One incident is a
page of one: before a close is sent it is judged anew, by what has been read that moment.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q

from alerts.incidents.models import (
    Comment,
    DetailsState,
    Entity,
    Incident,
    IncidentStatus,
    OtState,
    TimelineItem,
)
from alerts.outbox.engine.labels import is_our_label
from alerts.outbox.queries import withdrawn_rules
from alerts.reviews.queries.questions import incidents_asked, incidents_judged, suspicions_on
from alerts.rules.decision import (
    ActingSet,
    Cover,
    IncidentDecision,
    cover_of,
    decide_by_facts,
)
from alerts.rules.fields import FieldValues
from alerts.rules.guards.closing import Scene
from alerts.sentinel.queries import minutes_old
from alerts.sites.engine.devices import CRITICAL
from alerts.sites.models import Device
from alerts.suppression.enforcing.plant_holds import (
    BlockingDevices,
    ends_of_incident,
    plant_holds,
    start_of_holds,
)
from alerts.suppression.enforcing.stored_records import STORED
from alerts.suppression.enforcing.true_positive_cases import TRUE_POSITIVE
from alerts.suppression.queries import (
    AlertFacts,
    entities_of,
    findings_on_entities,
    incidents_of_plant,
    names_in_alert,
    unknown_words,
)


def criticality_by_incident(
    alerts: Mapping[int, AlertFacts], entities: Mapping[int, Sequence[Entity]]
) -> dict[int, dict[str, str]]:
    """The criticality of every device that is involved, by its name. A name that the alert's own
    site does not know is looked up everywhere.
    """
    names = {
        pk: {n for facts in rows.values() for n in names_in_alert(facts)}
        for pk, rows in alerts.items()
    }
    sites = {pk: _sites_of(rows.values()) for pk, rows in alerts.items()}
    every = set[str]().union(*names.values())
    devices = Device.objects.filter(Q(name__in=every) | Q(address__in=every))
    if all(sites.values()):
        devices = devices.filter(zone__site__name__in=set[str]().union(*sites.values()))
    by_handle: dict[str, list[Device]] = defaultdict(list)
    for device in devices.select_related("zone__site"):
        for handle in {device.name, device.address}:
            by_handle[handle].append(device)
    found = {}
    for pk, handles in names.items():
        named = [
            device
            for handle in handles
            for device in by_handle.get(handle, ())
            if not sites[pk] or device.zone.site.name in sites[pk]
        ]
        named += [entity.device for entity in entities.get(pk, ()) if entity.device is not None]
        named.sort(key=lambda device: device.criticality in CRITICAL)  # of one name the critical
        found[pk] = {str(device): device.criticality for device in named}
    return found


def _sites_of(alerts: Iterable[FieldValues]) -> set[str]:
    """The sites of the alerts; none where one of them names no site."""
    sites = {facts.site for facts in alerts}
    return set() if "" in sites else sites


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What guards ask about the incidents of a page beside their alerts, read for all at once."""

    entities: Mapping[int, Sequence[Entity]] = field(default_factory=dict)
    # The criticality of the devices of an incident, by name.
    criticality: Mapping[int, Mapping[str, str]] = field(default_factory=dict)
    comments: Mapping[int, Sequence[bool]] = field(default_factory=dict)  # whether Tagout wrote it
    worked_on: frozenset[int] = frozenset()  # by people in Tagout
    reopened: frozenset[int] = frozenset()
    asked: frozenset[int] = frozenset()  # questions to OT wait
    judged: frozenset[int] = frozenset()
    holds: Mapping[int, BlockingDevices] = field(default_factory=dict)
    minutes_old: Mapping[int, float] = field(default_factory=dict)  # by workspace


def read_surroundings(
    incidents: Sequence[Incident], *, alerts: Mapping[int, AlertFacts], now: datetime
) -> Surroundings:
    """Read what the guards ask about these incidents, in as many questions as for one at each plant
    that they come from.
    """
    if not incidents:  # as on most pages: an empty question costs as much to build as any
        return Surroundings()
    ids = [incident.pk for incident in incidents]
    facts = {pk: alerts[pk] for pk in ids}
    entities = entities_of(ids)
    comments: dict[int, list[bool]] = defaultdict(list)
    for pk, ours in Comment.objects.filter(incident__in=ids).values_list("incident", "ours"):
        comments[pk].append(ours)
    lines = TimelineItem.objects.filter(
        Q(by__isnull=False) | Q(code="reopened"), incident__in=ids
    ).values_list("incident", "by", "code")
    acts = list(lines.order_by().distinct())
    return Surroundings(
        entities=entities,
        criticality=criticality_by_incident(facts, entities),
        comments=comments,
        worked_on=frozenset(pk for pk, by, _ in acts if by is not None),
        reopened=frozenset(pk for pk, _, code in acts if code == "reopened"),
        asked=frozenset(incidents_asked(ids)),
        judged=frozenset(incidents_judged(ids)),
        holds=holds_by_incident(
            incidents,
            alerts={pk: rows.values() for pk, rows in facts.items()},
            entities=entities,
            now=now,
        ),
        minutes_old={
            workspace: min(minutes_old(workspace, now=now), _OLDEST)
            for workspace in {incident.workspace_id for incident in incidents}
        },
    )


def holds_by_incident(
    incidents: Sequence[Incident],
    *,
    alerts: Mapping[int, Iterable[FieldValues]],
    entities: Mapping[int, Sequence[Entity]],
    now: datetime,
    began_by: Mapping[int, datetime] | None = None,
) -> dict[int, BlockingDevices]:
    """Return by incident the devices of it that another case holds; with `began_by`, of true
    positives only those that held them at that moment. What one has held since the incident came
    stays with people when the hold ends. An incident's own verdict is no case against it: it keeps
    itself open as touched by a person.
    """
    by_plant: dict[tuple[int, tuple[int, ...]], list[Incident]] = defaultdict(list)
    for incident in incidents:
        by_plant[incident.workspace_id, tuple(sorted(incident.site_ids))].append(incident)
    found: dict[int, BlockingDevices] = {}
    for (workspace_id, site_ids), members in by_plant.items():
        plant = incidents_of_plant(workspace_id, site_ids)
        suspicions = [suspicion for suspicion in suspicions_on(plant) if not suspicion.is_past]
        # Hardly any plant has a true positive at hand, and what asks for them costs more.
        if not suspicions and not plant.filter(classification=TRUE_POSITIVE).exists():
            found |= {member.pk: BlockingDevices() for member in members}
            continue
        touched = {
            member.pk: ends_of_incident(alerts[member.pk], entities.get(member.pk, ()))
            for member in members
        }
        holds = plant_holds(
            plant,
            touched=touched.values(),
            suspicions=suspicions,
            since=min(start_of_holds(member, now=now) for member in members),
            now=now,
        )
        for member in members:
            by = began_by[member.pk] if began_by is not None else None
            found[member.pk] = holds.devices_of(member, touched[member.pk], began_by=by)
    return found


def blocking_devices(
    incident: Incident, *, alerts: Iterable[FieldValues], now: datetime
) -> BlockingDevices:
    """Return the devices of this incident that another case holds open."""
    holds = holds_by_incident(
        [incident], alerts={incident.pk: alerts}, entities=entities_of([incident.pk]), now=now
    )
    return holds[incident.pk]


_OLDEST = 365 * 24 * 60.0  # minutes; also where a workspace was never read to the end


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
    around: Surroundings,
) -> Scene:
    """Everything the guards ask for beside alerts and rules. What Tagout itself wrote does not
    count as touched.
    """
    found = findings_on_entities(around.entities.get(incident.pk, ()), alerts=alerts.values())
    holds = around.holds[incident.pk]
    products = {*state.product_names, *(alert.product_name for alert in alerts.values())} - {""}
    if not state.product_names:
        products = set()  # a missing member is one that we do not understand
    return Scene(
        products=tuple(sorted(products)),
        labels=tuple(state.labels),
        owner=state.owner,
        touched=tuple(_touched(incident, state, around)),
        unknown_words=unknown_words(
            (*state.flags, *incident.flags), severity=state.severity, found=found
        ),
        entities_count=incident.entities_count,
        unexplained=found.unexplained,
        in_open_cases=holds.by_true_positives,
        after_cases=holds.by_closed_cases,
        during_cases=holds.by_past_cases,
        under_suspicion=holds.by_suspicions,
        criticality=around.criticality[incident.pk],
        details_pending=_is_pending(incident, state, alerts),
        minutes_old=around.minutes_old[incident.workspace_id],
    )


def _is_pending(
    incident: Incident, state: IncidentState, alerts: Mapping[int, FieldValues]
) -> bool:
    """Whether something may be there that we have not read."""
    return (
        incident.details_state != DetailsState.FETCHED
        or incident.details_due_at is not None
        or state.alerts_count > len(alerts)
    )


def _touched(incident: Incident, state: IncidentState, around: Surroundings) -> list[str]:
    touched = []
    if state.status != IncidentStatus.NEW:
        word = (
            IncidentStatus(state.status).label
            if state.status in IncidentStatus.values
            else "unknown"
        )
        touched.append(f"status {word}")
    touched += [f"label {name}" for name in state.labels if not is_our_label(name)]
    comments = around.comments.get(incident.pk, ())
    if not all(comments) or state.comments_count > len(comments):
        touched.append("a comment")
    if incident.pk in around.worked_on:
        touched.append("work in Tagout")
    if incident.pk in around.reopened:
        touched.append("a reopening")
    if incident.ot_state == OtState.WAITING or incident.pk in around.asked:
        touched.append("a question to OT")
    elif incident.ot_state or incident.pk in around.judged:
        touched.append("a verdict")
    return touched


def decide_incident(
    incident: Incident,
    *,
    alerts: AlertFacts,
    acting: ActingSet,
    now: datetime,
    state: IncidentState | None = None,
) -> IncidentDecision:
    """Decide on one incident, by what is read for it now."""
    page = DecisionPage.read([incident], alerts={incident.pk: alerts}, acting=acting, now=now)
    return page.decide(incident, state=state)


@dataclass(frozen=True, slots=True)
class DecisionPage:
    """Incidents that are decided on together, with all that their decisions ask for."""

    alerts: Mapping[int, AlertFacts]
    covers: Mapping[int, Cover]
    around: Surroundings
    now: datetime

    @classmethod
    def read(
        cls,
        incidents: Sequence[Incident],
        *,
        alerts: Mapping[int, AlertFacts],
        acting: ActingSet,
        now: datetime,
        of_any_age: bool = False,
    ) -> "DecisionPage":
        """Match the alerts, and read the rest. Where an alert is uncovered nothing else is read: it
        stays open. With `of_any_age` incidents from before a version began are covered, too.
        """
        withdrawn: dict[int, set[UUID]] = {}
        covers = {}
        for incident in incidents:
            created_at = None if of_any_age else incident.created_at
            cover = cover_of(alerts[incident.pk], acting=acting, created_at=created_at, now=now)
            if any(version.in_sentinel for version in (*cover.versions, *cover.trials)):
                workspace_id = incident.workspace_id
                if workspace_id not in withdrawn:
                    withdrawn[workspace_id] = withdrawn_rules(workspace_id)
                cover = cover.outside_sentinel(withdrawn[workspace_id])
            covers[incident.pk] = cover
        whole = [incident for incident in incidents if covers[incident.pk].is_whole]
        return cls(alerts, covers, read_surroundings(whole, alerts=alerts, now=now), now)

    def decide(self, incident: Incident, *, state: IncidentState | None = None) -> IncidentDecision:
        """Ask the guards about one of them. Devices that an act on another incident of the page has
        introduced meanwhile are no new members any more.
        """
        alerts = self.alerts[incident.pk]
        return decide_by_facts(
            incident.pk,
            alerts=alerts,
            cover=self.covers[incident.pk],
            read_scene=lambda: scene_of(
                incident,
                state=state or incident_state_of(incident),
                alerts=alerts,
                around=self.around,
            ),
            records=STORED,
            now=self.now,
        )
