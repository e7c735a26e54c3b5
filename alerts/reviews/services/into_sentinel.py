"""What a verdict owes Sentinel: one label and one comment an incident."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from alerts.incidents.ingest.comments import drop_our_comments, show_our_comments
from alerts.incidents.ingest.overlay import refresh_overlay
from alerts.incidents.models import Incident
from alerts.incidents.policies import MAX_COMMENTS
from alerts.outbox.services import UNDO_HOLD, PendingWrite, enqueue_changes, withdraw
from alerts.reviews.engine.comment import VERDICT_LABELS, Spoken, comment_on, label_of
from alerts.reviews.models import Annotation


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
