"""F01, F02, F03: Azure asks for silence, or has troubles of its own. It is left alone as long as it
wants, the other workspaces go on, and all is read once it is well.
"""

from collections import Counter
from datetime import timedelta
from itertools import pairwise

import pytest

from alerts.intake.queries import freshness_of
from alerts.sentinel.queries import Health
from tests.faults.intake import azure, fresh_at

__all__ = ["azure"]

POLL_EVERY = 20  # seconds
TICK = 5


@pytest.fixture
def workspaces(azure):
    made = [azure.register(0), azure.register(1)]
    azure.inject(3, index=0)
    azure.inject(3, index=1)
    azure.go(30)
    return made


def age(azure, workspace):
    return (azure.now() - fresh_at(workspace)).total_seconds()


@pytest.mark.fault("F01")
def test_f01_nobody_calls_before_the_time_that_azure_named(azure, workspaces, long, measure):
    sick, well = workspaces
    waits = [60, "date:90", 300, "date:1800", 3600, "date:7000"] if long else [45, "date:45"]
    early, oldest, catch_up = 0, 0.0, 0.0
    for wait in waits:
        seconds = float(str(wait).removeprefix("date:"))
        azure.go(POLL_EVERY)
        where = azure.azure.workspaces[0].name
        azure.control.fault(path=where, status=429, retry_after=wait, count=1)
        azure.seconds_until(lambda: not azure.azure.faults._faults[-1].count, at_most=60)
        refused_at = azure.calls_to(0)[-1].at
        azure.inject(index=0)
        azure.calls.clear()
        until = refused_at + timedelta(seconds=int(seconds))
        while (left := (until - azure.now()).total_seconds()) > TICK:
            azure.go(TICK if left < 120 else 20, step=TICK if left < 120 else 20)
            oldest = max(oldest, age(azure, well))
        early += sum(call.at < until for call in azure.calls_to(0))
        azure.seconds_until(lambda: not azure.missed(sick), at_most=120, step=1)
        catch_up = max(catch_up, (azure.now() - until).total_seconds())
    measure("calls sent too early", early, at_most=0)
    measure("the other workspace's greatest age", oldest, unit="s", at_most=POLL_EVERY + 2 * TICK)
    measure("catch-up", catch_up, unit="s", at_most=POLL_EVERY + TICK)


@pytest.mark.fault("F02")
def test_f02_without_a_believable_wait_we_back_off(azure, workspaces, long, measure):
    sick, well = workspaces
    where = azure.azure.workspaces[0].name
    most, longest, catch_up = 0, 0.0, 0.0
    for wait in (None, "99999999", "soon", "-5", "date:-600") if long else ("99999999",):
        azure.control.fault(path=where, status=429, retry_after=wait)
        azure.inject(index=0)
        azure.calls.clear()
        azure.go(600, step=10 if long else 20)
        if long:
            azure.go(6000, step=30)
        calls = azure.calls_to(0)
        per_minute = Counter(int(call.at.timestamp() // 60) for call in calls)
        most = max(most, *per_minute.values())
        pauses = [(after.at - before.at).total_seconds() for before, after in pairwise(calls)]
        longest = max(longest, *pauses)
        assert age(azure, well) <= 2 * POLL_EVERY
        azure.control.clear_faults()
        ended = azure.seconds_until(
            lambda: not azure.missed(sick), at_most=400, step=TICK if long else 2 * TICK
        )
        catch_up = max(catch_up, ended)
    measure("most calls in a minute", most, at_most=5)
    measure("longest pause", longest, unit="s", at_most=310)
    measure("catch-up", catch_up, unit="s", at_most=310)


@pytest.mark.fault("F03")
def test_f03_after_five_errors_only_a_probe_every_30_seconds(
    azure, workspaces, client, ada, long, measure
):
    sick, well = workspaces
    where = azure.azure.workspaces[0].name
    azure.control.fault(path=where, status=503)
    azure.inject(index=0)
    azure.calls.clear()
    client.force_login(ada)
    red_after = azure.seconds_until(
        lambda: "Azure does not answer" in client.get("/status/").text, at_most=120
    )
    azure.go(600 - red_after, step=TICK if long else 4 * TICK)
    calls = azure.calls_to(0)
    (facts, _) = freshness_of(workspaces, now=azure.now())
    assert facts.health == Health.UNREACHABLE
    assert age(azure, well) <= POLL_EVERY + TICK
    azure.control.clear_faults()
    catch_up = azure.seconds_until(lambda: not azure.missed(sick), at_most=120)
    # A read is repeated once at once: 5 attempts until the breaker opens, then one each 30 s.
    measure("calls during the outage of 600 s", len(calls), at_most=2 * (5 + 600 / 30))
    measure("shown as not answering after", red_after, unit="s", at_most=POLL_EVERY + TICK)
    measure("catch-up", catch_up, unit="s", at_most=30 + 2 * TICK)
