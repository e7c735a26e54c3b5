"""What the queue lists: for whom, in which order, under which filters."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from alerts.incidents.ingest.groups import regroup
from alerts.incidents.models import (
    ASIDE,
    Group,
    Incident,
    IncidentStatus,
    OtState,
    PatternMemory,
    Severity,
)
from alerts.incidents.queue.counts import cause_of_empty_list, counts_by_view, facets
from alerts.incidents.queue.queries import PAGE, VIEWS, Queue, queue_params
from portal.accounts.models import GrantScope, Role
from portal.ui.moments import ReaderClock, active
from tests import cast
from tests.conftest import NOON
from tests.factories.incidents import make_incident, make_queue_row, make_site, make_workspace


def listed(user, view="open", query="", **more):
    return Queue(user, queue_params(view, query, **more), now=NOON).page()


def titles(user, view="open", query=""):
    return sorted(row.title for row in listed(user, view, query).rows)


def test_equal_patterns_are_one_row(gdansk, plant, sam):
    make_queue_row(gdansk, plant, n=3, title="PLC Stop Command Was Sent")
    (row,) = listed(sam).rows
    assert (row.title, row.n, row.rest) == (
        "PLC Stop Command Was Sent",
        3,
        "Gdańsk, Packaging 2 · S7comm",
    )


def test_a_row_shows_to_its_workspace_and_its_sites_and_nobody_else(
    gdansk, plant, sam, make_person
):
    elsewhere, porto = make_workspace("porto"), make_site("Porto")
    make_queue_row(gdansk, plant, title="Here")
    make_queue_row(elsewhere, porto, title="There")
    oda = make_person(cast.ODA, (Role.OT_ENGINEER, GrantScope.SITE, plant.uuid))
    mia = make_person(cast.MIA, (Role.MANAGER, GrantScope.ALL, None))
    ada = make_person(cast.ADA, (Role.ADMINISTRATOR, GrantScope.ALL, None))
    assert titles(sam) == ["Here"]
    assert titles(oda) == ["Here"]
    assert titles(mia) == ["Here", "There"]
    assert titles(ada) == []


FILTERS = [
    ("sev:high", ["Stop"]),
    ("sev:high,low", ["Scan", "Stop"]),
    ("-sev:high", ["Scan", "Unplaced"]),
    ("status:active", ["Scan"]),
    ("site:gdansk", ["Scan", "Stop"]),
    ("site:none", ["Unplaced"]),
    ("-site:gdansk", ["Unplaced"]),
    ("zone:packaging", ["Scan", "Stop"]),
    ("ws:gdansk", ["Scan", "Stop", "Unplaced"]),
    ("device:plc-7", ["Stop"]),
    ("-device:plc-7", ["Scan", "Unplaced"]),
    ("proto:modbus", ["Scan"]),
    ("owner:none", ["Stop", "Unplaced"]),
    ("owner:me", ["Scan"]),
    ("owner:keller", ["Scan"]),
    ("ot:waiting", ["Scan"]),
    ("ot:none", ["Stop", "Unplaced"]),
    ("ot:late", ["Scan"]),
    ("ot:answered", []),
    ("age:>2h", ["Stop"]),
    ("age:<2h", ["Scan", "Unplaced"]),
    ("type:stop", ["Stop"]),
    ("stop", ["Stop"]),
    ("plc-7", ["Stop"]),
    ("sev:high proto:modbus", []),
    ("prio:<101", ["Scan", "Stop", "Unplaced"]),
    ("prio:>=101", []),
]


@pytest.fixture
def mixed(gdansk, plant, sam):
    make_queue_row(
        gdansk,
        plant,
        title="Stop",
        severity=Severity.HIGH,
        destination="PLC-7",
        created_at=NOON - timedelta(hours=3),
    )
    make_queue_row(
        gdansk,
        plant,
        title="Scan",
        severity=Severity.LOW,
        status=IncidentStatus.ACTIVE,
        protocol="Modbus",
        ot_state=OtState.WAITING,
        ot_due_at=NOON - timedelta(minutes=1),
        owner_id=sam.email,
        owner_name=sam.name,
        source="HMI-1",
    )
    make_queue_row(gdansk, None, title="Unplaced", severity=Severity.MEDIUM, source="X")


@pytest.mark.parametrize(("query", "expected"), FILTERS)
@pytest.mark.usefixtures("mixed")
def test_a_filter_finds(sam, query, expected):
    assert titles(sam, query=query) == expected


@pytest.mark.usefixtures("mixed")
def test_a_technique_means_its_alert_types_by_old_and_current_id(gdansk, plant, sam):
    make_queue_row(gdansk, plant, title="Unauthorized PLC Programming")
    assert titles(sam, query="tech:t0843") == ["Unauthorized PLC Programming"]
    assert titles(sam, query="tech:T9999") == []


@pytest.mark.parametrize(
    "query",
    ["sev:huge", "site:atlantis", "age:2", "prio:high", "ot:asked", "0.0.0.0/0", "-0.0.0.0/0"],
)
@pytest.mark.usefixtures("mixed")
def test_a_filter_that_means_nothing_says_so_and_no_row_looks_like_its_answer(sam, query):
    page = listed(sam, query=query)
    assert len(page.problems) == 1
    assert page.rows == []
    page = listed(sam, query=f"{query} Scan")
    assert len(page.problems) == 1 and len(page.rows) == 1, "what is understood filters"


@pytest.mark.parametrize(
    ("view", "expected"),
    [
        ("needs", ["Stop", "Unplaced"]),
        ("waiting", ["Scan"]),
        ("answered", []),
        ("mine", ["Scan"]),
        ("late", ["Scan"]),
        ("open", ["Scan", "Stop", "Unplaced"]),
        ("closed", []),
        ("nonsense", ["Stop", "Unplaced"]),
    ],
)
@pytest.mark.usefixtures("mixed")
def test_a_view_lists(sam, view, expected):
    assert titles(sam, view) == expected


@pytest.fixture
def mixed_row(gdansk, plant, sam):
    """Five alike incidents: unasked, asked in time and late, suspicious and taken by Sam."""
    own = {"owner_id": sam.email, "owner_name": sam.name, "status": IncidentStatus.ACTIVE}
    row = make_queue_row(gdansk, plant, n=5, title="Stop")
    states = (
        {},
        {"ot_state": "waiting", "ot_due_at": NOON + timedelta(hours=1)},
        {"ot_state": "waiting", "ot_due_at": NOON - timedelta(hours=1)},
        {"ot_state": "suspicious"},
        {"ot_state": "routine", **own},
    )
    ids = list(Incident.objects.order_by("pk").values_list("pk", flat=True))
    for pk, state in zip(ids, states, strict=True):
        Incident.objects.filter(pk=pk).update(**state)
    regroup(ids, now=NOON)
    make_queue_row(gdansk, plant, title="Scan")
    return row


@pytest.mark.usefixtures("mixed_row")
def test_one_stream_is_one_row_in_each_view_of_its_states(sam):
    everywhere = ["needs", "waiting", "answered", "mine", "late", "open"]
    assert [view for view in everywhere if "Stop" in titles(sam, view)] == everywhere
    counts = counts_by_view(Queue(sam, queue_params("open", ""), now=NOON))
    assert counts == dict.fromkeys(VIEWS, 1) | {"needs": 2, "open": 2, "closed": 0, ASIDE: 0}
    for query in ("ot:none", "ot:waiting", "ot:late", "ot:suspicious", "ot:routine"):
        assert "Stop" in titles(sam, query=query), query
    for query in ("status:new", "status:active", "owner:me", "owner:none", f'owner:"={sam.name}"'):
        assert "Stop" in titles(sam, query=query), query
    assert titles(sam, query="ot:maintenance") == []
    assert titles(sam, query="-ot:suspicious") == ["Scan"]


@pytest.mark.usefixtures("mixed_row")
def test_what_people_must_see_apart_is_on_the_row(sam):
    row = next(row for row in listed(sam).rows if row.title == "Stop")
    assert (row.n, row.context.label, row.due_tone) == (5, "Suspicious", "sla-late")
    assert row.also == "Waiting for OT, Routine, Not asked"
    assert (row.owner, row.owners, row.is_mine) == (sam.name, f"Nobody, {sam.name}", True)
    assert (row.more_owners, row.is_partly_owned) == (0, True), "nobody is no second owner"


@pytest.mark.usefixtures("mixed_row")
def test_facets_count_the_row_once_for_each_of_its_states(sam):
    found = {f.field: f for f in facets(Queue(sam, queue_params("open", ""), now=NOON))}
    assert {v.value: v.count for v in found["ot"].values} == {
        "none": 2,
        "waiting": 1,
        "suspicious": 1,
        "routine": 1,
    }
    assert {v.value: v.count for v in found["status"].values} == {"new": 2, "active": 1}
    assert {v.label: v.count for v in found["owner"].values} == {"Nobody": 2, sam.name: 1}


def test_pages_follow_each_other_without_gap_or_repeat(gdansk, plant, sam):
    for at in range(PAGE + 25):
        make_queue_row(
            gdansk,
            plant,
            title=f"T{at}",
            severity=Severity(1 + at % 4),
            created_at=NOON - timedelta(minutes=at // 10),
        )
    first = listed(sam)
    keys = [row.key for row in first.rows]
    # Somebody closes a row above the mark and a new one comes in: the next page stays right.
    Incident.objects.filter(group_key=keys[0]).update(status=IncidentStatus.CLOSED)
    make_queue_row(gdansk, plant, title="New", severity=Severity.HIGH)
    second = listed(sam, after=first.after)
    assert (len(keys), len(second.rows), second.after) == (PAGE, 25, "")
    assert not {row.key for row in second.rows} & set(keys)
    order = [(-row.priority, row.title) for row in (*first.rows, *second.rows)]
    assert [row[0] for row in order] == sorted(row[0] for row in order)


@pytest.mark.parametrize(
    "mark",
    [
        "x",
        "1_2_3",
        "50_2026-11-24_nokey",
        "_",
        "999999999999_x_y",
        "50_2026-11-24T12:00:00_6b0f4f0e-4d0c-5c58-9d0e-1a6f3a1f7d52",
    ],
)
@pytest.mark.usefixtures("mixed")
def test_a_mark_that_is_none_starts_at_the_top(sam, mark):
    assert len(listed(sam, after=mark).rows) == 3


def test_what_ot_said_of_its_like_stands_beside_what_was_not_asked(gdansk, plant, sam):
    pattern = uuid4()
    PatternMemory.objects.create(
        pattern=pattern, first_seen_at=NOON, latest_seen_at=NOON, routine=11, maintenance=1
    )
    make_queue_row(gdansk, plant, pattern=pattern)
    (row,) = listed(sam).rows
    assert (row.context.label, row.context.kind) == ("others: 11 of 12 routine", "ok")


def test_one_suspicious_word_never_hides_behind_a_majority(gdansk, plant, sam):
    pattern = uuid4()
    PatternMemory.objects.create(
        pattern=pattern, first_seen_at=NOON, latest_seen_at=NOON, routine=11, suspicious=1
    )
    make_queue_row(gdansk, plant, pattern=pattern)
    assert listed(sam).rows[0].context.label == "others: 1 of 12 suspicious"


def test_times_are_the_plants_or_utc_as_the_person_chose(gdansk, plant, sam):
    make_queue_row(gdansk, plant, created_at=NOON - timedelta(days=2))
    assert listed(sam).rows[0].updated.words == "22 Nov, 13:00"
    sam.time_display = "utc"
    with active(ReaderClock(lambda: sam)):
        assert listed(sam).rows[0].updated.words == "22 Nov, 12:00"


@pytest.mark.usefixtures("mixed")
def test_numbers_beside_the_tabs(gdansk, sam):
    make_incident(gdansk, status=IncidentStatus.CLOSED)
    counts = counts_by_view(Queue(sam, queue_params("needs", ""), now=NOON))
    assert counts == {
        "needs": 2,
        "waiting": 1,
        "answered": 0,
        "mine": 1,
        "late": 1,
        "open": 3,
        "closed": 1,
        ASIDE: 0,
    }


@pytest.mark.parametrize(
    "query", ["sev:high", "sev:low", "-sev:low", "device:plc-7", "hmi-1", "age:>2h", "sev:huge"]
)
@pytest.mark.parametrize("view", ["needs", "closed"])
@pytest.mark.usefixtures("mixed")
def test_numbers_beside_the_tabs_follow_the_filter(gdansk, sam, query, view):
    for severity in (Severity.HIGH, Severity.LOW):
        made = {"status": IncidentStatus.CLOSED, "severity": severity, "source": "HMI-1"}
        make_incident(gdansk, **made)
        make_incident(gdansk, **made, created_at=NOON - timedelta(hours=3))
    counts = counts_by_view(Queue(sam, queue_params(view, query), now=NOON))
    listing = {view: len(listed(sam, view, query).rows) for view in VIEWS}
    assert counts == listing | {ASIDE: 0}


@pytest.fixture
def row_of_each_state(gdansk, plant):
    """Also elsewhere: at the same plant, at another, and at none."""
    elsewhere, porto = make_workspace("elsewhere"), make_site("Porto")
    for workspace, site in ((gdansk, plant), (elsewhere, plant), (elsewhere, porto)):
        for state in OtState.values:
            row = make_queue_row(workspace, site, owner_id=cast.SAM.email if state else "")
            due = NOON - timedelta(hours=1) if state == OtState.WAITING else None
            counts = {"n_unasked": int(not state), "n_waiting": int(state == OtState.WAITING)}
            Group.objects.filter(pk=row.pk).update(ot_states=[state], ot_due_at=due, **counts)
        make_incident(workspace, site_ids=[site.pk], status=IncidentStatus.CLOSED)
    make_incident(elsewhere, status=IncidentStatus.CLOSED)


@pytest.mark.usefixtures("row_of_each_state")
def test_a_tab_says_how_many_rows_its_view_lists(gdansk, plant, sam, make_person):
    at_plant = (Role.OT_ENGINEER, GrantScope.SITE, plant.uuid)
    in_gdansk = (Role.SOC_ANALYST, GrantScope.WORKSPACE, gdansk.uuid)
    counts = {}
    for user in (
        sam,
        make_person(cast.ODA, at_plant),
        make_person(cast.OLAF, at_plant, in_gdansk),
        make_person(cast.LEO, (Role.SOC_LEAD, GrantScope.ALL, None)),
        make_person(cast.PIA),  # may see nothing at all
    ):
        queue = Queue(user, queue_params("open", ""), now=NOON)
        listing = {view: queue.rows(view, ()).count() for view in VIEWS}
        assert counts_by_view(queue) == listing | {ASIDE: 0}
        counts[user.name.split()[0]] = listing["open"], listing["closed"]
    assert counts == {"Sam": (6, 1), "Oda": (12, 2), "Olaf": (12, 2), "Leo": (18, 4), "Pia": (0, 0)}


def test_rows_that_are_few_are_counted_by_index(make_person):
    leo = make_person(cast.LEO, (Role.SOC_LEAD, GrantScope.ALL, None))
    queue = Queue(leo, queue_params("needs", ""), now=NOON)
    with connection.cursor() as cursor, CaptureQueriesContext(connection) as asked:
        counts_by_view(queue)
        cursor.execute("SET LOCAL enable_seqscan = off")  # the table of a test is small
        cursor.execute(f"EXPLAIN {asked.captured_queries[-1]['sql']}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "queue_put_aside" in plan
    assert plan.count("Index Cond: (ot_states && '{waiting}'") == 2  # those that wait, and the late


@pytest.mark.usefixtures("row_of_each_state")
def test_no_tab_counts_further_than_the_page_says(monkeypatch, make_person):
    monkeypatch.setattr("alerts.incidents.queue.counts.MAX_COUNTED", 2)
    leo = make_person(cast.LEO, (Role.SOC_LEAD, GrantScope.ALL, None))
    counts = counts_by_view(Queue(leo, queue_params("open", ""), now=NOON))
    assert counts == dict.fromkeys(VIEWS, 3) | {"mine": 0, ASIDE: 0}


@pytest.mark.usefixtures("mixed")
def test_a_facet_counts_within_the_other_filters(sam):
    found = {f.field: f for f in facets(Queue(sam, queue_params("open", "sev:high"), now=NOON))}
    severities = [(v.value, v.count) for v in found["sev"].values]
    assert severities == [("high", 1), ("medium", 1), ("low", 1)]
    assert [v.value for v in found["sev"].values if v.is_chosen] == ["high"]
    assert {v.label: v.count for v in found["site"].values} == {"Gdańsk": 1}


def test_a_number_that_two_workspaces_gave_is_named_with_its_workspace(gdansk, plant, make_person):
    leo = make_person(cast.LEO, (Role.SOC_LEAD, GrantScope.ALL, None))
    for workspace, number in ((gdansk, 1844), (make_workspace("porto"), 1844), (gdansk, 7)):
        make_queue_row(workspace, plant, number=number)
    rows = Queue(leo, queue_params("open", ""), now=NOON).page().rows
    assert {row.number for row in rows} == {"gdansk #1844", "porto #1844", "#7"}


@pytest.mark.usefixtures("mixed")
def test_an_empty_list_names_the_filter_that_removes_most(sam):
    found = cause_of_empty_list(Queue(sam, queue_params("open", "sev:high proto:dnp3"), now=NOON))
    assert (str(found.term), found.count) == ("proto:dnp3", 1)


def test_closed_incidents_are_listed_one_by_one_newest_change_first(gdansk, sam):
    for at in range(PAGE + 5):
        make_incident(
            gdansk,
            title=f"C{at}",
            status=IncidentStatus.CLOSED,
            modified_at=NOON - timedelta(minutes=at),
        )
    first = listed(sam, "closed")
    second = listed(sam, "closed", after=first.after)
    assert [row.title for row in (*first.rows, *second.rows)] == [f"C{n}" for n in range(PAGE + 5)]
    assert listed(sam, "closed", "C7").rows[0].title == "C7"


def test_a_search_through_closed_ones_says_how_far_it_went(gdansk, sam, monkeypatch):
    monkeypatch.setattr("alerts.incidents.queue.queries.SEARCHED", 3)
    for at in range(7):
        make_incident(
            gdansk,
            title=f"C{at}",
            status=IncidentStatus.CLOSED,
            modified_at=NOON - timedelta(minutes=at),
        )
    page, found, turns = listed(sam, "closed", "C6"), [], 0
    while True:
        found += [row.title for row in page.rows]
        if not page.after:
            break
        assert page.searched_to is not None
        page, turns = listed(sam, "closed", "C6", after=page.after), turns + 1
    assert (found, turns) == (["C6"], 1)
