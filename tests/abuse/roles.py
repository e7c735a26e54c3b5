"""What a page offers, read from its HTML as a person would find it: doors, badges, keys."""

import re
from html.parser import HTMLParser
from urllib.parse import urlsplit

from django.urls import Resolver404, resolve

FRAME = {"logout", "preferences", "ui:theme", "ui:foot"}  # everybody's own settings


class Offers(HTMLParser):
    """Collects what can be pressed: forms that post, dialogs that are fetched, badges, keys."""

    def __init__(self, html: str, path: str) -> None:
        super().__init__()
        self._path = path  # where a form without an action posts to
        self.doors: set[str] = set()
        self.links: set[str] = set()
        self.badges: set[str] = set()
        self.keys: set[str] = set()
        self._rail_link = ""
        self._in_key = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        css = attributes.get("class", "").split()
        if tag == "form" and attributes.get("method", "").lower() == "post":
            self._door(attributes.get("action") or self._path)
        if tag == "a" and attributes.get("href", "").startswith("/"):
            self.links.add(attributes["href"].partition("#")[0])
            self._door(attributes["href"], only_acts=True)
        if attributes.get("hx-get"):
            self._door(attributes["hx-get"], only_acts=True)
        for name in ("data-acts", "data-ask"):
            if attributes.get(name):
                self.doors.add(name)
        if "rail-link" in css:
            self._rail_link = attributes["href"]
        if tag == "span" and "count" in css and self._rail_link:
            self.badges.add(self._rail_link)
        self._in_key = tag == "kbd"

    def handle_data(self, data: str) -> None:
        if self._in_key:
            self.keys.add(data.strip())

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._rail_link = ""
        self._in_key = False

    def _door(self, address: str, *, only_acts: bool = False) -> None:
        try:
            match = resolve(urlsplit(address).path)
        except Resolver404:
            return
        verb = match.kwargs.get("verb") or match.kwargs.get("command") or ""
        name = f"{match.view_name} {verb}".strip()
        acts = (
            "incidents:act",
            "reviews:ask",
            "reviews:hand-over",
            "suppression:act",
            "suppression:edit",
            "outbox:discard",
        )
        if name in FRAME or (only_acts and not name.startswith(acts)):
            return
        self.doors.add(name)


def plain(html: str) -> str:
    """The words of a page without its tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))
