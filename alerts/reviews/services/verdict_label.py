"""A verdict in Sentinel: one label and one comment an incident.

The comment is in plain English: Sentinel's own pages have one language.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from alerts.incidents.ingest.overlay import drop_our_comments, refresh_overlay, show_our_comments
from alerts.incidents.models import Incident
from alerts.incidents.policies import MAX_COMMENTS
from alerts.outbox.engine.labels import our_label
from alerts.outbox.services import UNDO_HOLD, PendingWrite, enqueue_changes, withdraw
from alerts.reviews.models import Annotation

MAX_NAMED = 20
_VERDICTS = {
    "routine": "Routine",
    "maintenance": "Maintenance",
    "suspicious": "Suspicious",
    "not-sure": "Not sure",
}
_DONE_BY = {"our-team": "our team", "vendor": "the vendor", "automation": "automation"}
VERDICT_LABELS = frozenset(map(our_label, _VERDICTS))


@dataclass(frozen=True, slots=True)
class Spoken:
    """A verdict as its giver said it."""

    verdict: str
    cause: str  # the words of the cause
    by_name: str
    place: str
    work_order: str = ""
    done_by: str = ""
    note: str = ""
    numbers: tuple[str, ...] = ()  # of the incidents that it is about


def label_of(verdict: str) -> str:
    """The label that carries a verdict."""
    return our_label(verdict)


def _named(said: Spoken) -> str:
    more = len(said.numbers) - MAX_NAMED
    named = ", ".join(said.numbers[:MAX_NAMED])
    return f"{named} and {more} more" if more > 0 else named


def comment_on(said: Spoken) -> str:
    """The comment: who said what and why, and that nothing follows from it by itself."""
    lines = [f"OT verdict: {_VERDICTS[said.verdict]} ({said.cause})."]
    lines.append(f"Given by {said.by_name} for OT at {said.place}.")
    if said.work_order:
        lines.append(f"Work order: {said.work_order}.")
    if said.done_by:
        lines.append(f"Done by: {_DONE_BY.get(said.done_by, said.done_by)}.")
    if said.note:
        lines.append(f"Note: {said.note}")
    if len(said.numbers) > 1:
        lines.append(f"The same answer covers {len(said.numbers)} incidents: {_named(said)}.")
    lines.append("This answer closes and suppresses nothing by itself.")
    return "\n".join(lines)


def owe_verdict(
    annotation: Annotation,
    *,
    incidents: Sequence[Incident],
    holding: Collection[int],
    said: Spoken,
    now: datetime,
) -> None:
    """Owe label and comment to each incident that is still there in Sentinel, and show them. The
    label tells the verdict that holds: only the incidents `holding` by this one get it.
    """
    label, message = label_of(annotation.verdict), comment_on(said)
    there = [each for each in incidents if not each.is_read_only]
    changes = enqueue_changes(
        wishes=list(_wishes(there, label, message, holding)),
        act=annotation.act,
        by=annotation.by,
        by_label=annotation.by.name,
        now=now,
    )
    show_our_comments(changes, incidents=there, author=annotation.by.name)
    refresh_overlay([each.pk for each in there], now=now)


def withdraw_verdict(annotation: Annotation, *, ids: Sequence[int], now: datetime) -> bool:
    """Take label and comment back; False when any of it may have been sent, or when nothing was
    owed and the time of an undo is over.
    """
    report = withdraw(act=annotation.act, now=now)
    if report.too_late or (not report.withdrawn and now - annotation.given_at > UNDO_HOLD):
        return False
    drop_our_comments(report.withdrawn)
    refresh_overlay(ids, now=now)
    return True


def _wishes(
    incidents: Iterable[Incident], label: str, message: str, holding: Collection[int]
) -> Iterable[PendingWrite]:
    for each in incidents:
        others = sorted(name for name in each.labels if name.casefold() in VERDICT_LABELS - {label})
        patch: dict[str, list[str]] = {}
        if label not in each.labels:
            patch["labels_add"] = [label]
        if others:
            patch["labels_remove"] = others
        if patch and each.pk in holding:
            yield PendingWrite(each.workspace_id, each.name, patch=patch)
        if each.comments_count < MAX_COMMENTS:
            yield PendingWrite(each.workspace_id, each.name, message=message)
