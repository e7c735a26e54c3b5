"""A real Chromium for tests: pages that are watched, people who are signed in.

    @pytest.mark.browser
    def test_the_queue_opens(browse, sam):
        page = browse("/incidents/", as_=sam, width=390)
        assert bar_faults(page) == []

Every page fails its test on a Content-Security-Policy message, a script error or a console error.
"""

import os
import shutil
import threading
import time
from collections.abc import Callable
from typing import NamedTuple

import pytest
from django.conf import settings
from django.db import connections
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.contexts import PATIENCE, Contexts, Options

ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--font-render-hinting=none",  # else the shell draws letters wider than a desktop does
]
WIDE, PHONE = (1440, 900), (390, 844)
PHONE_UP_TO = 900
# The first is the same engine without a desktop's interface: pages cost a third less.
PROGRAMS = ("chromium-headless-shell", "chromium", "chromium-browser")
# Chromium reports every answer of 400 and above as a console error; those are asserted by tests.
EXPECTED = "Failed to load resource: the server responded with a status of 4"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """With BROWSER_RETRIES=1 a browser test that failed is run once more, as Playwright's own
    runner does in CI; the summary names it ("RERUN"). Without it, as at a desk, one try counts.
    """
    retries = int(os.environ.get("BROWSER_RETRIES", "0"))
    if retries:
        for item in items:
            if item.get_closest_marker("browser"):
                item.add_marker(pytest.mark.flaky(reruns=retries))


def chromium_path() -> str | None:
    """Where a Chromium is on this machine."""
    named = os.environ.get("CHROMIUM")
    return named or next(filter(None, map(shutil.which, PROGRAMS)), None)


@pytest.fixture(scope="session")
def chromium(django_db_setup):
    """One browser for the whole run; skips (or with BROWSER_REQUIRED fails) where there is none."""
    path = chromium_path()
    if path is None:
        stop = pytest.fail if os.environ.get("BROWSER_REQUIRED") else pytest.skip
        stop("No Chromium on this machine: browser tests need one.")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # Playwright keeps an event loop in this thread
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGS)
        yield browser
        browser.close()
        wait_for_the_last_request()
        # While Playwright's loop runs, Django keeps connections of its own for it; they would be
        # left open and the test database could not be dropped.
        connections.close_all()


def wait_for_the_last_request() -> None:
    """The live server's threads end, and let go of the database, when the browser hangs up."""
    until = time.monotonic() + 10
    while time.monotonic() < until and any(
        "process_request_thread" in thread.name for thread in threading.enumerate()
    ):
        time.sleep(0.01)


@pytest.fixture(scope="session")
def contexts(chromium: Browser) -> Contexts:
    """The contexts of the whole run."""
    return Contexts(chromium)


@pytest.fixture
def browse(contexts: Contexts, live_server) -> Callable[..., Page]:
    """`browse(path, as_=user, width=390, dark=True, …)` opens a watched page.

    expected: parts of complaints that the test provokes. More keywords go to Playwright's
    `new_context`, like java_script_enabled=False or locale="de". The same person asks twice with
    one browser, another with another.
    """
    used: list[Opened] = []
    troubles: list[str] = []

    def opened_by(who, options: Options, expected) -> Page:
        for one in used:
            if who is not None and (one.options, one.who, one.expected) == (options, who, expected):
                return one.context.new_page()
        context = contexts.take(options)
        used.append(Opened(context, options, who, expected, watch(context, troubles, expected)))
        if who is not None:
            context.add_cookies([session_cookie(who, live_server.url)])
        return context.pages[0]

    def opened(
        path="/", *, as_=None, width=WIDE[0], height=None, dark=False, expected=(), **more
    ) -> Page:
        phone = width < PHONE_UP_TO
        options = {
            "base_url": live_server.url,
            "viewport": {"width": width, "height": height or (PHONE if phone else WIDE)[1]},
            "has_touch": phone,
            "is_mobile": phone,
            "color_scheme": "dark" if dark else "light",
            "reduced_motion": "reduce",
        } | more
        page = opened_by(as_, options, expected)
        page.goto(path)
        return page

    yield opened
    for one in used:
        contexts.give_back(one.context, one.options, live_server.url)
        one.unwatch()
    assert not troubles, "\n".join(troubles)


class Opened(NamedTuple):
    """A context in use, by whom and for what."""

    context: BrowserContext
    options: Options
    who: object
    expected: tuple[str, ...]
    unwatch: Callable[[], None]


def session_cookie(user, url: str) -> dict[str, str]:
    """A signed-in session of this person."""
    client = Client()
    client.force_login(user)
    name = settings.SESSION_COOKIE_NAME
    return {"name": name, "value": client.cookies[name].value, "url": url}


def change_person(page: Page, user) -> None:
    """From the next page on, this tab shows what somebody else sees: a browser of their own costs
    Chromium as much as three pages.
    """
    page.context.add_cookies([session_cookie(user, page.evaluate("location.origin"))])


def watch(
    context: BrowserContext, troubles: list[str], expected: tuple[str, ...] = ()
) -> Callable[[], None]:
    """Write down whatever the browser complains about, but for what the test provokes; until what
    is returned is called.
    """

    def heard(message) -> None:
        text = message.text
        if any(part in text for part in expected):
            return
        if "Content Security Policy" in text or (
            message.type == "error" and not text.startswith(EXPECTED)
        ):
            troubles.append(f"{message.page and message.page.url}: {text}")

    def broke(error) -> None:
        troubles.append(f"{error.page and error.page.url}: {error.error}")

    def unwatch() -> None:
        context.remove_listener("console", heard)
        context.remove_listener("weberror", broke)

    context.on("console", heard)
    context.on("weberror", broke)
    return unwatch
