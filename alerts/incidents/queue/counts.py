"""Numbers beside the queue: tabs, facets, navigation, and which filter leaves nothing. Exact up to
10,000.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Count, Func, QuerySet, Sum
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy, pgettext_lazy

from alerts.incidents.engine.tokens import Term, chosen, exact_value_of, without
from alerts.incidents.hidden_verdicts import masked_ot_state
from alerts.incidents.models import ASIDE, HAS_LABELS, Incident, OtState
from alerts.incidents.policies import may_triage
from alerts.incidents.queries import groups_visible_to
from alerts.incidents.queue.conditions import (
    CLASSIFICATIONS,
    SEVERITIES,
    STATUSES,
    VERDICTS,
    is_in_work,
)
from alerts.incidents.queue.queries import (
    CLOSED,
    COUNTED,
    MAX_COUNTED,
    SEARCHED,
    VIEWS,
    Queue,
    searched_for,
)
from alerts.incidents.wording import (
    OT_WORDS,
    SEVERITY_WORDS,
    STATUS_WORDS,
    classification_words,
)
from portal import clock
from portal.accounts.models import User
from portal.ui import shell

MAX_VALUES = 8
_STATES = "states && %s::varchar[]"
_HAS_OT_STATE = "states <> '{\"\"}'"
_LATE = "ot_states && %s::varchar[] AND ot_states <> '{\"\"}'"  # hidden states or not, as `is_late`
_IN_WORK = "(aside_until IS NULL OR aside_until <= %s)"


@dataclass(frozen=True, slots=True)
class FacetValue:
    """One value of a facet: its word in a query, its label, how many rows have it."""

    value: str
    label: str
    count: int | None  # None: it is filtered out, so none is left to count
    is_chosen: bool = False
    is_excluded: bool = False


@dataclass(frozen=True, slots=True)
class Facet:
    """One field of the filter language and its most frequent values in the current result."""

    field: str
    label: str
    values: list[FacetValue]


@dataclass(frozen=True, slots=True)
class EmptyListCause:
    """The filter without which there would be rows, and how many."""

    term: Term
    count: int


FIELD_LABELS: dict[str, Promise] = {
    "": gettext_lazy("Text"),
    "sev": gettext_lazy("Severity"),
    "status": gettext_lazy("Status"),
    "ot": gettext_lazy("OT"),
    "verdict": gettext_lazy("Verdict"),
    "prio": gettext_lazy("Priority"),
    "age": gettext_lazy("Age"),
    "site": gettext_lazy("Site"),
    "zone": gettext_lazy("Zone"),
    "ws": gettext_lazy("Workspace"),
    "type": gettext_lazy("Type"),
    "tech": gettext_lazy("Technique"),
    "device": gettext_lazy("Device"),
    "proto": gettext_lazy("Protocol"),
    "label": gettext_lazy("Label"),
    "note": gettext_lazy("Comments and notes"),
    "owner": gettext_lazy("Owner"),
    "closed": gettext_lazy("Closed"),
    "aside": pgettext_lazy("of a filter", "Put aside"),
    "pattern": gettext_lazy("Pattern"),
}


def counts_by_view(queue: Queue) -> dict[str, int]:
    """Return how many rows each view has within the filter, and how many are put aside (ASIDE);
    10,001 is "more than 10,000".
    """
    terms = queue.params.terms
    rows = queue.rows("open", terms)
    columns = ("states", "ot_states", "n_unasked", "ot_due_at", "owner_ids", "aside_until")
    opened = _sql(_with_shown_states(queue, rows).values(*columns))
    # A column of the index that counts them, so that no row of the table is read.
    closed = _sql(queue.rows(CLOSED, terms, searched=_searched(queue)).values("workspace_id"))
    views: dict[str, tuple[str, list[object]]] = {
        "needs": (f"n_unasked > 0 AND {_IN_WORK}", [queue.now]),
        "waiting": (f"{_STATES} AND {_HAS_OT_STATE}", [[OtState.WAITING]]),
        "answered": (f"{_STATES} AND {_HAS_OT_STATE} AND {_IN_WORK}", [[*VERDICTS], queue.now]),
        "mine": (
            f"owner_ids && %s::varchar[] AND owner_ids <> '{{\"\"}}' AND {_IN_WORK}",
            [[*queue.frame.my_owner_ids], queue.now],
        ),
        "late": (f"{_LATE} AND ot_due_at < %s", [[OtState.WAITING], queue.now]),
        "open": ("true", []),
        ASIDE: ("aside_until > %s", [queue.now]),
    }
    first, source, params = "", f"({opened[0]})", opened[1]
    if terms:  # what a filter finds is found once, and then counted
        first, source, params = f"WITH found AS MATERIALIZED {source} ", "found", ()
    parts = [_count_sql(source, condition) for condition, _ in views.values()]
    values = [value for _, own in views.values() for value in (*params, *own)]
    parts.append(_count_sql(f"({closed[0]})", "true"))
    with connection.cursor() as cursor:
        cursor.execute(
            f"{first}SELECT {', '.join(parts)}",
            [*(opened[1] if terms else ()), *values, *closed[1]],
        )
        counts = dict(zip((*views, CLOSED), cursor.fetchone(), strict=True))
    return {view: counts[view] for view in (*VIEWS, ASIDE)}


def counts_in_part(queue: Queue) -> bool:
    """Whether there are closed incidents that the number on their tab left out."""
    searched = _searched(queue)
    return bool(searched and queue.edge(searched))


def _searched(queue: Queue) -> int:
    """How many closed incidents are looked at for a number: as many as the list itself looks at,
    fewer where it is only a number beside another list.
    """
    return searched_for(queue.params.terms, SEARCHED if queue.is_closed else COUNTED)


def _count_sql(rows: str, condition: str) -> str:
    """What `Queue.in_view` filters, spelled out: all tabs are on every page of the queue, and
    building their conditions anew took longer than counting. None is counted further than where a
    page shows "10,000+".
    """
    return (
        f"(SELECT count(*) FROM (SELECT FROM {rows} o WHERE {condition}"
        f" LIMIT {MAX_COUNTED + 1}) counted)"
    )


def _sql(rows: QuerySet[Any]) -> tuple[str, tuple[Any, ...]]:
    try:
        return rows.order_by().query.sql_with_params()
    except EmptyResultSet:
        state = "ot_state AS state" if rows.model is Incident else "ot_states AS states"
        return f"SELECT *, {state} FROM {rows.model._meta.db_table} LIMIT 0", ()


def cause_of_empty_list(queue: Queue) -> EmptyListCause | None:
    """Which single filter leaves nothing: the one without which most rows would show."""
    terms = queue.params.terms
    if not terms:
        return None
    fewer = [_limited(queue, queue.params.view, without(terms, term)) for term in terms]
    best = max(zip(_count(fewer), range(len(terms)), strict=True))
    return EmptyListCause(terms[best[1]], best[0]) if best[0] else None


def count_listed(queue: Queue, *, limit: int) -> int:
    """Return how many incidents the rows of the list have; above `limit`, at least."""
    rows = queue.rows(queue.params.view, queue.params.terms).order_by()
    return rows.values("n")[: limit + 1].aggregate(sum=Sum("n"))["sum"] or 0


def facets(queue: Queue) -> list[Facet]:
    """The values worth filtering by, counted within the other filters: most frequent first,
    severities from high to low.
    """
    made = (
        _facet(queue, "sev", "severity", _words(SEVERITIES, SEVERITY_WORDS)),
        _facet(queue, "ot", "states", _ot_word),
        _facet(queue, "status", "statuses", _words(STATUSES, STATUS_WORDS)),
        _facet(queue, "site", "site", lambda pk: _named(queue.places.sites, pk)),
        _facet(queue, "ws", "workspace_id", lambda pk: _named(queue.places.workspaces, pk)),
        _facet(queue, "owner", "owner_names", _owner),
        _facet(queue, "type", "alert_type", _whole),
        _facet(queue, "proto", "protocol", _whole),
        _label_facet(queue),
    )
    return [facet for facet in made if facet.values]


def _facet(queue: Queue, field: str, column: str, words: Callable[[Any], tuple[str, str]]) -> Facet:
    rows = _rows_beside(queue, field)
    if column == "states":
        rows = _with_shown_states(queue, rows)
    if column == "site" or (column in _LISTS and not queue.is_closed):
        listed = "site_ids" if column == "site" else column
        rows, column = rows.annotate(value=Func(listed, function="unnest")), "value"
    column = _LISTS.get(column, column)
    order = ("-severity",) if field == "sev" else ("-n", column)
    counts = rows.values_list(column).annotate(n=Count("pk")).order_by(*order)
    return _made_of(queue, field, counts[:MAX_VALUES], words)


def _label_facet(queue: Queue) -> Facet:
    """Labels are on incidents; a row is counted once for each that any of its own has."""
    rows = _rows_beside(queue, "label")
    unit = "pk"
    if not queue.is_closed:
        rows, unit = Incident.objects.filter(group_key__in=rows.values("key")), "group_key"
    if hidden := queue.frame.hidden:
        rows = rows.exclude(pk__in=[*hidden.by_incident])
    labels = rows.filter(HAS_LABELS).annotate(label=Func("labels", function="unnest"))
    counts = labels.values_list("label").annotate(n=Count(unit, distinct=True))
    return _made_of(queue, "label", counts.order_by("-n", "label")[:MAX_VALUES], _whole)


# Lists of rows of the queue, and the columns of closed incidents that have one of their values.
_LISTS = {"states": "state", "statuses": "status", "owner_names": "owner_name"}


def _with_shown_states(queue: Queue, rows: QuerySet[Any]) -> QuerySet[Any]:
    """The rows with `states`, of closed incidents with `state`: what the person may know of OT."""
    of_groups = rows.model is not Incident
    state = masked_ot_state(queue.frame.hidden, of_groups=of_groups)
    annotated: QuerySet[Any] = rows.annotate(**{"states" if of_groups else "state": state})
    return annotated


def _rows_beside(queue: Queue, field: str) -> QuerySet[Any]:
    """The rows within all filters but those that choose values of this field."""
    others = tuple(t for t in queue.params.terms if t.field != field or t.negated)
    return queue.rows(queue.params.view, others, searched=COUNTED).order_by()


def _made_of(
    queue: Queue,
    field: str,
    counts: Iterable[tuple[Any, int]],
    words: Callable[[Any], tuple[str, str]],
) -> Facet:
    chosen_values = chosen(queue.params.terms, field)
    values = []
    for raw, n in counts:
        value, label = words(raw)
        if value:
            values.append(FacetValue(value, label, n, value.casefold() in chosen_values))
    excluded = [
        FacetValue(value, _value_words(field, value), None, is_excluded=True)
        for term in queue.params.terms
        if term.field == field and term.negated
        for value in term.values
    ]
    listed = {value.value.casefold() for value in excluded}
    values = [*(value for value in values if value.value.casefold() not in listed), *excluded]
    return Facet(field, str(FIELD_LABELS[field]), values)


def _words(
    choices: Mapping[str, int], labels: Mapping[Any, Promise]
) -> Callable[[int], tuple[str, str]]:
    def read(value: int) -> tuple[str, str]:
        return next(word for word, choice in choices.items() if choice == value), str(labels[value])

    return read


def _ot_word(state: str) -> tuple[str, str]:
    return state or "none", str(OT_WORDS[OtState(state)])


def _named(names: Mapping[int, str], pk: int) -> tuple[str, str]:
    return names.get(pk, ""), names.get(pk, "")


def _whole(name: str) -> tuple[str, str]:
    """The name as a filter that finds no longer ones: as many rows as the menu shows."""
    return (f"={name}" if name else ""), name


def _owner(name: str) -> tuple[str, str]:
    return _whole(name) if name else ("none", str(gettext_lazy("Nobody")))


def condition_value_words(term: Term) -> str:
    """The values of a condition as a chip shows them, in the person's language."""
    return ", ".join(_value_words(term.field, value) for value in term.values)


_OTHER_WORDS = {
    "people": gettext_lazy("by people"),
    "rule": gettext_lazy("by a rule"),
    "yes": gettext_lazy("yes"),
    "no": gettext_lazy("no"),
}


def _value_words(field: str, value: str) -> str:
    word = value.casefold()
    match field:
        case "sev" if word in SEVERITIES:
            return str(SEVERITY_WORDS[SEVERITIES[word]])
        case "status" if word in STATUSES:
            return str(STATUS_WORDS[STATUSES[word]])
        case "ot" | "verdict" if word in OtState.values:
            return str(OT_WORDS[OtState(word)])
        case "ot" if word == "none":
            return str(OT_WORDS[OtState.NOT_ASKED])
        case "ot" if word == "answered":
            return gettext("Answered")
        case "ot" if word == "late":
            return gettext("Late")
        case "owner" if word == "me":
            return gettext("Me")
        case "owner" if word == "none":
            return gettext("Nobody")
        case "closed" | "aside" if word in _OTHER_WORDS:
            return str(_OTHER_WORDS[word])
        case "closed" if word in CLASSIFICATIONS:
            return classification_words(CLASSIFICATIONS[word])
        case "pattern":
            return value[:8]
    return exact_value_of(value) or value


def _limited(queue: Queue, view: str, terms: Iterable[Term]) -> QuerySet[Any]:
    rows = queue.rows(view, tuple(terms)).order_by()
    return rows.values("pk")[: MAX_COUNTED + 1]


def _count(limited: Iterable[QuerySet[Any]]) -> list[int]:
    """Count several lists in one question, none of them further than it must."""
    parts: list[str] = []
    values: list[Any] = []
    for rows in limited:
        try:
            sql, params = rows.query.sql_with_params()
        except EmptyResultSet:
            parts.append("0")
        else:
            parts.append(f"(SELECT count(*) FROM ({sql}) counted)")
            values += params
    with connection.cursor() as cursor:
        cursor.execute("SELECT " + ", ".join(parts), values)
        return list(cursor.fetchone())


MAX_SHOWN = 999
_UNTRIAGED = "_tagout_untriaged"


def hand_over_untriaged(request: HttpRequest, n: int) -> None:
    """Give the frame what the page has counted already."""
    request.__dict__[_UNTRIAGED] = n


def count_untriaged(request: HttpRequest) -> shell.Count | None:
    """Rows that nobody has asked OT about yet, up to 999; only for those who triage them."""
    if not isinstance(request.user, User) or not may_triage(request.user):
        return None
    n: int | None = request.__dict__.get(_UNTRIAGED)
    if n is None:
        in_work = is_in_work(clock.now_of(request))
        rows = groups_visible_to(request.user).filter(in_work, n_unasked__gt=0)
        n = rows.values("pk")[: MAX_SHOWN + 1].count()
    return shell.Count(min(n, MAX_SHOWN), hot=n > 0, more=n > MAX_SHOWN)
