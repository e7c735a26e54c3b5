"""The pages that a person reaches by links, and the parts that pages fetch; training aside."""

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from django.http import HttpRequest
from django.test import Client

from portal.ui import shell

# An address is taken for one of its kind by what names a row in it.
_NAMES = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|\d+")
MAX_OF_A_KIND, MAX_PAGES = 2, 150
# What a page leads to or fetches by itself: our templates quote every attribute.
_ADDRESS = re.compile(r'\s(?:href|hx-get)="([^"]+)"')
_LINK = re.compile(r"<link\b[^>]*>|<!--.*?-->", re.S)  # files of the page; what is left out
# Lessons and captures tell of hours of their own, whatever clock the reader chose.
_LEFT_OUT = ("/static/", "/api/", "/ui/", "/logout/", "/favicon", "/training/")


@contextmanager
def read_facts_once() -> Iterator[None]:
    """The counters and the footer of the frame are read on the first page and shown on the others
    of the same person: where nothing changes they are the same, and a third of what a page costs.
    """
    facts: dict[tuple[Any, Any], Any] = {}
    read_safely = shell._read_safely

    def once(read: Any, request: HttpRequest) -> Any:
        key = (read, request.user.pk)
        if key not in facts:
            facts[key] = read_safely(read, request)
        return facts[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shell, "_read_safely", once)
        yield


@read_facts_once()
def crawl(client: Client, start: str = "/", *, most: int = MAX_PAGES) -> dict[str, str]:
    """The HTML by address of what can be reached from `start`, a few of each kind of address."""
    pages: dict[str, str] = {}
    kinds: Counter[str] = Counter()
    waiting, visited = [start], {start}
    while waiting and len(pages) < most:
        address = waiting.pop(0)
        answer = client.get(address)
        if answer.status_code != 200 or "html" not in answer.headers["Content-Type"]:
            continue
        pages[address] = answer.content.decode()
        for link in addresses_in(pages[address]):
            goal = inside(urljoin(address, link))
            if goal is None or goal in visited:
                continue
            visited.add(goal)
            kinds[kind_of(goal)] += 1
            if kinds[kind_of(goal)] <= MAX_OF_A_KIND:
                waiting.append(goal)
    return pages


def addresses_in(html: str) -> list[str]:
    """What a page leads to or fetches by itself, in the order of the page."""
    return [unescape(link) for link in _ADDRESS.findall(_LINK.sub("", html))]


def kind_of(address: str) -> str:
    """The address without what names a row, and its query by its name; of several, it is one."""
    parts = urlsplit(address)
    names = {pair.partition("=")[0] for pair in parts.query.split("&")}
    return f"{_NAMES.sub('*', parts.path)}?{names.pop() if len(names) == 1 else 'several'}"


def inside(address: str) -> str | None:
    """The address below this host, without its fragment; None where it leads elsewhere."""
    parts = urlsplit(address)
    if parts.scheme or parts.netloc or parts.path.startswith(_LEFT_OUT):
        return None
    return f"{parts.path}?{parts.query}" if parts.query else parts.path
