"""What an answer of OT becomes in Sentinel: one comment and one label an incident. The comment is
in English: Sentinel's own pages have one language.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from alerts.incidents.acts.sentinel_comments import VERDICT_NAMES
from alerts.incidents.ingest.overlay import (
    drop_our_comments,
    overlay_pending_changes,
    refresh_overlay,
    show_our_comments,
)
from alerts.incidents.models import Incident
from alerts.incidents.policies import MAX_COMMENTS
from alerts.incidents.wording import number_words
from alerts.outbox.engine.labels import our_label
from alerts.outbox.services.enqueue import (
    UNDO_HOLD,
    PendingWrite,
    enqueue_changes,
    withdraw_changes,
)
from alerts.reviews.engine.causes import cause as cause_of
from alerts.reviews.models import Verdict
from alerts.reviews.policies import sites_as_ot

MAX_NAMED = 20
_DONE_BY = {"our-team": "our team", "vendor": "the vendor", "automation": "automation"}
_LABELS = {verdict: our_label(verdict) for verdict in VERDICT_NAMES}
VERDICT_LABELS = frozenset(_LABELS.values())


def cause_words(cause: str) -> str:
    """Return the words of a cause in the language of Sentinel's readers."""
    entry = cause_of(cause)
    return entry.label() if entry else cause


def verdict_comment(verdict: Verdict, *, incidents: Sequence[Incident]) -> str:
    """Return the comment: who said what and why, and that nothing follows from it by itself."""
    sites = sites_as_ot(verdict.by, incidents[0])
    place = ", ".join(site.name for site in sites)
    lines = [
        f"OT verdict: {VERDICT_NAMES[verdict.kind]} ({cause_words(verdict.cause)}).",
        f"Given by {verdict.by.name} for OT at {place}.",
    ]
    if verdict.work_order:
        lines.append(f"Work order: {verdict.work_order}.")
    if verdict.done_by:
        lines.append(f"Done by: {_DONE_BY.get(verdict.done_by, verdict.done_by)}.")
    if verdict.note:
        lines.append(f"Note: {verdict.note}")
    if (n := len(incidents)) > 1:
        numbers = [number_words(incident.number, incident.pk) for incident in incidents]
        listed = ", ".join(numbers[:MAX_NAMED])
        more = f" and {n - MAX_NAMED} more" if n > MAX_NAMED else ""
        lines.append(f"The same answer covers {n} incidents: {listed}{more}.")
    lines.append("This answer closes and suppresses nothing by itself.")
    return "\n".join(lines)


def enqueue_verdict(
    verdict: Verdict,
    *,
    incidents: Sequence[Incident],
    holding: Collection[int],
    now: datetime,
) -> None:
    """Send comment, and the label of the verdict in force, to each incident; show them."""
    label, message = _LABELS[verdict.kind], verdict_comment(verdict, incidents=incidents)
    present = [incident for incident in incidents if not incident.is_read_only]
    changes = enqueue_changes(
        wishes=list(_pending_writes(present, label, message, holding)),
        act=verdict.act,
        by=verdict.by,
        by_label=verdict.by.name,
        now=now,
    )
    show_our_comments(changes, incidents=present, author=verdict.by.name)
    overlay_pending_changes([incident.pk for incident in present], now=now)


def withdraw_verdict(verdict: Verdict, *, ids: Sequence[int], now: datetime) -> bool:
    """Take label and comment back; False when they may have been sent, or undo is over."""
    report = withdraw_changes(act=verdict.act, by=verdict.by, now=now)
    if report.too_late or (not report.withdrawn and now - verdict.given_at > UNDO_HOLD):
        return False
    drop_our_comments(report.withdrawn)
    refresh_overlay(ids, now=now)
    return True


def _pending_writes(
    incidents: Iterable[Incident], label: str, message: str, holding: Collection[int]
) -> Iterable[PendingWrite]:
    for incident in incidents:
        others = sorted(
            name for name in incident.labels if name.casefold() in VERDICT_LABELS - {label}
        )
        patch: dict[str, list[str]] = {}
        if label not in incident.labels:
            patch["labels_add"] = [label]
        if others:
            patch["labels_remove"] = others
        if patch and incident.pk in holding:
            yield PendingWrite(incident.workspace_id, incident.name, patch=patch)
        if incident.comments_count < MAX_COMMENTS:
            yield PendingWrite(incident.workspace_id, incident.name, message=message)
