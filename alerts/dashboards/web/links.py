"""Addresses of other rooms that these pages lead to, empty where they are not wired."""

import hashlib
from urllib.parse import urlencode

from django.urls import NoReverseMatch, reverse

from portal.accounts.models import User
from portal.accounts.queries import roles_of
from portal.ui.navigation import roles_for_page


def address_of_link(name: str, *args: object) -> str:
    """The address of this name."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""


def queue_address(view: str, query: str = "") -> str:
    """The queue in one of its views, filtered."""
    base = address_of_link("incidents:queue")
    pairs = {"view": view, "q": query}
    return f"{base}?{urlencode({k: v for k, v in pairs.items() if v})}" if base else ""


def fingerprint(*facts: object) -> str:
    """Return a short hash of what a page shows, by which a live poll detects a change."""
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:16]


def answered_address() -> str:
    """The questions that OT has answered: the list behind the numbers about answers."""
    base = address_of_link("reviews:list")
    return f"{base}?tab=answered" if base else ""


def lesson_address(person: User) -> str:
    """Return where a person goes on with their lessons; empty for roles without lessons."""
    roles = roles_for_page("training:next")
    if roles is not None and roles_of(person).isdisjoint(roles):
        return ""
    return address_of_link("training:next")
