"""The phone page in a browser: taps, thumbs, keys, no scripts, no network."""

from datetime import timedelta
from uuid import uuid4

import pytest
from playwright.sync_api import expect

from alerts.reviews.models import Question, Verdict
from alerts.reviews.services.verdicts import give_verdict
from tests.bars import bar_faults_everywhere
from tests.conftest import NOON

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

THUMB_FROM = 844 * 0.4  # all that is pressed to answer lies in the lower 60 % of the screen


@pytest.fixture
def phone(browse, question, oda, noon):
    def opened(width=390, **more):
        return browse(f"/reviews/{question.uuid}/", as_=oda, width=width, **more)

    return opened


def pick(page, name):
    page.locator("label", has_text=name).filter(visible=True).first.tap()


def tops(page, selector):
    return page.eval_on_selector_all(
        selector,
        "all => all.filter((e) => e.checkVisibility()).map((e) => e.getBoundingClientRect().top)",
    )


def test_an_answer_takes_three_taps(phone):
    page = phone()
    pick(page, "Maintenance")
    pick(page, "Planned programming")
    page.get_by_role("button", name="Save answer").tap()
    page.wait_for_url("**/reviews/")
    assert page.get_by_role("heading", name="Nothing is waiting for you").is_visible()
    assert page.locator(".toast").inner_text().startswith("Saved: Maintenance.")
    assert Verdict.objects.get().cause == "plc-programming-window"
    page.locator(".toast button").tap()
    page.wait_for_url("**/reviews/*/")
    assert page.get_by_role("heading", name="Your answer").is_visible()


@pytest.fixture
def about_three(browse, make, ask, oda, noon):
    """Oda's phone with a question about incidents of three days."""
    rows = [make(at=NOON - timedelta(days=days, minutes=20))[0] for days in (113, 1, 0)]
    question = ask(rows)

    def opened(width=390):
        return browse(f"/reviews/{question.uuid}/", as_=oda, width=width)

    opened.question, opened.rows = question, rows
    return opened


def test_an_answer_about_several_takes_three_taps_too(about_three):
    page = about_three()
    pick(page, "Maintenance")
    pick(page, "Planned programming")
    page.get_by_role("button", name="Save answer").tap()
    page.wait_for_url("**/reviews/")
    assert Verdict.objects.get().incidents.count() == 3


def test_one_tap_leaves_a_date_out_and_the_page_comes_back_with_it(about_three):
    page = about_three()
    page.get_by_text(f"#{about_three.rows[0].number}", exact=True).tap()
    pick(page, "Maintenance")
    pick(page, "Planned programming")
    page.get_by_role("button", name="Save answer").tap()
    expect(page.get_by_role("heading", name="Already answered")).to_be_visible()
    expect(page.locator(".toast")).to_contain_text("1 incident of the question is still open.")
    assert set(Verdict.objects.get().incidents.all()) == set(about_three.rows[1:])
    expect(page.get_by_text(f"#{about_three.rows[0].number} · 3 Aug")).to_be_visible()


def test_questions_about_one_and_about_three_meet_the_bars(phone, about_three):
    assert bar_faults_everywhere(about_three(1440)) == []
    page = phone(1440)
    page.get_by_label("Suspicious").check(force=True)
    page.locator(".phone-sheet summary").click()
    assert bar_faults_everywhere(page) == []


def test_planned_work_leaves_the_devices_in_sight(phone):
    page = phone()
    pick(page, "Maintenance")
    assert page.get_by_text("Planned until", exact=True).is_visible()
    devices = page.locator(".phone-facts .pair").bounding_box()
    assert devices["y"] + devices["height"] <= page.locator(".phone-sheet").bounding_box()["y"]


def test_all_lies_at_thumb_height_and_time_is_chosen_beside_the_question(phone, oda):
    page = phone()
    for verdict in ("Routine", "Maintenance", "Suspicious", "Not sure"):
        pick(page, verdict)
        reached = tops(
            page, ".verdict-box, .pick-box, .phone-sheet .input, .button-big, .phone-sheet summary"
        )
        assert len(reached) >= 9, verdict
        assert min(reached) >= THUMB_FROM, verdict
        assert max(tops(page, ".button-big")) <= 844 - 44, verdict
    page.locator(".clock-menu summary").click()
    page.get_by_role("button", name="UTC").click()
    expect(page.locator(".clock-menu summary")).to_have_text("UTC")
    oda.refresh_from_db()
    assert oda.time_display == "utc"


def test_reasons_change_with_the_verdict_without_scripts(phone):
    page = phone(java_script_enabled=False)
    assert not page.locator(".pick").filter(visible=True).count()
    pick(page, "Routine")
    assert page.get_by_text("Runs by itself").is_visible()
    pick(page, "Suspicious")
    assert not page.get_by_text("Runs by itself").is_visible()
    pick(page, "None of us")
    page.get_by_label("What makes you think so?").fill("Nobody was there")
    page.get_by_role("button", name="Save answer").tap()
    page.wait_for_url("**/reviews/")
    assert Verdict.objects.get().note == "Nobody was there"


def test_an_answer_is_given_by_keyboard(phone):
    page = phone(1440)
    page.get_by_label("Routine").focus()
    page.keyboard.press("ArrowRight")
    assert page.get_by_label("Maintenance").is_checked()
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    page.wait_for_url("**/reviews/")
    assert Verdict.objects.get().kind == "maintenance"


def test_what_is_missing_is_said_on_the_page(phone):
    page = phone()
    pick(page, "Routine")
    page.get_by_role("button", name="Save answer").tap()
    page.get_by_text("Choose a reason.").wait_for()
    assert page.locator("#reason-problem:focus").count() == 1, "one begins at what is missing"
    verdicts, reasons = page.locator(".verdicts"), page.locator(".reasons-routine")
    assert verdicts.bounding_box()["y"] < page.locator("#reason-problem").bounding_box()["y"]
    assert page.locator("#reason-problem").bounding_box()["y"] < reasons.bounding_box()["y"]
    assert page.get_by_label("Routine").is_checked()


def test_without_network_the_answer_is_kept_and_sent_later(phone):
    page = phone(expected=("net::ERR_FAILED",))
    pick(page, "Maintenance")
    pick(page, "Planned programming")
    page.route(
        "**/reviews/*/",
        lambda route: route.abort() if route.request.method == "POST" else route.continue_(),
    )
    watch = page.get_by_text("Not sent, will retry.")
    page.get_by_role("button", name="Save answer").tap()
    watch.wait_for()
    assert not Verdict.objects.exists()
    page.unroute("**/reviews/*/")
    page.evaluate("dispatchEvent(new Event('online'))")
    page.wait_for_url("**/reviews/")
    assert Verdict.objects.count() == 1
    assert page.evaluate("localStorage.getItem('tagout.answers')") == "[]"


def test_without_network_one_answers_on_and_all_is_sent_once(browse, make, ask, oda, noon):
    first, second, third = (ask([make(at=NOON - timedelta(hours=hours))[0]]) for hours in (3, 2, 1))
    page = browse(
        f"/reviews/{first.uuid}/", as_=oda, width=390, expected=("net::ERR_INTERNET_DISCONNECTED",)
    )
    page.wait_for_load_state("networkidle")
    page.context.set_offline(True)
    expect(page.get_by_text("Tagout cannot be reached.")).to_be_visible()
    for question, left in ((first, second), (second, third)):
        assert page.url.endswith(f"/reviews/{question.uuid}/")
        pick(page, "Maintenance")
        pick(page, "Planned programming")
        page.get_by_role("button", name="Save and show next").tap()
        page.wait_for_url(f"**/reviews/{left.uuid}/")
        expect(page.get_by_text("Your answer is kept on this device and sent once")).to_be_visible()
    pick(page, "Suspicious")
    pick(page, "None of us")
    page.get_by_label("What makes you think so?").fill("Nobody was there")
    page.get_by_role("button", name="Save and show next").tap()
    expect(page.get_by_text("Not sent, will retry.")).to_be_visible()
    expect(page.get_by_role("button", name="Save and show next")).to_be_disabled()
    assert Question.objects.filter(opened_by=None).count() == 2, "carried is not opened"
    page.context.set_offline(False)
    page.wait_for_url("**/reviews/")
    kinds = Verdict.objects.order_by("question").values_list("question", "kind")
    assert list(kinds) == [
        (first.pk, "maintenance"),
        (second.pk, "maintenance"),
        (third.pk, "suspicious"),
    ]


def test_without_network_next_shows_what_is_here_and_never_an_error(browse, make, ask, oda, noon):
    first, second = (ask([make(at=NOON - timedelta(hours=hours))[0]]) for hours in (2, 1))
    page = browse(f"/reviews/{first.uuid}/", as_=oda, width=390)
    page.wait_for_load_state("networkidle")
    page.context.set_offline(True)
    page.get_by_role("link", name="Next review").tap()
    page.wait_for_url(f"**/reviews/{second.uuid}/")
    expect(page.get_by_text("Tagout cannot be reached.")).to_be_visible()
    assert page.locator("main:focus").count() == 1
    page.context.set_offline(False)
    expect(page.get_by_text("Tagout cannot be reached.")).to_be_hidden()


def test_a_kept_answer_that_is_not_accepted_is_shown_again_as_it_was(phone, olaf):
    page = phone(expected=("net::ERR_FAILED",))
    pick(page, "Maintenance")
    pick(page, "Planned programming")
    page.locator(".phone-sheet summary").tap()
    page.get_by_label("Note").fill("Order 4711, the blue cabinet")
    page.route(
        "**/reviews/*/",
        lambda route: route.abort() if route.request.method == "POST" else route.continue_(),
    )
    page.get_by_role("button", name="Save answer").tap()
    page.get_by_text("Not sent, will retry.").wait_for()
    asked = Question.objects.get()
    give_verdict(
        by=olaf,
        key=uuid4(),
        now=NOON,
        question_id=asked.pk,
        verdict="suspicious",
        cause="nobody-of-us",
        note="Nobody was there",
    )
    page.unroute("**/reviews/*/")
    page.evaluate("dispatchEvent(new Event('online'))")
    page.get_by_text("A saved answer was not accepted.").wait_for()
    page.goto("/inbox/")
    page.goto(f"/reviews/{asked.uuid}/")
    page.get_by_role("button", name="Open the question").tap()
    page.get_by_text("Nobody was there").first.wait_for()
    assert page.get_by_label("Maintenance").is_checked()
    assert page.get_by_label("Note").input_value() == "Order 4711, the blue cabinet"
    assert Verdict.objects.count() == 1
    assert page.evaluate("localStorage.getItem('tagout.answers')") == "[]"


def test_who_was_signed_out_meanwhile_is_led_to_sign_in_and_the_answer_is_sent(phone):
    page = phone()
    question = page.url
    pick(page, "Maintenance")
    pick(page, "Planned programming")
    cookies = page.context.cookies()
    page.context.clear_cookies()
    page.context.add_cookies([cooky for cooky in cookies if "session" not in cooky["name"]])
    page.get_by_role("button", name="Save answer").tap()
    page.get_by_text("Not sent: you are signed out.").wait_for()
    page.get_by_role("link", name="Sign in").tap()
    page.wait_for_url("**/login/?next=/reviews/*/")
    assert not Verdict.objects.exists()
    page.context.add_cookies(cookies)
    page.goto(question)
    page.wait_for_url("**/reviews/")
    assert Verdict.objects.count() == 1


def test_who_signed_in_anew_in_another_window_still_sends_the_answer_of_this_one(phone):
    page = phone(expected=("403 (Forbidden)",))
    pick(page, "Maintenance")
    pick(page, "Planned programming")
    cookies = page.context.cookies()
    anew = [cooky | {"value": "n" * 32} for cooky in cookies if "csrf" in cooky["name"]]
    assert anew
    page.context.add_cookies(anew)
    page.get_by_role("button", name="Save answer").tap()
    page.wait_for_url("**/reviews/")
    assert Verdict.objects.count() == 1


def test_a_server_error_is_not_shown_as_offline(phone):
    page = phone(expected=("500 (Internal Server Error)",))
    page.route(
        "**/reviews/*/",
        lambda route: (
            route.fulfill(status=500) if route.request.method == "POST" else route.continue_()
        ),
    )
    pick(page, "Maintenance")
    pick(page, "Planned programming")
    page.get_by_role("button", name="Save answer").tap()
    page.get_by_text("Not sent, will retry.").wait_for()
    assert page.locator("[data-network]").is_hidden()
    page.unroute("**/reviews/*/")
