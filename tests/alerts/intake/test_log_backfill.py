"""The past of a workspace from Log Analytics: a pretend Azure over TLS, our client, our rows."""

import io
import json
import re
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db.models import Count

from alerts.incidents.models import (
    Alert,
    Entity,
    Incident,
    IncidentAlert,
    IncidentCloser,
    IncidentStatus,
)
from alerts.intake.models import LogBackfill
from alerts.intake.services import log_backfill
from alerts.intake.services.backfill_requests import pause_log_backfill, start_log_backfill
from alerts.intake.services.log_backfill import run_due_log_backfills
from alerts.intake.services.log_foreground import backfill_in_foreground, progress_line
from alerts.intake.services.log_windows import WindowTooLarge
from alerts.sentinel.client.log_analytics import logs_client_for
from alerts.sentinel.client.port import SentinelUnavailable
from portal import clock
from portal.audit.models import Entry
from portal.formats.moments import read_moment
from portal.jobs.models import Job
from simulator.people import person_named
from simulator.plant.catalogue import alert_types
from tests.conftest import NOON
from tests.factories.azure import begin_reading, make_workspace_at
from tests.factories.incidents import make_workspace
from tests.reuse import reuse_rows

INCIDENTS = 150


@reuse_rows
def workspace(azure):
    return make_workspace_at(azure, logs_endpoint=azure.endpoint)


@reuse_rows
def whole(azure, workspace):
    """What a backfill of the whole past found, which is there."""
    with pytest.MonkeyPatch.context() as patch:
        begin_reading(patch, azure)
        return backfill()


@pytest.fixture(autouse=True)
def reading(azure, monkeypatch):
    begin_reading(monkeypatch, azure)
    monkeypatch.setattr(log_backfill, "_TURN", 600.0)  # as much in a turn on a slow machine
    yield
    azure.control.clear_faults()
    azure.control.log_limits(rows=500_000, bytes=100 * 1024 * 1024, seconds=600, calls=200)


def backfill(*words, name="far"):
    output = io.StringIO()
    call_command("backfill", name, *words, "--json", stdout=output)
    return json.loads(output.getvalue())


def sync(*words):
    call_command("sync", "far", *words, stdout=io.StringIO())


def in_sentinel(azure):
    return sum(azure.control.state()["incidents"][azure.workspaces[0].key].values())


def everything():
    """What is stored, without what the database makes up."""
    return {
        "incidents": Incident.objects.count(),
        "fetched": Incident.objects.filter(details_state="fetched").count(),
        "alerts": sorted(Alert.objects.values_list("key", "system_alert_id", "alert_type")),
        "links": sorted(IncidentAlert.objects.values_list("incident__name", "alert__key")),
        "entities": sorted(Entity.objects.values_list("incident__name", "name")),
    }


def lone_alerts():
    return Alert.objects.annotate(n=Count("incidents")).filter(n=0)


def test_all_incidents_come_with_their_alerts_and_entities(whole, azure):
    found = whole
    assert (found["state"], found["share"]) == ("done", 1.0)
    assert found["incidents"] == in_sentinel(azure) == Incident.objects.count()
    assert found["incomplete"] == found["unreadable"] == 0
    assert not Incident.objects.exclude(details_state="fetched").exists()
    assert not Incident.objects.filter(pattern=None).exists()
    assert Entity.objects.exists() and not Incident.objects.exclude(flags=[]).exists()
    lone = lone_alerts()
    assert found["alerts_without_incident"] == lone.count() > 2, "some never become incidents"
    assert lone.exclude(site=None).exclude(source_address="").exists()
    assert all(
        alert_types()[title].rule is None for title in lone.values_list("alert_type", flat=True)
    )
    rule_made = Alert.objects.filter(incidents__title__startswith="(MDIoT)")
    assert not rule_made.filter(source_address="", destination_address="").exists()
    actions = list(Entry.objects.order_by("pk").values_list("action", flat=True))
    assert actions[-2:] == ["intake.log_backfill.started", "intake.log_backfill.finished"]


def test_it_agrees_with_what_sentinel_itself_tells(whole):
    columns = "name", "title", "alert_type", "severity", "status", "source", "destination"
    more = "protocol", "place", "pattern", "number", "alerts_count"
    of_logs = {row[0]: row for row in Incident.objects.values_list(*columns, *more)}
    keys = set(IncidentAlert.objects.values_list("incident__name", "alert__key"))
    Incident.objects.all().delete()
    Alert.objects.all().delete()
    sync("--full")
    fetched = Incident.objects.filter(details_state="fetched")
    of_sentinel = {row[0]: row for row in fetched.values_list(*columns, *more)}
    assert set(IncidentAlert.objects.values_list("incident__name", "alert__key")) <= keys
    made_by_rules = set(
        Incident.objects.filter(title__startswith="(MDIoT)").values_list("name", flat=True)
    )
    for name, row in of_sentinel.items():
        if name not in made_by_rules:  # of those the logs know both ends, Sentinel does not
            assert of_logs[name] == row
    assert len(of_sentinel) > 40


def test_run_again_it_reads_nothing_twice(whole):
    before = everything()
    assert backfill()["state"] == "done"
    assert everything() == before
    LogBackfill.objects.update(state="running", read_since=NOON)
    backfill()
    assert everything() == before


def test_read_under_a_limit_it_goes_on_where_it_is_asked_for_more(workspace):
    first = backfill("--since", (NOON - timedelta(days=5)).isoformat())
    second = backfill("--since", (NOON - timedelta(days=10)).isoformat())
    whole = backfill()
    assert first["state"] == second["state"] == whole["state"] == "done"
    assert first["incidents"] < second["incidents"] < whole["incidents"]
    windows = whole["windows"]
    assert backfill()["windows"] == windows, "there is nothing more"


def test_what_sentinel_told_is_not_written_over(workspace, azure):
    sync("--full")
    etags = dict(Incident.objects.values_list("name", "etag"))
    before = everything()
    backfill()
    assert dict(Incident.objects.values_list("name", "etag")) == etags
    after = everything()
    assert set(before["entities"]) <= set(after["entities"])
    assert set(before["links"]) <= set(after["links"])
    assert after["fetched"] == after["incidents"] > before["fetched"], "old ones have alerts now"


def test_what_sentinel_tells_later_takes_the_place_of_what_the_logs_told(whole, azure):
    patterns = dict(Incident.objects.values_list("name", "pattern"))
    sync()
    assert Incident.objects.count() == in_sentinel(azure)
    assert not Incident.objects.filter(etag="").exists()
    assert dict(Incident.objects.values_list("name", "pattern")) == patterns
    Incident.objects.update(details_due_at=NOON, details_state="pending")
    sync("--full")
    assert not Entity.objects.filter(name__startswith="log-").exists()
    assert Entity.objects.exists()


def test_an_answer_that_is_a_part_is_asked_for_in_shorter_windows(whole, azure):
    stored, windows = everything(), whole["windows"]
    for model in (IncidentAlert, Alert, Incident, LogBackfill, Job):
        model.objects.all().delete()
    azure.control.log_limits(rows=15)
    found = backfill()
    assert (found["state"], everything()) == ("done", stored)
    assert found["windows"] > windows


def test_where_even_a_second_does_not_come_whole_it_fails_and_says_so(
    workspace, azure, monkeypatch
):
    shortest = "alerts.intake.services.log_backfill._SHORTEST"
    monkeypatch.setattr(shortest, timedelta(hours=6))  # a second is seventeen halves away
    monkeypatch.setattr("alerts.intake.services.log_backfill.MAX_GAPS", 2)
    azure.control.log_limits(bytes=60)  # enough for a moment, not for an incident
    found = backfill()
    assert found["state"] == "failed" and "even one second" in found["latest_error"]
    assert not Incident.objects.exists()
    azure.control.log_limits(bytes=10**8)
    assert backfill()["incidents"] == in_sentinel(azure)


def test_a_second_that_no_answer_holds_is_left_out_and_asked_for_again(whole, monkeypatch):
    stored, giant = everything(), Incident.objects.earliest("created_at").created_at
    for model in (IncidentAlert, Alert, Incident, LogBackfill, Job):
        model.objects.all().delete()
    asked, limit = log_backfill.read_log_window, [giant]

    def refuse(**window):
        if limit and window["since"] <= limit[0] < window["until"]:
            raise WindowTooLarge("The answer is larger than 32 MB.")
        return asked(**window)

    monkeypatch.setattr(log_backfill, "read_log_window", refuse)
    found = backfill()
    assert (found["state"], found["gaps"]) == ("done", 1)
    assert everything()["incidents"] < stored["incidents"]
    limit.clear()
    found = backfill()
    assert (found["state"], found["gaps"], found["incidents"]) == ("done", 0, whole["incidents"])
    assert everything() == stored


def test_paused_it_goes_on_where_it_stopped(workspace, azure, monkeypatch):
    told = []

    def pause_after_three(line):
        told.append(line)
        if len(told) == 3:
            pause_log_backfill(workspace=workspace, by="tests", now=NOON)

    stopped = backfill_in_foreground(
        workspace=workspace,
        client=logs_client_for(workspace),
        since=None,
        by="tests",
        notify=pause_after_three,
    )
    assert (stopped.state, stopped.windows) == ("paused", 3)
    assert 0 < stopped.share_read() < 1
    assert told[-1] == progress_line(LogBackfill.objects.get(), name="far")
    read = Incident.objects.count()
    assert 0 < read < in_sentinel(azure)
    run_due_log_backfills(connect=logs_client_for)
    assert Incident.objects.count() == read, "workers leave it alone"
    found = backfill()
    assert found["incidents"] == in_sentinel(azure) == Incident.objects.count()


def test_workers_read_what_was_asked_for(workspace, azure):
    assert backfill("--background")["state"] == "running"
    with pytest.raises(CommandError, match="never asked"):
        make_workspace("porto")
        backfill("--status", name="porto")
    while LogBackfill.objects.get().state == "running":
        run_due_log_backfills(connect=logs_client_for)
    assert Incident.objects.count() == in_sentinel(azure)
    assert backfill("--status")["share"] == 1.0


def test_workers_look_for_newer_alerts_without_incident(workspace, azure, monkeypatch):
    backfill("--since", (NOON - timedelta(days=20)).isoformat())
    asked = LogBackfill.objects.get()
    lone_alerts().delete()
    later = NOON + timedelta(minutes=20)
    LogBackfill.objects.update(until=NOON - timedelta(days=20))
    monkeypatch.setattr("portal.clock.now", lambda: later)
    Job.objects.update(due_at=NOON - timedelta(days=400))
    run_due_log_backfills(connect=logs_client_for)
    assert lone_alerts().exists()
    assert LogBackfill.objects.get().until == later
    assert LogBackfill.objects.get().incidents == asked.incidents


def test_an_error_is_shown_and_the_next_try_waits_as_asked(workspace, azure):
    start_log_backfill(workspace=workspace, by="tests", now=NOON)
    azure.control.fault(path="/query", status=429, retry_after=70)
    run_due_log_backfills(connect=logs_client_for)
    assert "fewer calls" in LogBackfill.objects.get().latest_error
    job = Job.objects.get(kind="intake.logs")
    assert job.state == "waiting" and "fewer calls" in job.latest_error
    assert timedelta(seconds=60) < job.due_at - clock.unshifted() <= timedelta(seconds=70)


@pytest.mark.parametrize("body", ["truncated", "not_json"])
def test_a_broken_answer_stores_nothing(workspace, azure, body, monkeypatch):
    monkeypatch.setattr("alerts.intake.services.log_foreground.PATIENCE", 0.0)
    azure.control.fault(path="/query", body=body)
    with pytest.raises(CommandError, match=r"^far: "):
        backfill()
    assert not Incident.objects.exists() and not Alert.objects.exists()
    azure.control.clear_faults()
    assert backfill()["incidents"] == in_sentinel(azure)


def test_without_an_address_no_token_goes_anywhere(workspace):
    type(workspace).objects.update(logs_endpoint="")
    with pytest.raises(CommandError, match="--logs-endpoint"):
        backfill()


class Forgetful:
    """Logs that lack one alert of an incident."""

    def __init__(self, client):
        self.client = client

    def query(self, text):
        whole = json.loads(self.client.query(text))
        if "SystemAlertId in (ids)" in text:
            whole["tables"][0]["rows"].pop()
        return json.dumps(whole).encode()


def test_what_the_logs_lack_is_left_to_sentinel(workspace, azure):
    found = backfill_in_foreground(
        workspace=workspace,
        client=Forgetful(logs_client_for(workspace)),
        since=NOON - timedelta(days=10),
        by="tests",
    )
    assert found.incomplete == Incident.objects.exclude(details_state="fetched").count() > 0
    assert not Incident.objects.filter(details_state="pending", details_due_at=None).exists()


class Slow:
    """Logs that take too long for what is longer than some time."""

    def __init__(self, client, limit):
        self.client, self.limit = client, limit

    def query(self, text):
        moments = re.findall(r"datetime\(([^)]*)\)", text)[:2]
        if moments and read_moment(moments[1]) - read_moment(moments[0]) > self.limit:
            raise SentinelUnavailable("Azure cannot be reached (TooSlow).", code="TooSlow")
        return self.client.query(text)


def test_what_takes_too_long_is_asked_for_in_shorter_windows(workspace, azure):
    since = NOON - timedelta(days=20)
    client = Slow(logs_client_for(workspace), timedelta(hours=60))
    found = backfill_in_foreground(workspace=workspace, client=client, since=since, by="tests")
    assert (found.state, found.windows > 7) == ("done", True)
    assert Incident.objects.exists()


def test_where_all_is_slow_nothing_is_given_up(workspace, azure):
    start_log_backfill(workspace=workspace, by="tests", now=NOON)
    client = Slow(logs_client_for(workspace), timedelta(0))
    run_due_log_backfills(connect=lambda _: client)
    found = LogBackfill.objects.get()
    assert (found.state, found.windows) == ("running", 0)
    assert "TooSlow" in found.latest_error
    assert Job.objects.get(kind="intake.logs").due_at > clock.unshifted() + timedelta(seconds=20)


def test_the_past_holds_one_worker_at_a_time(workspace, azure):
    other = make_workspace("porto")
    for each in (workspace, other):
        start_log_backfill(workspace=each, by="tests", now=NOON)
    soon = clock.unshifted() + timedelta(minutes=2)
    held = Job.objects.filter(kind="intake.logs", key=str(other.uuid))
    held.update(state="running", lease_until=soon)
    run_due_log_backfills(connect=logs_client_for)
    assert not Incident.objects.exists()
    held.delete()
    run_due_log_backfills(connect=logs_client_for)
    assert Incident.objects.exists()


def test_after_onboarding_incidents_have_no_description_in_the_logs(workspace, azure):
    azure.control.onboard(azure.workspaces[0].key)
    found = backfill()
    assert found["incidents"] == in_sentinel(azure)
    assert Incident.objects.count() == in_sentinel(azure)


CLOSING = {
    "status": "Closed",
    "classification": "BenignPositive",
    "classificationReason": "SuspiciousButExpected",
}


def open_incidents(n):
    names = Incident.objects.filter(status__lt=IncidentStatus.CLOSED).order_by("pk")
    return list(names.values_list("name", flat=True)[:n])


def closers_of(names):
    rows = IncidentCloser.objects.filter(incident__name__in=names)
    return dict(rows.values_list("incident__name", "name"))


def test_the_log_says_who_closed_what_and_no_later_change_takes_their_place(azure, whole):
    closed, left = names = open_incidents(2)
    assert closers_of(names) == {}
    azure.control.edit(closed, properties=CLOSING, by="marta")
    azure.control.edit(closed, add_labels=["later"], by="olga")
    azure.control.edit(left, add_labels=["later"], by="olga")
    LogBackfill.objects.update(state="running", read_since=NOON)
    backfill()
    assert closers_of(names) == {closed: person_named("marta").email}


def test_who_closed_since_is_read_while_we_follow(azure, whole):
    (name,) = open_incidents(1)
    azure.control.edit(name, properties=CLOSING, by="marta")
    Job.objects.update(due_at=clock.unshifted() - timedelta(minutes=1))
    run_due_log_backfills(connect=logs_client_for)
    assert closers_of([name]) == {name: person_named("marta").email}
