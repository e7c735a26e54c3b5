"""What upper rooms do when people correct the clock of a site, or describe a device; they
contribute it in the wiring files. `unshifted` is the clock by which work is due.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from alerts.sites.models import Site
from portal.rooms import Contribution


class Foresee(Protocol):
    """Returns what a room would stop."""

    def __call__(self, site: Site, /, *, time_zone: str) -> list[str]:
        """Return the names of what would stop if the site had this time zone."""


class Begin(Protocol):
    """How a room begins to follow a clock."""

    def __call__(
        self, site: Site, /, *, before: str, now: datetime, unshifted: datetime
    ) -> list[str]:
        """Follow the clock that the site has now; return the names of what was stopped."""


class Settle(Protocol):
    """How a room follows the hours of alerts."""

    def __call__(self, site: Site, /, *, unshifted: datetime) -> None:
        """Follow the hours of the site's alerts, which are all in line now."""


class LearnDevices(Protocol):
    """How a room learns of devices."""

    def __call__(self, device_ids: Collection[int], /, *, unshifted: datetime) -> None:
        """Take note of devices that are described otherwise now."""


@dataclass(frozen=True, slots=True)
class ClockFollower(Contribution):
    """A room that depends on the clock of a site.

    foresee: asked before anybody decides. begin: called in the very transaction that changes the
    time zone. settle: called once the plant hours of all alerts of the site are in line with it.
    """

    foresee: Foresee | None = None
    begin: Begin | None = None
    settle: Settle | None = None


@dataclass(frozen=True, slots=True)
class DeviceListener(Contribution):
    """Called, in the same transaction, with devices that people or an inventory described."""

    notify: LearnDevices


def foresee_clock_change(site: Site, *, time_zone: str) -> list[str]:
    """Return the names of what would stop if the site had this time zone."""
    foreseers = [follower.foresee for follower in ClockFollower.entries if follower.foresee]
    return [name for foresee in foreseers for name in foresee(site, time_zone=time_zone)]


def begin_clock_change(site: Site, *, before: str, now: datetime, unshifted: datetime) -> list[str]:
    """Have every room begin to follow; returns the names of what was stopped."""
    stopped: list[str] = []
    for follower in ClockFollower.entries:
        if follower.begin:
            stopped += follower.begin(site, before=before, now=now, unshifted=unshifted)
    return stopped


def settle_clock_change(site: Site, *, unshifted: datetime) -> None:
    """Notify every room that the plant hours of all alerts of the site are in line."""
    for follower in ClockFollower.entries:
        if follower.settle:
            follower.settle(site, unshifted=unshifted)


def notify_device_listeners(device_ids: Collection[int], *, unshifted: datetime) -> None:
    """Notify every room which devices are described otherwise now."""
    for listener in DeviceListener.entries:
        listener.notify(device_ids, unshifted=unshifted)
