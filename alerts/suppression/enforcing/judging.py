"""Whether an incident may be closed by rules, and what keeps it open."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from alerts.incidents.models import Incident
from alerts.suppression.enforcing.acting_rules import ActingSet
from alerts.suppression.enforcing.cover import Cover, cover_of
from alerts.suppression.enforcing.scenes import IncidentState, incident_state_of, scene_of
from alerts.suppression.engine.facts import Facts
from alerts.suppression.engine.guards.scene import is_worth_a_tag, reasons_to_keep_open
from alerts.suppression.engine.words import Sentence
from alerts.suppression.models import Act, Ending, LedgerEntry


@dataclass(frozen=True, slots=True)
class Judgement:
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


def judge(
    incident: Incident,
    *,
    alerts: Mapping[int, Facts],
    acting: ActingSet,
    now: datetime,
    seen: IncidentState | None = None,
) -> Judgement:
    """Ask the guards. Where an alert is uncovered nothing else is looked up: it stays open."""
    cover = cover_of(alerts, acting=acting, created_at=incident.created_at, now=now)
    if not cover.is_whole:
        uncovered = {alerts[pk].alert_type for pk, one in cover.by_alert.items() if one is None}
        reasons = [Sentence("scene.uncovered", title=title) for title in sorted(uncovered)]
        return Judgement(cover, tuple(reasons or [Sentence("never.pending")]))
    scene = scene_of(
        incident, seen=seen or incident_state_of(incident), alerts=alerts, cover=cover, now=now
    )
    return Judgement(cover, tuple(reasons_to_keep_open(scene)))


def was_closed_by_rule(incident_id: int) -> bool:
    """Whether a rule closed it before, whatever became of that: rules do not close it again."""
    lines = LedgerEntry.objects.filter(incident=incident_id, act=Act.CLOSED)
    return lines.exclude(ending=Ending.NOT_SENT).exists()
