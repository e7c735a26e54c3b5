"""Browser contexts that are used again, each with its first page: Chromium pays more for a new
page than for all that a test does in it.
"""

from typing import Any

from playwright.sync_api import Browser, BrowserContext, CDPSession, Page

Options = dict[str, Any]
# Of the same origin: for any other page Chromium ends the process, with all that it has compiled.
NOTHING = "/static/ui/css/media.css"
PATIENCE = 30_000  # milliseconds; Playwright's own


class Contexts:
    """Contexts that nobody uses and that remember nothing, by their options."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._idle: dict[str, list[BrowserContext]] = {}
        self._doors: dict[BrowserContext, CDPSession] = {}

    def take(self, options: Options) -> BrowserContext:
        """A context with one page that shows nothing."""
        if idle := self._idle.get(repr(options)):
            return idle.pop()
        context = self._browser.new_context(**options)
        self._doors[context] = context.new_cdp_session(context.new_page())
        return context

    def give_back(self, context: BrowserContext, options: Options, origin: str) -> None:
        """Close its pages but the first, forget what they did, keep it for the next."""
        first, *others = context.pages
        for page in others:
            page.close()
        empty(first, options, origin)
        context.set_offline(False)
        context.clear_cookies()
        everything = {"origin": origin, "storageTypes": "all"}
        self._doors[context].send("Storage.clearDataForOrigin", everything)
        self._idle.setdefault(repr(options), []).append(context)


def empty(page: Page, options: Options, origin: str) -> None:
    """Have a page forget what a test did with it. Scripts that a test adds to all pages to come,
    it takes away itself.
    """
    page.unroute_all(behavior="ignoreErrors")
    page.set_default_timeout(PATIENCE)
    if page.url.startswith(origin):
        page.evaluate("sessionStorage.clear()")
    page.goto(f"{origin}{NOTHING}")
    page.set_viewport_size(options["viewport"])
    page.emulate_media(
        media="null",
        color_scheme=options["color_scheme"],
        reduced_motion=options["reduced_motion"],
    )
