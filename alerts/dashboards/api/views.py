"""How fresh each workspace is, and how the installation stands."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import QuerySet

from alerts.dashboards.policies import sees_details, sees_everywhere
from alerts.dashboards.queries.status import Details, details_of
from alerts.dashboards.queries.sync import (
    Sync,
    syncs_visible_to,
    with_standings,
    workspaces_feeding,
)
from alerts.sentinel.models import Workspace
from alerts.sentinel.queries import Health, standings_by_workspace
from portal import clock
from portal.api.kinds import FLAG, MOMENT, NUMBER, TEXT, one_of, shaped
from portal.api.listing import Column, Listing, Order, Own
from portal.api.views import Api, Resource, facts_alone
from portal.backup.queries import is_paused_after_restore

STATE = one_of({word: word for word in Workspace.State.values})
HEALTH = one_of({health.value: health.value for health in Health})

WORKSPACES = Listing(
    "Workspace",
    "Sentinel workspaces that you get data from, by name.",
    (
        Column("name", TEXT, "how Tagout calls it"),
        Column("organisation", TEXT.or_null(), "whose it is", "organisation__name"),
        Column("state", STATE, "whether it is read and written"),
        Column("health", HEALTH, "how it answers", "pk"),
        Column("fresh_at", MOMENT.or_null(), "when it was last read to the end",
               "cursor__fresh_at"),
        Column("data_age_seconds", NUMBER.or_null(), "seconds since; null where it never was",
               "cursor__fresh_at"),
        Column("added_at", MOMENT, "since when Tagout knows it"),
    ),
    Order("name", newest_first=False),
)  # fmt: skip

COUNTS = shaped(waiting=NUMBER, given_up=NUMBER, details_owed=NUMBER)
SYNC = shaped(
    name=TEXT, paused=FLAG, fresh_at=MOMENT.or_null(), level=TEXT, health=HEALTH, error=TEXT,
    history_percent=NUMBER.or_null(),
)  # fmt: skip
STATUS: Mapping[str, Any] = {
    "type": "object",
    "description": "How the installation stands. `details` is null for those who cannot do "
    "anything about it.",
    "properties": {
        "version": TEXT.schema,
        "paused_after_restore": {
            "type": "boolean",
            "description": "whether a backup was restored and nobody has resumed yet: nothing is "
            "sent and no rule acts",
        },
        "workspaces": SYNC.many().schema,
        "details": {
            "type": ["object", "null"],
            "properties": {
                "owed": COUNTS.schema,
                "unreadable": NUMBER.schema,
                "dead_jobs": NUMBER.schema,
                "broker": {"type": "boolean", "description": "whether it answers"},
                "workers": shaped(queue=TEXT, seen_at=MOMENT.or_null(), silent=FLAG).many().schema,
                "record": shaped(
                    entries=NUMBER, head=TEXT, checked_at=MOMENT.or_null(),
                    broken_at=NUMBER.or_null(),
                ).schema,
            },
        },
    },
}  # fmt: skip


class WorkspaceViewSet(Resource):
    """Sentinel workspaces and how fresh each is."""

    tag = "workspaces"
    listing = WORKSPACES
    lookup_field = "name"
    lookup_value_converter = "slug"

    def rows(self) -> QuerySet[Workspace]:
        """Workspaces in the person's reach, and those that feed their sites."""
        return workspaces_feeding(self.person).select_related(None)

    def own(self) -> Own:
        """Ages as of now, and how each answers."""
        now, standings = self.now, standings_by_workspace(now=clock.unshifted())

        def health(pk: int) -> str:
            return (standings[pk].health if pk in standings else Health.UNKNOWN).value

        return Own(reads={"data_age_seconds": lambda at: _age(at, now), "health": health})

    def workspace_of(self, row: Workspace) -> str:
        """Itself."""
        return row.name


class Status(Api):
    """How the installation stands."""

    tag = "status"

    @facts_alone(STATUS)
    def show(self) -> dict[str, Any]:
        """Freshness for everybody; what is owed, given up or silent for those who can help."""
        unshifted = clock.unshifted()
        syncs = with_standings(syncs_visible_to(self.person, now=self.now), unshifted=unshifted)
        details = None
        if sees_details(self.person):
            ids = [sync.workspace_id for sync in syncs]
            all_seen = sees_everywhere(self.person)
            found = details_of(ids, everywhere=all_seen, unshifted=unshifted)
            details = _details(found, ids)
        return {
            "version": settings.VERSION,
            "paused_after_restore": is_paused_after_restore(),
            "workspaces": [_sync(sync) for sync in syncs],
            "details": details,
        }


def _age(at: datetime | None, now: datetime) -> int | None:
    return None if at is None else max(0, int((now - at).total_seconds()))


def _sync(sync: Sync) -> dict[str, Any]:
    return {
        "name": sync.name,
        "paused": sync.is_paused,
        "fresh_at": sync.fresh_at,
        "level": sync.level,
        "health": sync.standing.health.value,
        "error": sync.standing.error or sync.error,
        "history_percent": sync.history_percent,
    }


def _details(it: Details, ids: Collection[int]) -> dict[str, Any]:
    owing = [it.owing[pk] for pk in ids if pk in it.owing]
    return {
        "owed": {
            "waiting": sum(each.waiting for each in owing),
            "given_up": it.given_up_in_all,
            "details_owed": sum(each.details for each in owing),
        },
        "unreadable": it.unreadable_in_all,
        "dead_jobs": len(it.dead),
        "broker": it.broker,
        "workers": [
            {"queue": each.queue, "seen_at": each.at, "silent": each.is_silent} for each in it.alive
        ],
        "record": {
            "entries": it.record.entries,
            "head": it.record.head,
            "checked_at": it.record.checked_at,
            "broken_at": it.record.broken_at,
        },
    }
