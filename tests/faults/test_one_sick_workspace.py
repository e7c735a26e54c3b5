"""G8: of 20 workspaces one is sick, in each way of the matrix. What Tagout knows of the other 19
grows older by less than a fifth.

The short form, beside which other tests run, does not measure that: there the others are read again
and again while calls to the sick one hang, or it has much to bring.
"""

from datetime import timedelta

import pytest

from alerts.intake.models import Quarantined
from alerts.sentinel.models import Reachability
from portal.jobs.models import Job
from simulator.running import running_simulator
from tests.faults.lag import FastService, lag

SICK = 3
REFUSED = {"error": {"code": "AuthorizationFailed", "message": "Not allowed."}}
GONE = {"error": {"code": "ResourceNotFound", "message": "The workspace is gone."}}
SPOILT = ("nul", "wrong_types", "properties_list", "deep", "huge_int", "date_far_future")


def burst(service):
    service.inject(200, index=SICK)  # in each period: 5,000 in ten minutes


def giants(service):
    store = service.simulator.store.incidents
    row = store.find(service.inject(1, index=SICK)[0])
    row.properties["description"] = "x" * (12 * 1024**2)  # three are more than an answer may hold
    store.put(row)


def add_a_giant(service):
    """An incident that no answer can hold, not even alone, and others behind it."""
    store = service.simulator.store.incidents
    row = store.find(service.inject(1, index=SICK)[0])
    row.properties["description"] = "x" * (40 * 1024**2)
    store.put(row)
    service.inject(2, index=SICK)


def garbage(service):
    for how in SPOILT:
        service.inject(2, index=SICK, mangle=how)


# By its name: the row of the matrix, the faults of the sick workspace, what happens there meanwhile
WAYS = {
    "429 that names a wait": ("F01", {"status": 429, "retry_after": 30}, None),
    "429 without a wait": ("F02", {"status": 429}, None),
    "503": ("F03", {"status": 503}, None),
    "hangs": ("F04", {"hangs": True}, None),
    "drips": ("F04", {"body": "drip"}, None),
    "breaks off": ("F05", {"body": "truncated"}, None),
    "wrong length": ("F05", {"body": "wrong_length"}, None),
    "HTML": ("F06", {"body": "html"}, None),
    "a gzip bomb": ("F06", {"body": "gzip_bomb"}, None),
    "pages twice": ("F07", {"next_link": "duplicate"}, burst),
    "looping links": ("F10", {"next_link": "loop"}, burst),
    "links elsewhere": ("F10", {"next_link": "foreign"}, burst),
    "401": ("F13", {"status": 401}, None),
    "403": ("F15", {"status": 403, "answer": REFUSED}, None),
    "404": ("F16", {"status": 404, "answer": GONE}, None),
    "garbage": ("F19", None, garbage),
    "giants": ("F20", None, giants),
    "has a giant alone": ("F20", None, add_a_giant),
    "a burst": ("F24", None, burst),
}
SHORT = ("hangs", "a burst")


def pytest_generate_tests(metafunc):
    """The short form knows two ways, fewer workspaces, and less time."""
    ways = WAYS if metafunc.config.getoption("--long-faults") else SHORT
    params = [pytest.param(way, marks=pytest.mark.fault(WAYS[way][0]), id=way) for way in ways]
    metafunc.parametrize("way", params)


@pytest.fixture
def service(transactional_db, monkeypatch, way, long):
    """What costs much of the machine costs `speed` times as much by the fast clock, and the pretend
    Azure answers nobody while it lays out a page of 36 MB: such ways are met more slowly.
    """
    speed = 3 if way in ("giants", "has a giant alone", "garbage") else 10 if long else 20
    with running_simulator() as running:
        yield FastService(running, monkeypatch, speed=speed)


def test_one_sick_workspace_holds_up_no_other(service, way, long, measure):
    n = 20 if long else 6
    _, fault, happens = WAYS[way]
    service.add_workspaces(n)
    workspaces = [service.register(index) for index in range(n)]
    others = [workspace for index, workspace in enumerate(workspaces) if index != SICK]
    with service.workers():
        service.wait_until_read(workspaces)
        if long:
            measure_lag(service, others, way, measure)
        else:
            fall_sick(service, fault)
            go_on(service, n, happens)
            reads = service.wait_until_read_again(others, times=3)
            measure("reads of the others meanwhile", reads, at_least=3)
        get_well(service)
        deadline = service.now() + timedelta(minutes=2 if long else 20)
        while service.now() < deadline and missed(service, workspaces):
            service.wait(5)
    lost = missed(service, workspaces) - Quarantined.objects.count()
    measure("neither known nor put aside afterwards", lost, at_most=0)


def measure_lag(service, others, way, measure):
    """Four periods in which all are well, and four in which one is sick."""
    n, (_, fault, happens) = len(others) + 1, WAYS[way]
    before = lag(service.ages(others, periods=4, meanwhile=lambda: go_on(service, n)))
    fall_sick(service, fault)
    during = lag(service.ages(others, periods=4, meanwhile=lambda: go_on(service, n, happens)))
    measure(f"lag of {n} workspaces that are well", before, unit="s")
    measure(f"lag of the other {n - 1} while one {way}", during, unit="s")
    measure("lag increase", 100 * (during / before - 1), unit="%", below=20)


def go_on(service, n, happens=None):
    """What happens in one period."""
    for index in range(n):
        service.inject(1, index=index)
    if happens:
        happens(service)


def fall_sick(service, fault):
    if fault is None:
        return
    where = f"/{service.azure.workspaces[SICK].name}/"
    if fault.get("hangs"):
        fault = {"delay": 40 / service.speed, "status": 503}
    service.control.fault(path=where, **fault)


def get_well(service):
    service.control.clear_faults()
    Reachability.objects.update(open_until=None, not_before=None)
    Job.objects.update(due_at=service.now())


def missed(service, workspaces):
    return sum(service.missed(workspace, index) for index, workspace in enumerate(workspaces))
