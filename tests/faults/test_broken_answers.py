"""F04, F05, F06, F13: connections that hang, answers that break off or are none, tokens that do not
hold. Calls end in time, nothing of a broken page is stored, and all is there once it is well.
"""

import json
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path

import pytest

from alerts.incidents.models import Incident
from alerts.intake.models import Cursor
from alerts.sentinel.client.timeouts import ANSWER_SECONDS, MAX_BODY_BYTES, TOTAL_SECONDS
from alerts.sentinel.models import Reachability
from portal.jobs.models import Job, JobState
from tests.faults.intake import azure
from tests.faults.proxy import FaultProxy

__all__ = ["azure"]

HOME = Path(__file__).resolve().parents[2]


@pytest.fixture
def proxy(azure):
    proxy = FaultProxy(azure.running.endpoint)
    azure.azure.endpoint = proxy.endpoint  # links in its pages lead through the proxy as well
    yield proxy
    proxy.close()


@pytest.fixture
def workspace(azure, proxy):
    workspace = azure.register(0)
    workspace.endpoint = proxy.endpoint
    workspace.save()
    return workspace


def pretend_all_is_well(proxy):
    proxy.drop_connections()
    Reachability.objects.update(open_until=None, not_before=None, failures=0)


@pytest.mark.fault("F04")
def test_f04_calls_that_hang_or_drip_end_in_time(
    azure, workspace, proxy, long, monkeypatch, measure
):
    """The short form has shorter limits, but where an answer is to come whole."""
    answer, total = (ANSWER_SECONDS, TOTAL_SECONDS) if long else (0.5, 1.0)
    client = "alerts.sentinel.client"
    azure.inject(20)
    azure.poll_now()
    longest = 0.0
    for fault in ({"hangs": True}, {"drip_after": 0}, {"drip_after": 4000}):
        azure.inject(20)
        pretend_all_is_well(proxy)
        vars(proxy).update(fault)
        with monkeypatch.context() as limits:
            limits.setattr(f"{client}._clients", {})  # those that are there have their limits
            limits.setattr(f"{client}.calls.ANSWER_SECONDS", answer)
            limits.setattr(
                f"{client}.azure.AzureSentinelClient.__init__.__kwdefaults__", {"seconds": total}
            )
            began = time.monotonic()
            azure.poll_now()
            longest = max(longest, time.monotonic() - began)
        # Before the fault was over: who waits for such an answer to its end would have it all.
        assert azure.missed(workspace), f"nothing came through: {fault}"
        assert Job.objects.get(kind="intake.poll").state == JobState.WAITING
        proxy.heal()
    pretend_all_is_well(proxy)
    azure.poll_now()
    assert azure.missed(workspace) == 0
    measure(
        f"longest call with a limit of {total:g} s",
        longest,
        unit="s",
        at_most=total + 0.5,
        by_clock=True,
    )


@pytest.mark.fault("F05")
def test_f05_an_answer_that_breaks_off_stores_nothing(azure, workspace, proxy, long, measure):
    azure.inject(10)
    azure.poll_now()
    watermark = Cursor.objects.get().watermark
    azure.inject(30)
    stored = Incident.objects.count()
    half_stored = broken = 0
    where = "/incidents\\?"
    steps = range(4_000, 40_000, 500) if long else range(4_000, 40_000, 6_000)
    faults = [{"cut_after": n} for n in steps]
    for fault in [*faults, {"body": "truncated"}, {"body": "wrong_length"}]:
        pretend_all_is_well(proxy)
        if "body" in fault:
            azure.control.fault(path=where, **fault)
        else:
            proxy.cut_after = fault["cut_after"]
        azure.poll_now()
        if Cursor.objects.get().latest_error:
            broken += 1
            half_stored += Incident.objects.count() - stored
            assert Cursor.objects.get().watermark == watermark
        proxy.heal()
        azure.control.clear_faults()
    assert broken >= len(faults) // 2
    pretend_all_is_well(proxy)
    azure.poll_now()
    measure(f"incidents stored of {broken} broken pages", half_stored, at_most=0)
    measure("lost after recovery", azure.missed(workspace), at_most=0)


READ_ONCE = """
import json, sys
from pathlib import Path
from alerts.sentinel.client.azure import AzureSentinelClient
from alerts.sentinel.client.connection import Connection
from alerts.sentinel.client.port import SentinelError

def peak():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))

client = AzureSentinelClient(Connection(**json.loads(sys.stdin.readline())))
client.probe()
before = peak()
print("ready", flush=True)
sys.stdin.readline()
try:
    client.list_incidents()
except SentinelError as error:
    print(error.code or type(error).__name__)
print(peak() - before)
"""


@pytest.mark.fault("F06")
def test_f06_what_is_no_page_is_an_error_and_stays_within_the_cap(azure, workspace, long, measure):
    azure.inject(5)
    untyped = 0
    for body in ("html", "empty", "not_json", "gzip_bomb"):
        azure.control.fault(path="/incidents", body=body)
        azure.poll_now()
        untyped += not Cursor.objects.get().latest_error.startswith("The answer")
        assert not Incident.objects.exists()
        azure.control.clear_faults()
        Reachability.objects.update(open_until=None, failures=0)
    size = 1024**3 if long else 128 * 1024**2
    worker = subprocess.Popen(
        [sys.executable, "-c", READ_ONCE],
        cwd=HOME,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    worker.stdin.write(json.dumps(asdict(workspace.connection_for("read"))) + "\n")
    worker.stdin.flush()
    assert worker.stdout.readline() == "ready\n"
    azure.control.fault(path="/incidents", body="gzip_bomb", size=size)
    out, _ = worker.communicate("go\n", timeout=120)
    code, kilobytes = out.split()
    assert code == "AnswerTooLarge"
    azure.control.clear_faults()
    azure.poll_now()
    assert azure.missed(workspace) == 0
    measure("answers that are no error of ours", untyped, at_most=0)
    name = f"memory for a bomb of {size // 1024**2} MB"
    measure(name, int(kilobytes) / 1024, unit="MB", at_most=2 * MAX_BODY_BYTES / 1024**2)


@pytest.mark.fault("F13")
def test_f13_a_refused_token_is_renewed_once_and_then_we_wait(azure, workspace, long, measure):
    azure.inject(5)
    azure.poll_now()
    azure.control.application("portal", revoke_tokens=True)
    azure.inject(5)
    azure.calls.clear()
    azure.poll_now()
    assert azure.missed(workspace) == 0, "a new token, and on it went"
    renewed = sum("oauth2" in call.path for call in azure.calls)
    azure.control.fault(path="/incidents", status=401, code="InvalidAuthenticationToken")
    azure.calls.clear()
    azure.go(3600 if long else 300, step=10)
    lists = [call for call in azure.calls if call.is_list]
    minutes = 60 if long else 5
    azure.control.clear_faults()
    azure.seconds_until(lambda: azure.missed(workspace) == 0, at_most=120)
    measure("sign-ins for one refused token", renewed, at_most=1)
    measure("calls a minute while all are refused", len(lists) / minutes, at_most=2 * 1.4)
