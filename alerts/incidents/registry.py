"""What rooms above want to know of this one: who listens when alerts were stored."""

from collections.abc import Collection
from datetime import datetime
from typing import Protocol


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


def tell_of_alerts(*, alert_ids: Collection[int], now: datetime) -> None:
    """Tell everybody who listens that these alerts were stored."""
    if alert_ids:
        for listener in _listeners.values():
            listener(alert_ids=alert_ids, now=now)
