"""The queue's page: one address, two answers; live; for those who may see it."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from alerts.incidents.ingest.groups import regroup, touch_incidents
from alerts.incidents.models import Group, Incident, IncidentStatus, PairMemory, Severity
from portal.accounts.models import GrantScope, Role
from tests import cast
from tests.conftest import NOON
from tests.factories.incidents import make_incident, make_queue_row, make_site, make_workspace


def text_of(answer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def test_a_page_and_its_list_have_one_address(signed_in, sam, gdansk, plant, htmx, noon):
    make_queue_row(gdansk, plant, n=3, title="PLC Stop Command Was Sent")
    client = signed_in(sam)
    page, part = client.get("/incidents/"), client.get("/incidents/", headers=htmx)
    assert "<html" in page.content.decode()
    assert "<html" not in part.content.decode()
    assert "PLC Stop Command Was Sent ×3" in text_of(page)
    assert "PLC Stop Command Was Sent ×3" in text_of(part)
    assert "HX-Request" in page["Vary"]
    assert "HX-Request" in part["Vary"]


def test_a_filter_stands_in_the_address_and_can_be_taken_away(signed_in, sam, gdansk, plant, noon):
    make_queue_row(gdansk, plant, title="Stop")
    page = signed_in(sam).get("/incidents/?view=open&q=sev:high+proto:smb")
    body = page.content.decode()
    assert 'href="?view=open&amp;q=proto%3Asmb"' in body
    assert "removes most" not in text_of(page)
    one = client_text(signed_in(sam), "/incidents/?view=open&q=sev:medium+proto:smb")
    assert "The filter proto:smb removes most: without it 1 would show." in one


def test_a_view_that_does_not_exist_is_not_shown_as_another(signed_in, sam, noon):
    client = signed_in(sam)
    assert client.get("/incidents/?view=nonsense").status_code == 404
    answer = client.get("/api/v1/incidents/", {"queue": "view=nonsense"})
    assert answer.status_code == 400
    assert "'nonsense' is not a view; possible: needs, waiting," in answer.content.decode()


def test_the_menu_adds_value_after_value_and_excludes_others(
    signed_in, sam, gdansk, plant, htmx, noon
):
    for severity in (Severity.HIGH, Severity.MEDIUM, Severity.LOW):
        make_queue_row(gdansk, plant, severity=severity)
    answer = signed_in(sam).get("/incidents/?view=open&q=sev:high+-sev:low&menu=1", headers=htmx)
    assert answer.status_code == 200
    body = answer.content.decode()
    menu = body[body.index('id="queue-facet-values"') :]
    assert "?view=open&amp;q=sev%3Ahigh%2Cmedium+-sev%3Alow" in menu, "one more"
    assert "?view=open&amp;q=sev%3Ahigh+-sev%3Alow%2Cmedium" in menu, "one more to exclude"
    assert '?view=open&amp;q=sev%3Ahigh"' in menu, "what is excluded can be let in again"
    assert "menu=1" not in body[: body.index('id="queue-facet-values"')], "renewed without it"
    plain = signed_in(sam).get("/incidents/?view=open", headers=htmx).content.decode()
    assert "facet-sev" not in plain, "it is counted only for who opens it"


def test_what_a_view_leaves_in_is_a_chip_like_any_filter(signed_in, sam, gdansk, plant, noon):
    make_queue_row(gdansk, plant, title="Stop")
    client = signed_in(sam)
    page = client.get("/incidents/?view=waiting&q=sev:high").content.decode()
    chips = re.findall(r'filter-chip">\s*<b>(.*?)</b><span>(.*?)</span>', page)
    assert chips == [("OT", "Waiting for OT"), ("Severity", "High")]
    assert 'href="?view=open&amp;q=sev%3Ahigh" aria-label="Remove filter: OT"' in page
    assert "Remove filter: OT" not in client.get("/incidents/?view=open").content.decode()


def test_an_exact_number_opens_the_incident_also_a_closed_one(
    signed_in, sam, gdansk, plant, htmx, noon
):
    make_queue_row(gdansk, plant)
    incident = make_incident(gdansk, number=2178, status=IncidentStatus.CLOSED)
    client = signed_in(sam)
    for query in ("2178", "%232178"):
        answer = client.get(f"/incidents/?q={query}")
        assert (answer.status_code, answer["Location"]) == (302, f"/incidents/{incident.pk}/")
    assert client.get("/incidents/?q=2178", headers=htmx).status_code == 200
    assert client.get("/incidents/?q=-2178").status_code == 200
    assert client.get("/incidents/?q=2179").status_code == 200


def test_a_number_out_of_reach_opens_nothing(signed_in, sam, gdansk, plant, noon):
    make_incident(make_workspace("porto"), number=2178)
    assert "No open incidents" not in client_text(signed_in(sam), "/incidents/?q=2178")
    assert signed_in(sam).get("/incidents/?view=open&q=2178").status_code == 200


def test_the_numbers_on_the_tabs_follow_the_filter_and_the_rail_does_not(
    signed_in, sam, gdansk, plant, noon
):
    for title in ("Stop", "Scan", "Scan again"):
        make_queue_row(gdansk, plant, title=title)
    page = signed_in(sam).get("/incidents/?q=scan").content.decode()
    tabs = page[page.index('id="queue-tabs"') :]
    words = " ".join(re.sub(r"<[^>]+>", " ", tabs).split())
    assert "Needs triage 2 rows" in words
    assert "Closed 0 incidents" in words
    assert 'title="2 rows"' in tabs
    rail = page[: page.index('id="queue-tabs"')]
    assert re.search(r"Triage queue</span><span[^>]*>3<", rail)


def test_the_clocks_of_plants_are_read_once_and_of_stops_only_whether_there_is_one(
    signed_in, sam, gdansk, plant, noon
):
    make_queue_row(gdansk, plant)
    make_queue_row(gdansk, make_site("Porto", time_zone="Europe/Lisbon"))
    client = signed_in(sam)
    with CaptureQueriesContext(connection) as asked:
        client.get("/incidents/?view=open")
    texts = [query["sql"] for query in asked]
    assert sum('"sites_site"."time_zone"' in text for text in texts) == 1
    (stops,) = [text for text in texts if "suppression_stop" in text]
    assert "JOIN" not in stops


def test_a_closed_tab_says_when_older_ones_were_not_looked_at(
    signed_in, sam, gdansk, noon, monkeypatch
):
    monkeypatch.setattr("alerts.incidents.queue.counts.COUNTED", 3)
    for at in range(7):
        make_incident(
            gdansk,
            title="Old",
            status=IncidentStatus.CLOSED,
            modified_at=NOON - timedelta(minutes=at),
        )
    assert "Closed 4+" in client_text(signed_in(sam), "/incidents/?q=old").replace("  ", " ")
    assert "Closed 7 " in client_text(signed_in(sam), "/incidents/").replace("  ", " ")


def test_more_filters_than_are_read_are_told(signed_in, sam, noon):
    many = "+".join(f"w{at}" for at in range(21))
    assert "Only the first 20 filters" in client_text(signed_in(sam), f"/incidents/?q={many}")


def client_text(client, path):
    return text_of(client.get(path))


def test_a_filter_that_means_nothing_is_told(signed_in, sam, noon):
    assert "“huge” is not valid here" in client_text(signed_in(sam), "/incidents/?q=sev:huge")


@pytest.mark.parametrize(
    ("view", "words"),
    [
        ("needs", "Nothing to triage"),
        ("waiting", "Nothing is waiting for OT"),
        ("answered", "No answers to act on"),
        ("mine", "Nothing is assigned to you"),
        ("late", "No answer is late"),
        ("open", "No open incidents"),
        ("closed", "Nothing was closed yet"),
    ],
)
def test_an_empty_view_says_what_belongs_there(signed_in, sam, view, words, noon):
    assert words in client_text(signed_in(sam), f"/incidents/?view={view}")


def live(client, page):
    found = re.search(r'hx-get="(/incidents/changes/[^"]+)"', page.content.decode())
    return client.get(found[1].replace("&amp;", "&"), headers={"HX-Request": "true"})


def test_a_live_poll_is_silent_when_nothing_changed(signed_in, sam, gdansk, plant, noon):
    make_queue_row(gdansk, plant)
    client = signed_in(sam)
    assert live(client, client.get("/incidents/")).status_code == 204


def test_a_live_poll_tells_what_is_new_and_what_changed(signed_in, sam, gdansk, plant, noon):
    kept = make_queue_row(gdansk, plant)
    left = make_queue_row(gdansk, plant)
    client = signed_in(sam)
    page = client.get("/incidents/")
    later = NOON + timedelta(seconds=20)
    touch_incidents([kept.latest_id], now=later)
    Incident.objects.filter(pk=left.latest_id).update(status=3)
    regroup([left.latest_id], now=later)
    make_queue_row(gdansk, plant)
    answer = live(client, page)
    assert "1 new, 2 changed" in text_of(answer)
    assert 'data-key="."' in answer.content.decode()


def test_a_live_poll_takes_any_address(signed_in, sam, noon):
    client = signed_in(sam)
    for query in ("", "?since=x&shown=", "?since=2026-11-24T12:00:00&shown=1"):
        assert client.get(f"/incidents/changes/{query}").status_code in (200, 204)


def test_the_filter_menu_counts_and_links(signed_in, sam, gdansk, plant, noon):
    make_queue_row(gdansk, plant)
    body = signed_in(sam).get("/incidents/filters/?view=open").content.decode()
    assert 'href="/incidents/?view=open&amp;q=sev%3Amedium"' in body
    assert "q=site%3AGda%C5%84sk" in body


def test_a_panel_shows_the_newest_of_the_row(signed_in, sam, gdansk, plant, noon):
    row = make_queue_row(gdansk, plant, n=2, priority_parts=[["severity", 25, "Medium"]])
    text = client_text(signed_in(sam), f"/incidents/groups/{row.key}/panel")
    for words in (
        "Why 35",
        "What OT said of this pattern",
        "Medium severity",
        "2 incidents",
        "Assign",
    ):
        assert words in text


def test_who_may_not_act_is_offered_nothing(signed_in, make_person, gdansk, plant, noon):
    mia = make_person(cast.MIA, (Role.MANAGER, GrantScope.ALL, None))
    row = make_queue_row(gdansk, plant)
    text = client_text(signed_in(mia), f"/incidents/groups/{row.key}/panel")
    assert "Why" in text
    assert "Assign" not in text


def test_what_is_out_of_reach_is_not_there(signed_in, sam, noon):
    row = make_queue_row(make_workspace("elsewhere"))
    client = signed_in(sam)
    for path in (
        f"/incidents/groups/{row.key}/panel",
        f"/incidents/{row.latest_id}/panel",
        f"/incidents/{row.latest_id}/",
        f"/incidents/act/close/?group={row.key}",
    ):
        assert client.get(path).status_code == 404, path


@pytest.fixture
def mixed_row(gdansk, plant):
    """A row of three: one of August that is the gravest of them, and two of this week."""
    pair = uuid4()
    rows = [
        make_incident(
            gdansk,
            site_ids=[plant.pk],
            pattern=pair,
            created_at=at,
            modified_at=at,
            first_activity_at=at - timedelta(minutes=9),
            source="ENG-WS-04",
            number=number,
            latest_activity_at=at - timedelta(minutes=5),
            destination="PLC-1",
        )
        for number, at in (
            (1201, NOON - timedelta(days=113)),
            (2177, NOON - timedelta(days=1)),
            (2178, NOON - timedelta(hours=2)),
        )
    ]
    PairMemory.objects.create(
        pair=uuid4(), first_seen_at=rows[0].created_at, first_incident=rows[0].pk
    )
    regroup([row.pk for row in rows], now=NOON)
    return Group.objects.get()


def test_a_row_is_named_after_the_incident_whose_priority_it_shows(signed_in, sam, mixed_row, noon):
    august = Incident.objects.get(number=1201)
    assert mixed_row.priority == august.priority > Incident.objects.get(number=2178).priority
    assert (mixed_row.lead, mixed_row.number, mixed_row.latest.number) == (august, 1201, 2178)
    text = client_text(signed_in(sam), "/incidents/")
    assert "highest priority: #1201" in text
    assert "3 Aug – 24 Nov" in text, "from when to when, and when it happened"
    assert f'data-href="/incidents/{august.pk}/"' in signed_in(sam).get("/incidents/").text


def test_the_panel_explains_the_incident_it_names(signed_in, sam, mixed_row, noon):
    august = Incident.objects.get(number=1201)
    text = client_text(signed_in(sam), f"/incidents/groups/{mixed_row.key}/panel")
    assert "#1201" in text.split("Unauthorized")[0]
    assert f"Why {august.priority}" in text
    assert all(f"{points:+d}".replace("-", "−") in text for _, points, _ in august.priority_parts)
    assert "Happened 3 Aug, 13:51–13:55 · raised 3 Aug, 14:00" in text
    assert "The row is about 3 incidents." in text
    assert "What you read here is about #1201, which has the highest priority." in text


def test_the_panel_counts_what_came_of_the_same_pattern(signed_in, sam, mixed_row, noon):
    text = client_text(signed_in(sam), f"/incidents/groups/{mixed_row.key}/panel")
    assert "2 incidents. Show them" in text
    assert "known once its details have been fetched" not in text


def test_the_panel_of_an_old_incident_says_that_its_pattern_came_no_more(
    signed_in, sam, mixed_row, noon
):
    old = Incident.objects.get(number=1201)
    Incident.objects.filter(pattern=old.pattern).update(created_at=NOON - timedelta(days=100))
    for address in (f"/incidents/{old.pk}/panel", f"/incidents/{old.pk}/"):
        text = client_text(signed_in(sam), address)
        assert "None in the last 90 days." in text
        assert "known once its details have been fetched" not in text


def test_acting_on_a_row_says_on_how_many_and_on_which(signed_in, sam, mixed_row, noon):
    client = signed_in(sam)
    panel = client_text(client, f"/incidents/groups/{mixed_row.key}/panel")
    form = client_text(client, f"/incidents/act/close/?group={mixed_row.key}")
    assert "For all 3 incidents:" in panel
    assert "Incidents: 3 Aug – 24 Nov" in panel
    assert "This acts on all 3 incidents." in form
    for text in (panel, form):
        assert "#2178 10:51–10:55" in text
        assert "#2177 23 Nov, 12:51–12:55" in text
        assert "#1201 3 Aug, 13:51–13:55" in text


def test_one_incident_needs_no_such_words(signed_in, sam, gdansk, plant, noon):
    row = make_queue_row(gdansk, plant)
    text = client_text(signed_in(sam), f"/incidents/groups/{row.key}/panel")
    assert "The row is about" not in text
    assert "For all" not in text
    assert "highest priority" not in client_text(signed_in(sam), "/incidents/")


def test_a_closed_incident_is_listed_with_its_own_panel(signed_in, sam, gdansk, noon):
    closed = make_incident(gdansk, status=3, title="Done")
    client = signed_in(sam)
    assert (
        f'data-panel="/incidents/{closed.pk}/panel"'
        in client.get("/incidents/?view=closed").content.decode()
    )
    assert "Reopen" in client_text(client, f"/incidents/{closed.pk}/panel")


def test_the_frame_counts_what_nobody_asked_about(signed_in, sam, gdansk, plant, noon):
    make_queue_row(gdansk, plant)
    make_queue_row(gdansk, plant)
    assert re.search(r"Triage queue\s+2", client_text(signed_in(sam), "/incidents/"))
    assert Group.objects.count() == 2


def test_the_rail_counts_for_each_person_what_only_they_may_see(
    signed_in, sam, gdansk, plant, make_person, noon
):
    make_queue_row(gdansk, plant)
    make_queue_row(gdansk, plant)
    stranger = make_person(cast.ODA, (Role.OT_ENGINEER, GrantScope.SITE, sam.uuid))
    for user, counted in ((sam, ["2"]), (stranger, []), (sam, ["2"])):
        for address in ("/incidents/", "/"):  # one page counts them anyway, the other asks
            body = signed_in(user).get(address).content.decode()
            rail = re.search(r'<a class="rail-link" href="/incidents/".*?</a>', body, re.S)[0]
            assert re.findall(r'class="count[^"]*">(\d+)<', rail) == counted


@pytest.mark.parametrize("query", ["", "&shown="])
def test_who_asks_for_news_without_a_list_hears_of_all_rows(
    signed_in, sam, gdansk, plant, noon, query
):
    make_queue_row(gdansk, plant)
    text = client_text(signed_in(sam), f"/incidents/changes/?since=2026-11-01T00:00:00Z{query}")
    assert "1 new" in text
