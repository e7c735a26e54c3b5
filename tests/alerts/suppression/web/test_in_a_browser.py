"""The pages of the room against the bars of the design, in a browser."""

import time

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from alerts.incidents.models import Incident
from alerts.rules.guards.signing import SigningSide
from alerts.suppression.deploying.watchlist_switch import propose_watchlist, sign_watchlist
from tests.alerts.suppression.drifting import (
    live_rule,
    question_of_tonight,
    replaced_server,
)
from tests.bars import (
    bar_faults,
    bar_faults_everywhere,
    bar_faults_of_each,
    calm_down,
    settle,
    size_faults,
)
from tests.conftest import NOON
from tests.contexts import PATIENCE
from tests.sheets import taps_that_cut

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_lists_a_rule_and_the_watchlist_hold_the_bars(
    browse, make_version, acted, stand_in_sentinel, workspace, oda, leo, noon
):
    live = make_version("live")
    acted(live, ending="reopened", review_again_at=NOON)
    make_version("draft", rule=live.rule)
    proposed = make_version("proposed")
    acted(proposed)
    stand_in_sentinel(live, "refused", latest_error="BadRequest: too many conditions")
    request = propose_watchlist(workspace=workspace, side=SigningSide.OT, by=oda, now=NOON)
    sign_watchlist(
        request_id=request.pk,
        side=SigningSide.OT,
        by=oda,
        seen_hash=request.text_hash,
        proved_at=NOON,
        now=NOON,
    )
    paths = (
        "/approvals/",
        "/ledger/",
        "/ledger/?show=again",
        "/ledger/?where=sentinel",
        "/deployments/",
        "/rules/off/",
        f"/rules/{proposed.uuid}/",
        reverse("suppression:watchlists"),
        reverse("suppression:watchlist", args=[workspace.uuid]),
    )
    page = browse("/rules/", as_=leo)
    assert bar_faults_everywhere(page) == []
    assert bar_faults_of_each(page, *paths) == []


@pytest.mark.parametrize("locale", ["en", "de"])
def test_a_change_of_the_plant_is_asked_about_within_390_pixels(
    browse, workspace, site, people, noon, locale
):
    live_rule(workspace, site, people)
    replaced_server(workspace, site)
    path = f"/drift/{question_of_tonight().uuid}/"
    page = browse(path, as_=people.oda, width=390, locale=locale)
    assert page.locator(".one-tap button").count() == 3
    assert taps_that_cut(page)[1] == {}


def test_the_editor_holds_the_bars_and_german_words_fit_on_a_phone(browse, people, draft, noon):
    page = browse(f"/rules/{draft.uuid}/edit/", as_=people.oda)
    page.get_by_text("would match, in 12 incidents").wait_for()
    assert bar_faults_everywhere(page) == []
    page = browse(f"/rules/{draft.uuid}/do/propose/", as_=people.oda, width=390, locale="de")
    assert page.locator("html[lang=de]").count()
    calm_down(page)
    assert bar_faults(page) == []
    for path in ("edit/", ""):  # which axe has looked at in English
        page.goto(f"/rules/{draft.uuid}/{path}")
        calm_down(page)
        assert size_faults(page) == [], path


def test_the_editor_saves_by_itself_and_counts_anew(browse, people, draft, noon):
    page = browse(f"/rules/{draft.uuid}/edit/", as_=people.oda)
    page.get_by_text("would match, in 12 incidents").wait_for()
    assert page.locator("#left-all-4").inner_text() == "12"
    page.locator("[name=title]").fill("Recipe downloads on Tuesdays")
    page.locator("[name=title]").blur()
    page.get_by_role("heading", name="Recipe downloads on Tuesdays").wait_for()
    page.locator("[name=all-new]").select_option("protocol")
    page.get_by_role("button", name="Condition").click()
    page.locator("#all-5-add").fill("CIP")
    page.keyboard.press("Enter")
    page.locator("#line-all-5 .pick-box", has_text="CIP").wait_for()
    page.locator("#left-all-5", has_text="0").wait_for()
    assert page.locator("#all-5-add").input_value() == ""
    page.locator("#line-all-5 .edit-drop").click()
    page.locator("#line-all-5").wait_for(state="detached")
    calm_down(page)
    draft.refresh_from_db()
    assert draft.title == "Recipe downloads on Tuesdays"
    assert len(draft.body["all_of"]) == 5
    put_a_window_together_while_other_lines_are_saved(page)
    type_fast_and_lose_nothing(page, draft)


def put_a_window_together_while_other_lines_are_saved(page):
    window = page.locator(".edit-window")
    window.locator(".pick", has_text="Fri").click()
    window.locator("[name$=-from]").fill("22:00")
    page.locator("[name=title]").fill("On two days")
    page.locator("[name=title]").blur()
    page.get_by_role("heading", name="On two days").wait_for()
    assert window.locator("[name$=-from]").input_value() == "22:00"
    assert window.locator("[value=Fri]").is_checked()
    window.locator("[name$=-to]").fill("23:00")
    window.get_by_role("button", name="Add the window").click()
    page.locator(".edit-values .pick-box", has_text="Fri 22:00-23:00").wait_for()
    page.wait_for_function("!document.querySelector('.edit-window [name$=-from]').value")
    assert not window.locator("[value=Fri]").is_checked()


def type_fast_and_lose_nothing(page, draft):
    for name, words in (
        ("title", "One"),
        ("reason", "Two"),
        ("title", "Three words"),
        ("reason", "Four words"),
    ):
        page.locator(f"[name={name}]").fill(words)
        page.locator(f"[name={name}]").blur()
    page.get_by_role("heading", name="Three words").wait_for(timeout=2 * PATIENCE)
    until = time.monotonic() + PATIENCE / 1000  # each save waits for the one before it
    while draft.body["reason"] != "Four words" and time.monotonic() < until:
        page.wait_for_timeout(50)
        draft.refresh_from_db()
    calm_down(page)
    assert not page.locator(".page .note-bad").count()
    draft.refresh_from_db()
    assert (draft.title, draft.body["reason"]) == ("Three words", "Four words")


def test_without_scripts_a_rule_is_edited_proposed_and_signed(browse, people, draft, noon):
    page = browse(f"/rules/{draft.uuid}/edit/", as_=people.oda, java_script_enabled=False)
    page.locator("[name=title]").fill("Recipe downloads on Tuesdays")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("would match, in 12 incidents")).to_be_visible()
    page.get_by_role("link", name="Request approval").click()
    page.get_by_label("Your password").fill("correct horse battery")
    page.get_by_role("button", name="Request approval").click()
    expect(page.get_by_text("Still to sign for the SOC:")).to_be_visible()
    page = browse(f"/rules/{draft.uuid}/", as_=people.leo, java_script_enabled=False)
    page.locator("#sign-note").fill("Seen with Oda.")
    page.get_by_label("I looked at the alerts myself.").check()
    page.get_by_label("Your password").fill("correct horse battery")
    page.get_by_role("button", name="Sign").click()
    expect(page.locator("#sign-note")).to_have_count(0)
    draft.refresh_from_db()
    assert draft.state == "canary"


def test_a_request_to_sign_shows_first_what_counts_and_holds_the_bars(
    browse, people, proposal, noon
):
    page = browse(f"/rules/{proposal.uuid}/", as_=people.leo)
    sign, figures = page.get_by_role("button", name="Sign"), page.locator("#backtest .figures")
    for part in (sign, figures):
        box = part.bounding_box()
        assert box["y"] + box["height"] <= 900, "in sight without scrolling"
    for width, height in ((1440, 900), (1000, 900), (390, 844), (320, 844)):
        page.set_viewport_size({"width": width, "height": height})
        settle(page)
        parts = (page.locator(selector).bounding_box() for selector in ("#checks", "#signatures"))
        checks, signatures = parts
        assert checks["y"] + checks["height"] <= signatures["y"], width
        if width < 400:  # one signs after what the rule says and did
            order = (".rule-lines", "#backtest", "#signatures", ".rule-rest")
            places = [page.locator(part).first.bounding_box()["y"] for part in order]
            assert places == sorted(places), width
    page.set_viewport_size({"width": 1440, "height": 900})
    assert bar_faults_everywhere(page) == []


def test_an_incident_fetches_why_it_was_closed_and_escape_closes_the_dialog_of_its_rule(
    browse, make_version, acted, leo, noon
):
    version = make_version("live")
    entry = acted(version)
    Incident.objects.update(closed_by="R-1")
    page = browse(f"/incidents/{entry.incident_id}/", as_=leo)
    page.get_by_role("heading", name="Why was this closed").wait_for()
    assert page.locator("#rules-panel").get_by_role("link", name="R-1").is_visible()
    calm_down(page)
    page.goto(f"/rules/{version.uuid}/")
    page.get_by_role("link", name="Pause").click()
    dialog = page.locator("dialog[open]")
    dialog.get_by_text("R-1").wait_for()
    page.keyboard.press("Escape")
    dialog.wait_for(state="detached")
