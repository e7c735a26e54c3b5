"""Browser contexts that are used again: a fresh one costs Chromium more than the page in it."""

from typing import Any

from playwright.sync_api import Browser, BrowserContext, CDPSession

Options = dict[str, Any]


class Contexts:
    """Empty contexts, by their options.

    Each keeps one blank page, so that Chromium keeps what it prepared: a page in a context that
    lost its last page costs twice as much.
    """

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._idle: dict[str, list[BrowserContext]] = {}
        self._doors: dict[BrowserContext, CDPSession] = {}

    def take(self, options: Options) -> BrowserContext:
        """A context that nobody uses and that remembers nothing."""
        if idle := self._idle.get(repr(options)):
            return idle.pop()
        context = self._browser.new_context(**options)
        self._doors[context] = context.new_cdp_session(context.new_page())
        return context

    def give_back(self, context: BrowserContext, options: Options, origin: str) -> None:
        """Close its pages, forget what they did, keep it for the next."""
        for page in context.pages[1:]:
            page.close()
        context.set_offline(False)
        context.clear_cookies()
        everything = {"origin": origin, "storageTypes": "all"}
        self._doors[context].send("Storage.clearDataForOrigin", everything)
        self._idle.setdefault(repr(options), []).append(context)
