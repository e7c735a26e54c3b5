"""Fetch alerts, entities and comments of incidents: paced, newest open ones first."""

import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from django.db import DataError, IntegrityError

from alerts.incidents.ingest.details import (
    Claimed,
    IncidentDetails,
    claim_details,
    release_details,
    retry_or_fail_details,
    store_details_of_many,
)
from alerts.incidents.ingest.groups import crowded_streams, regroup
from alerts.incidents.ingest.storms import fold_storms
from alerts.intake.services.pace import Budget, Pace
from alerts.intake.services.sweep import note_missing
from alerts.sentinel.client.errors import AnswerTooLarge
from alerts.sentinel.client.port import (
    SentinelClient,
    SentinelError,
    SentinelNotFound,
    SentinelRefused,
    SentinelThrottled,
    SentinelUnavailable,
)
from alerts.sentinel.models import Workspace, WorkspaceScope
from alerts.sentinel.wire.alerts import read_alerts
from alerts.sentinel.wire.entities import WireComment, read_comments, read_entities
from alerts.sentinel.wire.records import NotAPage, UnreadableRecord
from alerts.sentinel.wording import DETAILS_TOO_LARGE

BATCH = 50
_MAX_COMMENT_PAGES = 5  # an incident has at most 100 comments
_BATCH_SECONDS = 5.0  # what was fetched is stored at least so often
_ASIDE = timedelta(minutes=2)  # for which one that broke Sentinel lets the others pass
_ITS_OWN_FAULT = (DataError, IntegrityError, ValueError, TypeError, ArithmeticError, LookupError)


class IncidentNotFound(Exception):
    """The list of alerts lags behind the incident."""


def fetch_details(
    *,
    workspace: Workspace,
    client: SentinelClient,
    pace: Pace,
    budget: Budget,
    clock: Callable[[], datetime],
) -> int:
    """Fetch what is owed until nothing is due or the slice is over; returns how many were stored.

    `clock` gives business time: a slice is long, and leases are counted from each claim. Raises
    what the client raises about the workspace; incidents not tried are given back first.
    """
    stored = 0
    while not budget.is_used_up:
        claimed = claim_details(
            workspace_id=workspace.pk,
            most=BATCH,
            now=clock(),
            ot_first=workspace.ot_scope == WorkspaceScope.ALL,
        )
        if not claimed:
            break
        stored += _fetch(
            workspace=workspace,
            client=client,
            claimed=claimed,
            pace=pace,
            budget=budget,
            clock=clock,
        )
    return stored


def _fetch(
    *,
    workspace: Workspace,
    client: SentinelClient,
    claimed: Sequence[Claimed],
    pace: Pace,
    budget: Budget,
    clock: Callable[[], datetime],
) -> int:
    fetched: list[tuple[Claimed, IncidentDetails]] = []
    ends = time.monotonic() + _BATCH_SECONDS
    left, in_trouble = list(claimed), False
    try:
        while left and time.monotonic() < ends and not budget.is_used_up:
            pace.wait()
            claim = left[0]
            try:
                if (details := _fetch_one(workspace, client, claim, clock)) is not None:
                    fetched.append((claim, details))
                    pace.went_well()
            except SentinelUnavailable as problem:
                # Perhaps only this one breaks Sentinel, and it would come first again and again.
                left.pop(0)
                release_details(claimed=[claim], due_at=clock() + _ASIDE)
                if in_trouble or problem.status is None:
                    raise
                in_trouble = True
                continue
            in_trouble = False
            left.pop(0)
    except SentinelError as problem:
        if isinstance(problem, SentinelThrottled):
            pace.slower()
        raise
    finally:
        release_details(claimed=left, due_at=clock())
        _store(fetched, clock)
    return len(fetched)


def _fetch_one(
    workspace: Workspace, client: SentinelClient, claim: Claimed, clock: Callable[[], datetime]
) -> IncidentDetails | None:
    """What hangs on this one; None where it is itself to blame that nothing can be had."""
    try:
        return fetch_incident_details(client=client, claimed=claim)
    except SentinelNotFound as problem:
        if problem.is_of_the_workspace:
            raise
        note_missing(workspace_id=workspace.pk, incident_ids=[claim.id], now=clock())
        retry_or_fail_details(claimed=claim, reason="Sentinel does not find it.", now=clock())
    except AnswerTooLarge:
        retry_or_fail_details(claimed=claim, reason=DETAILS_TOO_LARGE, now=clock())
    except (SentinelRefused, NotAPage, IncidentNotFound, ValueError) as problem:
        retry_or_fail_details(claimed=claim, reason=str(problem), now=clock())
    return None


def _store(
    fetched: Sequence[tuple[Claimed, IncidentDetails]], clock: Callable[[], datetime]
) -> None:
    """Store them together. Where that fails, half of them at a time, until the one that cannot be
    stored stands alone.
    """
    if not fetched:
        return
    try:
        less_urgent = store_details_of_many(
            fetched=[details for _, details in fetched],
            now=clock(),
            leased_until=fetched[0][0].leased_until,  # one claim, one lease
        )
        regroup(less_urgent, now=clock())
    except _ITS_OWN_FAULT as error:
        if len(fetched) == 1:
            reason = f"What was fetched cannot be stored ({type(error).__name__})."
            retry_or_fail_details(claimed=fetched[0][0], reason=reason, now=clock())
            return
        half = len(fetched) // 2
        _store(fetched[:half], clock)
        _store(fetched[half:], clock)
        return
    # Their details are stored: what fails here is no fault of theirs.
    if crowded := crowded_streams([claim.id for claim, _ in fetched], now=clock()):
        fold_storms(crowded, now=clock())


def fetch_incident_details(*, client: SentinelClient, claimed: Claimed) -> IncidentDetails:
    """All that hangs on one incident. Comments are asked for only where there are any."""
    alerts = read_alerts(client.list_alerts(claimed.name))
    if not alerts and claimed.alerts_count and claimed.attempts < 3:
        raise IncidentNotFound("Its alerts are not listed yet.")
    answer = read_entities(client.list_entities(claimed.name))
    comments = _comments(client, claimed.name) if claimed.comments_count else None
    return IncidentDetails(claimed.id, alerts, answer.entities, comments, answer.cut_short)


def _comments(client: SentinelClient, name: str) -> list[WireComment | UnreadableRecord]:
    comments: list[WireComment | UnreadableRecord] = []
    link: str | None = None
    for _ in range(_MAX_COMMENT_PAGES):
        page = read_comments(client.list_comments(name, next_link=link))
        comments += page.items
        link = page.next_link
        if link is None:
            break
    return comments
