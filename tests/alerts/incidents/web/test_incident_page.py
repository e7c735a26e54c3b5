"""The incident's page: what it tells, to whom, and how it says that something is odd."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from alerts.incidents.models import (
    Alert,
    Comment,
    DetailsState,
    Incident,
    IncidentRaw,
    IncidentStatus,
    OtState,
    PairMemory,
    PatternMemory,
    TimelineItem,
)
from alerts.outbox.models import Change, WriteKind
from portal.accounts.models import GrantScope, Role
from tests import cast
from tests.conftest import NOON
from tests.factories.incidents import make_alert, make_incident, make_workspace


def test_the_overview_says_what_happened(read, download):
    text = read(download)
    for words in (
        "#4821",
        "ENG-WS-04",
        "PLC-7",
        "Program Download",
        "S7comm, port 102",
        "2 times in 4 min",
        "Level 3",
        "Crown jewel",
        "T0843 Program Download",
        "Lateral Movement",
        "sensor SNS-GD-01",
        "2 alerts",
        "nobody",
        "Why 75",
        "High severity",
        "raised the incident",
    ):
        assert words in text, words


def test_the_overview_asks_the_database_so_many_questions_and_no_more(client, sam, download):
    """Its time beside the queue's is `python -m bench.readers`; each question costs both sides."""
    client.force_login(sam)
    address = f"/incidents/{download.pk}/"
    client.get(address)
    with CaptureQueriesContext(connection) as asked:
        assert client.get(address, headers={"HX-Request": "true"}).status_code == 200
    assert len(asked) == 21, [query["sql"] for query in asked]


def test_the_sentence_is_in_the_persons_language(read, download, sam):
    sam.language = "de"
    sam.save()
    english = read(download)
    assert "programm" in english.lower()


@pytest.mark.parametrize(
    ("tab", "words"),
    [
        ("timeline", "raised the incident"),
        ("alerts", "Program Download"),
        ("devices", "10.41.7.27"),
        ("similar", "Nothing like it in 90 days"),
        ("writes", "Tagout has changed nothing"),
        ("raw", "Nothing raw is kept"),
        ("nonsense", "What happened, in plain words"),
    ],
)
def test_a_tab_stands_in_the_address(read, download, tab, words):
    assert words in read(download, f"?tab={tab}")


def test_a_part_is_the_page_without_its_frame(signed_in, sam, download, htmx, noon):
    answer = signed_in(sam).get(f"/incidents/{download.pk}/", headers=htmx)
    assert "<html" not in answer.content.decode()
    assert "HX-Request" in answer["Vary"]


def test_who_may_not_see_it_learns_nothing(signed_in, make_person, download, noon):
    make_workspace("porto")
    pia = make_person(cast.PIA, (Role.OT_ENGINEER, GrantScope.SITE, uuid4()))
    assert signed_in(pia).get(f"/incidents/{download.pk}/").status_code == 404


def test_ot_sees_it_and_is_offered_no_triage(read, download, oda):
    text = read(download, by=oda)
    assert "PLC-7" in text
    assert "Assign" not in text


def test_what_is_known_of_its_like(read, download, gdansk, plant):
    for week in range(1, 7):
        other = make_incident(
            gdansk,
            pattern=download.pattern,
            site_ids=[plant.pk],
            source="ENG-WS-04",
            destination="PLC-7",
            created_at=NOON - timedelta(weeks=week, hours=6),
            classification="BenignPositive",
        )
        make_alert(other, plant_weekday=1, plant_minute=(7 + week % 2) * 60)
    Alert.objects.filter(incidents=download).update(plant_weekday=1, plant_minute=13 * 60)
    PatternMemory.objects.create(
        pattern=download.pattern,
        first_seen_at=NOON,
        latest_seen_at=NOON,
        maintenance=9,
        routine=2,
        suspicious=1,
    )
    text = read(download)
    assert "Seen 6 times before in 42 days" in text
    assert "Outside the usual hours, Tue 07:00–09:00" in text
    assert "OT called it suspicious in 1 of 12 answers" in text
    assert "9 maintenance" in text
    assert "Same pattern: type, both ends and protocol" in read(download, "?tab=similar")


def test_what_is_not_known_is_not_claimed(read, download, gdansk):
    text = read(download)
    assert "usual hours" not in text
    assert "No history yet to compare with" in text
    make_alert(make_incident(gdansk, created_at=NOON - timedelta(days=40)))
    assert "Not seen before in 39 days" in read(download)
    PairMemory.objects.create(pair=uuid4(), first_seen_at=NOON, first_incident=download.pk)
    assert "The first day these two were seen together" in read(download)


def test_never_seen_together_does_not_stand_beside_thirty_sightings(read, download, gdansk):
    make_alert(make_incident(gdansk, created_at=NOON - timedelta(days=40)))
    for hours in range(30):
        make_incident(
            gdansk,
            pattern=download.pattern,
            created_at=NOON + timedelta(hours=hours),
            source="ENG-WS-04",
            destination="PLC-7",
        )
    assert "Not seen before in 39 days; 30 more since" in read(download)
    pair = PairMemory.objects.create(pair=uuid4(), first_seen_at=NOON, first_incident=download.pk)
    assert "The first day these two were seen together; 30 more since" in read(download)
    pair.seen_again_at = NOON + timedelta(hours=29)
    pair.save()
    assert "seen together" not in read(download)


def test_the_days_before_an_old_incident_count_from_its_own_day(read, download, gdansk):
    Incident.objects.filter(pk=download.pk).update(created_at=NOON - timedelta(days=100))
    for days in (110, 120, 130):
        at = NOON - timedelta(days=days)
        make_alert(make_incident(gdansk, pattern=download.pattern, created_at=at))
    assert "Seen 3 times before in 30 days" in read(download)


def test_harmless_counts_routine_and_maintenance(read, download):
    PatternMemory.objects.create(
        pattern=download.pattern,
        first_seen_at=NOON,
        latest_seen_at=NOON,
        routine=2,
        maintenance=3,
        not_sure=1,
    )
    assert "OT called it harmless in 5 of 6 answers" in read(download)


def test_products_go_by_the_names_they_have_today(read, download):
    old = "Microsoft Defender Advanced Threat Protection, Azure Advanced Threat Protection"
    Incident.objects.filter(pk=download.pk).update(priority_parts=[["second-product", 15, old]])
    download.refresh_from_db()
    today = "Microsoft Defender for Endpoint, Microsoft Defender for Identity"
    assert f"A second product reports it too ({today})" in read(download)


def test_similar_of_the_same_type_at_the_same_site_say_why(read, download, gdansk, plant):
    other = make_incident(gdansk, pattern=uuid4(), site_ids=[plant.pk], source="HIST-01")
    make_alert(other, site=plant)
    text = read(download, "?tab=similar")
    assert "Same type at the same site, between other devices" in text
    assert "Similar 0" not in text, "the tab promises no empty list"


def test_more_of_the_same_pattern_than_shown_are_counted(
    read, download, gdansk, plant, monkeypatch
):
    monkeypatch.setattr("alerts.incidents.page.incident.MAX_SIMILAR", 2)
    for _ in range(3):
        make_incident(gdansk, pattern=download.pattern, site_ids=[plant.pk])
    assert "The newest 2 of 3." in read(download, "?tab=similar")


def happened(incident, code, side="soc", by=None, **details):
    return TimelineItem.objects.create(
        incident=incident,
        at=NOON - timedelta(minutes=5),
        side=side,
        by=by,
        code=code,
        details=details,
    )


def test_the_timeline_tells_people_and_systems_apart(read, download, sam, oda):
    happened(download, "asked", by=sam, site="Gdańsk", question="Was this you?")
    happened(
        download, "answered", "ot", oda, verdict="maintenance", work_order="WO-1", note="Recipe."
    )
    happened(download, "severity", "sentinel", **{"from": "Medium", "to": "High"})
    Comment.objects.create(
        incident=download, name="x", author="Kim", message="Looks odd", created_at=NOON
    )
    everything = read(download, "?tab=timeline")
    for words in (
        "asked OT at Gdańsk",
        "Was this you?",
        "judged it: Maintenance, work order WO-1",
        "changed the severity",
        "Looks odd",
        "commented in Sentinel",
    ):
        assert words in everything, words
    assert "changed the severity" not in read(download, "?tab=timeline&who=people")
    system = read(download, "?tab=timeline&who=system")
    assert "Was this you?" not in system
    assert "changed the severity" in system


CODES = [
    "asked",
    "opened",
    "answered",
    "withdrawn",
    "handed-over",
    "owner",
    "severity",
    "status",
    "title",
    "classification",
    "closed",
    "reopened",
    "returned",
    "labels",
    "merged",
    "gone",
    "undone",
    "conflict",
    "refused",
    "dropped",
    "details-failed",
    "something new",
]


@pytest.mark.parametrize("code", CODES)
def test_any_happening_can_be_told_even_without_its_parts(read, download, code):
    happened(download, code, "portal")
    assert "Timeline" in read(download, "?tab=timeline")


def test_what_is_owed_and_what_others_did_first_is_plain(read, download, sam, gdansk):
    Change.objects.create(
        key=uuid4(),
        act=uuid4(),
        workspace=gdansk,
        incident_name=download.name,
        kind=WriteKind.UPDATE,
        patch={"status": "Closed", "owner": {}},
        by=sam,
        by_label=sam.name,
        made_at=NOON,
        due_at=NOON,
    )
    Incident.objects.filter(pk=download.pk).update(owed=1)
    TimelineItem.objects.create(
        incident=download,
        at=NOON,
        side="sentinel",
        code="conflict",
        details={
            "by": "Sam Keller",
            "wanted": {"severity": "Low"},
            "note": "",
            "won": [{"member": "severity", "was": "Medium", "now": "High", "wanted": "Low"}],
        },
    )
    text = read(download)
    assert "Sending to Sentinel: closing" in text
    assert "Sending to Sentinel: owner" in text
    assert "somebody changed it there before the change by Sam Keller came" in text
    assert "Severity stays High, not Low" in text


def test_merged_and_deleted_ones_are_read_only_and_lead_on(read, download, gdansk):
    survivor = make_incident(gdansk, number=77)
    Incident.objects.filter(pk=download.pk).update(merged_into=77)
    text = read(download)
    assert "Merged into #77 in Sentinel" in text
    assert "Open the incident it was merged into" in text
    assert "Assign" not in text
    Incident.objects.filter(pk=survivor.pk).update(gone_at=NOON)
    assert "Deleted in Sentinel" in read(survivor)


def test_details_that_are_missing_are_said_to_be(read, gdansk):
    pending = make_incident(gdansk)
    failed = make_incident(gdansk, details_state=DetailsState.FAILED)
    assert "are being fetched" in read(pending)
    assert "could not be read" in read(failed)


@pytest.mark.parametrize(
    ("flag", "words"),
    [
        ("createdTimeUtc:not_a_date", "“createdTimeUtc” could not be read as a date."),
        ("severity:unknown", "“severity” has a value that is not known here"),
        ("odd", "“odd” was odd"),
    ],
)
def test_what_was_odd_is_said_plainly(read, gdansk, flag, words):
    assert words in read(make_incident(gdansk, flags=[flag]))


def test_raw_is_shown_as_text_and_never_as_page(signed_in, sam, download, noon):
    body = {"properties": {"title": "<script>alert(1)</script>", "incidentUrl": "javascript:x"}}
    IncidentRaw.objects.create(incident=download, body=body)
    page = signed_in(sam).get(f"/incidents/{download.pk}/?tab=raw").content.decode()
    assert "&lt;script&gt;alert(1)" in page
    assert "javascript:" not in page.replace("&quot;incidentUrl&quot;: &quot;javascript:x", "")


def test_sentinels_own_link_is_offered(signed_in, sam, download, noon):
    IncidentRaw.objects.create(
        incident=download, body={"properties": {"incidentUrl": "https://portal.example/i/1"}}
    )
    page = signed_in(sam).get(f"/incidents/{download.pk}/").content.decode()
    assert 'href="https://portal.example/i/1"' in page


def test_a_closed_one_can_be_opened_again(read, gdansk):
    closed = make_incident(
        gdansk,
        status=IncidentStatus.CLOSED,
        classification="BenignPositive",
        closed_by="R-12",
        ot_state=OtState.ROUTINE,
    )
    text = read(closed)
    assert "Closed · Benign positive · R-12" in text
    assert "Reopen" in text


def test_times_are_the_plants_unless_the_person_wants_utc(read, gdansk, plant, sam):
    old = make_incident(gdansk, site_ids=[plant.pk], created_at=NOON - timedelta(days=3))
    assert "21 Nov, 13:00" in read(old)
    sam.time_display = "utc"
    sam.save()
    assert "21 Nov, 12:00" in read(old)
