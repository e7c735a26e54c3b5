"""What the credit of a trial rests on, for its page and the API."""

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from alerts.suppression.watching.looks import LookSource, harmless_looks
from portal.ui.words import number

_SOURCES: Final[dict[LookSource, Promise]] = {
    LookSource.ANSWER: _("answers of OT"),
    LookSource.CLOSING: _("closed by people in Tagout"),
    LookSource.TAKEN: _("closed in Sentinel by who had taken them"),
    LookSource.CLOSER: _("closed in Sentinel by people who had not taken them"),
    LookSource.FILE: _("answers of OT from before Tagout, confirmed by its lead"),
}
_GONE: Final = _("doubted or reopened since")


def credit_by_source(incident_ids: Collection[int]) -> dict[str, int]:
    """Return how many of the credited incidents rest on which source, as things are now; "gone" are
    those that nobody's look holds for harmless any more.
    """
    looks = harmless_looks(incident_ids)
    counts = Counter(look.source.value for look in looks.values())
    gone = len(set(incident_ids)) - len(looks)
    found = {source.value: counts[source.value] for source in LookSource}
    return {source: n for source, n in (found | {"gone": gone}).items() if n}


def credit_lines(sources: Mapping[str, int]) -> list[str]:
    """Return the same in words, one line a source."""
    labels = {source.value: label for source, label in _SOURCES.items()} | {"gone": _GONE}
    return [f"{number(n)} {labels[source]}" for source, n in sources.items()]
