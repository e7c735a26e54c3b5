"""What the portal's search finds of this room: routine patterns by their types and members."""

from functools import reduce
from operator import and_

from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse

from alerts.patterns.models import Pattern
from alerts.patterns.queries.patterns import patterns_visible_to
from alerts.patterns.web.headline import pattern_headline
from alerts.patterns.web.pattern_card import state_words
from portal.accounts.sessions import actor_of
from portal.ui.palette import MAX_RESULTS, FinderResult, Result

MIN_TEXT = 2


def find_patterns(request: HttpRequest, text: str) -> FinderResult:
    """Return visible patterns in which every word of the text occurs."""
    if len(text) < MIN_TEXT:
        return FinderResult()
    rows = patterns_visible_to(actor_of(request))
    condition = reduce(and_, (_has(word) for word in text.split()))
    return FinderResult([_result(row) for row in rows.filter(condition)[:MAX_RESULTS]])


def _has(word: str) -> Q:
    return Q(site__name__icontains=word) | Q(search_text__icontains=word)


def _result(pattern: Pattern) -> Result:
    site = pattern.site.name if pattern.site else ""
    words = (site, state_words(pattern))
    return Result(
        pattern_headline(pattern),
        reverse("patterns:pattern", args=[pattern.uuid]),
        "repeat",
        detail=" · ".join(filter(None, words)),
    )
