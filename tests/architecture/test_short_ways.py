"""Six flows stay short enough to read: each has a budget of files, measured over one run.

Every product file in which a function runs counts once; a hop is a pair of files of which one calls
the other. `pytest -s` prints the way, in the order in which the run enters the files. The numbers
are what is measured and only go down (docs/decisions/0022-what-a-short-way-counts.md).
"""

import sys
import threading
import uuid
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from alerts.incidents.models import Incident
from alerts.intake.services.pages import read_page_answer, store_page
from alerts.intake.services.poll import pull_changes
from alerts.outbox.models import Change
from alerts.reviews.models import Verdict
from alerts.reviews.services.questions import ask_ot
from alerts.sentinel.client.port import ListBy
from alerts.sites.models import Site
from tests.alerts.suppression.enforcing.floor import DEVICES, POLLING, routine
from tests.architecture.tree import HOME, WINGS
from tests.factories.answers import device

pytestmark = pytest.mark.django_db
TOOL = sys.monitoring.PROFILER_ID
NOT_FOLLOWED = {"<module>", "__str__"}  # an import, and the name of a row in the audit record
# The tests ask it when they take on the role of a worker.
HARNESS = "portal/runtime/apply_worker_rights.py"
BUDGETS = {
    "list page to row": 13,
    "details": 20,
    "OT's answer": 32,
    "delivery": 22,
    "a rule decides": 29,  # that it decides by facts alone is worth a file, caps are worth two
    "delivery and ledger of a rule": 35,
}


@dataclass
class Trace:
    """The product's files that a run enters, in order, and who calls whom."""

    files: dict[str, None] = field(default_factory=dict)
    hops: set[tuple[str, str]] = field(default_factory=set)


def _product_file(filename):
    path = Path(filename)
    if not path.is_relative_to(HOME):
        return None
    name = path.relative_to(HOME)
    return str(name) if name.parts[0] in WINGS and str(name) != HARNESS else None


@contextmanager
def traced():
    """Watch this thread until the block ends."""
    trace, here, names = Trace(), threading.get_ident(), {}

    def name_of(filename):
        if filename not in names:
            names[filename] = _product_file(filename)
        return names[filename]

    def entered(code, _offset):
        name = name_of(code.co_filename)
        if name is None or code.co_name in NOT_FOLLOWED:
            return sys.monitoring.DISABLE
        if threading.get_ident() == here:
            trace.files.setdefault(name)
            caller = sys._getframe(2)
            while caller and not (before := name_of(caller.f_code.co_filename)):
                caller = caller.f_back
            if caller and before != name:
                trace.hops.add((before, name))
        return None

    sys.monitoring.use_tool_id(TOOL, "short ways")
    sys.monitoring.register_callback(TOOL, sys.monitoring.events.PY_START, entered)
    sys.monitoring.set_events(TOOL, sys.monitoring.events.PY_START)
    sys.monitoring.restart_events()
    try:
        yield trace
    finally:
        sys.monitoring.set_events(TOOL, 0)
        sys.monitoring.register_callback(TOOL, sys.monitoring.events.PY_START, None)
        sys.monitoring.free_tool_id(TOOL)


def check(flow, trace):
    """Print the way and hold it to its budget: who shortens it lowers the number."""
    print(f"\n{flow}: {len(trace.files)} files of {BUDGETS[flow]}, {len(trace.hops)} hops")
    for number, name in enumerate(trace.files, 1):
        print(f"  {number:2} {name}")
    assert 0 < len(trace.files) <= BUDGETS[flow]


@pytest.fixture
def incident_name(floor):
    """An incident in Sentinel that Tagout has not read, with one alert between two devices."""
    name = floor.sentinel.add_incident(
        at=floor.now,
        title=POLLING,
        additionalData={"alertsCount": 1, "alertProductNames": ["Azure Security Center for IoT"]},
    )
    floor.sentinel.alerts[name] = [routine()]
    floor.sentinel.entities[name] = [part for values in DEVICES for part in device(*values)]
    return name


def test_a_list_page_becomes_rows_in_few_files(floor, incident_name):
    old = floor.incident()
    floor.sentinel.edit(old.name, severity="High")
    floor.sentinel.add_incident(at=floor.now)
    page = read_page_answer(floor.sentinel.list_incidents(by=ListBy.MODIFIED))
    with traced() as trace:
        store_page(workspace_id=floor.workspace.pk, page=page, now=floor.now)
    assert Incident.objects.count() == 3
    old.refresh_from_db()
    assert old.get_severity_display() == "High"
    check("list page to row", trace)


def test_details_are_read_in_few_files(floor, incident_name):
    pull_changes(workspace=floor.workspace, client=floor.sentinel, now=floor.now)
    with traced() as trace:
        floor.details()
    assert Incident.objects.get(name=incident_name).alerts.exists()
    check("details", trace)


@pytest.fixture
def question(floor):
    """The SOC has asked OT about one incident."""
    incident = floor.incident()
    return ask_ot(
        site_id=Site.objects.get().pk,
        question="Was this planned?",
        by=floor.leo,
        now=floor.now,
        incident_ids=[incident.pk],
    )


def test_an_answer_is_kept_in_few_files(floor, question, client):
    client.force_login(floor.oda)
    client.get(f"/reviews/{question.uuid}/")
    form = {"key": str(uuid.uuid4()), "verdict": "maintenance"}
    with traced() as trace:
        answer = client.post(
            f"/reviews/{question.uuid}/", form | {"cause_maintenance": "plc-programming-window"}
        )
    assert answer.status_code == 302, answer.content
    assert Verdict.objects.exists()
    check("OT's answer", trace)


def test_a_change_is_delivered_in_few_files(floor, question, client):
    client.force_login(floor.oda)
    form = {"key": str(uuid.uuid4()), "verdict": "maintenance"}
    client.post(
        f"/reviews/{question.uuid}/", form | {"cause_maintenance": "plc-programming-window"}
    )
    floor.clock.go(minutes=1)
    owed = Change.objects.count()
    with traced() as trace:
        delivered = floor.deliver()
    assert 0 < len(delivered) == owed
    check("delivery", trace)


def test_a_rule_decides_in_few_files(floor):
    floor.rule()
    floor.incident()
    with traced() as trace:
        assert floor.decide()
    check("a rule decides", trace)


def test_what_a_rule_closed_is_delivered_in_few_files(floor):
    floor.rule()
    floor.incident()
    floor.decide()
    floor.clock.go(minutes=1)
    with traced() as trace:
        assert floor.deliver()
    assert floor.ledger
    check("delivery and ledger of a rule", trace)
