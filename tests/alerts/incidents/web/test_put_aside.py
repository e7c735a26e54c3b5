"""A row of the queue is put aside from its page: by key, by form, with undo, and back again."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from uuid import uuid4

import pytest
from playwright.sync_api import expect

from alerts.incidents.models import Group, Incident, OtState, Severity, TimelineItem
from portal.accounts.models import User
from tests.alerts.incidents.web.many import work
from tests.bars import axe_findings_in_both_themes, sideways
from tests.conftest import NOON
from tests.factories.incidents import make_queue_row
from tests.program import Program

TOMORROW = datetime(2026, 11, 25, 7, tzinfo=UTC)  # 8:00 in Gdańsk


@pytest.fixture
def row(gdansk, plant, noon):
    return make_queue_row(gdansk, plant, n=2, title="PLC Stop Command Was Sent")


def send(client, row, **values):
    data = {"group": str(row.key), "act": str(uuid4()), **values}
    return client.post("/incidents/act/aside/", data, headers={"HX-Request": "true"})


def words_of(answer):
    text = re.sub(r"<[^>]+>", " ", answer.content.decode())
    return re.sub(r"\s+", " ", text)


def test_the_form_offers_mornings_of_the_plant_and_the_row_leaves(signed_in, sam, row):
    client = signed_in(sam)
    form = client.get(f"/incidents/act/aside/?group={row.key}")
    moments = re.findall(r'name="back_at" value="([^"]+)"', form.content.decode())
    assert [datetime.fromisoformat(at) for at in moments[:2]] == [
        TOMORROW,
        TOMORROW + timedelta(days=5),
    ]
    assert moments[-1] == "other"
    answer = send(client, row, back_at=moments[0])
    assert "Put aside until 25 Nov, 08:00: PLC Stop Command Was Sent" in answer["HX-Trigger"]
    row.refresh_from_db()
    assert (row.aside_until, row.aside_by) == (TOMORROW, sam.name)
    queue = words_of(client.get("/incidents/"))
    assert "1 put aside" in queue and "PLC Stop" not in queue
    everything = words_of(client.get("/incidents/?view=open"))
    assert "Aside until 25 Nov, 08:00, by Sam Keller" in everything
    assert "1 put aside" not in words_of(client.get("/incidents/?view=open&q=aside:yes"))
    page = words_of(client.get(f"/incidents/{row.lead_id}/?tab=timeline"))
    assert "put it aside until 25 Nov, 08:00" in page
    assert "Aside until" in words_of(client.get(f"/incidents/groups/{row.key}/panel"))


def test_counts_of_home_rail_and_queue_agree(signed_in, sam, leo, gdansk, plant, row):
    make_queue_row(gdansk, plant, n=3)
    send(signed_in(sam), row, back_at=TOMORROW.isoformat())
    for person in (sam, leo):
        client = signed_in(person)
        assert "Needs triage 1 row · 3 incidents" in words_of(client.get("/"))
        assert re.search(
            r"Needs triage 1 row .*All open 2 rows", words_of(client.get("/incidents/"))
        )
    program = Program(sam)
    for query, n in (("view=needs", 3), ("view=open", 5), ("view=open&q=aside:yes", 2)):
        assert len(program.get("incidents/", {"queue": query}).json()["results"]) == n


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({}, "Choose when it is back."),
        ({"back_at": "other"}, "Enter a day and a time."),
        ({"back_at": "other", "other": "soon"}, "Enter a day and a time."),
        ({"back_at": "other", "other": "2026-11-24T12:59"}, "still to come"),
        ({"back_at": "other", "other": "9999-12-31T23:59"}, "30 days at most"),
        ({"back_at": "other", "other": "0001-01-01T00:00"}, "Enter a day and a time."),
        ({"back_at": "2026-11-25"}, ""),
        ({"back_at": "%00"}, "Enter a day and a time."),
        ({"back_at": "-1e400"}, "Enter a day and a time."),
    ],
    ids=str,
)
def test_moments_that_are_none_are_refused(signed_in, sam, row, values, problem):
    answer = send(signed_in(sam), row, **values)
    assert answer.status_code == (422 if problem else 204)
    assert problem in answer.content.decode()
    assert TimelineItem.objects.exists() == (not problem)


def test_high_is_offered_an_hour_and_nothing_longer(signed_in, sam, row):
    Incident.objects.update(severity=Severity.HIGH)
    form = words_of(signed_in(sam).get(f"/incidents/act/aside/?group={row.key}"))
    assert "In an hour: 14:00" in form and "For 1 h at most" in form
    assert "Tomorrow" not in form and "Monday" not in form
    answer = send(signed_in(sam), row, back_at=TOMORROW.isoformat())
    assert "1 h at most" in answer.content.decode()


def test_another_time_is_picked_from_a_calendar(signed_in, sam, row):
    form = signed_in(sam).get(f"/incidents/act/aside/?group={row.key}").text
    field = re.search(r"<input[^>]*id=\"id_other\">", form)[0]
    assert re.findall(r'type="([^"]*)"', field) == ["datetime-local"]
    assert 'min="2026-11-24T13:00" max="2026-12-24T13:00"' in field


def test_what_cannot_be_put_aside_says_so_before_it_asks(signed_in, sam, row):
    address, client = f"/incidents/act/aside/?group={row.key}", signed_in(sam)
    for state, reason in (
        (OtState.WAITING, "is late."),
        (OtState.SUSPICIOUS, "suspicious: escalate it or close it."),
    ):
        Incident.objects.update(ot_state=state, ot_due_at=NOON - timedelta(minutes=30))
        form = client.get(address)
        assert reason in unescape(words_of(form))
        assert 'name="back_at"' not in form.text and "at most" not in words_of(form)


def test_who_does_not_act_there_sees_it_aside_and_cannot_do_it(signed_in, sam, oda, row):
    send(signed_in(sam), row, back_at=TOMORROW.isoformat())
    client = signed_in(oda)
    assert "Aside until" in words_of(client.get("/incidents/?view=open"))
    answer = send(client, row, back_at="back")
    assert answer.status_code == 422 and "only the SOC" in answer.content.decode()
    assert Group.objects.get().aside_until == TOMORROW


def test_a_program_puts_aside_and_brings_back(sam, oda, row):
    address = f"incidents/{row.lead_id}"
    program = Program(sam)
    answer = program.post(f"{address}/put-aside/", {"until": TOMORROW.isoformat()}).json()
    assert (answer["aside_until"], answer["aside_by"]) == ("2026-11-25T07:00:00Z", sam.name)
    answer = program.post(f"{address}/bring-back/").json()
    assert (answer["aside_until"], answer["aside_by"]) == (None, "")
    assert program.post(f"{address}/bring-back/").status_code == 409
    for until, status in (("9999-12-31T23:59:59Z", 409), ("2020-01-01T00:00:00Z", 409)):
        assert program.post(f"{address}/put-aside/", {"until": until}).status_code == status
    for body in ({}, {"until": None}, {"until": "%00"}, {"until": "\x00"}):
        assert program.post(f"{address}/put-aside/", body).status_code == 400
    refused = Program(oda).post(f"{address}/put-aside/", {"until": TOMORROW.isoformat()})
    assert refused.status_code == 403


def test_many_are_put_aside_in_the_background_and_undone(
    signed_in, sam, make_row, small_pieces, htmx
):
    many, client = make_row(6), signed_in(sam)
    answer = send(client, many, back_at=TOMORROW.isoformat())
    address = answer["HX-Redirect"].partition("?")[0]
    assert work(2) == 2
    many.refresh_from_db()
    assert many.aside_until == TOMORROW
    client.post(f"{address}undo/")
    many.refresh_from_db()
    assert many.aside_until is None


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_b_puts_the_row_aside_z_takes_it_back_and_the_link_lists_it(browse, sam, row):
    page = browse("/incidents/", as_=sam)
    expect(page.locator("#panel .panel-title")).to_be_visible()
    page.keyboard.press("b")
    dialog = page.locator("dialog[open]")
    expect(dialog.locator("input[type=radio]").first).to_be_focused()
    expect(dialog.get_by_label("Day and time")).to_be_hidden()
    assert axe_findings_in_both_themes(page) == []
    page.keyboard.press("Enter")
    expect(page.locator(".toast")).to_contain_text("Put aside until 25 Nov, 08:00")
    expect(page.locator("#queue-rows tbody tr")).to_have_count(0)
    expect(page.locator("#queue-aside")).to_contain_text("1 put aside")
    page.keyboard.press("z")
    expect(page.locator("#queue-rows tbody tr")).to_have_count(1)
    expect(page.locator("#queue-aside")).to_have_count(0)
    page.keyboard.press("b")
    dialog.get_by_label("Another time").check()
    assert dialog.get_by_label("Day and time").evaluate("field => field.type") == "datetime-local"
    dialog.get_by_label("Day and time").fill("2026-12-01T10:30")
    dialog.locator("button[type=submit]").click()
    expect(page.locator("#queue-aside")).to_contain_text("1 put aside")
    page.locator("#queue-aside").click()
    expect(page.locator("#queue-rows tbody tr")).to_contain_text("Aside until 1 Dec, 10:30")
    page.wait_for_load_state()
    page.keyboard.press("b")
    dialog.get_by_label("Back in the queue now").check()
    dialog.locator("button[type=submit]").click()
    expect(page.locator("#queue-rows tbody tr")).to_have_count(0)
    assert Group.objects.get().aside_until is None


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_on_a_phone_it_is_put_aside_from_the_page_of_the_incident(browse, sam, row):
    User.objects.filter(pk=sam.pk).update(language="de")
    page = browse(f"/incidents/{row.lead_id}/", as_=sam, width=390, locale="de")
    page.get_by_role("link", name="Zurückstellen").click()
    dialog = page.locator("dialog[open]")
    dialog.get_by_label("Andere Zeit").check()
    expect(dialog.get_by_label("Tag und Uhrzeit")).to_be_visible()
    assert sideways(page) == 0
    dialog.get_by_label("Morgen früh").check()
    dialog.get_by_role("button", name="Zurückstellen").click()
    expect(page.locator(".incident-facts")).to_contain_text("Zurückgestellt bis")
    assert sideways(page) == 0
