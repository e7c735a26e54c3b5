"""Follow a list of incidents and store each page in a transaction with its progress.

What cannot be stored is put in quarantine, and the page goes on.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta

from django.db import DataError, IntegrityError, transaction
from msgspec import structs

from alerts.incidents.ingest.store import Differing, StoreResult, differing, store_incidents
from alerts.incidents.models import UNNAMED
from alerts.intake.services.oversized import (
    INSTANT,
    ListPart,
    oversized_between,
    put_aside,
    source_of,
)
from alerts.intake.services.pace import Budget
from alerts.intake.services.quarantine import (
    drop_outside,
    quarantine,
    release_from_quarantine,
)
from alerts.sentinel.client.errors import AnswerTooLarge
from alerts.sentinel.client.port import (
    MAX_PAGE_SIZE,
    ListBy,
    SentinelClient,
    SentinelUnavailable,
)
from alerts.sentinel.wire.incidents import IncidentPage, WireIncident, read_incident_page
from alerts.sentinel.wire.records import NotAPage, UnreadableRecord
from alerts.sentinel.wire.values import OtScope, Outside, OutsideReason

# What the record itself is to blame for. A lost connection or a lock is not: it ends the page.
_ITS_OWN_FAULT = (DataError, IntegrityError, ValueError, TypeError, ArithmeticError, LookupError)
MAX_PAGES = 5000  # of one question; more than that is a list that leads in circles
# For so long an incident that names neither product nor rule may only be too young to name one. It
# is listed again meanwhile: readings overlap by more than that.
UNNAMED_FOR = timedelta(minutes=5)
D4IOT_ONLY = OtScope()
# Server time seen, the next link, and what of the page is outside of the workspace's scope.
type Progress = Callable[[datetime | None, str | None, Sequence[Outside]], None]
type StorePage = Callable[..., "RunCounts"]  # `store_page`, or what is in its place


@dataclass(slots=True)
class RunCounts:
    """The counts of a run: `seen` is all that was listed."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    quarantined: int = 0
    merged: int = 0
    deleted: int = 0
    flagged: int = 0
    newly_aside: int = 0  # of the quarantined those that were not put aside just so before
    out_of_scope: int = 0  # listed, and not taken in
    outside: list[Outside] = field(default_factory=list)  # of one page: what these are

    @property
    def total(self) -> int:
        """All that was listed."""
        return self.new + self.changed + self.unchanged + self.quarantined

    @property
    def is_quiet(self) -> bool:
        """Whether nothing happened that is worth a line of its own."""
        return not (self.new or self.changed or self.newly_aside or self.deleted)

    def add(self, stored: StoreResult) -> None:
        """Count what storing has done."""
        self.new += stored.new
        self.changed += stored.changed
        self.unchanged += stored.unchanged
        self.merged += stored.merged
        self.flagged += stored.flagged

    def add_up(self, other: "RunCounts") -> None:
        """Count what another pass has found, too."""
        for name, n in other.as_numbers().items():
            setattr(self, name, getattr(self, name) + n)

    def as_columns(self) -> dict[str, int]:
        """The counts by the names of the run's columns."""
        counts = self.as_numbers()
        del counts["newly_aside"]
        return {"seen": self.total, **counts}

    def as_numbers(self) -> dict[str, int]:
        """All counts by name."""
        names = [member.name for member in fields(self) if member.name != "outside"]
        return {name: getattr(self, name) for name in names}

    def leave_out(self, outside: Iterable[Outside]) -> None:
        """Count what is not taken in."""
        self.outside += outside
        self.out_of_scope = len(self.outside)


def store_page(
    *, workspace_id: int, page: IncidentPage, now: datetime, scope: OtScope = D4IOT_ONLY
) -> RunCounts:
    """Store what differs from what we have and is in the workspace's scope, or was when it came;
    call it in a transaction, with the cursor's advance.
    """
    counts, heads = RunCounts(), page.heads
    probed = differing(workspace_id=workspace_id, heads=heads)
    counts.unchanged = len(heads) - len(probed.places)
    followed, unnamed = probed.followed_names, set[int]()
    new = [place for place in probed.places if heads[place][0] not in followed]
    if outside := page.outside(new, scope):
        unnamed = {place for place, found in outside.items() if is_accepted_unnamed(found, now=now)}
        places = [at for at in probed.places if at in unnamed or at not in outside]
        counts.leave_out(found for at, found in outside.items() if at not in unnamed)
        probed = probed._replace(places=places)
    if probed.places:
        items = page.picked(probed.places)
        if unnamed:
            items = [
                _flagged(item) if place in unnamed else item
                for place, item in zip(probed.places, items, strict=True)
            ]
        readable = [item for item in items if isinstance(item, WireIncident)]
        bad, gone = drop_outside(
            unreadable=[item for item in items if isinstance(item, UnreadableRecord)],
            scope=scope,
            followed=followed,
        )
        counts.leave_out(gone)
        bad += _store(workspace_id, readable, counts, now, probed)
        counts.quarantined, counts.newly_aside = (
            len(bad),
            quarantine(workspace_id=workspace_id, unreadable=bad, now=now),
        )
        release_from_quarantine(workspace_id=workspace_id, readable=readable, unreadable=bad)
    return counts


def is_accepted_unnamed(outside: Outside, *, now: datetime) -> bool:
    """Whether to take in what does not show what it is about: it may be of the plant."""
    if outside.reason is not OutsideReason.UNNAMED:
        return False
    return outside.created_at is None or outside.created_at <= now - UNNAMED_FOR


def _flagged[T](item: WireIncident | T) -> WireIncident | T:
    if not isinstance(item, WireIncident):
        return item
    return structs.replace(item, flags=(*item.flags, UNNAMED))


def store_single_incident(
    *, workspace_id: int, item: WireIncident | UnreadableRecord, now: datetime, scope: OtScope
) -> RunCounts:
    """Store the answer to a question about one incident."""
    return store_items(workspace_id=workspace_id, items=[item], now=now, scope=scope)


def store_items(
    *,
    workspace_id: int,
    items: Sequence[WireIncident | UnreadableRecord],
    now: datetime,
    scope: OtScope,
) -> RunCounts:
    """Store those of these incidents that are in scope or stored already, and put aside what cannot
    be read or stored.
    """
    counts = RunCounts()
    heads = [(item.name, None) for item in items]
    followed = differing(workspace_id=workspace_id, heads=heads).followed_names
    readable, bad = list[WireIncident](), list[UnreadableRecord]()
    for item in items:
        if isinstance(item, UnreadableRecord):
            bad.append(item)
        elif item.name in followed or not (outside := item.outside_of(scope)):
            readable.append(item)
        elif is_accepted_unnamed(outside, now=now):
            readable.append(_flagged(item))
        else:
            counts.leave_out([outside])
    bad, gone = drop_outside(unreadable=bad, scope=scope, followed=followed)
    counts.leave_out(gone)
    bad += _store(workspace_id, readable, counts, now)
    counts.quarantined, counts.newly_aside = (
        len(bad),
        quarantine(workspace_id=workspace_id, unreadable=bad, now=now),
    )
    return counts


def _store(
    workspace_id: int,
    items: Sequence[WireIncident],
    counts: RunCounts,
    now: datetime,
    probed: Differing | None = None,
) -> list[UnreadableRecord]:
    """Store them all, or, where that fails, in halves down to the one that is to blame."""
    if not items:
        return []
    try:
        with transaction.atomic():
            stored = store_incidents(
                workspace_id=workspace_id, incidents=items, now=now, probed=probed
            )
    except _ITS_OWN_FAULT as error:
        if len(items) == 1:
            reason = f"it cannot be stored ({type(error).__name__})"
            return [UnreadableRecord(reason, items[0].raw_json, items[0].name)]
        middle = len(items) // 2
        first = _store(workspace_id, items[:middle], counts, now)
        return first + _store(workspace_id, items[middle:], counts, now)
    counts.add(stored)
    return []


class PaginationError(SentinelUnavailable):
    """A list leads back to where it was."""


@dataclass(frozen=True, slots=True)
class IncidentQuery:
    """Which incidents are asked for: a window of one of their times."""

    by: ListBy
    since: datetime | None = None
    until: datetime | None = None


@dataclass(slots=True)
class Pagination:
    """How a question was answered: whether all of it, whose names, up to which server time."""

    is_complete: bool = False
    names: set[str] = field(default_factory=set)
    latest_modified: datetime | None = None
    pages: int = 0
    is_full: bool = False  # the last page was as long as a page may be, and named no next one


def follow_pages(
    *,
    client: SentinelClient,
    workspace_id: int,
    question: IncidentQuery,
    counts: RunCounts,
    budget: Budget,
    now: datetime,
    progress: Progress,
    scope: OtScope,
    link: str | None = None,
    store: StorePage = store_page,
) -> Pagination:
    """Store every page of the answer. A page that is none raises, and nothing of it is kept.

    `link` goes on where a slice ended. `progress` is called in the transaction that
    stores a page. An incident that is too large for any answer is put aside and read around.
    """
    pagination = Pagination()

    def keep(page: IncidentPage) -> None:
        latest = page.latest_modified(until=now)
        with transaction.atomic():
            page_counts = store(workspace_id=workspace_id, page=page, now=now, scope=scope)
            progress(latest, page.next_link, page_counts.outside)
        counts.add_up(page_counts)
        pagination.pages += 1
        pagination.names.update(name for name, _ in page.heads if name)
        if latest and (pagination.latest_modified is None or latest > pagination.latest_modified):
            pagination.latest_modified = latest
        pagination.is_full = page.next_link is None and len(page) >= MAX_PAGE_SIZE

    places = oversized_between(
        workspace_id=workspace_id,
        source=source_of(client),
        by=question.by,
        since=question.since,
        until=question.until,
    )
    while True:
        end = places[0] if places else question.until
        part = replace(question, until=end)
        try:
            for page in _pages(client, part, pagination, budget, link):
                keep(page)
        except _IncidentTooLarge as found:
            place = put_aside(
                workspace_id=workspace_id,
                client=client,
                part=ListPart(part.by, found.since, part.until),
                is_moved_allowed=found.is_moved_allowed,
                beginning=found.beginning,
                scope=scope,
                budget=budget,
                now=now,
            )
            if place is None:
                return pagination
            counts.quarantined += 1
            counts.newly_aside += 1
        else:
            if not places or not pagination.is_complete or pagination.is_full:
                return pagination
            place = places.pop(0)
        question, link = replace(question, since=place + INSTANT), None
        pagination.is_complete = False
        if budget.is_used_up:
            return pagination


class _IncidentTooLarge(Exception):
    """No answer holds the first incident since then, or, where the one read before it has the same
    time, one of the instant before.
    """

    def __init__(
        self, since: datetime | None, beginning: bytes, *, is_moved_allowed: bool = False
    ) -> None:
        super().__init__(since)
        self.since, self.beginning = since, beginning
        self.is_moved_allowed = is_moved_allowed


def _pages(
    client: SentinelClient,
    question: IncidentQuery,
    pagination: Pagination,
    budget: Budget,
    link: str | None,
) -> Iterator[IncidentPage]:
    followed: set[str] = set()
    size: dict[str, int] = {}
    page: IncidentPage | None = None
    while True:
        try:
            body = client.list_incidents(
                since=question.since, until=question.until, by=question.by, next_link=link, **size
            )
        except AnswerTooLarge as problem:
            top = size.get("top", MAX_PAGE_SIZE)
            if top == 1 and link is None:
                raise _IncidentTooLarge(question.since, problem.beginning) from problem
            # Giants together are more than an answer may hold: ask again for fewer at a time,
            # those after what was read where that is known.
            read_until = _latest_time(page, question.by) if page else None
            if read_until and top == 1:
                raise _IncidentTooLarge(
                    read_until + INSTANT, problem.beginning, is_moved_allowed=True
                ) from problem
            question = replace(question, since=read_until or question.since)
            size, link, page = {"top": max(top // 10, 1)}, None, None
            followed.clear()
            continue
        page = read_page_answer(body)
        yield page
        link = page.next_link
        if link is None:
            pagination.is_complete = True
            return
        if link in followed or len(followed) >= MAX_PAGES:
            raise PaginationError(
                "The list of incidents leads in circles; reading it was stopped.", code="Loop"
            )
        followed.add(link)
        if budget.is_used_up:
            return


def _latest_time(page: IncidentPage, by: ListBy) -> datetime | None:
    """The latest of the times of a page that its list is ordered by."""
    times = [
        item.created_at if by == ListBy.CREATED else item.modified_at
        for item in page.items
        if isinstance(item, WireIncident)
    ]
    return max((at for at in times if at), default=None)


def read_page_answer(body: bytes) -> IncidentPage:
    """The page an answer holds; an answer that is none counts as no answer."""
    try:
        return read_incident_page(body)
    except NotAPage as broken:
        raise SentinelUnavailable(str(broken), code="NotAList") from broken
