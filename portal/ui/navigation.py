"""What the rail offers. Items are data; rooms contribute theirs in the wiring files.

An item whose address does not exist, or that the person may not use, is absent.
"""

from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, get_script_prefix, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portal.accounts.models import Role, User
from portal.accounts.queries import roles_of
from portal.rooms import Contribution
from portal.ui.shell import Count, ReadCount, count_of

type Words = str | Promise


@dataclass(frozen=True, slots=True)
class Section:
    """A heading of the rail."""

    name: Words
    order: int


TOP = Section("", 0)
ALERTS = Section(_("Alerts"), 10)
NOISE = Section(_("Noise reduction"), 20)
TRAINING = Section(_("Training"), 25)
INSIGHT = Section(_("Insight"), 30)
RUNNING = Section(_("Administration"), 40)


@dataclass(frozen=True, slots=True)
class NavItem(Contribution):
    """One address of the rail and who sees it."""

    label: Words
    icon: str
    url_name: str
    section: Section = TOP
    order: int = 50
    counter: ReadCount | None = None
    roles: Collection[Role] | None = None  # None: everybody who is signed in
    listed_for: Collection[Role] | None = None  # others of these open it from a link
    key: str = ""  # the letter after `g`
    setting: str = ""  # absent where this setting is None
    tab: Words = ""  # a short word: the item also stands in the bottom bar of phones


@dataclass(frozen=True, slots=True)
class Link:
    """An item as one page shows it."""

    item: NavItem
    url: str
    count: Count | None
    current: bool


@dataclass(frozen=True, slots=True)
class LinkGroup:
    """The links under one heading."""

    section: Section
    links: list[Link]


def roles_for_page(view_name: str) -> Collection[Role] | None:
    """Return the roles that open a page, from the rail's item for that very page, else from all
    items of its room. None where everybody may.
    """
    namespace = view_name.partition(":")[0]
    found = [item for item in NavItem.entries if item.url_name == view_name]
    if not found:
        found = [item for item in NavItem.entries if item.url_name.startswith(f"{namespace}:")]
    if not found or any(item.roles is None for item in found):
        return None
    return frozenset(role for item in found for role in item.roles or ())


def label_for_page(view_name: str) -> Words:
    """Return what the rail calls this page; empty where it does not offer it."""
    return next((item.label for item in NavItem.entries if item.url_name == view_name), "")


def address_of(url_name: str) -> str | None:
    """The address of this name, or None when nobody has built it."""
    return _address(url_name, get_script_prefix())


@lru_cache(maxsize=256)  # the rail asks for two dozen on every page
def _address(url_name: str, _prefix: str) -> str | None:
    try:
        return reverse(url_name)
    except NoReverseMatch:
        return None


def pages_for(request: HttpRequest) -> list[tuple[NavItem, str]]:
    """Return the places of this person with their addresses, in the order of the rail."""
    items = sorted(NavItem.entries, key=lambda item: (item.section.order, item.order))
    found = ((item, address_of(item.url_name)) for item in items)
    return [
        (item, url)
        for item, url in found
        if url
        and may_use(request, item.roles)
        and may_use(request, item.listed_for)
        and (not item.setting or getattr(settings, item.setting) is not None)
    ]


def groups_for(request: HttpRequest, *, at: str | None = None) -> list[LinkGroup]:
    """The rail of this person, the current page marked: that of the request, or `at`."""
    path = request.path if at is None else at
    found: dict[Section, list[Link]] = {}
    places = pages_for(request)
    # A page below two places, like /training/captures/, belongs to the nearer one.
    here = max((url for _, url in places if _is_current(path, url)), key=len, default="")
    for item, url in places:
        count = count_of(item.counter, request) if item.counter else None
        link = Link(item, url, count, current=url == here)
        found.setdefault(item.section, []).append(link)
    return [LinkGroup(section, links) for section, links in found.items()]


def may_use(request: HttpRequest, roles: Collection[Role] | None) -> bool:
    """Whether the person holds one of these roles; None means everybody who is signed in."""
    user = request.user
    if not isinstance(user, User):
        return False
    return roles is None or not roles_of(user).isdisjoint(roles)


def _is_current(path: str, url: str) -> bool:
    return path == url or (url != "/" and path.startswith(url))
