"""The command `simulator`: runs the pretend Azure, or moves both clocks."""

import io
import itertools
import json
import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from kombu.exceptions import OperationalError

from alerts.demo.processes import hold_port, port_of
from alerts.sentinel.models import Workspace
from portal import clock
from portal.jobs.models import ClockOffset, Job
from portal.jobs.services import ensure_job
from simulator.client import Control
from tests.conftest import NOON

HOME = Path(__file__).resolve().parents[2]


def run(*words):
    out = io.StringIO()
    call_command("simulator", *words, "--json", stdout=out, stderr=io.StringIO())
    return json.loads(out.getvalue())


def register(pretend, **changes):
    place = pretend.workspaces[0]
    return Workspace.objects.create(
        **{
            "name": place.key,
            "tenant_id": place.tenant_id,
            "subscription_id": place.subscription_id,
            "resource_group": place.resource_group,
            "workspace_name": place.name,
            "endpoint": pretend.endpoint,
            "authority": pretend.endpoint,
            "ca_bundle": str(pretend.ca_file),
            "credential": "client-secret",
            "added_at": NOON,
        }
        | changes
    )


def test_it_serves_until_it_is_told_to_stop(tmp_path):
    """On the socket that it is given, as in the demo; nobody takes that port meanwhile."""
    script = tmp_path / "script.json"
    script.write_text(json.dumps({"events": [{"at": 0, "do": "inject"}]}))
    place = hold_port(58443, strict=False)
    words = ["--fd", str(place.fileno()), "--size", "20", "--data", str(tmp_path)]
    words += ["--script", str(script)]
    process = subprocess.Popen(
        [sys.executable, "manage.py", "simulator", "--json", "--still", *words],
        cwd=HOME,
        stdout=subprocess.PIPE,
        text=True,
        pass_fds=(place.fileno(),),
        env={**os.environ, "TAGOUT_DEMO_SECRET": "known", "DATA_DIR": str(tmp_path)},
    )
    port = port_of(place)
    place.close()
    with process:
        facts = json.loads(process.stdout.readline())
        counts = Control(facts["endpoint"], facts["ca_file"]).state()["incidents"]
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    assert facts["endpoint"].endswith(f":{port}")
    assert facts["incidents"] == sum(sum(by_status.values()) for by_status in counts.values()) == 21
    assert {by_status["client_secret"] for by_status in facts["applications"]} == {"known"}


def test_two_that_start_at_once_never_hold_the_same_port():
    with hold_port(58443, strict=False) as first, hold_port(port_of(first), strict=False) as other:
        assert port_of(first) != port_of(other)
        with pytest.raises(SystemExit, match="DEMO_PORT"):
            hold_port(port_of(first), strict=True)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--size", "many"], "whole number"),
        (["--plant", "x"], "whole number"),
        (["--port", "70000"], "whole number"),
        (["--fd", "9999", "--size", "1"], "cannot be used"),
        (["--script", "no-such-file"], "cannot be read"),
        (["dance"], "Unknown action"),
    ],
)
def test_what_is_wrong_is_one_sentence(tmp_path, words, sentence):
    with pytest.raises(CommandError, match=sentence):
        run(*words, "--data", str(tmp_path))


@pytest.mark.parametrize(
    "script",
    [
        [],
        {"songs": []},
        {"events": [{"do": "sing"}]},
        {"faults": [{"status": 500, "body": "soup"}]},
    ],
)
def test_a_script_that_makes_no_sense_is_refused(tmp_path, script):
    file = tmp_path / "script.json"
    file.write_text(json.dumps(script))
    with pytest.raises(CommandError, match=r"script\.json"):
        run("--script", str(file), "--data", str(tmp_path))


@pytest.mark.django_db
def test_both_clocks_move_in_steps_of_half_a_day(pretend, monkeypatch):
    from alerts.demo import advance

    monkeypatch.setattr(advance.app.control, "ping", lambda **_: [])
    register(pretend)
    result = run("advance", "1d6h")
    assert [step["hours"] for step in result["steps"]] == [12, 12, 6]
    assert ClockOffset.objects.get().seconds == 30 * 3600
    assert pretend.control.state()["offset_seconds"] == 30 * 3600
    assert clock.now() - clock.unshifted() > timedelta(hours=29)


@pytest.mark.django_db
def test_waiting_work_becomes_due_as_if_time_had_passed(pretend, monkeypatch):
    from alerts.demo import advance

    register(pretend)
    now = clock.unshifted()
    ensure_job(kind="nightly", key="x", now=now, due_at=now + timedelta(hours=1))
    woken = []

    def work(task, **_options):
        woken.append(task)
        Job.objects.filter(due_at__lte=clock.unshifted()).update(state="done")
        return SimpleNamespace(id=task)

    monkeypatch.setattr(advance.app.control, "ping", lambda **_: [{"worker": "pong"}])
    monkeypatch.setattr(advance, "is_pending", lambda _ids, workers: False)
    monkeypatch.setattr(advance.app, "send_task", work)
    monkeypatch.setattr(advance.time, "sleep", lambda _seconds: None)
    run("advance", "2h")
    assert Job.objects.get().state == "done"
    assert woken


@pytest.mark.django_db
def test_what_never_ends_is_waited_for_once_a_round_and_what_nobody_takes_once(
    pretend, monkeypatch
):
    """Reading a workspace is due again at once; the job of a paused one is never taken."""
    from alerts.demo import advance

    register(pretend)
    now = clock.unshifted()
    for key in ("taken", "never"):
        ensure_job(kind="reading", key=key, now=now, due_at=now)
    rounds = []

    def work(task, **_options):
        rounds.append(task)
        Job.objects.filter(key="taken").update(fence=len(rounds))
        return SimpleNamespace(id=task)

    passed = itertools.count(0, 20)
    monkeypatch.setattr(advance.app.control, "ping", lambda **_: [{"worker": "pong"}])
    monkeypatch.setattr(advance, "is_pending", lambda _ids, workers: False)
    monkeypatch.setattr(advance.app, "send_task", work)
    fake_time = SimpleNamespace(sleep=lambda _seconds: None, monotonic=lambda: next(passed))
    monkeypatch.setattr(advance, "time", fake_time)
    result = run("advance", "1d")
    assert len(result["steps"]) == 2
    assert Job.objects.filter(state="waiting").count() == 2


def test_wake_ups_carry_what_their_tasks_need(monkeypatch):
    from alerts.demo import advance

    sent = {}

    def send(task, **options):
        sent[task] = options
        return SimpleNamespace(id=task)

    monkeypatch.setattr(advance.app, "send_task", send)
    assert advance._wake_workers(tuple(advance.SCHEDULE)) == set(sent)
    assert sent["portal.jobs.tasks.note_heartbeat"]["kwargs"]["name"]
    assert set(advance.WAY_OF_INCIDENTS) <= set(sent)


@pytest.mark.django_db
def test_with_the_broker_away_it_goes_on_at_once(pretend, monkeypatch):
    from alerts.demo import advance

    def away(**_options):
        raise OperationalError("no broker")

    register(pretend)
    monkeypatch.setattr(advance.app.control, "ping", away)
    (step,) = run("advance", "2h")["steps"]
    assert step["waited_seconds"] == 0


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["endpoint", "authority", "logs_endpoint"])
def test_a_real_azure_is_never_moved(pretend, address):
    register(pretend, **{address: "https://management.azure.com"})
    with pytest.raises(CommandError, match="not this machine"):
        run("advance", "1h")
    assert not ClockOffset.objects.filter(seconds__gt=0).exists()
    assert pretend.control.state()["offset_seconds"] == 0


@pytest.mark.django_db
def test_no_simulator_no_moving(pretend):
    with pytest.raises(CommandError, match="No workspace"):
        run("advance", "1h")
    register(pretend, endpoint="https://localhost:1")
    with pytest.raises(CommandError, match="does not answer"):
        run("advance", "1h")


@pytest.mark.django_db
@pytest.mark.parametrize("words", ["", "soon", "0h", "-1h", "1w"])
def test_a_duration_that_is_none_is_refused(words):
    with pytest.raises(CommandError):
        run("advance", *([f" {words}"] if words else []))


def test_advance_moves_the_demo_that_runs_wherever_its_data_is(tmp_path, monkeypatch):
    from alerts.demo import data_folder
    from portal.errors import Misconfigured

    home, elsewhere = tmp_path / "home", tmp_path / "elsewhere"
    for name in ("DEMO_DATA", "DATA_DIR"):
        monkeypatch.delenv(name, raising=False)
    running = set()
    monkeypatch.setattr(data_folder.embedded, "database_answers", running.__contains__)
    for folder in (home, elsewhere):
        folder.mkdir()
        (folder / "cluster-id").write_text("x")
    with pytest.raises(Misconfigured, match="No demo of this source tree is running"):
        data_folder.running_demo(home)
    running.add(home)
    assert data_folder.running_demo(home) == home
    data_folder.note_demo(elsewhere, home=home)
    assert data_folder.running_demo(home) == home, "the one elsewhere has ended"
    running.add(elsewhere)
    assert data_folder.running_demo(home) == elsewhere
    monkeypatch.setenv("DEMO_DATA", str(tmp_path / "third"))
    with pytest.raises(Misconfigured, match="third"):
        data_folder.running_demo(home)
