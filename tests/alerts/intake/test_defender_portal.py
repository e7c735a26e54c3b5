"""A workspace in the Defender portal: read through Graph, joined by the portal's id, and switched
while everything goes on. Nothing is lost, nothing is there twice, nothing of others is shown."""

from datetime import timedelta

import orjson
import pytest

from alerts.incidents.ingest.closers import Closer, store_closers
from alerts.incidents.ingest.entities import store_comments
from alerts.incidents.models import (
    Comment,
    Incident,
    IncidentCloser,
    IncidentRaw,
    IncidentStatus,
    TimelineItem,
)
from alerts.intake.models import Cursor, Missing, Quarantined
from alerts.intake.services import counterparts
from alerts.intake.services.counterparts import join_incidents
from alerts.intake.services.foreground import sync_workspace
from alerts.intake.services.history import read_history
from alerts.intake.services.poll import pull_changes
from alerts.intake.services.slices import COUNTERPARTS, POLL, run_one_slice
from alerts.intake.services.sweep import sweep_workspace
from alerts.sentinel.client.errors import AnswerTooLarge
from alerts.sentinel.client.graph_source import GraphIncidentSource
from alerts.sentinel.models import DefenderIncident
from alerts.sentinel.queries import waiting_incidents
from alerts.sentinel.services.counterparts import StoredCounterparts
from alerts.sentinel.services.workspaces import set_source
from alerts.sentinel.wire.entities import read_comments
from alerts.sentinel.wire.graph.comments import graph_comment_text
from portal import clock
from portal.jobs.models import Job
from tests.factories.answers import alert
from tests.factories.graph import MemoryGraph
from tests.factories.incidents import NOON, make_incident, make_workspace
from tests.memory_sentinel import MemorySentinel


class Portal:
    """One workspace that can be read by either side."""

    def __init__(self, workspace, graph, sentinel):
        self.workspace, self.graph, self.sentinel = workspace, graph, sentinel

    @property
    def client(self):
        self.workspace.refresh_from_db()
        if self.workspace.source == "arm":
            return self.sentinel
        counterparts = StoredCounterparts(self.workspace.name, clock=clock.now)
        return GraphIncidentSource(self.graph, self.sentinel, counterparts)

    def onboard(self, name, graph_id, **members):
        """An incident of Sentinel comes to the portal."""
        self.graph.add(graph_id, **members)
        self.graph.add_alert(graph_id)
        self.sentinel.edit(name, providerName="Microsoft XDR", providerIncidentId=graph_id)
        return name

    def add(self, graph_id, *, at=None, **members):
        """An incident that is in the portal, and that Sentinel has heard of."""
        return self.onboard(self.sentinel.add_incident(at=at), graph_id, **members)

    def use(self, source):
        set_source(name=self.workspace.name, source=source, by="test", now=NOON)

    def sync(self, **question):
        """One run in the foreground."""
        self.workspace.refresh_from_db()
        return sync_workspace(
            workspace=self.workspace,
            client=self.client,
            **{"since": None, "full": False, **question},
        )

    def poll(self):
        return pull_changes(workspace=self.workspace, client=self.client, now=NOON)

    def join(self):
        return join_incidents(workspace=self.workspace, client=self.client, now=NOON)

    def row(self, name):
        return Incident.objects.get(workspace=self.workspace, name=name)


@pytest.fixture
def graph():
    return MemoryGraph(NOON - timedelta(minutes=30))


@pytest.fixture
def sentinel():
    return MemorySentinel(starts_at=NOON - timedelta(minutes=30))


@pytest.fixture
def portal(workspace, graph, sentinel):
    return Portal(workspace, graph, sentinel)


def test_what_is_onboarded_while_we_run_stays_the_same_incident(portal):
    name = portal.sentinel.add_incident(owner={"objectId": "o", "email": "sam@plant.example"})
    portal.sync()
    before = portal.row(name)
    title = portal.sentinel.incidents[name]["properties"]["title"]
    portal.onboard(name, "8754", assignedTo="Sam@plant.example", displayName=title)
    portal.sync()
    portal.use("graph")
    portal.graph.edit("8754", severity="high", status="inProgress")
    portal.sync()
    after = portal.row(name)
    assert (after.pk, after.number) == (before.pk, before.number)
    assert (after.get_severity_display(), after.status) == ("High", IncidentStatus.ACTIVE)
    assert after.owner_id == "o"
    assert Incident.objects.count() == 1
    link = DefenderIncident.objects.get()
    assert (link.graph_id, link.name, link.waits_since) == ("8754", name, None)
    codes = TimelineItem.objects.values_list("code", flat=True)
    assert sorted(codes) == ["severity", "status"]  # the switch itself is no news


def test_a_second_run_finds_nothing_new(portal):
    portal.use("graph")
    portal.add("8754")
    portal.sync()
    found = portal.sync()
    assert (found["new"], found["changed"]) == (0, 0)
    assert found["seen"] == found["unchanged"] > 0


def test_an_incident_that_graph_shows_first_waits_for_its_place(portal):
    portal.use("graph")
    portal.sync()
    portal.graph.add("8754", status="inProgress", severity="high")
    portal.graph.add_alert("8754")
    portal.sync()
    assert not Incident.objects.exists()
    waiting = waiting_incidents(portal.workspace.pk)
    assert (waiting.count, waiting.since) == (1, NOON)
    name = portal.sentinel.add_incident(
        providerName="Microsoft XDR", providerIncidentId="8754", severity="Medium"
    )
    portal.join()
    row = portal.row(name)
    assert (row.status, row.get_severity_display()) == (IncidentStatus.ACTIVE, "High")
    assert waiting_incidents(portal.workspace.pk).count == 0
    assert not DefenderIncident.objects.exclude(waits_since=None).exists()


def test_what_belongs_to_others_of_the_tenant_is_never_stored(portal):
    portal.use("graph")
    portal.graph.add("8999", displayName="A mailbox of the board")
    portal.sync()
    portal.sync()
    assert not Incident.objects.exists()
    assert not IncidentRaw.objects.exists()
    assert not Quarantined.objects.exists()
    DefenderIncident.objects.update(waits_since=NOON - timedelta(days=8))
    portal.join()
    assert not DefenderIncident.objects.exists()


def test_two_workspaces_of_a_tenant_get_each_their_own(portal, graph):
    other = Portal(
        make_workspace("porto"), graph, MemorySentinel(starts_at=NOON - timedelta(minutes=30))
    )
    for side in (portal, other):
        side.use("graph")
    here, there = portal.add("8754"), other.add("8755")
    for side in (portal, other, portal, other):
        side.sync()
    assert [row.name for row in Incident.objects.filter(workspace=portal.workspace)] == [here]
    assert [row.name for row in Incident.objects.filter(workspace=other.workspace)] == [there]


def test_what_never_reached_the_portal_is_read_on_from_sentinel(portal):
    portal.use("graph")
    name = portal.sentinel.add_incident()
    portal.sync()
    portal.sentinel.edit(name, severity="High")
    portal.sync()
    assert portal.row(name).get_severity_display() == "High"


def test_what_sentinel_hears_late_does_not_write_over_what_graph_said(portal):
    portal.use("graph")
    name = portal.add("8754")
    portal.sync()
    portal.graph.edit("8754", severity="high")
    portal.sync()
    portal.sentinel.edit(name, severity="Low")
    portal.sync()
    assert portal.row(name).get_severity_display() == "High"


def test_back_at_the_resource_manager_nothing_is_lost_or_doubled(portal):
    portal.use("graph")
    name, alone = portal.add("8754"), portal.sentinel.add_incident()
    portal.sync()
    portal.graph.edit("8754", severity="high")
    portal.sync()
    portal.use("arm")
    portal.sentinel.edit(name, severity="Informational")  # Sentinel's clock is behind Graph's
    portal.sentinel.edit(alone, severity="High")
    late = portal.add("8756")
    portal.sync()
    assert portal.row(name).get_severity_display() == "Informational"
    assert portal.row(alone).get_severity_display() == "High"
    assert portal.row(late)
    assert Incident.objects.count() == 3
    assert Cursor.objects.get().own_watermark is None
    portal.use("graph")
    portal.graph.edit("8756", severity="low")
    portal.sync()
    assert portal.row(late).get_severity_display() == "Low"
    assert Incident.objects.count() == 3


@pytest.mark.parametrize("by_worker", [True, False])
def test_after_a_switch_back_sentinels_list_goes_on_where_it_was_read(portal, by_worker):
    portal.use("graph")
    portal.sync()
    name = portal.sentinel.add_incident(at=NOON - timedelta(minutes=40))
    Cursor.objects.update(watermark=NOON, own_watermark=NOON - timedelta(minutes=45))
    portal.use("arm")
    if by_worker:
        assert run_one_slice(kind=POLL, connect=lambda _: portal.client)
    else:
        portal.sync()
    assert portal.row(name)
    assert Cursor.objects.get().own_watermark is None


def test_times_of_the_two_sides_are_never_compared(portal):
    name = portal.add("8754")
    portal.sync()
    Incident.objects.update(modified_at=NOON - timedelta(minutes=1))  # later than Graph's time
    portal.use("graph")
    portal.graph.edit("8754", severity="high")
    portal.sync()
    assert portal.row(name).get_severity_display() == "High"


def test_nothing_is_read_from_graph_before_the_stored_ones_are_joined(portal, monkeypatch):
    names = [portal.add(str(8000 + n)) for n in range(5)]
    portal.sync()
    portal.use("graph")
    for name in names:
        portal.graph.edit(str(8000 + names.index(name)), severity="high")
    connect = {"connect": lambda _: portal.client}
    assert run_one_slice(kind=POLL, **connect)
    assert not portal.graph.calls
    monkeypatch.setattr(counterparts, "_CHUNK", 2)
    monkeypatch.setattr("alerts.intake.services.slices.SLICE_SECONDS", 0.0)
    for _ in range(3):  # two rows in each slice that is over at once
        Job.objects.update(due_at=clock.unshifted())
        assert run_one_slice(kind=COUNTERPARTS, **connect)
    assert DefenderIncident.objects.count() == 5
    Job.objects.update(due_at=clock.unshifted())
    assert run_one_slice(kind=POLL, **connect)
    assert {portal.row(name).get_severity_display() for name in names} == {"High"}


def test_a_workspace_that_graph_does_not_serve_has_no_joining(portal):
    portal.add("8754")
    assert not run_one_slice(kind=COUNTERPARTS, connect=lambda _: portal.client)
    assert not Job.objects.filter(kind=COUNTERPARTS).exists()


def test_history_and_sweep_go_by_the_list_that_is_the_workspaces_own(portal):
    names = [portal.add(str(8000 + n), at=NOON - timedelta(days=n)) for n in range(4)]
    portal.graph.add("8999")
    portal.use("graph")
    portal.workspace.refresh_from_db()
    read_history(workspace=portal.workspace, client=portal.client, now=NOON)
    assert set(Incident.objects.values_list("name", flat=True)) == set(names)
    assert DefenderIncident.objects.count() == 4
    assert not portal.graph.calls
    sweep_workspace(workspace=portal.workspace, client=portal.client, now=NOON)
    assert not Missing.objects.exists()


def test_raw_alerts_that_graph_does_not_have_are_not_lost(portal):
    """Graph shows alerts of analytics rules; those of the sensor itself only Sentinel has."""
    aggregates = {
        "alertsCount": 2,
        "alertProductNames": ["Azure Security Center for IoT"],
        "tactics": ["Impact"],
    }
    name = portal.sentinel.add_incident(additionalData=aggregates)
    portal.sentinel.alerts[name] = [alert(1), alert(2)]
    portal.sync()
    portal.onboard(name, "8754")
    portal.graph.alerts["8754"].clear()
    portal.use("graph")
    portal.sync()
    portal.graph.edit("8754", severity="high")
    portal.sync(full=True)
    row = portal.row(name)
    assert row.get_severity_display() == "High"
    assert (row.alerts_count, row.product_names) == (2, ["Azure Security Center for IoT"])
    assert row.alerts.count() == 2


def test_a_comment_that_both_sides_tell_of_is_there_once(portal):
    key = "0b8f3c1e-5b7e-4d49-9c60-0e1b7a4f2d35"
    at = NOON.isoformat()

    def store(name, message):
        comment = {"name": name, "properties": {"message": message, "createdTimeUtc": at}}
        (read,) = read_comments(orjson.dumps({"value": [comment]})).items
        store_comments({row.pk: [read]}, now=NOON)

    row = make_incident(portal.workspace)
    store("5b7e0b8f-3c1e-4d49-9c60-0e1b7a4f2d35", "First look done.")
    store("graph-1", "First look done.")
    store(key, "Routine.")
    store("graph-2", "Routine.")
    store("1c60a001-3c1e-4d49-9c60-0e1b7a4f2d35", graph_comment_text("Routine.", key=key))
    store("1c60a002-3c1e-4d49-9c60-0e1b7a4f2d35", "Routine.")  # said by somebody once more
    messages = Comment.objects.order_by("pk").values_list("message", flat=True)
    assert list(messages) == ["First look done.", "Routine.", "Routine."]


def test_a_killed_join_goes_on_and_finds_nothing_twice(portal, monkeypatch):
    portal.use("graph")
    portal.sync()
    portal.graph.add("8754", severity="high")
    portal.graph.add_alert("8754")
    portal.sync()
    name = portal.sentinel.add_incident(providerName="Microsoft XDR", providerIncidentId="8754")
    settled = counterparts.settle_waiting

    def die(**_):
        raise KeyboardInterrupt

    monkeypatch.setattr(counterparts, "settle_waiting", die)
    with pytest.raises(KeyboardInterrupt):
        portal.join()
    monkeypatch.setattr(counterparts, "settle_waiting", settled)
    portal.join()
    assert portal.row(name).get_severity_display() == "High"
    assert Incident.objects.count() == 1


def test_alerts_that_no_answer_of_graph_holds_hide_no_incident(portal, monkeypatch):
    asked = MemoryGraph.get

    def refuse(graph, *parts, **options):
        body = asked(graph, *parts, **options)
        if b"giant-alert" in body:
            raise AnswerTooLarge(body[:200])
        return body

    monkeypatch.setattr(MemoryGraph, "get", refuse)
    portal.use("graph")
    names = [portal.add(graph_id) for graph_id in ("101", "102", "103")]
    portal.graph.add_alert("102", alert_id="giant-alert")
    portal.graph.edit("103", severity="high")
    portal.sync()
    assert set(Incident.objects.values_list("name", flat=True)) == {*names}
    portal.graph.edit("102", severity="high")
    portal.poll()
    severities = {portal.row(name).get_severity_display() for name in names[1:]}
    assert severities == {"High"}
    assert portal.client.capabilities.expand


def test_an_incident_that_no_answer_of_graph_holds_is_put_aside(portal, monkeypatch):
    asked = MemoryGraph.get

    def refuse(graph, *parts, **options):
        body = asked(graph, *parts, **options)
        if b"no end to it" in body:
            raise AnswerTooLarge(body[:200])
        return body

    monkeypatch.setattr(MemoryGraph, "get", refuse)
    portal.use("graph")
    for graph_id in ("101", "102", "103"):
        portal.add(graph_id)
    portal.sync()
    portal.graph.edit("102", description="There is no end to it.")
    portal.graph.edit("103", severity="high")
    portal.poll()
    assert "larger than 32 MB" in Quarantined.objects.get().reason
    assert Incident.objects.get(number=3).get_severity_display() == "High"


@pytest.mark.parametrize(
    "by", ["marta@soc.example", "API-App:marta@soc.example", "Microsoft Defender XDR"]
)
def test_who_closes_it_in_the_portal_is_kept_and_who_touches_it_later_is_not(portal, by):
    name = portal.add("8754")
    portal.sync()
    portal.use("graph")
    portal.sync()
    assert not IncidentCloser.objects.exists()
    portal.graph.edit("8754", status="resolved", lastModifiedBy=by)
    portal.sync()
    portal.graph.edit("8754", customTags=["later"], lastModifiedBy="olga@soc.example")
    portal.sync()
    (closer,) = IncidentCloser.objects.all()
    assert (closer.incident_id, closer.name) == (portal.row(name).pk, by)
    assert portal.row(name).closed_at == closer.closed_at


RULE = "Automation rule - Close what is Low"


def test_what_the_log_says_of_a_close_replaces_whom_the_portal_names(portal):
    name = portal.add("8754")
    portal.use("graph")
    portal.sync()
    portal.graph.edit("8754", status="resolved", lastModifiedBy="marta@soc.example")
    portal.sync()
    (stored,) = IncidentCloser.objects.all()
    moment = stored.closed_at - timedelta(seconds=30)  # she only tagged what was closed
    closer = Closer(name, RULE, moment)
    assert store_closers(workspace_id=portal.workspace.pk, closers=[closer]) == 1
    (stored,) = IncidentCloser.objects.all()
    assert (stored.name, stored.closed_at) == (RULE, moment)
    earlier = Closer(name, "olga@soc.example", moment - timedelta(days=1))
    assert store_closers(workspace_id=portal.workspace.pk, closers=[earlier]) == 0


def test_the_portal_replaces_whom_the_log_named_only_of_an_earlier_close(portal):
    name = portal.add("8754")
    portal.use("graph")
    portal.sync()
    open_at = portal.row(name).modified_at
    store_closers(workspace_id=portal.workspace.pk, closers=[Closer(name, RULE, open_at)])
    portal.graph.edit("8754", status="resolved", lastModifiedBy="marta@soc.example")
    portal.sync()
    assert IncidentCloser.objects.get().name == RULE
    portal.graph.edit("8754", status="active", lastModifiedBy="marta@soc.example")
    portal.sync()
    portal.graph.edit("8754", status="resolved", lastModifiedBy="olga@soc.example")
    portal.sync()
    assert IncidentCloser.objects.get().name == "olga@soc.example"


def test_what_was_closed_before_we_looked_has_no_known_closer(portal):
    portal.use("graph")
    portal.add("8755", status="resolved", lastModifiedBy="marta@soc.example")
    portal.sync()
    assert not IncidentCloser.objects.exists()
