"""How fresh each workspace is, and the state of the installation."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.http import Http404
from django.utils.translation import gettext_lazy
from rest_framework.serializers import (
    BooleanField,
    CharField,
    ChoiceField,
    DateTimeField,
    DictField,
    IntegerField,
    ListField,
    Serializer,
    SerializerMethodField,
)

from alerts.dashboards.policies import can_see_details, can_see_everything
from alerts.dashboards.queries.status import OperatorDetails, operator_details
from alerts.dashboards.queries.sync import (
    Sync,
    syncs_visible_to,
    with_health,
    workspaces_feeding,
)
from alerts.readiness.engine.readings import CheckState
from alerts.readiness.policies import may_view
from alerts.readiness.queries.readings import checks_of
from alerts.readiness.wording import for_programs
from alerts.sentinel.models import Workspace, WorkspaceScope
from alerts.sentinel.queries import Health, connection_health_by_workspace
from portal import clock
from portal.api.listing import Listing, ListRow, Order, Own
from portal.api.views import Api, Resource, facts, facts_alone
from portal.backup.queries import is_paused_after_restore


class WorkspaceSerializer(ListRow):
    """Sentinel workspaces that you get data from, by name."""

    name = CharField(help_text="how Tagout calls it")
    organisation = CharField(allow_null=True, source="organisation.name", help_text="whose it is")
    state = ChoiceField(Workspace.State.values, help_text="whether it is read and written")
    health = ChoiceField(list(Health), source="pk", help_text="how it answers")
    scope = ChoiceField(
        WorkspaceScope.values, source="ot_scope", help_text="which of its incidents are taken in"
    )
    fresh_at = DateTimeField(
        allow_null=True, source="cursor.fresh_at", help_text="when it was last read to the end"
    )
    data_age_seconds = IntegerField(
        allow_null=True,
        source="cursor.fresh_at",
        help_text="seconds since; null where it never was",
    )
    added_at = DateTimeField(help_text="since when Tagout knows it")


WORKSPACES = Listing(
    WorkspaceSerializer,
    Order("name", newest_first=False),
)


class SyncSerializer(Serializer[Any]):
    """How one workspace stands."""

    name = CharField()
    paused = BooleanField(source="is_paused")
    fresh_at = DateTimeField(allow_null=True)
    level = CharField()
    health = ChoiceField(list(Health), source="standing.health")
    error = SerializerMethodField()
    history_percent = IntegerField(allow_null=True)

    def get_error(self, sync: Sync) -> str:
        """Azure's answer, else what went wrong in reading."""
        return sync.standing.error or sync.error


class BacklogSerializer(Serializer[Any]):
    """What is owed to Sentinel, and by it."""

    waiting = IntegerField()
    given_up = IntegerField()
    details_owed = IntegerField()


class WorkerSerializer(Serializer[Any]):
    """A worker of one queue."""

    queue = CharField()
    seen_at = DateTimeField(source="at", allow_null=True)
    silent = BooleanField(source="is_silent")


class WorkerInstanceSerializer(Serializer[Any]):
    """A worker process with its children, which shows every ten seconds that it does work."""

    node = CharField(help_text="queue@host, as Celery calls it")
    queues = ListField(child=CharField(), help_text="those that it reads")
    at_work_at = DateTimeField(source="at")
    silent = BooleanField(
        source="is_silent", help_text="whether it does no work: it is paused, hangs or is gone"
    )


class RecordSerializer(Serializer[Any]):
    """Where the audit record stands."""

    entries = IntegerField()
    head = CharField()
    checked_at = DateTimeField(allow_null=True)
    broken_at = IntegerField(allow_null=True)


class LookSerializer(Serializer[Any]):
    """What one look of the auditor found."""

    at = DateTimeField()
    faults = ListField(child=CharField(), help_text="of the whole installation")
    sick = ListField(child=CharField(), help_text="names of workspaces that have a fault")


class AuditorSerializer(Serializer[Any]):
    """What the auditor watches and found; it looks once a minute."""

    looked_at = DateTimeField(source="at", allow_null=True, help_text="null before the first look")
    late = BooleanField(source="is_late", help_text="whether a look is overdue")
    faults = ListField(child=CharField(), help_text="while there is one, no heartbeat goes out")
    sick = DictField(
        child=ListField(child=CharField()), help_text="faults of workspaces, by their names"
    )
    queues = IntegerField(help_text="queues whose workers it listens for")
    kinds = IntegerField(help_text="kinds of work that must not be overdue")
    workspaces = IntegerField(help_text="workspaces that it compares, as far as you may see them")
    looks = LookSerializer(many=True, help_text="the latest, the newest first")


class DetailsSerializer(Serializer[Any]):
    """What those see who can do something about it."""

    owed = BacklogSerializer()
    unreadable = IntegerField()
    dead_jobs = IntegerField()
    broker = BooleanField(help_text="whether it answers")
    workers = WorkerSerializer(many=True)
    worker_instances = WorkerInstanceSerializer(many=True)
    record = RecordSerializer()
    auditor = AuditorSerializer()


class StatusSerializer(Serializer[Any]):
    """How the installation stands."""

    version = CharField()
    paused_after_restore = BooleanField(
        help_text="whether a backup was restored and nobody has resumed yet: nothing is sent and "
        "no rule acts"
    )
    workspaces = SyncSerializer(many=True)
    details = DetailsSerializer(
        allow_null=True, help_text="null for those who cannot do anything about it"
    )


class CheckSerializer(Serializer[Any]):
    """One prerequisite of a workspace."""

    name = CharField(help_text="the same in every language")
    state = ChoiceField(list(CheckState))
    evidence = CharField(help_text="what shows it")
    fix = CharField(help_text="what to do; empty where nothing is")
    checked_at = DateTimeField(
        allow_null=True, help_text="when a worker looked last; null where none did yet"
    )


class ReadinessSerializer(Serializer[Any]):
    """Every prerequisite of a workspace, as `workspace check` prints them."""

    checks = CheckSerializer(many=True)


class WorkspaceViewSet(Resource):
    """Sentinel workspaces and how fresh each is."""

    tag = "workspaces"
    title = gettext_lazy("Workspaces")
    listing = WORKSPACES
    lookup_field = "name"
    lookup_value_converter = "slug"

    def rows(self) -> QuerySet[Workspace]:
        """Workspaces in the person's reach, and those that feed their sites."""
        return workspaces_feeding(self.person).select_related(None)

    def own(self) -> Own:
        """Ages as of now, and how each answers."""
        now, standings = self.now, connection_health_by_workspace(now=clock.unshifted())

        def health(pk: int) -> str:
            return (standings[pk].health if pk in standings else Health.UNKNOWN).value

        return Own(reads={"data_age_seconds": lambda at: _age(at, now), "health": health})

    def workspace_of(self, row: Workspace) -> str:
        """Itself."""
        return row.name

    @facts(ReadinessSerializer)
    def readiness(self, row: Workspace) -> dict[str, Any]:
        """Whether everything is there that incidents need to come and to be answered; for the SOC,
        auditors and administrators.
        """
        workspace = Workspace.objects.select_related("organisation").get(pk=row.pk)
        if not may_view(workspace, user=self.person):
            raise Http404
        return {"checks": for_programs(checks_of(workspace, now=self.now))}


class Status(Api):
    """How the installation stands."""

    tag = "status"

    @facts_alone(StatusSerializer)
    def show(self) -> dict[str, Any]:
        """Freshness for everybody; what is owed, given up or silent for those who can help."""
        unshifted = clock.unshifted()
        syncs = with_health(syncs_visible_to(self.person, now=self.now), unshifted=unshifted)
        details = None
        if can_see_details(self.person):
            ids = [sync.workspace_id for sync in syncs]
            all_seen = can_see_everything(self.person)
            facts = operator_details(ids, everywhere=all_seen, now=self.now, unshifted=unshifted)
            details = _details(facts, ids)
        return {
            "version": settings.VERSION,
            "paused_after_restore": is_paused_after_restore(),
            "workspaces": syncs,
            "details": details,
        }


def _age(at: datetime | None, now: datetime) -> int | None:
    return None if at is None else max(0, int((now - at).total_seconds()))


def _details(details: OperatorDetails, ids: Collection[int]) -> dict[str, Any]:
    owing = [details.owing[pk] for pk in ids if pk in details.owing]
    return {
        "owed": {
            "waiting": sum(workspace.waiting for workspace in owing),
            "given_up": details.given_up_in_all,
            "details_owed": sum(workspace.details for workspace in owing),
        },
        "unreadable": details.unreadable_in_all,
        "dead_jobs": len(details.dead),
        "broker": details.broker,
        "workers": details.alive,
        "worker_instances": details.workers,
        "record": details.record,
        "auditor": details.auditor,
    }
