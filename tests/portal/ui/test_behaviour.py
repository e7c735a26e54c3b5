"""What the modules do: theme, menus, rail, dialogs, toasts, keys, live parts, failures."""

import pytest
from playwright.sync_api import expect

from tests.bars import axe_findings

pytestmark = pytest.mark.browser

TOAST = "document.dispatchEvent(new CustomEvent('toast', {detail: %s}))"


def background(page) -> str:
    return page.evaluate("getComputedStyle(document.body).backgroundColor")


def test_the_theme_follows_the_system_until_one_is_chosen_and_then_stays(browse, keeper):
    page = browse("/ui/", as_=keeper, dark=True)
    dark = background(page)
    page.emulate_media(color_scheme="light")
    expect(page.locator("body")).not_to_have_css("background-color", dark)
    page.get_by_label("Theme").click()
    page.get_by_role("button", name="Dark", exact=True).click()
    expect(page.locator("body")).to_have_css("background-color", dark)
    expect(page.get_by_label("Theme")).to_be_focused()
    page.goto("/ui/frame/list/")
    assert page.locator("html").get_attribute("data-theme") == "dark"
    assert background(page) == dark


def test_the_theme_can_be_chosen_without_scripts(browse, keeper):
    page = browse("/ui/", as_=keeper, java_script_enabled=False)
    page.get_by_label("Theme").click()
    page.get_by_role("button", name="Dark", exact=True).click()
    assert page.locator("html").get_attribute("data-theme") == "dark"


def test_times_are_switched_to_utc_and_back(browse, keeper):
    page = browse("/ui/", as_=keeper)
    page.get_by_role("button", name="UTC").first.click()
    expect(page.get_by_role("button", name="UTC").first).to_have_attribute("aria-pressed", "true")
    keeper.refresh_from_db()
    assert keeper.time_display == "utc"


def test_on_a_phone_the_reader_chooses_the_time_of_the_phone(browse, keeper):
    page = browse("/ui/frame/list/", as_=keeper, width=390, timezone_id="Asia/Tokyo")
    page.get_by_label("Your menu").click()
    page.get_by_role("button", name="My time").click()
    keeper.refresh_from_db()
    assert keeper.time_display == "mine"
    page.get_by_label("Your menu").click()
    chosen = page.get_by_role("button", name="My time")
    expect(chosen).to_have_attribute("aria-pressed", "true")
    expect(chosen).to_have_attribute("title", "Asia/Tokyo")
    assert "JST" in page.locator("main time").first.get_attribute("title")


COUNT_ZONES = """
const { DateTimeFormat } = Intl;
window.zonesLoaded = 0;
Intl.DateTimeFormat = (...what) => (window.zonesLoaded += 1, DateTimeFormat(...what));
"""
AT_REST = (
    "() => new Promise(done => requestAnimationFrame(() => setTimeout(() => setTimeout(done))))"
)


def test_a_browsers_zone_is_asked_once_and_again_when_its_clock_has_moved(browse, keeper):
    first = browse("/ui/frame/list/", as_=keeper, width=390, timezone_id="Asia/Tokyo")
    first.evaluate(AT_REST)
    page = first.context.new_page()  # pages are used again; scripts stay
    page.add_init_script(COUNT_ZONES)
    page.goto("/ui/frame/list/")
    page.evaluate(AT_REST)
    assert page.evaluate("window.zonesLoaded") == 0
    page.evaluate("localStorage.setItem('tagout_zone_distance', '60')")
    page.reload()
    page.wait_for_function("localStorage.getItem('tagout_zone_distance') === '-540'")
    assert page.evaluate("window.zonesLoaded") == 1
    page.close()


def test_without_scripts_the_time_of_the_browser_is_not_known_and_not_offered(browse, keeper):
    page = browse("/ui/frame/list/", as_=keeper, java_script_enabled=False)
    expect(page.get_by_role("button", name="UTC").first).to_be_visible()
    expect(page.get_by_role("button", name="My time")).to_have_count(0)


def test_on_a_phone_nothing_lies_under_the_bar_at_the_bottom(browse, keeper):
    page = browse("/ui/", as_=keeper, width=390)
    bar = page.locator(".bottom-bar").bounding_box()
    main = page.locator("main").bounding_box()
    assert main["y"] + main["height"] <= bar["y"] and bar["y"] + bar["height"] <= 844
    page.locator("main").evaluate("e => e.scrollTo(0, 700)")
    assert axe_findings(page, of=("rule", ["target-size"])) == []
    page.reload()
    assert page.locator("main").evaluate("e => e.scrollTop") == 700
    page.goto("/ui/frame/list/")
    page.go_back()
    expect(page.locator("main")).to_be_visible()
    assert page.locator("main").evaluate("e => e.scrollTop") == 700


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_the_rail_is_a_sheet_on_a_phone(browse, keeper, scripts):
    page = browse("/ui/", as_=keeper, width=390, java_script_enabled=scripts)
    rail = page.locator("#rail")
    expect(rail).to_be_hidden()
    page.get_by_role("button", name="More", exact=True).last.click()
    expect(rail).to_be_visible()
    page.keyboard.press("Escape")
    expect(rail).to_be_hidden()


def test_a_menu_closes_on_escape_and_outside(browse, keeper):
    page = browse("/ui/", as_=keeper)
    summary = page.locator("summary", has_text="Menu")
    summary.click()
    expect(page.get_by_text("One", exact=True)).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_text("One", exact=True)).to_be_hidden()
    expect(summary).to_be_focused()
    summary.click()
    page.locator("h1").click()
    expect(page.get_by_text("One", exact=True)).to_be_hidden()


def test_a_dialog_gives_the_focus_back(browse, keeper):
    page = browse("/ui/", as_=keeper)
    opener = page.get_by_role("button", name="Open dialog")
    opener.click()
    dialog = page.locator("#sample")
    expect(dialog).to_be_visible()
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_be_hidden()
    expect(opener).to_be_focused()


def test_the_question_mark_opens_the_shortcuts_but_not_from_a_field(browse, keeper):
    page = browse("/ui/", as_=keeper)
    page.keyboard.press("/")
    field = page.get_by_label("Filter this list")
    expect(field).to_be_focused()
    page.keyboard.type("?")
    expect(field).to_have_value("?")
    expect(page.locator("#shortcuts")).to_be_hidden()
    field.blur()
    page.keyboard.type("?")
    expect(page.locator("#shortcuts")).to_be_visible()


def test_keys_do_nothing_for_who_has_switched_them_off(browse, keeper):
    keeper.keys_on = False
    keeper.save(update_fields=["keys_on"])
    page = browse("/ui/", as_=keeper)
    page.keyboard.type("?")
    page.wait_for_timeout(100)
    expect(page.locator("#shortcuts")).to_be_hidden()


def test_a_toast_offers_undo_and_waits_while_it_is_looked_at(browse, keeper):
    # No other test asks for such a browser: this one's clock stays in the test's hands.
    page = browse("/ui/", as_=keeper, service_workers="block")
    posted = []
    page.route("**/undo/", lambda route: (posted.append(1), route.fulfill(status=204)))
    page.clock.install()
    page.evaluate(TOAST % "{text: 'Assigned to Sam', undo: '/undo/', seconds: 3}")
    toast = page.locator(".toast")
    toast.hover()
    page.clock.run_for(10_000)
    expect(toast).to_be_visible()
    with page.expect_response("**/undo/"):
        toast.get_by_role("button").click()
    expect(toast).to_have_count(0)
    assert posted == [1]
    page.evaluate(TOAST % "{text: 'Closed', undo: '/undo/', seconds: 1}")
    page.mouse.move(0, 0)
    page.clock.run_for(2000)
    expect(toast).to_have_count(0)
    assert posted == [1]


def test_z_takes_back_what_the_latest_toast_says(browse, keeper):
    page = browse("/ui/", as_=keeper)
    with page.expect_request("**/undo/2/") as asked:
        page.route("**/undo/*/", lambda route: route.fulfill(status=204))
        page.evaluate(TOAST % "{text: 'One', undo: '/undo/1/'}")
        page.evaluate(TOAST % "{text: 'Two', undo: '/undo/2/'}")
        page.keyboard.press("z")
    assert asked.value.method == "POST"
    assert asked.value.headers["x-csrftoken"]
    expect(page.locator(".toast")).to_have_count(1)


LIVE = """() => {
  const part = document.createElement('div');
  part.id = 'part';
  part.textContent = 'old';
  part.dataset.live = '1';
  part.setAttribute('hx-get', '/part/');
  part.setAttribute('hx-trigger', 'live');
  part.setAttribute('hx-swap', 'outerMorph');
  document.querySelector('main').append(part);
  htmx.process(part);
}"""


def test_a_live_part_asks_again_and_204_changes_nothing(browse, keeper):
    page = browse("/ui/", as_=keeper)
    answers = iter([(204, ""), (200, '<div id="part">new</div>')])

    def answer(route):
        status, body = next(answers, (204, ""))
        route.fulfill(status=status, body=body, content_type="text/html")

    page.route("**/part/", answer)
    with page.expect_response("**/part/"):
        page.evaluate(LIVE)
    expect(page.locator("#part")).to_have_text("old")
    expect(page.locator("#part")).to_have_text("new")


def test_when_the_portal_cannot_be_reached_the_page_says_so_in_place(browse, keeper):
    page = browse("/ui/", as_=keeper, expected=("Failed to fetch", "ERR_FAILED"))
    page.route("**/gone/", lambda route: route.abort())
    page.evaluate("htmx.ajax('GET', '/gone/', {target: '#list'}).catch(() => 0)")
    failure = page.locator("[data-failure]")
    expect(failure).to_contain_text("could not be reached")
    assert page.locator("#list .failure").count() == 1
    expect(page.locator(".toast")).to_have_count(0)


def test_ages_keep_counting_by_the_servers_clock(browse, keeper):
    page = browse("/ui/", as_=keeper)
    page.evaluate("""() => {
      const time = document.querySelector('time[data-relative]');
      const now = Date.parse(document.body.dataset.now);
      time.dateTime = new Date(now - 7 * 60000).toISOString();
      document.dispatchEvent(new Event('visibilitychange'));
    }""")
    expect(page.locator("time[data-relative]").first).to_have_text("7 min ago")


def test_forced_colours_show_what_is_chosen(browse, keeper):
    page = browse("/ui/frame/phone/", as_=keeper, width=390, forced_colors="active")
    outlined = "e => getComputedStyle(e.closest('label').querySelector('span')).outlineStyle"
    chosen = page.locator("input[name=verdict][value=maintenance]")
    other = page.locator("input[name=verdict][value=routine]")
    assert chosen.evaluate(outlined) == "solid"
    assert other.evaluate(outlined) == "none"


def test_moving_between_pages_with_motion_breaks_no_policy(browse, keeper):
    page = browse("/ui/", as_=keeper, reduced_motion="no-preference")
    page.get_by_role("link", name="List page").click()
    expect(page.get_by_role("heading", name="Triage queue")).to_be_visible()
    page.wait_for_timeout(300)


def test_the_rail_of_a_soc_lead_fits_a_screen_of_900_pixels(browse, leo):
    page = browse("/rules/", as_=leo)
    expect(page.locator(".rail-foot")).to_be_in_viewport(ratio=1)
    expect(page.locator(".rail-link").last).to_be_in_viewport(ratio=1)
    page.set_viewport_size({"width": 1440, "height": 500})
    expect(page.locator(".rail-foot")).to_be_in_viewport(ratio=1)


def test_paper_shows_the_facts_and_no_frame(browse, keeper):
    page = browse("/ui/", as_=keeper, dark=True)
    page.emulate_media(media="print")
    expect(page.locator(".rail")).to_be_hidden()
    expect(page.locator(".timeline")).to_be_visible()
    expect(page.locator("html")).to_have_css("color-scheme", "light")


def test_a_live_part_that_is_replaced_waits_its_time(browse, keeper):
    page = browse("/ui/", as_=keeper)
    asked = []
    body = '<div id="part" data-live="1" hx-get="/part/" hx-trigger="live" hx-swap="outerHTML">'

    def answer(route):
        asked.append(1)
        route.fulfill(status=200, body=f"{body}{len(asked)}</div>", content_type="text/html")

    page.route("**/part/", answer)
    with page.expect_request("**/part/"):
        page.evaluate(LIVE.replace("outerMorph", "outerHTML"))
    page.wait_for_timeout(1500)
    assert len(asked) <= 2
    page.evaluate("part.dataset.liveIdle = ''; document.dispatchEvent(new Event('input'))")
    before = len(asked)
    page.wait_for_timeout(1500)
    assert len(asked) == before, "it would move what somebody types into"


def test_the_server_can_tell_a_part_that_is_live_from_somebody_at_work(browse, keeper):
    page = browse("/ui/", as_=keeper)
    page.route("**/part/", lambda route: route.fulfill(status=204))
    with page.expect_request("**/part/") as asked:
        page.evaluate(LIVE.replace("'live'", "'live, click'"))
    assert asked.value.headers.get("tagout-live") == "1"
    with page.expect_request("**/part/") as asked:
        page.locator("#part").click()
    assert "tagout-live" not in asked.value.headers


def test_signing_in_works_without_scripts(browse, transactional_db, make_person):
    from tests import cast

    make_person(cast.SAM)
    page = browse("/login/?next=/login/", java_script_enabled=False)
    page.get_by_label("E-mail address").fill(cast.SAM.email)
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator(".note")).to_be_visible()
    expect(page.get_by_label("E-mail address")).to_have_value(cast.SAM.email)


SHIFT = """() => new Promise((done) => {
  let sum = 0;
  new PerformanceObserver((list) => list.getEntries().forEach((e) => { sum += e.value; }))
    .observe({type: 'layout-shift', buffered: true});
  setTimeout(() => done(sum), 100);
})"""


def test_the_page_does_not_shift_while_it_loads(browse, keeper):
    page = browse("/ui/frame/list/", as_=keeper)
    page.wait_for_timeout(300)
    assert page.evaluate(SHIFT) <= 0.02


@pytest.mark.parametrize("file", ["inter-latin.woff2", "inter-latin-ext.woff2"])
def test_letters_that_come_late_move_nothing(browse, keeper, file):
    page = browse("/ui/frame/phone/", as_=keeper)
    routes = []

    def hold(route):  # Playwright takes no built-in
        routes.append(route)

    page.route(f"**/{file}", hold)
    page.goto("/ui/frame/list/", wait_until="commit")
    page.locator(".grid-meta .device").first.wait_for()
    page.wait_for_timeout(300)
    for route in routes:
        route.continue_()
    page.evaluate("document.fonts.ready")
    page.wait_for_timeout(200)
    moved = page.evaluate(SHIFT)
    assert routes
    assert moved <= 0.02
