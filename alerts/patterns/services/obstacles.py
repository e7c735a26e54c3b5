"""What stands against a rule that says a pattern: the pattern itself, guards, and its share."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from alerts.patterns.engine.pattern import Pattern
from alerts.patterns.engine.rule_text import rule_for
from alerts.patterns.services.site_history import SiteHistory
from alerts.suppression.engine.guards.never import assets_of
from alerts.suppression.engine.guards.proposal import reasons_against_draft
from alerts.suppression.engine.guards.width import (
    WANTED_DAYS,
    SiteShare,
    reasons_against_reach,
)

type Obstacle = tuple[str, dict[str, Any]]


def obstacles_of(
    pattern: Pattern, *, history: SiteHistory, incidents: int, now: datetime
) -> list[Obstacle]:
    """Return why no rule can come of it as it stands, as codes with details; nothing where one can.
    What the miner says itself goes before what the guards would say of the same.
    """
    found: list[Obstacle] = []
    evidence = pattern.evidence
    if evidence.suspicious:
        found.append(("suspicious", {"count": str(evidence.suspicious)}))
    if evidence.true_positives:
        found.append(("true_positive", {"count": str(evidence.true_positives)}))
    if pattern.obstacle and pattern.obstacle != "suspicious":
        found.append((pattern.obstacle, {"kind": pattern.planned_work}))
    if found:
        return found
    zone = history.site.time_zone
    rule = rule_for(pattern, time_zone=zone, now=now)
    criticality = {
        name: history.criticality[name.casefold()]
        for name in assets_of(rule)
        if name.casefold() in history.criticality
    }
    reasons = reasons_against_draft(rule, now=now, plant_zones=[zone], criticality=criticality)
    share = SiteShare(history.site.name, incidents, history.incidents)
    reasons += reasons_against_reach(
        sites=(share,), days=WANTED_DAYS, history_days=WANTED_DAYS, true_positives=0
    )
    return [(reason.code, dict(reason.detail)) for reason in reasons]
