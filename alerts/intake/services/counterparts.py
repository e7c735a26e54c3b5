"""For a workspace that Graph serves: read beside Graph's list the one that is the workspace's own.

Graph's list is of the whole tenant. Sentinel's list states which of those incidents belong here and
what they are called (`providerIncidentId`); it also has those that never reached the Defender
portal. What Graph has already returned of an incident is not written over by what Sentinel has
later.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from alerts.incidents.ingest.defender_ids import is_in_portal, stored_counterparts
from alerts.incidents.ingest.store import differing
from alerts.intake.models import Cursor
from alerts.intake.services.outside import note_new_outside
from alerts.intake.services.pace import Budget
from alerts.intake.services.pages import (
    IncidentQuery,
    RunCounts,
    StorePage,
    follow_pages,
    is_accepted_unnamed,
    store_items,
    store_page,
    store_single_incident,
)
from alerts.intake.services.poll import FIRST_PERIOD, OVERLAP
from alerts.intake.services.runs import cursor_of
from alerts.sentinel.client.port import (
    ListBy,
    SentinelClient,
    SentinelNotFound,
)
from alerts.sentinel.models import IncidentSource, Workspace
from alerts.sentinel.queries import placed_but_unread
from alerts.sentinel.services.counterparts import (
    delete_counterparts,
    delete_waiting,
    learn_counterparts,
    settle_waiting,
)
from alerts.sentinel.wire.graph.incidents import Counterpart, listed_of
from alerts.sentinel.wire.incidents import IncidentPage, WireIncident, read_incident
from alerts.sentinel.wire.records import UnreadableRecord
from alerts.sentinel.wire.values import OtScope, Outside

_CHUNK = 5000


@dataclass(slots=True)
class JoinPlace:
    """How far the joining of a workspace has come: how many of our rows were looked at, and where
    the reading of Sentinel's list goes on that a slice did not finish.
    """

    looked_at: int = 0
    goes_on_at: datetime | None = None

    @classmethod
    def from_json(cls, payload: dict[str, Any]) -> "JoinPlace":
        """From the job's row."""
        at = payload.get("goes_on_at")
        return cls(payload.get("looked_at", 0), datetime.fromisoformat(at) if at else None)

    def as_json(self) -> dict[str, object]:
        """For the job's row."""
        at = self.goes_on_at.isoformat() if self.goes_on_at else None
        return {"looked_at": self.looked_at, "goes_on_at": at}


def own_list(client: SentinelClient) -> tuple[SentinelClient, StorePage]:
    """Return whose list is the workspace's own, and how a page of it is stored."""
    own = client.resource_manager
    return own, store_page if own is client else store_own_page


def is_joined(workspace: Workspace) -> bool:
    """Return whether stored incidents were matched with the portal's. Before, nothing is read from
    Graph: from here on Sentinel's list goes on exactly where it was read last.
    """
    return cursor_of(workspace_id=workspace.pk).own_watermark is not None


def join_incidents(
    *,
    workspace: Workspace,
    client: SentinelClient,
    now: datetime,
    budget: Budget | None = None,
    place: JoinPlace | None = None,
) -> RunCounts:
    """Learn which incidents of the portal are the workspace's, and read what is new of them. What
    is not done when the slice is over goes on at `place`.
    """
    counts, place, budget = RunCounts(), place or JoinPlace(), budget or Budget()
    if _look_at_stored(workspace, place, budget, now) and not budget.is_used_up:
        counts.add_up(_read_own_list(workspace, client, place, budget, now))
        _read_placed(workspace, client, budget, counts, now)
        delete_waiting(workspace_id=workspace.pk, now=now)
    return counts


def _look_at_stored(workspace: Workspace, place: JoinPlace, budget: Budget, now: datetime) -> bool:
    """Find among our rows those that are in the portal; True when all were looked at."""
    cursor = cursor_of(workspace_id=workspace.pk)
    while cursor.own_watermark is None:
        found, last = stored_counterparts(workspace.pk, after=place.looked_at, most=_CHUNK)
        learn_counterparts(
            workspace_id=workspace.pk,
            counterparts=[stored.counterpart for stored in found],
            now=now,
        )
        if last is not None:
            place.looked_at = last
            if budget.is_used_up:
                return False
            continue
        cursor.own_watermark = cursor.watermark or now - FIRST_PERIOD
        cursor.save(update_fields=["own_watermark"])
        place.looked_at = 0
    return True


def _read_own_list(
    workspace: Workspace,
    client: SentinelClient,
    place: JoinPlace,
    budget: Budget,
    now: datetime,
) -> RunCounts:
    counts, cursors = RunCounts(), Cursor.objects.filter(workspace=workspace)
    watermark = cursor_of(workspace_id=workspace.pk).own_watermark
    assert watermark is not None
    own, store = own_list(client)
    start = place.goes_on_at or watermark - OVERLAP

    new_since = watermark

    def progress(latest: datetime | None, _link: str | None, outside: Sequence[Outside]) -> None:
        nonlocal watermark
        note_new_outside(workspace_id=workspace.pk, outside=outside, since=new_since)
        if latest and watermark and latest > watermark:
            cursors.update(own_watermark=latest)
            watermark = latest

    pagination = follow_pages(
        client=own,
        workspace_id=workspace.pk,
        question=IncidentQuery(ListBy.MODIFIED, since=start),
        counts=counts,
        budget=budget,
        now=now,
        progress=progress,
        scope=workspace.scope,
        store=store,
    )
    if pagination.is_complete and not pagination.is_full:
        place.goes_on_at = None
    else:
        place.goes_on_at = max(start, pagination.latest_modified or start)
    return counts


def store_own_page(
    *, workspace_id: int, page: IncidentPage, now: datetime, scope: OtScope
) -> RunCounts:
    """Store what of a page of Sentinel's list is new here or in Sentinel only, and keep which
    incidents of the portal it names; nothing of those outside of the scope. Call it in a
    transaction.
    """
    items = page.items
    probed = differing(workspace_id=workspace_id, heads=page.heads)
    stored, counterparts, outside_ids = probed.stored_names, list[Counterpart](), list[str]()
    for item in items:
        if not isinstance(item, WireIncident) or not (counterpart := _counterpart_of(item)):
            continue
        outside = None if item.name in probed.followed_names else item.outside_of(scope)
        if outside is None or is_accepted_unnamed(outside, now=now):
            counterparts.append(counterpart)
        else:
            outside_ids.append(counterpart.graph_id)
    learn_counterparts(workspace_id=workspace_id, counterparts=counterparts, now=now)
    delete_counterparts(workspace_id=workspace_id, graph_ids=outside_ids)
    names = {counterpart.name for counterpart in counterparts}
    wanted: list[WireIncident | UnreadableRecord] = [
        item
        for item in items
        if isinstance(item, UnreadableRecord) or item.name not in names or item.name not in stored
    ]
    counts = store_items(workspace_id=workspace_id, items=wanted, now=now, scope=scope)
    counts.unchanged += len(items) - len(wanted)
    return counts


def _counterpart_of(incident: WireIncident) -> Counterpart | None:
    properties = incident.raw.get("properties") or {}
    graph_id = str(properties.get("providerIncidentId"))
    if not is_in_portal(properties.get("providerName"), graph_id):
        return None
    return Counterpart(graph_id, incident.name, incident.number, listed_of(properties))


def _read_placed(
    workspace: Workspace, client: SentinelClient, budget: Budget, counts: RunCounts, now: datetime
) -> None:
    """Read from Graph what waited for its place and has it now."""
    for name in placed_but_unread(workspace.pk):
        if budget.is_used_up:
            return
        try:
            item = read_incident(client.get_incident(name))
        except SentinelNotFound as problem:
            if problem.is_of_the_workspace:
                raise
            settle_waiting(workspace_id=workspace.pk, name=name)
            continue
        with transaction.atomic():
            counts.add_up(
                store_single_incident(
                    workspace_id=workspace.pk, item=item, now=now, scope=workspace.scope
                )
            )
            settle_waiting(workspace_id=workspace.pk, name=name)


def start_after_switch(workspace: Workspace) -> datetime | None:
    """Return from when a workspace is to be read that Graph served until now; None where it did
    not. Its own list may have been read less far than Graph's.
    """
    cursor = cursor_of(workspace_id=workspace.pk)
    if workspace.source == IncidentSource.GRAPH or cursor.own_watermark is None:
        return None
    return min(cursor.own_watermark, cursor.watermark or cursor.own_watermark) - OVERLAP


def clear_switch(workspace: Workspace) -> None:
    """The workspace's own list has been read to its end: Graph is needed no more."""
    Cursor.objects.filter(workspace=workspace).update(own_watermark=None)
