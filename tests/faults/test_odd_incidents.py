"""F18 to F22: incidents as no healthy service would send them. What is odd costs only itself: it is
stored raw, flagged or put aside, never closed by a rule, and the rest of its page is there.
"""

import json
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alerts.incidents.models import DetailsState, Incident, IncidentRaw
from alerts.intake.models import Cursor, Quarantined, Run
from alerts.intake.tasks import watch_unreadable
from alerts.sentinel.services.reach import note_fresh
from alerts.suppression.enforcing.decide import decide_new_incidents
from portal.accounts.models import GrantScope, Role
from portal.notifications.models import Notification
from simulator.faults import MANGLERS, mangle
from tests import cast
from tests.alerts.sentinel.wire.samples import incident
from tests.alerts.suppression.enforcing.floor import DEVICES, POLLING, ROUTINE, Floor, routine
from tests.conftest import NOON, examples
from tests.factories.answers import device
from tests.faults.intake import azure
from tests.faults.outbox import environment_of_a_worker

__all__ = ["azure"]

HOME = Path(__file__).resolve().parents[2]
PRODUCT = "Azure Security Center for IoT"
DATES = [name for name in MANGLERS if name.startswith("date_")]
BREAKERS = ["nul", "lone_surrogate", "nan", "huge_int", "deep", "duplicate_keys"]
SHAPES = [
    *("no_name", "properties_list", "properties_null", "no_object", "null_members"),
    *("missing_members", "renamed_members", "wrong_types"),
]
MAX_WORKER_MB = 400  # at which a worker is replaced


@pytest.fixture
def workspace(azure):
    return azure.register(0)


@pytest.fixture
def floor(azure, workspace, make_person):
    """A live rule that closes each routine incident."""
    people = (
        make_person(cast.ODA, (Role.OT_ENGINEER, GrantScope.ALL, None)),
        make_person(cast.LEO, (Role.SOC_LEAD, GrantScope.WORKSPACE, workspace.uuid)),
    )
    floor = Floor(workspace, None, None, people)
    floor.rule(ROUTINE, number=12, since=NOON - timedelta(days=1))
    return floor


def happens(azure, *, entities=(), alerts=(), **body):
    """An incident that the rule would close, but for what is odd about it; returns its name."""
    alerts = list(alerts) or [routine()]
    more = {"alertsCount": len(alerts), "alertProductNames": [PRODUCT]}
    found = [entity for one in DEVICES for entity in device(*one)] + list(entities)
    properties = {"title": POLLING, "additionalData": more}
    (name,) = azure.inject(alerts=alerts, entities=found, properties=properties, **body)
    return name


def closed_by_rules(names):
    return Incident.objects.filter(name__in=names).exclude(closed_by="").count()


def read_and_decide(azure):
    azure.go(60, step=20)
    decide_new_incidents(now=azure.now())


def serve(azure, *pieces):
    """Have Azure answer the next list with these very incidents."""
    page = b'{"value":[%s]}' % b",".join(pieces)
    text = page.decode("utf-8", "surrogatepass")
    azure.control.clear_faults()
    azure.control.fault(path="/incidents\\?", status=200, answer=text, count=1)


@pytest.mark.fault("F18")
def test_f18_what_nobody_knows_is_shown_and_never_suppressed(azure, floor, measure):
    plain = happens(azure)
    odd = [happens(azure, mangle=f"odd_{what}") for what in ("status", "severity")]
    closed_oddly = happens(azure, mangle="odd_classification")
    strange = {"id": "/e9", "name": "e9", "kind": "FluxCapacitor", "properties": {"power": 1.21}}
    odd.append(happens(azure, entities=[strange]))
    read_and_decide(azure)
    assert closed_by_rules([plain]) == 1, "the rule closes what is not odd"
    rows = Incident.objects.filter(name__in=[*odd, closed_oddly])
    flags = [flag for row in rows for flag in row.flags]
    assert rows.count() == 4
    for what in ("status", "severity", "classification"):
        assert f"{what}:unknown" in flags
    kept = IncidentRaw.objects.filter(body__properties__severity="Apocalyptic").count()
    assert kept == 1, "it is kept as it came"
    measure("suppressed", closed_by_rules(odd), at_most=0)
    measure("counted as unknown", sum(flag.endswith(":unknown") for flag in flags), at_least=3)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=4,
)
MEMBERS = st.sampled_from(sorted(incident()["properties"]))


@pytest.mark.fault("F19")
def test_f19_one_odd_incident_costs_at_most_itself(azure, workspace, long, measure):
    lost = pages = 0

    @settings(
        max_examples=examples(200 if long else 10, hunted=200),
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(
        shape=st.sampled_from(SHAPES),
        changes=st.dictionaries(MEMBERS, JSON, min_size=1, max_size=4),
        place=st.integers(0, 9),
    )
    def deliver(shape, changes, place):
        nonlocal lost, pages
        Incident.objects.all().delete()
        Cursor.objects.all().delete()
        good = [orjson.dumps(incident(n)) for n in range(1, 11)]
        bad = [mangle(incident(50), shape), json.dumps(incident(51, **changes)).encode()]
        serve(azure, *good[:place], *bad, *good[place:])
        azure.poll_now()
        names = [orjson.loads(body)["name"] for body in good]
        lost += 10 - Incident.objects.filter(name__in=names).count()
        pages += 1
        rest = Incident.objects.exclude(name__in=names).count() + Quarantined.objects.count()
        assert rest >= 1, "the odd ones are stored or put aside"

    deliver()
    measure(f"rest stored of {pages} pages", 100 * (1 - lost / pages / 10), unit="%", at_least=100)


@pytest.mark.fault("F19")
def test_f19_more_than_one_in_a_hundred_unreadable_is_told_once(
    azure, workspace, client, ada, sam, measure
):
    azure.inject(120)
    azure.inject(1, mangle="no_object")  # less than that is for those who look
    azure.go(60, step=20)
    began = azure.now()

    def alarms():
        return Notification.objects.filter(kind="intake.unreadable", to=ada).count()

    watch_unreadable()
    client.force_login(ada)
    assert not alarms() and "incidents could not be read" not in client.get("/status/").text
    azure.inject(4, mangle="no_object")
    while not alarms() and azure.now() < began + timedelta(hours=1):
        azure.go(60, step=20)
        watch_unreadable()
    told_after = (azure.now() - began).total_seconds()
    assert "incidents could not be read" in client.get("/status/").text
    azure.go(600, step=60)
    watch_unreadable()
    assert alarms() == 1, "told once"
    assert not Notification.objects.filter(kind="intake.unreadable", to=sam).exists()
    Run.objects.all().delete()  # an hour in which all could be read
    azure.azure.faults.clear()
    Run.objects.create(
        workspace=workspace, kind="poll", started_at=azure.now(), finished_at=azure.now(), seen=100
    )
    watch_unreadable()
    Run.objects.create(
        workspace=workspace,
        kind="poll",
        started_at=azure.now(),
        finished_at=azure.now(),
        seen=100,
        quarantined=5,
    )
    watch_unreadable()
    assert alarms() == 2, "and again once it was well in between"
    measure("told after", told_after, unit="s", at_most=120)


SYNC = """
import sys, django
from pathlib import Path
django.setup()
from django.core.management import call_command

def kilobytes(name):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name))

before = kilobytes("VmRSS")
call_command("sync", sys.argv[1], "--full", verbosity=0)
print(kilobytes("VmHWM") - before)
"""


@pytest.mark.django_db(transaction=True)
@pytest.mark.fault("F20")
def test_f20_giant_incidents_are_stored_and_stay_open(azure, floor, long, client, sam, measure):
    addresses = [
        {"id": f"/ip-{n}", "name": f"ip-{n}", "kind": "Ip", "properties": {"address": f"10.9.{n}"}}
        for n in range(10_000)
    ]
    giant = happens(azure, entities=addresses, alerts=[routine() for _ in range(150)])
    for _ in range(3 if long else 1):
        row = azure.simulator.store.incidents.find(happens(azure))
        # In the long form they are more than one answer may hold.
        row.properties["description"] = "x" * ((30 if long else 5) * 1024**2)
        azure.simulator.store.incidents.put(row)
    plain = happens(azure)
    worker = subprocess.run(
        [sys.executable, "-c", SYNC, floor.workspace.name],
        cwd=HOME,
        env=environment_of_a_worker(),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert worker.returncode == 0, worker.stderr
    assert azure.missed(floor.workspace) == 0
    note_fresh(workspace_id=floor.workspace.pk, now=azure.now())
    decide_new_incidents(now=azure.now())
    assert closed_by_rules([plain]) == 1
    row = Incident.objects.get(name=giant)
    assert row.details_state == DetailsState.FETCHED
    client.force_login(sam)
    times = []
    for _ in range(20 if long else 5):
        began = time.perf_counter()
        assert client.get(f"/incidents/{row.pk}/").status_code == 200
        times.append((time.perf_counter() - began) * 1000)
    measure(
        "peak of the worker", int(worker.stdout.split()[-1]) / 1024, unit="MB", below=MAX_WORKER_MB
    )
    p95 = sorted(times)[int(len(times) * 0.95) - 1]
    measure("its page, p95", p95, unit="ms", at_most=1000, by_clock=True)
    measure("giants suppressed", closed_by_rules([giant]), at_most=0)


@pytest.mark.fault("F21")
def test_f21_odd_dates_never_move_the_watermark_into_the_future(azure, workspace, long, measure):
    ahead = 0
    for turn in range(5 if long else 1):
        for kind in DATES:
            azure.inject(mangle=kind)
            azure.inject()
            azure.go(20, step=20)
            watermark = Cursor.objects.get().watermark
            ahead += watermark > azure.now()
        n = 2 * len(DATES) * (turn + 1)
        assert Incident.objects.count() + Quarantined.objects.count() == n
    flags = {flag for row in Incident.objects.all() for flag in row.flags}
    for oddity in ("not_a_date", "out_of_range", "no_zone", "empty"):
        assert f"modified_at:{oddity}" in flags
    assert "modified_at:in_the_future" in flags
    assert azure.missed(workspace) == 0
    measure("watermark beyond now", ahead, at_most=0)


@pytest.mark.fault("F22")
def test_f22_json_that_breaks_readers_costs_no_page(azure, workspace, long, measure):
    lost = pages = 0
    for kind in BREAKERS:
        for place in (0, 5, 10) if long else (5,):
            Incident.objects.all().delete()
            Quarantined.objects.all().delete()
            good = [orjson.dumps(incident(n)) for n in range(1, 11)]
            broken = mangle(incident(50), kind)
            serve(azure, *good[:place], broken, *good[place:])
            azure.poll_now()
            pages += 1
            names = [orjson.loads(body)["name"] for body in good]
            lost += Incident.objects.filter(name__in=names).count() < 10
            odd = Incident.objects.exclude(name__in=names).first()
            aside = Quarantined.objects.exists()
            assert aside or (odd is not None and (odd.flags or kind == "duplicate_keys")), kind
    measure(f"pages lost of {pages}", lost, at_most=0)
