"""The tab PCAP of an incident: how to get a capture, those that are there, and what they say."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.urls import NoReverseMatch, reverse

from alerts.captures.models import Capture, CaptureAccess
from alerts.captures.policies import (
    may_open_captures_of,
    reasons_against_attaching,
    reasons_against_removing_capture,
)
from alerts.captures.queries import accesses_of, captures_of, names_of_addresses, summaries_of
from alerts.captures.registry import capture_reader
from alerts.captures.web.wording import CaptureWords, summary_words
from alerts.incidents.models import Alert, Incident
from alerts.incidents.page.incident import alert_pages_of
from alerts.incidents.registry import TabVisit
from portal.accounts.models import User

MAX_ACCESSES = 5


@dataclass(frozen=True, slots=True)
class CaptureCard:
    """A capture as its card shows it; `page` is where it opens, if it does for this person."""

    capture: Capture
    words: CaptureWords | None
    trouble: str
    page: str
    may_download: bool
    may_remove: bool
    accesses: list[CaptureAccess]
    n_accesses: int


def count_captures(incident: Incident) -> int | None:
    """How many captures an incident has; None for none, so that the tab shows no zero."""
    return captures_of(incident).filter(removed_at=None).count() or None


def show_captures(visit: TabVisit) -> dict[str, Any]:
    """Everything that the tab shows."""
    captures = list(captures_of(visit.incident))
    cards = cards_of(captures, visit.incident, visit.user)
    return {
        "captures": cards,
        "removed": [capture for capture in captures if capture.is_removed],
        "is_changing": any(capture.is_in_quarantine for capture in captures),
        "alert_pages": alert_pages_of(visit.incident)[:5],
        "may_attach": not reasons_against_attaching(visit.incident, by=visit.user),
        "max_mb": settings.CAPTURE_MAX_MB,
    }


def cards_of(captures: Iterable[Capture], incident: Incident, user: User) -> list[CaptureCard]:
    """Return the cards of captures that are still there."""
    rows = [capture for capture in captures if not capture.is_removed]
    if not rows:
        return []
    summaries, accesses = summaries_of(rows), accesses_of(rows)
    addresses = {
        row[end]
        for summary in summaries.values()
        for row in summary["conversations"]
        for end in ("client", "server")
    }
    names, alert_addresses = names_of_addresses(incident, addresses), _alert_addresses(incident)
    may_open = may_open_captures_of(incident, by=user)
    cards = []
    for capture in rows:
        summary, opened = summaries.get(capture.pk), accesses.get(capture.pk, [])
        words = (
            summary_words(summary, names=names, alert_addresses=alert_addresses)
            if summary
            else None
        )
        cards.append(
            CaptureCard(
                capture=capture,
                words=words,
                trouble=capture.why_unreadable,
                page=_page_of(capture) if may_open and capture.is_readable else "",
                may_download=may_open and not capture.is_in_quarantine,
                may_remove=not reasons_against_removing_capture(capture, by=user),
                accesses=opened[:MAX_ACCESSES],
                n_accesses=len(opened),
            )
        )
    return cards


def _alert_addresses(incident: Incident) -> list[str]:
    ends = Alert.objects.filter(incidents=incident).values_list(
        "source_address", "destination_address"
    )[:50]
    return list(dict.fromkeys(address for row in ends for address in row if address))


def _page_of(capture: Capture) -> str:
    try:
        return reverse(capture_reader().page_name, args=[capture.uuid])
    except (NoReverseMatch, LookupError):
        return ""
