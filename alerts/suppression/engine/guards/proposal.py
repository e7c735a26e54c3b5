"""All that is held against a rule before anybody signs it; page, API and command ask the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from alerts.suppression.engine.guards.lifecycle import reasons_against_expiry
from alerts.suppression.engine.guards.never import (
    reasons_against_assets,
    reasons_against_hours,
    reasons_against_types,
)
from alerts.suppression.engine.guards.width import reasons_against_width
from alerts.suppression.engine.rule import Rule, reasons_against_rule
from alerts.suppression.engine.words import Sentence


def reasons_against_draft(
    rule: Rule,
    *,
    now: datetime,
    plant_zones: Iterable[str],
    criticality: Mapping[str, str],
) -> list[Sentence]:
    """What the rule itself must change (S1, S2, S3). A rule that makes no sense is told that only.

    `criticality` is of the devices and addresses in `assets_of(rule)`, as far as they are known.
    """
    if reasons := reasons_against_rule(rule):
        return reasons
    return [
        *reasons_against_types(rule),
        *reasons_against_assets(criticality),
        *reasons_against_hours(rule, plant_zones=plant_zones),
        *reasons_against_width(rule),
        *reasons_against_expiry(rule, now=now),
    ]


def reasons_against_proposing(
    rule: Rule,
    *,
    now: datetime,
    plant_zones: Iterable[str],
    criticality: Mapping[str, str],
) -> list[Sentence]:
    """The same, and that it has a reason, evidence and an owner on each side."""
    reasons = reasons_against_draft(rule, now=now, plant_zones=plant_zones, criticality=criticality)
    if not rule.reason.strip():
        reasons.append(Sentence("propose.reason"))
    if not rule.evidence:
        reasons.append(Sentence("propose.evidence"))
    if not rule.owner_ot.strip() or not rule.owner_soc.strip():
        reasons.append(Sentence("propose.owners"))
    return reasons
