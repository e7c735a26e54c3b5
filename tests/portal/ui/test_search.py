"""The search of the whole portal as the hall knows it: who is asked, what is shown, what fails."""

import re

import pytest
from playwright.sync_api import expect

from portal.accounts.models import Role
from portal.ui.palette import Finder, FinderResult, Result, is_named
from tests.bars import bar_faults_everywhere


@pytest.fixture
def finders(wired):
    """Finders of this test beside the real ones; one added again replaces the old."""

    def add(key, find, **more):
        others = [finder for finder in Finder.entries if finder.key != key]
        wired(Finder, *others, Finder(key, key.title(), find, **more))

    return add


def labels(client, text="", htmx=False):
    headers = {"HX-Request": "true"} if htmx else {}
    body = client.get("/search/", {"q": text}, headers=headers).content.decode()
    return re.findall(r'class="found-label">([^<]*)<', body)


@pytest.fixture
def page_of(client):
    def opened(person, text="", **headers):
        client.force_login(person)
        return client.get("/search/", {"q": text}, headers=headers)

    return opened


def test_pages_are_found_by_the_beginnings_of_their_words(client, ada):
    client.force_login(ada)
    assert labels(client, "sys st") == ["System status"]
    assert labels(client, "SIGN") == ["Sign out"]
    assert "Home" in labels(client)


def test_pages_and_acts_that_a_role_cannot_use_are_absent(client, ada, sam):
    client.force_login(ada)
    assert "Triage queue" not in labels(client)
    client.force_login(sam)
    assert "Triage queue" in labels(client)


def test_who_reads_no_incidents_is_not_told_to_look_for_them(page_of, ada, sam):
    assert "an incident by its number" not in page_of(ada, "zzz").content.decode()
    assert "an incident by its number" in page_of(sam, "zzz").content.decode()


def test_strangers_are_sent_to_sign_in(client, db):
    assert client.get("/search/?q=x").status_code == 302


def test_a_finder_of_a_role_is_asked_for_that_role_only(client, finders, ada, sam):
    asked = []

    def find(request, text):
        asked.append(request.user.name)
        return FinderResult([Result("Secret", "/secret/", "x")])

    finders("secrets", find, roles={Role.SOC_ANALYST})
    client.force_login(ada)
    assert "Secret" not in labels(client, "secret")
    client.force_login(sam)
    assert "Secret" in labels(client, "secret")
    assert asked == ["Sam Keller"]


def test_what_the_text_names_exactly_comes_first_and_opens_without_the_palette(
    page_of, client, finders, ada
):
    one = FinderResult([Result("Seven", "/seven/", "x", is_exact=True)])
    finders("last", lambda request, text: one if text == "7" else FinderResult(), order=99)
    finders(
        "first", lambda request, text: FinderResult([Result("Seventeen", "/17/", "x")]), order=1
    )
    answer = page_of(ada, "7")
    assert (answer.status_code, answer["Location"]) == (302, "/seven/")
    assert labels(client, "7", htmx=True)[:2] == ["Seven", "Seventeen"]


def test_two_exact_ones_are_both_shown(page_of, finders, ada):
    one = FinderResult([Result("Seven", "/seven/", "x", is_exact=True)])
    finders("a", lambda request, text: one)
    finders("b", lambda request, text: one)
    assert page_of(ada, "7").status_code == 200


def test_what_fails_leaves_the_rest_and_says_so(page_of, client, finders, ada, caplog):
    def fail(request, text):
        raise RuntimeError("database away")

    finders("broken", fail)
    body = page_of(ada, "home").content.decode()
    assert "Part of the search failed" in body
    assert labels(client, "home") == ["Home"]
    assert "The finder broken failed." in caplog.text


def test_notes_and_emptiness_are_told(page_of, finders, ada):
    finders("odd", lambda request, text: FinderResult(notes=["“hgh” is not valid here."]))
    body = page_of(ada, "sev:hgh").content.decode()
    assert "“hgh” is not valid here." in body
    assert "Nothing found" not in body
    finders("odd", lambda request, text: FinderResult())
    assert "Nothing found for “sev:hgh”" in page_of(ada, "sev:hgh").content.decode()


def test_what_is_typed_and_found_is_escaped(page_of, finders, ada):
    label = "<script>alert(1)</script>"
    finders("bad", lambda request, text: FinderResult([Result(label, '/"x', "x", detail="<b>")]))
    body = page_of(ada, label).content.decode()
    assert label not in body
    assert "<b>" not in body.replace("<b></b>", "")
    assert 'href="/"x' not in body


def test_anything_can_be_typed(page_of, sam):
    texts = ("", "   ", "x" * 5000, '"', "sev:", "-", "%", "\\", "_")
    for headers in ({}, {"HX-Request": "true"}):
        found = {text: page_of(sam, text, headers=headers).status_code for text in texts}
        assert found == dict.fromkeys(texts, 200)


def test_words_begin_words():
    assert is_named("Close…", "clo")
    assert is_named("Suppression rules", "rul supp")
    assert not is_named("Suppression rules", "press")
    assert is_named("Anything", "")


@pytest.mark.browser
def test_it_moves_by_arrows_and_leaves_by_escape(browse, keeper):
    page = browse("/ui/", as_=keeper)
    page.get_by_role("button", name="Open dialog").focus()
    page.keyboard.press("Control+k")
    field = page.locator("#palette-query")
    expect(field).to_be_focused()
    options = page.locator("#palette").get_by_role("option")
    expect(options.first).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowDown")
    expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    assert field.get_attribute("aria-activedescendant") == options.nth(1).get_attribute("id")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(options.last).to_have_attribute("aria-selected", "true")
    expect(field).to_be_focused()
    expect(page.locator("#palette-count")).to_have_text(f"{options.count()} results")
    page.keyboard.press("Escape")
    expect(page.locator("#palette")).to_be_hidden()
    expect(page.get_by_role("button", name="Open dialog")).to_be_focused()


@pytest.mark.browser
def test_enter_waits_for_the_results_of_what_was_typed(browse, keeper):
    page = browse("/ui/", as_=keeper)
    page.keyboard.press("Control+k")
    expect(page.locator("#palette").get_by_role("option").first).to_be_visible()
    routes = []

    def hold(route):  # Playwright takes no built-in
        routes.append(route)

    page.route("**/search/?q=api*", hold)
    page.keyboard.type("api")
    page.keyboard.press("Enter")
    for _ in range(300):
        if routes:
            break
        page.wait_for_timeout(10)
    expect(page).to_have_url(re.compile("/ui/$"))
    for route in routes:
        route.continue_()
    expect(page).to_have_url(re.compile("/tokens/$"))


@pytest.mark.browser
def test_the_theme_changes_at_once(browse, keeper):
    page = browse("/ui/", as_=keeper)
    page.keyboard.press("Control+k")
    page.keyboard.type("dark")
    expect(page.locator("#palette").get_by_role("option")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.locator("#palette")).to_be_hidden()


@pytest.mark.browser
def test_without_scripts_the_button_leads_to_the_page_and_acts_work(browse, keeper):
    page = browse("/ui/", as_=keeper, java_script_enabled=False)
    page.get_by_role("button", name="Search, or go to").click()
    expect(page).to_have_url(re.compile("/search/"))
    page.get_by_role("searchbox").fill("dark")
    page.get_by_role("button", name="Search", exact=True).click()
    page.locator(".found").get_by_role("button", name="Dark theme").click()
    expect(page).to_have_url(re.compile("/search/\\?q=dark"))
    assert page.locator("html").get_attribute("data-theme") == "dark"


@pytest.mark.browser
def test_when_the_portal_cannot_be_reached_it_says_so_in_the_palette(browse, keeper):
    page = browse("/ui/", as_=keeper, expected=("Failed to fetch", "ERR_FAILED"))
    page.route("**/search/?*", lambda route: route.abort())
    page.keyboard.press("Control+k")
    expect(page.locator("#palette-results [data-failure]")).to_contain_text("could not be reached")
    page.unroute_all()
    page.keyboard.type("home")
    expect(page.locator("#palette").get_by_role("option", name="Home")).to_be_visible()
    expect(page.locator("#palette [data-failure]")).to_have_count(0)


@pytest.mark.browser
@pytest.mark.parametrize("text", ["", "zzz"], ids=["all", "nothing"])
def test_it_holds_the_bars(browse, keeper, text):
    page = browse("/ui/frame/list/", as_=keeper)
    page.keyboard.press("Control+k")
    page.keyboard.type(text)
    expect(page.locator("#palette .found")).to_be_visible()
    page.wait_for_timeout(300)
    assert bar_faults_everywhere(page) == []


@pytest.mark.browser
def test_the_page_holds_the_bars(browse, keeper):
    page = browse("/search/?q=s", as_=keeper)
    assert bar_faults_everywhere(page) == []


@pytest.mark.browser
def test_phones_open_it_from_the_bar_below(browse, keeper):
    page = browse("/ui/", as_=keeper, width=390)
    page.locator(".bottom-bar").get_by_role("link", name="Search").tap()
    expect(page.locator("#palette-query")).to_be_focused()
    expect(page.locator("#palette").get_by_role("option").first).to_be_visible()
    box = page.locator("#palette").bounding_box()
    assert (box["x"], box["y"], box["width"]) == (0, 0, 390)
    page.locator("#palette").get_by_role("button", name="Close").tap()
    expect(page.locator("#palette")).to_be_hidden()
