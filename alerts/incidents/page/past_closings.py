"""How the other incidents of a pattern were closed: one row of numbers that add up."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.db.models import Count, Q, QuerySet
from django.utils.translation import ngettext

from alerts.incidents.models import CLOSE_IN_FORCE, Incident
from alerts.incidents.models.incident import OPEN
from alerts.incidents.page.pattern_history import DAYS, recent_similar
from alerts.incidents.queue.conditions import CLASSIFICATIONS
from portal.ui.pieces import BarPart
from portal.ui.words import number


@dataclass(frozen=True, slots=True)
class PastClosings:
    """How many others there are, and how many of them were closed as what, are open, or neither."""

    total: int
    by_closing: dict[str, int]  # by the words of `closed:`
    still_open: int

    @property
    def other(self) -> int:
        """How many were deleted or merged in Sentinel, or closed without a classification."""
        return self.total - self.still_open - sum(self.by_closing.values())


def past_closings_of(
    incident: Incident, *, among: QuerySet[Incident], now: datetime
) -> PastClosings:
    """Count the others of the incident's pattern in ninety days, those `among` which the reader may
    look.
    """
    others = among.filter(pk__in=recent_similar(incident, now=now).values("pk")).order_by()
    counts = others.exclude(pk=incident.pk).aggregate(
        total=Count("pk"),
        still_open=Count("pk", filter=OPEN),
        **{
            word: Count("pk", filter=CLOSE_IN_FORCE & Q(classification=classification))
            for word, classification in CLASSIFICATIONS.items()
        },
    )
    total, still_open = counts.pop("total"), counts.pop("still_open")
    return PastClosings(total, counts, still_open)


def closing_parts(closings: PastClosings, incident: Incident, *, queue: str) -> list[BarPart]:
    """Return the parts of the bar, each with the list behind it in the `queue`. Undetermined comes
    second: what nobody could settle weighs beside what was real.
    """
    lists = f"pattern:{incident.pattern} age:<{DAYS}d"
    if incident.number is not None:
        lists += f" -#{incident.number}"

    def part(word: str, key: str, words: str) -> BarPart:
        n, query = closings.by_closing[word], {"view": "closed", "q": f"{lists} closed:{word}"}
        return BarPart(key, n, words % {"n": number(n)}, f"{queue}?{urlencode(query)}")

    closed, still_open = closings.by_closing, closings.still_open
    is_open = urlencode({"view": "open", "q": f"pattern:{incident.pattern}"})
    open_words = ngettext("%(n)s still open", "%(n)s still open", still_open)
    parts = [
        part(
            "true",
            "suspicious",
            ngettext("%(n)s true positive", "%(n)s true positives", closed["true"]),
        ),
        part(
            "undetermined",
            "not-sure",
            ngettext("%(n)s undetermined", "%(n)s undetermined", closed["undetermined"]),
        ),
        part(
            "false",
            "maintenance",
            ngettext("%(n)s false positive", "%(n)s false positives", closed["false"]),
        ),
        part(
            "benign",
            "routine",
            ngettext("%(n)s benign positive", "%(n)s benign positives", closed["benign"]),
        ),
        BarPart("open", still_open, open_words % {"n": number(still_open)}, f"{queue}?{is_open}"),
    ]
    rest = ngettext(
        "%(n)s deleted, merged or unclassified",
        "%(n)s deleted, merged or unclassified",
        closings.other,
    )
    if closings.other:
        parts.append(BarPart("rest", closings.other, rest % {"n": number(closings.other)}))
    return parts
