"""End the pause after a restore."""

from datetime import datetime
from pathlib import Path

import msgspec
from django.db import transaction
from django.db.models import Q

from portal.audit.anchors import read_anchors
from portal.audit.engine import Anchor
from portal.audit.queries import verify_chain
from portal.audit.services import publish_restore_anchor, record
from portal.backup.engine import ComparisonResult, RecordFound
from portal.backup.models import Restore
from portal.backup.registry import run_comparisons
from portal.errors import Refused
from portal.jobs.models import JobState
from portal.jobs.services import kinds_of_work
from portal.text import visible_text


class CannotResume(Refused):
    """The pause goes on."""


def resume_after_restore(*, by_label: str, reason: str, now: datetime) -> str:
    """Let work leave again. Refuses while something was not compared with the outside. Returns the
    line that was published of the record; empty where the backup's record was.
    """
    restore = _resume(by_label, reason, now)
    if not restore.record_seq:
        return ""
    return publish_restore_anchor(Anchor(restore.record_seq, restore.record_hash))


@transaction.atomic(durable=True)
def _resume(by_label: str, reason: str, now: datetime) -> Restore:
    waiting = Restore.objects.select_for_update().filter(resumed_at=None).order_by("-pk")
    restore = waiting.first()
    if restore is None:
        raise CannotResume("Tagout is not paused: no restore waits to be resumed.")
    if restore.compared_at is None:
        raise CannotResume("Nothing was compared with the outside yet: run `restore --check`.")
    findings = msgspec.convert(restore.findings, ComparisonResult)
    if unread := [found for found in findings.places if found.error]:
        raise CannotResume(
            f"{unread[0].place} was not compared with what Tagout knows: {unread[0].error} Mend it,"
            " or pause that workspace, and say `restore --check`."
        )
    if not visible_text(reason):
        raise CannotResume("Say what you checked: --reason.")
    waiting.update(resumed_at=now, resumed_by_label=by_label, resumed_reason=visible_text(reason))
    record(
        "backup.restore.resumed",
        on=restore,
        by=by_label,
        at=now,
        reason=visible_text(reason),
        findings=restore.findings,
    )
    return restore


def compare_with_outside(
    *, restore: Restore, against: Path | None, now: datetime
) -> ComparisonResult:
    """Compare, keep what was found beside the restore, and return it."""
    findings = ComparisonResult(
        record=_compare_record(restore, against),
        places=tuple(run_comparisons(now=now)),
        waiting=_waiting_work(),
    )
    restore.findings, restore.compared_at = msgspec.to_builtins(findings), now
    restore.save(update_fields=["findings", "compared_at"])
    return findings


def _compare_record(restore: Restore, against: Path | None) -> RecordFound:
    """Heads up to the end of the backup must be in the record; later ones show how much is lost."""
    outside_anchors = read_anchors(against)
    anchors = outside_anchors.anchors
    must_be_there = [anchor for anchor in anchors if anchor.seq <= restore.record_seq]
    must_be_there.append(Anchor(restore.record_seq, restore.record_hash))
    report = verify_chain(must_be_there)
    newest = max((anchor.seq for anchor in anchors), default=0)
    return RecordFound(
        entries=report.entries,
        anchors=len(anchors),
        ignored=outside_anchors.ignored,
        newest_anchor=newest,
        lost=max(newest - restore.record_seq, 0),
        broken_at=report.broken_at,
        reason=report.reason,
    )


def _waiting_work() -> dict[str, int]:
    """What is owed and leaves once resumed; periodic jobs are none of it."""
    open_work = Q(state__in=[JobState.WAITING, JobState.RUNNING])
    counts = {
        str(model._meta.verbose_name_plural): model._default_manager.filter(open_work).count()
        for model in kinds_of_work()
        if not model.never_ends
    }
    return {kind: number for kind, number in counts.items() if number}
