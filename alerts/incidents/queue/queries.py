"""The triage queue: one view of it, filtered, a page at a time, with the numbers beside it."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import F, Q, QuerySet, Value
from django.utils.translation import gettext

from alerts.incidents.engine.tokens import MAX_TERMS, Term, has_too_many_terms, parse_query, render
from alerts.incidents.hidden_verdicts import hidden_from
from alerts.incidents.models import ACTIVE_FROM, Group, Incident, IncidentStatus, OtState
from alerts.incidents.queries import groups_visible_to, incidents_visible_to
from alerts.incidents.queue.chosen_columns import columns_text, shown_columns
from alerts.incidents.queue.columns import (
    COLUMNS,
    STATE_OF_ONE,
    IncidentListRow,
    RowFormat,
    list_rows,
)
from alerts.incidents.queue.conditions import (
    VERDICTS,
    ConditionContext,
    is_in_work,
    is_late,
    is_owned_by,
    where,
)
from alerts.incidents.queue.finders import MOST_FOUND, DeviceFinder, NoteFinder, VisiblePlaces
from alerts.sites.models import Site
from portal.accounts.models import User
from portal.formats.moments import read_moment
from portal.ui.moments import reader_clock
from portal.ui.words import number

PAGE = 50
MAX_COUNTED = 10_000
CLOSED = "closed"
VIEWS = ("needs", "waiting", "answered", "mine", "late", "open", CLOSED)
type Edge = tuple[datetime, int]

SEARCHED = 20_000  # closed incidents looked through for one page; a link goes further back
COUNTED = 5_000  # closed incidents looked through for the number on their tab


@dataclass(frozen=True, slots=True)
class QueueParams:
    """What the address asks for."""

    view: str = "needs"
    terms: tuple[Term, ...] = ()
    after: str = ""
    selected: str = ""
    is_cut: bool = False  # there were more conditions than are read
    saved: int = 0  # the saved view that the list began with
    columns: str = ""  # those that were chosen; nothing: the view's own

    @property
    def query(self) -> str:
        """The filter as text."""
        return render(self.terms)

    @property
    def shown_columns(self) -> frozenset[str]:
        """The columns that the table has beside priority and incident."""
        return shown_columns(self.columns, self.view)

    def href(
        self,
        *,
        view: str | None = None,
        terms: tuple[Term, ...] | None = None,
        columns: Collection[str] | None = None,
    ) -> str:
        """The address of the same list with another view, filters or columns, from its top."""
        text = render(self.terms if terms is None else terms)
        saved = str(self.saved or "") if view in (None, self.view) else ""
        cols = self.columns if columns is None else columns_text(columns, self.view)
        pairs = {"view": view or self.view, "q": text, "cols": cols, "saved": saved}
        return "?" + urlencode({name: value for name, value in pairs.items() if value})


@dataclass(frozen=True, slots=True)
class QueuePage:
    """The rows of one page and where the next begins."""

    rows: Sequence[IncidentListRow]
    after: str = ""
    searched_to: datetime | None = None  # closed ones: older than this were not looked at
    problems: Sequence[str] = field(default_factory=list)


def queue_params(
    view: str,
    query: str,
    *,
    after: str = "",
    selected: str = "",
    saved: str = "",
    columns: str = "",
) -> QueueParams:
    """Read an address; a view that does not exist is the first one."""
    view = view if view in VIEWS else VIEWS[0]
    return QueueParams(
        view,
        parse_query(query),
        after,
        selected,
        is_cut=has_too_many_terms(query),
        saved=int(saved) if re.fullmatch(r"[1-9][0-9]{0,17}", saved) else 0,
        columns=columns_text(shown_columns(columns, view), view),
    )


def searched_for(terms: Sequence[Term], most: int) -> int:
    """How many closed incidents are looked through for these conditions; 0: all. What people wrote
    is found by its words, however old it is, so nothing is looked through.
    """
    if any(term.field == "note" and not term.negated for term in terms):
        return 0
    return most if terms else 0


class Queue:
    """The queue as one person sees it at one moment. Reads are made when asked for, and once."""

    def __init__(self, user: User, params: QueueParams, *, now: datetime) -> None:
        self.user, self.params, self.now = user, params, now
        self.places = VisiblePlaces(user)
        self._inventory, self._notes = DeviceFinder(), NoteFinder(user)
        self._edges: dict[int, Edge | tuple[()]] = {}
        self.frame = RowFormat(
            now=now,
            zones=_zones(),
            my_owner_ids=owner_ids_of(user),
            is_local=True,
            hidden=hidden_from(user),
            workspaces=lambda: self.places.workspaces,
            columns=params.shown_columns,
        )

    @property
    def is_closed(self) -> bool:
        """Whether single closed incidents are listed instead of groups of open ones."""
        return self.params.view == CLOSED

    def around(self, view: str) -> ConditionContext:
        """What the conditions depend on in this view."""
        return ConditionContext(
            self.now,
            self.places,
            self.frame.my_owner_ids,
            self._inventory,
            view != CLOSED,
            self.frame.hidden,
            self._notes,
        )

    def rows(
        self, view: str, terms: Sequence[Term], *, searched: int | None = None
    ) -> QuerySet[Any]:
        """What a view lists under some conditions, in no order: groups, or closed incidents; of
        those the newest that one search looks through, unless there is nothing to search for.
        """
        condition, _ = where(terms, self.around(view))
        if view != CLOSED:
            return groups_visible_to(self.user).filter(self.in_view(view) & condition)
        if searched is None:
            searched = searched_for(terms, SEARCHED)
        elif not searched_for(terms, searched):
            searched = 0
        return self._closed(back_to=self.edge(searched) if searched else ()).filter(condition)

    def incidents(self, *, searched: int | None = None) -> Q:
        """The condition on incidents that they belong to a row of the list, of all its pages."""
        rows = self.rows(self.params.view, self.params.terms, searched=searched).order_by()
        if self.is_closed:
            return Q(pk__in=rows.values("pk"))
        return Q(group_key__in=rows.values("key"))

    def edge(self, searched: int) -> Edge | tuple[()]:
        """Where the search through closed incidents ends; () at their end."""
        if searched not in self._edges:
            rows = self._older_than_mark(self._closed())
            marks = rows.values_list("modified_at", "pk")[searched : searched + 1]
            self._edges[searched] = next(iter(marks), ())
        return self._edges[searched]

    def _closed(self, *, back_to: Edge | tuple[()] = ()) -> QuerySet[Incident]:
        rows = incidents_visible_to(self.user).filter(status=IncidentStatus.CLOSED)
        if not back_to:
            return rows
        beside = Q(modified_at__gt=back_to[0]) | Q(modified_at=back_to[0], pk__gte=back_to[1])
        return rows.filter(beside, modified_at__gte=back_to[0])

    def page(self) -> QueuePage:
        """The rows that the address asks for."""
        _, problems = where(self.params.terms, self.around(self.params.view))
        if self.params.is_cut:
            text = gettext("Only the first %(n)s filters are used; the others are left out.")
            problems.append(text % {"n": number(MAX_TERMS)})
        if self._notes.is_cut:
            text = gettext("Very many have these words: only the newest %(n)s were looked at.")
            problems.append(text % {"n": number(MOST_FOUND)})
        if self.is_closed:
            rows, after, to = self._closed_page()
        else:
            rows, after, to = *self._open_page(), None
        return QueuePage(list_rows(rows, self.frame), after, to, problems)

    def changed_since(self, since: datetime, page: QueuePage) -> list[str]:
        """Which of a page's rows changed after a moment, as their keys."""
        refs = [row.ref for row in page.rows]
        rows: QuerySet[Any] = Incident.objects if self.is_closed else Group.objects  # type: ignore[assignment]  # managers read alike
        changed = rows.filter(pk__in=refs, changed_at__gt=since)
        return [str(pk) for pk in changed.values_list("pk", flat=True)]

    def in_view(self, view: str) -> Q:
        """What a view of open rows leaves in."""
        has_ot_state = self.around(view).has_ot_state
        return {
            "needs": Q(n_unasked__gt=0) & is_in_work(self.now),
            "waiting": has_ot_state(OtState.WAITING),
            "answered": has_ot_state(*VERDICTS) & is_in_work(self.now),
            "mine": is_owned_by(self.frame.my_owner_ids, of_groups=True) & is_in_work(self.now),
            "late": is_late(self.now, of_groups=True),
        }.get(view, Q())

    def _open_page(self) -> tuple[list[tuple], str]:  # type: ignore[type-arg]  # rows of COLUMNS
        ordered = (
            self.rows(self.params.view, self.params.terms)
            .order_by("-priority", "-latest_at", "key")
            .values_list(*COLUMNS)
        )
        mark = _read_group_mark(self.params.after)
        if mark is None:
            rows = list(ordered[: PAGE + 1])
        else:
            # Two ranges of one index: what stands beside the mark, then all that stands below.
            priority, at, key = mark
            beside = Q(latest_at__lt=at) | Q(latest_at=at, key__gt=key)
            rows = list(ordered.filter(beside, priority=priority, latest_at__lte=at)[: PAGE + 1])
            if len(rows) <= PAGE:
                rows += ordered.filter(priority__lt=priority)[: PAGE + 1 - len(rows)]
        if len(rows) <= PAGE:
            return rows, ""
        last = dict(zip(COLUMNS, rows[PAGE - 1], strict=True))
        return rows[:PAGE], f"{last['priority']}_{last['latest_at'].isoformat()}_{last['key']}"

    def _closed_page(self) -> tuple[list[tuple], str, datetime | None]:  # type: ignore[type-arg]  # rows of COLUMNS
        condition, _ = where(self.params.terms, self.around(CLOSED))
        searched = searched_for(self.params.terms, SEARCHED)
        edge = self.edge(searched) if searched else ()
        incidents = self._older_than_mark(self._closed(back_to=edge)).filter(condition)
        rows = list(incidents.values_list(*_closed_columns(), "modified_at")[: PAGE + 1])
        if len(rows) > PAGE:
            last = rows[PAGE - 1]
            mark = f"{last[-1].isoformat()}_{last[COLUMNS.index('latest_id')]}"
            return [row[:-1] for row in rows[:PAGE]], mark, None
        if not edge:
            return [row[:-1] for row in rows], "", None
        return [row[:-1] for row in rows], f"{edge[0].isoformat()}_{edge[1]}", edge[0]

    def _older_than_mark(self, rows: QuerySet[Incident]) -> QuerySet[Incident]:
        rows = rows.order_by("-modified_at", "-pk")
        if not self.is_closed or (mark := _read_closed_mark(self.params.after)) is None:
            return rows
        beside = Q(modified_at__lt=mark[0]) | Q(modified_at=mark[0], pk__lt=mark[1])
        return rows.filter(beside, modified_at__lte=mark[0])


def _zones() -> Mapping[int, str]:
    """Return the zones of all plants, from the page's clock where there is one."""
    return reader_clock().zone_names or dict(Site.objects.values_list("pk", "time_zone"))


def owner_ids_of(user: User) -> tuple[str, ...]:
    """The owner ids in Sentinel that mean this person: Entra's, else the address."""
    return tuple(owner_id for owner_id in (user.oid, user.email) if owner_id)


def _closed_columns() -> list[Any]:
    """An incident's columns in the places where a row expects those of a group."""
    own: dict[str, Any] = {
        "key": F("group_key"),
        "lead_id": F("pk"),
        "latest_id": F("pk"),
        "n": Value(1),
        "first_at": ACTIVE_FROM,
        "latest_at": F("modified_at"),
        **STATE_OF_ONE,
    }
    return [own.get(name, name) for name in COLUMNS]


def _read_group_mark(text: str) -> tuple[int, datetime, UUID] | None:
    try:
        priority, at, key = text.split("_")
        return _fitting(priority, 2**15), read_moment(at), UUID(key)
    except ValueError:
        return None


def _read_closed_mark(text: str) -> tuple[datetime, int] | None:
    try:
        at, pk = text.split("_")
        return read_moment(at), _fitting(pk, 2**63)
    except ValueError:
        return None


def _fitting(text: str, most: int) -> int:
    """A number that fits into its column."""
    number = int(text)
    if not 0 <= number < most:
        raise ValueError(text)
    return number
