"""Which alerts of an incident are covered, and by which version: closing is about incidents."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from alerts.incidents.models import IncidentAlert
from alerts.suppression.enforcing.acting_rules import Acting, ActingSet
from alerts.suppression.engine.facts import Facts
from alerts.suppression.engine.rule import Rule as Said
from alerts.suppression.engine.sql import SELECT_FACTS, SELECT_FACTS_NOW

type AlertFacts = dict[int, Facts]


@dataclass(frozen=True, slots=True)
class Cover:
    """What covers an incident: by alert the version that is chosen for it, or None; and every
    canary that matches some alert.
    """

    by_alert: Mapping[int, Acting | None]
    canaries: tuple[Acting, ...]
    tried_on: Mapping[int, tuple[int, ...]]  # canary's version id → the alerts that it matches

    @property
    def is_whole(self) -> bool:
        """Whether there is an alert and each one is covered."""
        return bool(self.by_alert) and None not in self.by_alert.values()

    @property
    def versions(self) -> tuple[Acting, ...]:
        """The versions that are needed, in the order of their rules."""
        found = {each.version_id: each for each in self.by_alert.values() if each}
        return tuple(sorted(found.values(), key=lambda one: (one.number, one.version)))

    @property
    def is_live(self) -> bool:
        """Whether live versions alone cover it."""
        return self.is_whole and all(each.is_live for each in self.versions)

    @property
    def is_sentinels(self) -> bool:
        """Whether one version covers it all and Sentinel itself acts on that."""
        return len(self.versions) == 1 and self.versions[0].in_sentinel

    def alerts_of(self, one: Acting) -> list[int]:
        """The alerts that a version covers here, or that a canary would."""
        chosen = [pk for pk, by in self.by_alert.items() if by and by.version_id == one.version_id]
        return sorted({*chosen, *self.tried_on.get(one.version_id, ())})

    def rule_of(self, alert_id: int) -> Said | None:
        """The rule that covers an alert."""
        found = self.by_alert.get(alert_id)
        return found.said if found else None


def facts_by_incident(
    incident_ids: Collection[int], *, as_of_alert: bool = False
) -> dict[int, AlertFacts]:
    """The facts of every alert of these incidents; each incident is in the answer. `as_of_alert`:
    planned work counts as it was known when the alert came, for whoever weighs the past.
    """
    links = IncidentAlert.objects.filter(incident__in=incident_ids)
    pairs = list(links.values_list("incident_id", "alert_id"))
    facts = facts_of({alert for _, alert in pairs}, as_of_alert=as_of_alert)
    found: dict[int, AlertFacts] = defaultdict(dict, {each: {} for each in incident_ids})
    for incident, alert in pairs:
        if alert in facts:
            found[incident][alert] = facts[alert]
    return dict(found)


def facts_of(alert_ids: Collection[int], *, as_of_alert: bool = False) -> AlertFacts:
    """What a rule may see of these alerts."""
    question = SELECT_FACTS if as_of_alert else SELECT_FACTS_NOW
    if not alert_ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(f"{question} WHERE a.id = ANY(%s::bigint[])", [list(alert_ids)])
        names = [column.name for column in cursor.description or ()]
        rows = cursor.fetchall()
    return {row[0]: _facts(dict(zip(names[1:], row[1:], strict=True))) for row in rows}


def _facts(said: dict[str, Any]) -> Facts:
    columns: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in said.items()
    }
    return Facts(**columns)


def cover_of(
    alerts: Mapping[int, Facts], *, acting: ActingSet, created_at: datetime | None, now: datetime
) -> Cover:
    """Match each alert. A version acts on incidents made after it began (`created_at`; None asks
    what would cover now), and not after its end.
    """
    by_alert: dict[int, Acting | None] = {}
    canaries: dict[int, Acting] = {}
    tried: dict[int, list[int]] = defaultdict(list)
    for alert, facts in alerts.items():
        found = [acting.versions[pk] for pk in acting.index.matching(facts)]
        fitting = [
            each
            for each in found
            if now < each.expires_at and (created_at is None or created_at >= each.since)
        ]
        by_alert[alert] = min(fitting, key=_preference, default=None)
        for each in fitting:
            if not each.is_live:
                canaries[each.version_id] = each
                tried[each.version_id].append(alert)
    ordered = sorted(canaries.values(), key=lambda one: (one.number, one.version))
    return Cover(by_alert, tuple(ordered), {pk: tuple(ids) for pk, ids in tried.items()})


def _preference(one: Acting) -> tuple[bool, bool, int, int]:
    """Live before canary, Tagout's own before Sentinel's, and then the older rule."""
    return not one.is_live, one.in_sentinel, one.number, one.version
