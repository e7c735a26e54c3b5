"""The side panel: what decides whether a row is worth more than a glance, and which incidents it
holds.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from uuid import UUID

from django.db.models import Count, QuerySet
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext

from alerts.incidents.engine.catalogue import bare_title, sentence, why_it_matters
from alerts.incidents.engine.priority import PriorityPart, part_words
from alerts.incidents.hidden_verdicts import hidden_from, masked_ot_state
from alerts.incidents.models import ACTIVE_UNTIL, Alert, Group, Incident, OtState, Severity
from alerts.incidents.page.devices import DeviceCard, devices_of
from alerts.incidents.page.incident import alerts_of
from alerts.incidents.page.pattern_history import (
    PatternHistory,
    RecentSightings,
    count_inside,
    pattern_verdicts_of,
    recent_sightings,
    usual_hours_of,
)
from alerts.incidents.policies import may_act_on
from alerts.incidents.queries import groups_visible_to, incidents_visible_to
from alerts.incidents.storm_wording import (
    REMEDIES,
    before_words,
    count_words,
    pace_words,
    peers_words,
)
from alerts.incidents.wording import (
    OT_ORDER,
    Chip,
    aside_words,
    number_words,
    ot_chip,
    ot_chip_of,
    zoned_window_words,
)
from alerts.sentinel.wire.values import current_product
from alerts.sites.models import Site
from portal.accounts.models import User
from portal.ui.moments import READER, moment_words, period_words, reader_clock

MAX_LISTED = 50
MAX_APART = 10


@dataclass(frozen=True, slots=True)
class PanelMember:
    """One incident of several."""

    pk: int
    number: str
    happened: str


@dataclass(frozen=True, slots=True)
class Members:
    """Several incidents: how many, from when to when, and the newest of them one by one."""

    n: int
    span: str
    listed: Sequence[PanelMember]

    @property
    def unlisted(self) -> int:
        """How many are not listed one by one."""
        return self.n - len(self.listed)


def members_of(
    incidents: Iterable[Incident], *, now: datetime, zone: str | tzinfo, is_dated: bool = False
) -> Members:
    """Return which incidents are meant, those that happened last first."""
    ordered = sorted(
        incidents, key=lambda incident: (incident.active_until, incident.pk), reverse=True
    )
    if not ordered:
        return Members(0, "", ())
    first = min(incident.active_from for incident in ordered)
    return Members(
        len(ordered),
        period_words(first, ordered[0].active_until, now, zone, is_dated=is_dated),
        [_member(incident, now, zone, is_dated=is_dated) for incident in ordered[:MAX_LISTED]],
    )


def members_of_group(
    group: Group, incidents: QuerySet[Incident], *, now: datetime, zone: tzinfo
) -> Members:
    """Return which of these incidents a row of the queue holds. Only those listed are read."""
    newest = incidents.filter(group_key=group.key).order_by(ACTIVE_UNTIL.desc(), "-pk")
    return Members(
        group.n,
        period_words(group.first_at, group.latest_at, now, zone),
        [_member(incident, now, zone) for incident in newest[:MAX_LISTED]],
    )


def _member(
    incident: Incident, now: datetime, zone: str | tzinfo, *, is_dated: bool = False
) -> PanelMember:
    number = number_words(incident.number, incident.pk)
    return PanelMember(
        incident.pk, number, happened_at_words(incident, now, zone, is_dated=is_dated)
    )


def happened_at_words(
    incident: Incident, now: datetime, zone: str | tzinfo, *, is_dated: bool = False
) -> str:
    """Return when an incident happened, on the plant's clock."""
    first, latest = incident.active_from, incident.active_until
    return period_words(first, latest, now, zone, is_dated=is_dated)


_LEVELS = re.compile(r"Level (?P<upper>[\d.]+) to Level (?P<lower>[\d.]+)")


@dataclass(frozen=True, slots=True)
class Explanation:
    """What happened, in the person's language."""

    title: str
    plain: str
    why: str


@dataclass(frozen=True, slots=True)
class IncidentPreview:
    """One incident as the panel shows it; `members` are all that its row holds."""

    pk: int
    number: str
    explanation: Explanation
    severity: str
    place: str
    priority: int
    parts: tuple[tuple[int, str], ...]
    state: Chip
    question: UUID | None  # that the reader is asked; until they answer, its verdict is hidden
    verdicts: PatternHistory | None
    verdicts_at: str
    device: DeviceCard | None
    recent_sightings: RecentSightings
    window: str  # its usual hours
    in_window: int
    may_act: bool
    is_closed: bool
    was_asked: bool
    is_judged: bool
    needs_escalation: bool
    happened: str
    raised_at: datetime
    zone: tzinfo
    members: Members | None  # None where it stands for itself
    states: Sequence[tuple[Chip, int]]  # with OT, of how many, where members differ in it
    owners: Sequence[str]  # of members, where they differ; "" for those that nobody took
    storm: "StormPanel | None"
    aside: str  # until when it, or its whole row, is put aside, and by whom

    @property
    def close_kind(self) -> str:
        """Closing is what comes next once OT has answered, unless it called for more."""
        return "primary" if self.is_judged and not self.needs_escalation else ""


def preview_of(
    incident: Incident, *, by: User, now: datetime, row: Group | None = None
) -> IncidentPreview:
    """Return the panel of one incident; `row` is the queue's row that has its name."""
    plant_zone = zone_name_of([incident]) or READER
    zone, usual = reader_clock().zone(plant_zone), usual_hours_of(incident)
    verdicts, sightings = (
        pattern_verdicts_of(incident),
        recent_sightings(incident, now=now, zone=zone),
    )
    alerts = alerts_of(incident)
    cards = devices_of(incident, alerts)
    is_mixed = row is not None and len(row.ot_states) > 1
    states = _states_in(row, by=by) if row and is_mixed else ()
    suspicious = _suspicious_in(row, by=by) if row and is_mixed else None
    return IncidentPreview(
        pk=incident.pk,
        number=incident_number_label(incident),
        explanation=explanation_of(incident, alerts),
        severity=Severity(incident.severity).label,
        place=incident.place.replace(", ", " · "),
        priority=incident.priority,
        parts=parts_of(incident),
        state=ot_chip_of(incident),
        question=incident.hidden_verdict.question if incident.hidden_verdict else None,
        verdicts=verdicts,
        verdicts_at=moment_words(verdicts.latest_at, now, zone=zone, style="relative")
        if verdicts and verdicts.latest_at
        else "",
        device=next((card for card in cards if card.side == "destination"), None)
        or (cards[0] if cards else None),
        recent_sightings=sightings,
        window=zoned_window_words(usual.window, plant_zone) if usual else "",
        in_window=count_inside(incident, usual.window, now=now) if usual else 0,
        may_act=may_act_on(incident, by=by),
        is_closed=not incident.is_open,
        was_asked=not row.n_unasked if row else incident.ot_state != OtState.NOT_ASKED,
        is_judged=incident.ot_state not in (OtState.NOT_ASKED, OtState.WAITING),
        needs_escalation=(suspicious or incident).needs_escalation,
        happened=happened_at_words(incident, now, zone),
        raised_at=incident.created_at,
        zone=zone,
        members=members_of_group(row, incidents_visible_to(by), now=now, zone=zone)
        if row and row.n > 1
        else None,
        states=states,
        owners=row.owner_names if row and len(row.owner_names) > 1 else (),
        storm=_storm_in(row, by=by, now=now, zone=zone) if row and row.storm_since else None,
        aside=aside_words((row or incident).aside_until, (row or incident).aside_by, now, zone),
    )


@dataclass(frozen=True, slots=True)
class StormPanel:
    """The storm that a row of the queue folds, and what differs from it."""

    facts: Sequence[tuple[str, str]]
    remedies: Sequence[tuple[Promise, Promise]]
    apart: Sequence[Group]  # rows of its source that began since, by priority
    n_apart: int

    @property
    def unlisted(self) -> int:
        """How many rows apart are not listed."""
        return self.n_apart - len(self.apart)


def _storm_in(row: Group, *, by: User, now: datetime, zone: tzinfo) -> StormPanel:
    values = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
    since = moment_words(row.storm_since or row.first_at, now, zone=zone, style="relative")
    apart = (
        groups_visible_to(by)
        .filter(
            source=row.source,
            workspace=row.workspace_id,
            site_ids=row.site_ids,
            latest_at__gte=row.storm_since,
        )
        .exclude(pk=row.pk)
    )
    before = before_words(values).partition(": ")[2]
    return StormPanel(
        [
            (gettext("Since"), since),
            (gettext("Count"), count_words(values)),
            (gettext("Pace"), pace_words(values)),
            *([(gettext("Before"), before)] if before else ()),
            (gettext("Reaches"), peers_words(values)),
        ],
        REMEDIES,
        list(apart.order_by("-priority", "-latest_at")[:MAX_APART]),
        apart.count(),
    )


def _suspicious_in(row: Group, *, by: User) -> Incident | None:
    """Return an incident of the row that OT calls suspicious and nobody has taken further."""
    rows = incidents_visible_to(by).filter(group_key=row.key, ot_state=OtState.SUSPICIOUS)
    return next((incident for incident in rows[:MAX_LISTED] if incident.needs_escalation), None)


def _states_in(row: Group, *, by: User) -> list[tuple[Chip, int]]:
    """Return in which states with OT the incidents of a row are, as the person may know them."""
    state = masked_ot_state(hidden_from(by))
    incidents = Incident.objects.filter(group_key=row.key).annotate(state=state).order_by()
    counts = dict(incidents.values_list("state").annotate(n=Count("pk")))
    return [(ot_chip(state), counts[state]) for state in sorted(counts, key=OT_ORDER.index)]


def incident_number_label(incident: Incident) -> str:
    """How people call the incident: #4821."""
    return number_words(incident.number, incident.pk)


def explanation_of(incident: Incident, alerts: Iterable[Alert]) -> Explanation:
    """Return title, sentence and meaning in the page's language; `alerts` are newest first."""
    language = get_language() or "en"
    ends = {"source": incident.source, "destination": incident.destination}
    alerts = list(alerts)
    user_title = next(
        (alert.user_defined_title for alert in alerts if alert.user_defined_title), ""
    )
    functions = [alert.function for alert in alerts]
    return Explanation(
        title=bare_title(incident.title),
        plain=sentence(incident.alert_type, **ends, language=language, user_title=user_title),
        why=why_it_matters(incident.alert_type, functions=functions, language=language),
    )


def parts_of(incident: Incident) -> tuple[tuple[int, str], ...]:
    """The signed parts of the priority, as sentences."""
    language = get_language() or "en"
    parts = (_localized(PriorityPart(*row)) for row in incident.priority_parts)
    return tuple((part.points, part_words(part, language)) for part in parts)


def _localized(part: PriorityPart) -> PriorityPart:
    """Return the part with levels and products by the names of the person's language."""
    if part.code == "second-product":
        names = (current_product(name) for name in part.detail.split(", "))
        return replace(part, detail=", ".join(names))
    match = _LEVELS.fullmatch(part.detail)
    if match is None:
        return part
    levels = gettext("Level %(upper)s to Level %(lower)s") % match.groupdict()
    return replace(part, detail=levels)


def zone_name_of(incidents: Iterable[Incident]) -> str:
    """The time zone of the plant they touch; empty where there are several or none."""
    site_ids = {pk for incident in incidents for pk in incident.site_ids}
    names = set(Site.objects.filter(pk__in=site_ids).values_list("time_zone", flat=True))
    return names.pop() if len(names) == 1 else ""
