"""What Tagout asks of Sentinel. `azure.py` does it over the SDK, tests have a twin in memory. Parts
that the resource manager alone has are whole in a file each (`watchlists.py`, `playbooks.py`, …).

Incidents come from an `IncidentPort`: the resource manager (ARM), or, for a workspace in the
Defender portal, Microsoft Graph. Whichever it is, reads give an answer's bytes in Sentinel's own
words, for `alerts.sentinel.wire` to read. Writes name what they write by an id of ours and start
from what was just read, so that sending twice is safe and a person's change is not overwritten.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from alerts.sentinel.client.analytics_rules import AnalyticsRules
from alerts.sentinel.client.automation_rules import AutomationRules
from alerts.sentinel.client.connections import PlaybookConnections
from alerts.sentinel.client.errors import (
    ForeignHost,
    SentinelConflict,
    SentinelDenied,
    SentinelError,
    SentinelNotFound,
    SentinelRefused,
    SentinelThrottled,
    SentinelUnavailable,
)
from alerts.sentinel.client.incident_tasks import IncidentTasks
from alerts.sentinel.client.playbooks import Playbooks
from alerts.sentinel.client.prerequisites import Prerequisites
from alerts.sentinel.client.standard_playbooks import StandardPlaybooks
from alerts.sentinel.client.watchlists import Watchlists
from alerts.sentinel.wire.incidents import WireIncident

__all__ = [
    "ARM",
    "Capabilities",
    "ForeignHost",
    "IncidentPort",
    "ListBy",
    "Probe",
    "Receipt",
    "SentinelClient",
    "SentinelConflict",
    "SentinelDenied",
    "SentinelError",
    "SentinelNotFound",
    "SentinelRefused",
    "SentinelThrottled",
    "SentinelUnavailable",
]

MAX_PAGE_SIZE = 1000


class ListBy(StrEnum):
    """Which time a list of incidents is cut and ordered by."""

    MODIFIED = "lastModifiedTimeUtc"
    CREATED = "createdTimeUtc"


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a source of incidents can do."""

    etag: bool  # it refuses a write over a version that was not read
    expand: bool  # its lists bring the alerts of each incident
    alerts: bool
    entities: bool
    comment_ids: bool  # a comment is named by us, so the same one sent twice is there once
    tasks: bool


ARM = Capabilities(
    etag=True, expand=False, alerts=True, entities=True, comment_ids=True, tasks=True
)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What Sentinel answered to a write: the etag that our own change now has, and all of it."""

    name: str
    etag: str | None
    body: bytes
    request_id: str = ""
    without_place: tuple[str, ...] = ()  # members that the other side has no place for
    overtaken: tuple[str, ...] = ()  # members that somebody changed right after


@dataclass(frozen=True, slots=True)
class Probe:
    """What one harmless call found: whether there are incidents, and how many calls are left."""

    has_incidents: bool
    reads_left: int | None
    writes_left: int | None


class IncidentPort(Protocol):
    """Where the incidents of one workspace are read and written. Raises SentinelError only."""

    @property
    def capabilities(self) -> Capabilities:
        """What it can do."""

    def list_incidents(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        by: ListBy = ListBy.MODIFIED,
        top: int = MAX_PAGE_SIZE,
        next_link: str | None = None,
    ) -> bytes:
        """One page of incidents, oldest first; `next_link` is the link that a page returned."""

    def get_incident(self, name: str) -> bytes:
        """One incident as it is now."""

    def change_incident(
        self,
        incident: WireIncident,
        changes: dict[str, Any],
        *,
        add_labels: Iterable[str] = (),
        remove_labels: Iterable[str] = (),
    ) -> Receipt:
        """Write these changes, by Sentinel's member names, over an incident as it was just read.
        Raises SentinelConflict where somebody changed it since.
        """

    def list_alerts(self, name: str) -> bytes:
        """All alerts of an incident."""

    def list_entities(self, name: str) -> bytes:
        """All entities of an incident, with the places of IoT devices."""

    def list_comments(self, name: str, *, next_link: str | None = None) -> bytes:
        """One page of an incident's comments."""

    def get_comment(self, name: str, comment: str) -> bytes:
        """One comment of an incident."""

    def put_comment(self, name: str, comment: str, body: dict[str, Any]) -> Receipt:
        """Write a comment under an id of ours."""


class SentinelClient(
    IncidentPort,
    IncidentTasks,
    AutomationRules,
    Playbooks,
    AnalyticsRules,
    Prerequisites,
    Watchlists,
    StandardPlaybooks,
    PlaybookConnections,
    Protocol,
):
    """One workspace of Sentinel, as one identity of ours may use it. Raises SentinelError only."""

    @property
    def resource_manager(self) -> SentinelClient:
        """What calls the resource manager, whose lists are of this workspace alone: itself, or
        the client beside one that has its incidents from Graph.
        """

    @property
    def calls_left(self) -> dict[str, int]:
        """The remaining call budgets in the latest answers, by header name."""

    @property
    def answered(self) -> int:
        """How many calls have been answered so far."""

    @property
    def credential_ends_at(self) -> datetime | None:
        """When the certificate ends that we signed in with; None where it is unknown."""

    def probe(self) -> Probe:
        """Sign in, reach the workspace and list one incident."""
