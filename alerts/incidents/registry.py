"""What rooms above contribute to this one: what follows when alerts were stored, tabs of an
incident, lines of its timeline, and the techniques of alert types.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any, Protocol

from django.utils.functional import Promise

from alerts.incidents.engine.catalogue import all_types
from alerts.incidents.models import Incident
from alerts.incidents.page.timeline_events import TimelineEvent
from portal.accounts.models import User
from portal.rooms import Contribution


class NoteAlerts(Protocol):
    """How a room takes note of alerts."""

    def __call__(self, *, alert_ids: Collection[int], now: datetime) -> None:
        """Note what follows from these alerts."""


@dataclass(frozen=True, slots=True)
class AlertListener(Contribution):
    """Called in the transaction that stored these alerts, before their incidents are ranked."""

    notify: NoteAlerts


def notify_alert_listeners(*, alert_ids: Collection[int], now: datetime) -> None:
    """Call all listeners for these alerts."""
    if alert_ids:
        for listener in AlertListener.entries:
            listener.notify(alert_ids=alert_ids, now=now)


class NoteUnreadRules(Protocol):
    """How a room takes note of analytics rules that were not read."""

    def __call__(self, *, workspace_id: int, rules: Collection[str], now: datetime) -> None:
        """Note what follows from alerts that these rules made."""


@dataclass(frozen=True, slots=True)
class UnreadRuleListener(Contribution):
    """Called where alerts were stored whose titles prove nothing before the analytics rules that
    made them were read, with the names of these rules, in the transaction that stored them.
    """

    notify: NoteUnreadRules


@dataclass(frozen=True, slots=True)
class TabVisit:
    """Who opened a tab of which incident, when, on whose clock."""

    incident: Incident
    user: User
    now: datetime
    zone: tzinfo


@dataclass(frozen=True, slots=True)
class IncidentTab(Contribution):
    """A tab of the incident page behind `after`; `show` returns its context, `count` its number."""

    name: str
    label: str | Promise
    after: str
    template: str
    show: Callable[[TabVisit], dict[str, Any]]
    count: Callable[[Incident], int | None]


def incident_tabs() -> dict[str, IncidentTab]:
    """Return the tabs of other rooms by their names."""
    return {tab.name: tab for tab in IncidentTab.entries}


@dataclass(frozen=True, slots=True)
class TimelineSource(Contribution):
    """Returns what people did in another room about an incident, as lines of its timeline."""

    read: Callable[[Incident], Iterable[TimelineEvent]]


@dataclass(frozen=True, slots=True)
class TechniqueSource(Contribution):
    """Returns which techniques each alert type indicates, by title, as reviewed."""

    read: Callable[[], Mapping[str, frozenset[str]]]


def techniques_by_type() -> Mapping[str, frozenset[str]]:
    """Return the current techniques of each alert type, as reviewed or as documented."""
    if TechniqueSource.entries:
        return TechniqueSource.entries[0].read()
    return {
        alert_type.title: frozenset(alert_type.techniques_current) for alert_type in all_types()
    }
