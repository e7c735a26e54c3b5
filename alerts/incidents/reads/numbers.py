"""Numbers beside the queue: tabs, facets, and which filter leaves nothing. Exact up to 10,000."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Count, Func, QuerySet, Sum
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from alerts.incidents.engine.tokens import Term, chosen, without
from alerts.incidents.models import OtState
from alerts.incidents.reads.conditions import SEVERITIES, STATUSES, VERDICTS
from alerts.incidents.reads.queue import CLOSED, MOST_COUNTED, VIEWS, Queue
from alerts.incidents.reads.wording import OT_WORDS, SEVERITY_WORDS, STATUS_WORDS

MOST_VALUES = 8


@dataclass(frozen=True, slots=True)
class Counted:
    """One value of a facet: its word in a query, its label, how many rows have it."""

    value: str
    label: str
    count: int
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Facet:
    """One field of the filter language and its most frequent values in the current result."""

    field: str
    label: str
    values: list[Counted]


@dataclass(frozen=True, slots=True)
class Blame:
    """The filter without which there would be rows, and how many."""

    term: Term
    count: int


FIELD_LABELS: dict[str, Promise] = {
    "": gettext_lazy("Text"),
    "sev": gettext_lazy("Severity"),
    "status": gettext_lazy("Status"),
    "ot": gettext_lazy("OT"),
    "prio": gettext_lazy("Priority"),
    "age": gettext_lazy("Age"),
    "site": gettext_lazy("Site"),
    "zone": gettext_lazy("Zone"),
    "ws": gettext_lazy("Workspace"),
    "type": gettext_lazy("Type"),
    "tech": gettext_lazy("Technique"),
    "device": gettext_lazy("Device"),
    "proto": gettext_lazy("Protocol"),
    "owner": gettext_lazy("Owner"),
}


def counts_by_view(queue: Queue) -> dict[str, int]:
    """How many rows each view has, filters left out; 10,001 means "more than 10,000"."""
    columns = ("ot_state", "ot_due_at", "owner_id")
    try:
        opened, given = queue.rows("open", ()).order_by().values(*columns).query.sql_with_params()
        # A column of the index that counts them, so that no row of the table is read.
        closed, given_closed = (
            queue.rows(CLOSED, ()).order_by().values("workspace_id").query.sql_with_params()
        )
    except EmptyResultSet:
        return dict.fromkeys(VIEWS, 0)
    wanted: dict[str, tuple[str, tuple[object, ...]]] = {
        "needs": ("ot_state = ''", ()),
        "waiting": ("ot_state = %s", (OtState.WAITING,)),
        "answered": ("ot_state = ANY(%s)", ([*VERDICTS],)),
        "mine": ("owner_id <> '' AND owner_id = ANY(%s)", ([*queue.frame.my_owner_ids],)),
        "late": ("ot_state = %s AND ot_due_at < %s", (OtState.WAITING, queue.now)),
    }
    most = MOST_COUNTED + 1
    parts = [_COUNTED.format(rows=opened, said=said, most=most) for said, _ in wanted.values()]
    asked = [value for _, values in wanted.values() for value in (*given, *values)]
    parts.append(_COUNTED.format(rows=closed, said="true", most=most))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(parts)}", [*asked, *given_closed])
        counted = dict(zip((*wanted, CLOSED), cursor.fetchone(), strict=True))
    # Each open row stands in one of these three: counting them all once more told nothing new.
    every = counted["needs"] + counted["waiting"] + counted["answered"]
    counted["open"] = min(every, most)
    return {view: counted[view] for view in VIEWS}


# What `Queue.in_view` says, spelled out: all tabs stand on every page of the queue, and building
# their conditions anew took longer than counting. Each has an index that leads to it, and none is
# counted further than where a page says "10,000+".
_COUNTED = "(SELECT count(*) FROM (SELECT FROM ({rows}) o WHERE {said} LIMIT {most}) counted)"


def blame(queue: Queue) -> Blame | None:
    """Which single filter leaves nothing: the one without which most rows would show."""
    terms = queue.asked.terms
    if not terms:
        return None
    fewer = [_limited(queue, queue.asked.view, without(terms, term)) for term in terms]
    best = max(zip(_count(fewer), range(len(terms)), strict=True))
    return Blame(terms[best[1]], best[0]) if best[0] else None


def count_listed(queue: Queue) -> int:
    """How many incidents stand in the rows of the list, on all its pages and within its filters;
    more than `MOST_COUNTED` means at least that many.
    """
    rows = queue.rows(queue.asked.view, queue.asked.terms).order_by()
    return rows.values("n")[: MOST_COUNTED + 1].aggregate(sum=Sum("n"))["sum"] or 0


def facets(queue: Queue) -> list[Facet]:
    """The values worth filtering by, most frequent first, counted within the other filters."""
    made = [
        _facet(queue, "sev", "severity", _words(SEVERITIES, SEVERITY_WORDS)),
        _facet(queue, "ot", "ot_state", _ot_word),
        _facet(queue, "status", "status", _words(STATUSES, STATUS_WORDS)),
        _facet(queue, "site", "site", lambda pk: _named(queue.places.sites, pk)),
        _facet(queue, "ws", "workspace_id", lambda pk: _named(queue.places.workspaces, pk)),
        _facet(queue, "owner", "owner_name", _owner),
        _facet(queue, "type", "alert_type", lambda word: (word, word)),
        _facet(queue, "proto", "protocol", lambda word: (word, word)),
    ]
    return [facet for facet in made if facet.values]


def _facet(queue: Queue, field: str, column: str, words: Callable[[Any], tuple[str, str]]) -> Facet:
    others = tuple(t for t in queue.asked.terms if t.field != field or t.negated)
    rows = queue.rows(queue.asked.view, others).order_by()
    if column == "site":
        rows = rows.annotate(site=Func("site_ids", function="unnest"))
    counted = rows.values_list(column).annotate(n=Count("pk")).order_by("-n", column)
    picked = chosen(queue.asked.terms, field)
    values = []
    for raw, n in counted[:MOST_VALUES]:
        value, label = words(raw)
        if value:
            values.append(Counted(value, label, n, value.casefold() in picked))
    return Facet(field, str(FIELD_LABELS[field]), values)


def _words(
    known: Mapping[str, int], labels: Mapping[Any, Promise]
) -> Callable[[int], tuple[str, str]]:
    def read(value: int) -> tuple[str, str]:
        return next(word for word, each in known.items() if each == value), str(labels[value])

    return read


def _ot_word(state: str) -> tuple[str, str]:
    return state or "none", str(OT_WORDS[OtState(state)])


def _named(names: Mapping[int, str], pk: int) -> tuple[str, str]:
    return names.get(pk, ""), names.get(pk, "")


def _owner(name: str) -> tuple[str, str]:
    return (name, name) if name else ("none", str(gettext_lazy("Nobody")))


def _limited(queue: Queue, view: str, terms: Iterable[Term]) -> QuerySet[Any]:
    rows = queue.rows(view, tuple(terms)).order_by()
    return rows.values("pk")[: MOST_COUNTED + 1]


def _count(limited: Iterable[QuerySet[Any]]) -> list[int]:
    """Count several lists in one question, none of them further than it must."""
    parts: list[str] = []
    values: list[Any] = []
    for rows in limited:
        try:
            sql, given = rows.query.sql_with_params()
        except EmptyResultSet:
            parts.append("0")
        else:
            parts.append(f"(SELECT count(*) FROM ({sql}) counted)")
            values += given
    with connection.cursor() as cursor:
        cursor.execute("SELECT " + ", ".join(parts), values)
        return list(cursor.fetchone())
