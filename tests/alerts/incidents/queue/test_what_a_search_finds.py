"""A filter finds rows by what their incidents and alerts know, and says what it cannot read."""

from uuid import uuid4

import pytest
from django.db import connection
from django.utils import translation

from alerts.incidents.engine.tokens import parse_query
from alerts.incidents.models import Alert, Incident, IncidentAlert, IncidentStatus, OtState
from alerts.incidents.queue.counts import condition_value_words, facets
from alerts.incidents.queue.queries import Queue, queue_params
from alerts.incidents.web.palette import incident_by_number
from portal.accounts.models import GrantScope, Role
from tests import cast
from tests.conftest import NOON
from tests.factories.incidents import (
    make_alert,
    make_device,
    make_incident,
    make_queue_row,
    make_site,
    make_workspace,
    new_alert,
    new_incident,
)

STATION, DRIVE, MAC = "10.20.10.11", "10.20.21.16", "00:1a:2b:3c:4d:5e"
BOTH = ["Download", "Scan"]


@pytest.fixture(params=["open", "closed"])
def view(request):
    return request.param


@pytest.fixture
def mixed(gdansk, plant, view):
    """Two rows, the first of two incidents, of which only the older knows what is looked for."""
    make_device(plant, "ENG-WS-04", STATION)
    make_device(plant, "DRIVE-7", DRIVE)
    make_device(plant, "Historian-9", "10.20.10.98")
    make_queue_row(
        gdansk,
        plant,
        n=2,
        title="Download",
        alert_type="Unauthorized PLC Programming",
        source="ENG-WS-04",
        destination="DRIVE-7",
        ot_state=OtState.SUSPICIOUS,
    )
    make_queue_row(gdansk, plant, title="Scan", source="HMI-1", destination="")
    older = Incident.objects.filter(title="Download").earliest("pk")
    newer = Incident.objects.filter(title="Download").latest("pk")
    Incident.objects.filter(pk=older.pk).update(number=2178, labels=["Line 2", "commissioning"])
    Incident.objects.filter(pk=newer.pk).update(number=2179)
    make_alert(
        older, source_address=STATION, destination_address=DRIVE, any_address=[STATION, DRIVE]
    )
    scan = Incident.objects.get(title="Scan")
    Incident.objects.filter(pk=scan.pk).update(techniques=["T0846"])
    make_alert(scan, any_address=["10.20.10.99", MAC.upper()], any_device=["HMI-1", "Historian-9"])
    if view == "closed":
        Incident.objects.update(status=IncidentStatus.CLOSED)


def titles(user, view, query):
    page = Queue(user, queue_params(view, query), now=NOON).page()
    assert page.problems == []
    return sorted({row.title for row in page.rows})


FOUND = {
    "2178": ["Download"],
    "#2178": ["Download"],
    "#2179": ["Download"],
    "#217": [],
    "#99999999999": [],
    "label:commissioning": ["Download"],
    'label:"line 2"': ["Download"],
    "label:commission": ["Download"],
    "label:=commission": [],
    'label:"=line 2"': ["Download"],
    "commissioning": ["Download"],
    STATION: ["Download"],
    "device:10.20.10.11": ["Download"],
    "device:eng-ws-04": ["Download"],
    "device:historian-9": ["Scan"],
    "historian-9": ["Scan"],
    MAC: ["Scan"],
    MAC.replace(":", "-"): ["Scan"],
    "10.20.21.": ["Download"],
    "device:10.20.21": ["Download"],
    "10.20.10.0/24": ["Download"],
    "10.30.0.0/16": [],
    "tech:T0843": ["Download"],
    "tech:t0843 device:drive": ["Download"],
    'tech:"program download"': ["Download"],
    "tech:download": ["Download"],
    "T0843": ["Download"],
    "program download": ["Download"],
    '"Program Download"': ["Download"],
    "T0846": ["Scan"],
    "tech:T9999": [],
    "verdict:suspicious": ["Download"],
    "suspicious": ["Download"],
    "-verdict:suspicious": ["Scan"],
    "download": ["Download"],
    "type:unauthorized": ["Download"],
    "type:=unauthorized": [],
    "proto:=s7comm": BOTH,
    "proto:=s7": [],
}


@pytest.mark.usefixtures("mixed")
def test_rows_are_found_by_what_their_incidents_know(sam, view):
    assert {query: titles(sam, view, query) for query in FOUND} == FOUND


@pytest.mark.usefixtures("mixed")
def test_what_is_ruled_out_goes_with_its_row_and_a_closed_one_alone(sam, view):
    for query in ("-label:commissioning", "-device:10.20.10.11"):
        assert titles(sam, view, query) == (["Scan"] if view == "open" else BOTH), query


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("lable:x", "“lable:” is not valid here. Use one of: sev:, status:, "),
        ("verdict:hgh", "“hgh” is not valid here. Use one of: routine, maintenance, "),
        ("sev:hgh", "“hgh” is not valid here. Use one of: high, "),
        ("tech:nonsense", "“nonsense” is not valid here. Use one of: T0843"),
    ],
)
def test_what_means_nothing_is_named(sam, query, sentence):
    problems = Queue(sam, queue_params("open", query), now=NOON).page().problems
    assert [problem[: len(sentence)] for problem in problems] == [sentence]


@pytest.mark.parametrize("query", ["00:1a:2b:3c:4d:5e", "fe80::1", "face:b00c::1", "http://x.y"])
def test_an_address_is_no_field(sam, query):
    assert titles(sam, "open", query) == []


@pytest.mark.usefixtures("mixed")
def test_words_of_the_persons_language_are_read_and_shown(sam, view):
    with translation.override("de"):
        assert titles(sam, view, "verdict:Verdächtig") == ["Download"]
        assert titles(sam, view, "sev:mittel") == BOTH
        assert [
            condition_value_words(term) for term in parse_query("sev:high,low verdict:suspicious")
        ] == [
            "Hoch, Niedrig",
            "Verdächtig",
        ]
        assert [
            condition_value_words(term) for term in parse_query("closed:people closed:rule")
        ] == [
            "von Menschen",
            "von einer Regel",
        ]


def test_a_number_alone_means_one_incident_within_reach(sam, gdansk):
    elsewhere = make_workspace("porto")
    mine = make_incident(gdansk, number=7)
    make_incident(elsewhere, number=7)
    make_incident(elsewhere, number=8)
    assert incident_by_number(sam, parse_query("7")) == mine.pk
    assert incident_by_number(sam, parse_query("#7")) == mine.pk
    for query in ("8", "7 8", "-7", "sev:7", ""):
        assert incident_by_number(sam, parse_query(query)) is None


def test_two_incidents_of_one_number_are_listed(make_person, gdansk, plant):
    leo = make_person(cast.LEO, (Role.SOC_LEAD, GrantScope.ALL, None))
    for workspace in (gdansk, make_workspace("porto")):
        row = make_queue_row(workspace, plant, title=workspace.name)
        Incident.objects.filter(group_key=row.pk).update(number=7)
    assert incident_by_number(leo, parse_query("7")) is None
    assert titles(leo, "open", "#7") == ["gdansk", "porto"]


@pytest.mark.usefixtures("mixed")
def test_nothing_is_found_or_named_out_of_reach(make_person, view):
    porto = make_site("Porto")
    pia = make_person(cast.PIA, (Role.OT_ENGINEER, GrantScope.SITE, porto.uuid))
    for query in FOUND:
        assert titles(pia, view, query) == []
    for query in ("site:gdansk", "ws:gdansk"):
        page = Queue(pia, queue_params(view, query), now=NOON).page()
        assert "Gdańsk" not in page.problems[0]
        assert "possible: gdansk" not in page.problems[0]


def test_a_site_that_an_incident_in_reach_touches_is_named(make_person, gdansk, plant):
    porto = make_site("Porto")
    pia = make_person(cast.PIA, (Role.OT_ENGINEER, GrantScope.SITE, porto.uuid))
    make_queue_row(gdansk, plant, title="Both", site_ids=sorted([plant.pk, porto.pk]))
    assert titles(pia, "open", "site:gdansk") == ["Both"]
    assert titles(pia, "open", "ws:gdansk") == ["Both"]


@pytest.mark.usefixtures("mixed")
def test_each_value_of_the_menu_finds_as_many_rows_as_it_says(sam, gdansk, plant, view):
    make_queue_row(gdansk, plant, protocol="S7comm Plus", owner_name="Leo", owner_id="1")
    make_queue_row(gdansk, plant, alert_type="Scan", owner_name="Leonie", owner_id="2")
    if view == "closed":
        Incident.objects.update(status=IncidentStatus.CLOSED)
    found = facets(Queue(sam, queue_params(view, ""), now=NOON))
    assert {facet.field for facet in found} == {
        "sev",
        "ot",
        "status",
        "site",
        "ws",
        "owner",
        "type",
        "proto",
        "label",
    }
    for facet in found:
        for value in facet.values:
            query = f'{facet.field}:"{value.value}"'
            page = Queue(sam, queue_params(view, query), now=NOON).page()
            assert (len(page.rows), page.problems) == (value.count, []), query


@pytest.fixture
def many(gdansk, plant):
    """Enough rows for the planner to tell an index from a walk through the table."""
    incidents = [
        new_incident(gdansk, number=at, group_key=uuid4(), labels=["rare"] * (at % 500 == 0))
        for at in range(1, 1501)
    ]
    Incident.objects.bulk_create(incidents)
    alerts = [
        new_alert(incident, any_address=[f"10.20.{at // 250}.{at % 250}"], any_device=[f"PLC-{at}"])
        for at, incident in enumerate(incidents)
    ]
    Alert.objects.bulk_create(alerts)
    IncidentAlert.objects.bulk_create(
        IncidentAlert(incident=incident, alert=alert)
        for incident, alert in zip(incidents, alerts, strict=True)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


@pytest.mark.usefixtures("many")
def test_indexes_lead_to_what_incidents_know(sam):
    plans = {
        query: plan_of(
            Queue(sam, queue_params("open", query), now=NOON).rows("open", parse_query(query))
        )
        for query in ("#1178", "label:rare", "device:10.20.3.7", "device:10.20.3.")
    }
    assert "incidents_by_number" in plans["#1178"]
    assert "incidents_open_labelled" in plans["label:rare"]
    assert "alerts_by_address" in plans["device:10.20.3.7"]
    assert "alerts_by_device" in plans["device:10.20.3.7"]
    assert "alerts_by_address" in plans["device:10.20.3."]
    for plan in plans.values():
        assert "Seq Scan on incidents_incident" not in plan


def plan_of(rows):
    sql, values = rows.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {sql}", values)
        return "\n".join(line for (line,) in cursor.fetchall())
