import io
import json
from datetime import timedelta
from types import SimpleNamespace

import orjson
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from alerts.incidents.models import Incident
from alerts.intake.models import Quarantined
from alerts.sentinel.client.port import SentinelDenied, SentinelThrottled, SentinelUnavailable
from tests.factories.answers import alert, device
from tests.factories.incidents import NOON, make_workspace
from tests.memory_sentinel import MemorySentinel, standing_in

KEYS = {
    *("workspace", "seen", "new", "changed", "unchanged", "quarantined", "merged", "deleted"),
    *("flagged", "out_of_scope", "details_pending", "seconds"),
}


@pytest.fixture(autouse=True)
def _standing_in(workspace, sentinel):
    with standing_in(sentinel):
        yield


def sync(*words):
    output = io.StringIO()
    call_command("sync", *words, "--json", stdout=output)
    return json.loads(output.getvalue())


def test_one_run_says_what_it_found_and_a_second_finds_nothing_new(sentinel):
    for hours in range(1, 31):
        sentinel.add_incident(at=NOON - timedelta(hours=hours * 9))
    first = sync("gdansk")
    assert first.keys() == KEYS
    assert (first["workspace"], first["seen"], first["new"]) == ("gdansk", 30, 30)
    assert first["details_pending"] == 30
    second = sync("gdansk")
    assert (second["new"], second["changed"], second["details_pending"]) == (0, 0, 30)
    third = sync("gdansk", "--since", "2026-11-01T00:00:00Z")
    assert third["unchanged"] == third["seen"] > 20


def test_of_2500_incidents_two_that_cannot_be_read_cost_only_themselves(sentinel):
    names = [sentinel.add_incident(at=NOON - timedelta(minutes=n + 30)) for n in range(2500)]
    asked = MemorySentinel.list_incidents

    def listed(**arguments):
        answer = orjson.loads(asked(sentinel, **arguments))
        for row in answer["value"]:
            if row["name"] == names[77]:
                row["properties"] = "gone"
            if row["name"] == names[1234]:
                row["name"] = None
        return orjson.dumps(answer)

    sentinel.list_incidents = listed
    found = sync("gdansk")
    assert (found["seen"], found["new"], found["quarantined"]) == (2500, 2498, 2)
    assert Incident.objects.count() == 2498 and Quarantined.objects.count() == 2
    Incident.objects.update(details_due_at=None)
    again = sync("gdansk", "--full")
    assert (again["new"], again["changed"], again["quarantined"]) == (0, 0, 2)
    assert again["seen"] == again["unchanged"] + 2
    assert Quarantined.objects.count() == 2


def test_a_full_run_waits_for_alerts_and_entities(sentinel, monkeypatch):
    monkeypatch.setattr("alerts.intake.services.pace.Pace.wait", lambda self: None)
    for hours in (1, 2):
        name = sentinel.add_incident(at=NOON - timedelta(hours=hours))
        sentinel.alerts[name] = [alert(hours)]
        sentinel.entities[name] = device("PLC-21", "10.20.2.21")
    assert sync("gdansk", "--full")["details_pending"] == 0
    assert Incident.objects.filter(details_state="fetched").count() == 2


def test_all_workspaces_are_a_list(sentinel):
    make_workspace("porto")
    assert [one["workspace"] for one in sync("--all")] == ["gdansk", "porto"]


def test_what_was_read_is_told_although_another_workspace_failed(sentinel, capsys):
    make_workspace("porto")
    sentinel.fail_next(SentinelDenied("We may not read incidents there.", status=403))
    with pytest.raises(CommandError, match=r"^gdansk: We may not read incidents there\.$"):
        call_command("sync", "--all", "--json")
    assert [one["workspace"] for one in json.loads(capsys.readouterr().out)] == ["porto"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["nowhere"], "no workspace named nowhere"),
        ([], "Name one workspace"),
        (["gdansk", "--all"], "Name one workspace"),
        (["gdansk", "--since", "yesterday"], "--since must be"),
        (["gdansk", "--since", "2026-11-20T08:00"], "--since must be"),
        (["gdansk", "--since", "9999-12-31T23:59:59-12:00"], "--since must be"),
    ],
    ids=str,
)
def test_what_is_wrong_is_one_sentence(words, sentence):
    with pytest.raises(CommandError, match=sentence):
        sync(*words)


def test_a_paused_workspace_is_not_read(workspace):
    workspace.state = "paused"
    workspace.save()
    with pytest.raises(CommandError, match="gdansk is paused"):
        sync("gdansk")


def test_an_error_of_sentinel_is_one_sentence(sentinel):
    sentinel.fail_next(SentinelDenied("We may not read incidents there.", status=403))
    with pytest.raises(CommandError, match=r"^gdansk: We may not read incidents there\.$"):
        sync("gdansk")


@pytest.fixture
def waits(monkeypatch):
    """Waits take no time, but count."""
    slept, moment = [], [0.0]

    def sleep(seconds):
        slept.append(round(seconds))
        moment[0] += seconds

    pretend = SimpleNamespace(sleep=sleep, monotonic=lambda: moment[0])
    monkeypatch.setattr("alerts.intake.services.foreground.time", pretend)
    monkeypatch.setattr("portal.clock.unshifted", lambda: NOON + timedelta(seconds=moment[0]))
    return slept


@pytest.mark.parametrize(
    "error",
    [
        SentinelThrottled("Slow down.", retry_after=2),
        SentinelUnavailable("Busy.", status=503, retry_after=2),
    ],
    ids=["429", "503"],
)
def test_where_azure_names_a_time_it_waits_and_says_so(sentinel, waits, capsys, error):
    for hours in range(1, 4):
        sentinel.add_incident(at=NOON - timedelta(hours=hours))
    sentinel.fail_next(error, times=3)
    assert sync("gdansk")["new"] == 3
    assert [seconds for seconds in waits if seconds] == [2, 2, 2]
    assert capsys.readouterr().err.count("gdansk: Azure asks for 2 s of silence.") == 3


def test_it_gives_up_after_ten_minutes_without_progress(sentinel, waits):
    sentinel.fail_next(SentinelThrottled("Slow down.", retry_after=60), times=100)
    with pytest.raises(CommandError, match=r"^gdansk: Slow down\.$"):
        sync("gdansk")
    assert 540 <= sum(waits) <= 600


def test_what_azure_does_not_time_is_not_waited_for(sentinel, waits):
    sentinel.fail_next(SentinelUnavailable("Away.", status=500))
    with pytest.raises(CommandError, match="Away"):
        sync("gdansk")
    assert sum(waits) == 0


def test_a_silence_that_azure_asked_for_is_kept(sentinel):
    sentinel.fail_next(SentinelThrottled("Slow down.", retry_after=3000))
    with pytest.raises(CommandError, match="Slow down"):
        sync("gdansk")
    calls = len(sentinel.calls)
    with pytest.raises(CommandError, match="asks for silence until"):
        sync("gdansk")
    assert len(sentinel.calls) == calls
