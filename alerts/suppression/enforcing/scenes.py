"""An incident at the moment of decision, as the guards look at it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from alerts.incidents.models import DetailsState, Incident, OtState, Status
from alerts.outbox.engine.merge import is_our_label
from alerts.reviews.queries import open_review_on, verdict_on
from alerts.sentinel.queries import minutes_old
from alerts.suppression.enforcing.cover import Cover
from alerts.suppression.enforcing.entities import Around, around, criticality_of
from alerts.suppression.enforcing.holds import held_names
from alerts.suppression.enforcing.members import new_ends
from alerts.suppression.engine.facts import Facts
from alerts.suppression.engine.guards.scene import Scene

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
    seen: IncidentState,
    alerts: Mapping[int, Facts],
    cover: Cover,
    now: datetime,
) -> Scene:
    """Everything the guards ask for. What Tagout itself wrote does not count as touched."""
    found = around(incident.pk, alerts=alerts.values())
    held = held_names(incident, alerts=alerts.values())
    late = new_ends(incident.pk, alerts=alerts, cover=cover)
    products = {*seen.product_names, *(each.product_name for each in alerts.values())} - {""}
    if not seen.product_names:
        products = set()  # a missing member is one that we do not understand
    return Scene(
        alerts=tuple((facts, cover.rule_of(alert)) for alert, facts in alerts.items()),
        products=tuple(sorted(products)),
        labels=tuple(seen.labels),
        owner=seen.owner,
        touched=tuple(_touched(incident, seen)),
        unknown_words=tuple(_unknown_words(incident, seen, found)),
        entities_count=incident.entities_count,
        unexplained=found.unexplained,
        new_members=tuple(dict.fromkeys(end.name for end in late)),
        in_open_cases=held.by_true_positives,
        under_suspicion=held.by_suspicions,
        criticality=criticality_of(found, alerts=alerts.values()),
        details_pending=_is_pending(incident, seen, alerts),
        minutes_old=min(minutes_old(incident.workspace_id, now=now), _OLDEST),
    )


def _is_pending(incident: Incident, seen: IncidentState, alerts: Mapping[int, Facts]) -> bool:
    """Whether something may be there that we have not read."""
    return (
        incident.details_state != DetailsState.FETCHED
        or incident.details_due_at is not None
        or seen.alerts_count > len(alerts)
    )


def _touched(incident: Incident, seen: IncidentState) -> list[str]:
    touched = []
    if seen.status != Status.NEW:
        word = Status(seen.status).label if seen.status in Status.values else "unknown"
        touched.append(f"status {word}")
    touched += [f"label {name}" for name in seen.labels if not is_our_label(name)]
    comments = list(incident.comments.values_list("ours", flat=True))
    if not all(comments) or seen.comments_count > len(comments):
        touched.append("a comment")
    if incident.timeline.filter(by__isnull=False).exists():
        touched.append("work in Tagout")
    if incident.timeline.filter(code="reopened").exists():
        touched.append("a reopening")
    if incident.ot_state == OtState.WAITING or open_review_on(incident.pk):
        touched.append("a question to OT")
    elif incident.ot_state or verdict_on(incident.pk):
        touched.append("a verdict")
    return touched


def _unknown_words(incident: Incident, seen: IncidentState, found: Around) -> list[str]:
    words = {flag for flag in (*seen.flags, *incident.flags) if not flag.endswith(_HARMLESS)}
    if not seen.severity:
        words.add("severity:unknown")
    return sorted(words) + [f"entity {kind}" for kind in found.unknown_kinds]
