"""Which incident of the Defender portal is which of Sentinel's, kept as rows of a workspace."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from alerts.sentinel.models import DefenderIncident, Workspace
from alerts.sentinel.wire.graph.incidents import Counterpart, GraphIncident, product_of
from alerts.sentinel.wire.graph.values import graph_text
from alerts.sentinel.wire.values import OtScope, OutsideReason

MAX_WAIT = timedelta(days=7)  # what no list of the workspace named until then is not its own

type Clock = Callable[[], datetime]


class StoredCounterparts:
    """The rows of one workspace, as the adapter to Graph asks for them."""

    def __init__(self, workspace: str, *, clock: Clock) -> None:
        self._workspace, self._clock = workspace, clock

    def by_graph_id(self, graph_ids: Collection[str]) -> dict[str, Counterpart]:
        """Those of these that belong to the workspace, by Graph's id."""
        rows = self._placed().filter(graph_id__in=graph_ids)
        return {row.graph_id: _counterpart(row) for row in rows}

    def by_name(self, name: str) -> Counterpart | None:
        """The one that Sentinel calls so; None where Graph does not have it."""
        row = self._placed().filter(name=name.lower()).first()
        return _counterpart(row) if row else None

    def keep_waiting(self, incidents: Sequence[GraphIncident]) -> None:
        """Remember these as not placed, until the workspace's own list names them. What is of other
        products is not waited for: where the workspace's list states otherwise, it is placed by
        that.
        """
        workspace = Workspace.objects.get(name=self._workspace)
        now, scope = self._clock(), workspace.scope
        incidents = [incident for incident in incidents if not _is_outside_scope(incident, scope)]
        DefenderIncident.objects.bulk_create(
            [
                DefenderIncident(
                    workspace=workspace,
                    graph_id=incident.id,
                    created_at=incident.created_at,
                    waits_since=now,
                )
                for incident in incidents
            ],
            ignore_conflicts=True,
        )

    def keep_survivor(self, graph_id: str, *, survivor: str) -> None:
        """Remember which incident this one was merged into."""
        rows = self._placed().filter(graph_id=graph_id).exclude(survivor=survivor)
        rows.update(survivor=survivor)

    def _placed(self) -> QuerySet[DefenderIncident]:
        rows = DefenderIncident.objects.filter(workspace__name=self._workspace)
        return rows.exclude(name="")


def _is_outside_scope(incident: GraphIncident, scope: OtScope) -> bool:
    alerts = incident.alerts or []
    outside = scope.outside(
        title=incident.raw.get("displayName"),
        products=[product_of(alert) for alert in alerts],
        rules=[graph_text(alert.get("detectorId")) for alert in alerts],
        created=incident.created_at,
    )
    return outside is not None and outside.reason is OutsideReason.PRODUCT


def _counterpart(row: DefenderIncident) -> Counterpart:
    return Counterpart(row.graph_id, row.name, row.number, row.listed)


@transaction.atomic
def learn_counterparts(
    *, workspace_id: int, counterparts: Sequence[Counterpart], now: datetime
) -> None:
    """Keep what a list of the workspace has of incidents of the Defender portal. One that was
    merged into an incident that is placed only now waits, to be read again.
    """
    newest = {counterpart.graph_id: counterpart for counterpart in counterparts}
    if not newest:
        return
    rows = DefenderIncident.objects.filter(workspace=workspace_id)
    names = {counterpart.name: counterpart.graph_id for counterpart in newest.values()}
    for row in rows.filter(name__in=names).select_for_update():
        if names[row.name] != row.graph_id:  # the name stands for another one now
            row.name, row.waits_since = "", now
            row.save(update_fields=["name", "waits_since"])
    stored = {row.graph_id: row for row in rows.filter(graph_id__in=newest).select_for_update()}
    placed = [
        graph_id for graph_id in newest if graph_id not in stored or not stored[graph_id].name
    ]
    added = []
    for graph_id, counterpart in newest.items():
        row = stored.get(graph_id) or DefenderIncident(workspace_id=workspace_id, graph_id=graph_id)
        before = row.name, row.number, row.listed
        row.name, row.number, row.listed = counterpart.name, counterpart.number, counterpart.listed
        if graph_id not in stored:
            added.append(row)
        elif before != (row.name, row.number, row.listed):
            row.save(update_fields=["name", "number", "listed"])
    DefenderIncident.objects.bulk_create(added, ignore_conflicts=True)
    rows.filter(survivor__in=placed, waits_since=None).update(waits_since=now)


def delete_counterparts(*, workspace_id: int, graph_ids: Sequence[str]) -> None:
    """Let go of incidents of the portal that turned out to be outside of the workspace's scope."""
    if graph_ids:
        rows = DefenderIncident.objects.filter(workspace=workspace_id, graph_id__in=graph_ids)
        rows.delete()


def settle_waiting(*, workspace_id: int, name: str) -> None:
    """Graph's version of this incident has been stored: it waits no longer."""
    DefenderIncident.objects.filter(workspace=workspace_id, name=name).update(waits_since=None)


def delete_waiting(*, workspace_id: int, now: datetime) -> int:
    """Let go of incidents that no list of the workspace has named for days; returns how many."""
    rows = DefenderIncident.objects.filter(
        workspace=workspace_id, name="", waits_since__lt=now - MAX_WAIT
    )
    return rows.delete()[0]
