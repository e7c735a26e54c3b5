"""What rooms above add to this one: who listens when alerts were stored, tabs of an incident, and
which techniques alert types stand for.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any, Protocol

from django.utils.functional import Promise

from alerts.incidents.engine.catalogue import all_types
from alerts.incidents.models import Incident
from portal.accounts.models import User


class AlertListener(Protocol):
    """Gets the ids of alerts that were stored or stored anew, in the transaction that did so and
    before their incidents are ranked.
    """

    def __call__(self, *, alert_ids: Collection[int], now: datetime) -> None:
        """Note what follows from these alerts."""


_listeners: dict[str, AlertListener] = {}


def register_alert_listener(listener: AlertListener) -> None:
    """Have this function called for all alerts that are stored from now on."""
    name = f"{getattr(listener, '__module__', '')}.{getattr(listener, '__name__', '')}"
    _listeners[name] = listener


def notify_alert_listeners(*, alert_ids: Collection[int], now: datetime) -> None:
    """Tell everybody who listens that these alerts were stored."""
    if alert_ids:
        for listener in _listeners.values():
            listener(alert_ids=alert_ids, now=now)


@dataclass(frozen=True, slots=True)
class TabVisit:
    """Who opened a tab of which incident, when, on whose clock."""

    incident: Incident
    user: User
    now: datetime
    zone: tzinfo


@dataclass(frozen=True, slots=True)
class IncidentTab:
    """A tab of the incident page that another room fills. It stands behind the tab `after`.

    `show` returns what the template is given; `count` how many things there are, None for no
    number.
    """

    name: str
    label: str | Promise
    after: str
    template: str
    show: Callable[[TabVisit], dict[str, Any]]
    count: Callable[[Incident], int | None]


_tabs: dict[str, IncidentTab] = {}


def register_incident_tab(tab: IncidentTab) -> None:
    """Add a tab to the page of every incident."""
    _tabs[tab.name] = tab


def incident_tabs() -> dict[str, IncidentTab]:
    """Return the tabs of other rooms by their names."""
    return dict(_tabs)


_sources: list[Callable[[], Mapping[str, frozenset[str]]]] = []


def register_techniques(source: Callable[[], Mapping[str, frozenset[str]]]) -> None:
    """Have this function say which techniques each alert type stands for, by title."""
    _sources[:] = [source]


def techniques_by_type() -> Mapping[str, frozenset[str]]:
    """Return the techniques that each alert type of the catalogue stands for, by title and in the
    ids of the current release: as reviewed, or as documented where nobody reviews.
    """
    if _sources:
        return _sources[0]()
    return {
        alert_type.title: frozenset(alert_type.techniques_current) for alert_type in all_types()
    }
