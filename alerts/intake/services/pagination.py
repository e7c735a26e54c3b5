"""Follow a list of incidents page by page, each stored in a transaction with its progress."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from alerts.intake.services.pages import store_page
from alerts.intake.services.run_counts import RunCounts
from alerts.sentinel.client.port import MAX_PAGE_SIZE, ListBy, SentinelClient, SentinelUnavailable
from alerts.sentinel.wire import IncidentPage, NotAPage, read_incident_page

MAX_PAGES = 5000  # of one question; more than that is a list that leads in circles
type Progress = Callable[[datetime | None, str | None], None]  # server time seen, the next link


class PaginationError(SentinelUnavailable):
    """A list leads back to where it was."""


@dataclass(slots=True)
class Budget:
    """How long one slice may go on. No limit in the foreground."""

    seconds: float | None = None
    _ends: float = field(init=False, default=0.0)

    def __post_init__(self) -> None:
        self._ends = time.monotonic() + (self.seconds or 0.0)

    @property
    def is_used_up(self) -> bool:
        """Whether the slice is over; what is left goes on in the next one."""
        return self.seconds is not None and time.monotonic() >= self._ends


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
    link: str | None = None,
) -> Pagination:
    """Store every page of the answer. A page that is none raises, and nothing of it is kept.

    `link` goes on where a slice ended. `progress` is called in the transaction that
    stores a page.
    """
    done = Pagination()
    for page in _pages(client, question, done, budget, link):
        latest = page.latest_modified(until=now)
        with transaction.atomic():
            found = store_page(workspace_id=workspace_id, page=page, now=now)
            progress(latest, page.next_link)
        counts.add_up(found)
        done.pages += 1
        done.names.update(name for name, _ in page.heads if name)
        if latest and (done.latest_modified is None or latest > done.latest_modified):
            done.latest_modified = latest
        done.is_full = page.next_link is None and len(page) >= MAX_PAGE_SIZE
    return done


def _pages(
    client: SentinelClient,
    question: IncidentQuery,
    done: Pagination,
    budget: Budget,
    link: str | None,
) -> Iterator[IncidentPage]:
    followed: set[str] = set()
    while True:
        body = client.list_incidents(
            since=question.since, until=question.until, by=question.by, next_link=link
        )
        page = page_of(body)
        yield page
        link = page.next_link
        if link is None:
            done.is_complete = True
            return
        if link in followed or len(followed) >= MAX_PAGES:
            raise PaginationError(
                "The list of incidents leads in circles; reading it was stopped.", code="Loop"
            )
        followed.add(link)
        if budget.is_used_up:
            return


def page_of(body: bytes) -> IncidentPage:
    """The page an answer holds; an answer that is none counts as no answer."""
    try:
        return read_incident_page(body)
    except NotAPage as broken:
        raise SentinelUnavailable(str(broken), code="NotAList") from broken
