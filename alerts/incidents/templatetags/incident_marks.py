"""Marks that are in every row of a list. There are few different ones, so each is made once."""

from functools import lru_cache

from django.template import Library
from django.utils.safestring import SafeString
from django.utils.translation import get_language, ngettext

from alerts.incidents.wording import Chip
from portal.ui.tags.basics import avatar, chip
from portal.ui.tags.states import prio, sev
from portal.ui.words import number

register = Library()


@register.simple_tag
def sev_mark(level: str) -> SafeString:
    """Severity as bars and word."""
    return _sev(level, get_language(), has_word=True)


@register.simple_tag
def sev_bars(level: str) -> SafeString:
    """Severity as bars alone, the word as their hint."""
    return _sev(level, get_language(), has_word=False)


@register.simple_tag
def prio_mark(value: int) -> SafeString:
    """Priority 0–100."""
    return _prio(value, get_language())


@register.simple_tag
def chip_mark(state: Chip) -> SafeString:
    """A state as a chip."""
    return _chip(state)


@register.simple_tag
def owner_mark(name: str) -> SafeString:
    """Who owns it, as initials; a plus for nobody."""
    return _owner(name, get_language())


@register.simple_tag
def chosen_words(n: int) -> str:
    """How many incidents are chosen."""
    return ngettext("%(n)s incident selected", "%(n)s incidents selected", n) % {"n": number(n)}


@lru_cache(maxsize=64)
def _sev(level: str, language: str | None, *, has_word: bool) -> SafeString:
    return sev(level, has_word=has_word)


@lru_cache(maxsize=512)
def _prio(value: int, language: str | None) -> SafeString:
    return prio(value)


@lru_cache(maxsize=1024)
def _chip(state: Chip) -> SafeString:
    return chip(state.label, state.kind, state.icon, line=state.line)


@lru_cache(maxsize=1024)
def _owner(name: str, language: str | None) -> SafeString:
    return avatar(name)
