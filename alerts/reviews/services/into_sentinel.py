"""What a verdict owes Sentinel: one label and one comment an incident."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from alerts.incidents.models import Incident
from alerts.outbox.services import Wish, owe_changes, withdraw
from alerts.reviews.engine.comment import VERDICT_LABELS, Spoken, comment_on, label_of
from alerts.reviews.models import Annotation
from portal.accounts.models import User


def owe_verdict(
    annotation: Annotation, *, incidents: Sequence[Incident], said: Spoken, now: datetime
) -> None:
    """Owe the label and the comment to each incident that is still there in Sentinel."""
    label, message = label_of(annotation.verdict), comment_on(said)
    there = [each for each in incidents if not each.is_read_only]
    owe_changes(
        wishes=list(_wishes(there, label, message)), act=annotation.act, by=annotation.by,
        by_label=annotation.by.name, now=now,
    )  # fmt: skip


def withdraw_verdict(annotation: Annotation, *, by: User, now: datetime) -> bool:
    """Take label and comment back; False when any of it may have been sent."""
    return not withdraw(act=annotation.act, now=now).too_late


def _wishes(incidents: Iterable[Incident], label: str, message: str) -> Iterable[Wish]:
    for each in incidents:
        others = sorted(name for name in each.labels if name.casefold() in VERDICT_LABELS - {label})
        patch: dict[str, list[str]] = {}
        if label not in each.labels:
            patch["labels_add"] = [label]
        if others:
            patch["labels_remove"] = others
        if patch:
            yield Wish(each.workspace_id, each.name, patch=patch)
        yield Wish(each.workspace_id, each.name, message=message)
