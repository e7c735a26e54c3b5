"""Compare a restored Tagout with what the outside knows: heads of the audit record, and whatever
wings registered. It only reads.
"""

from datetime import datetime
from pathlib import Path

import msgspec
from django.db.models import Q

from portal.audit.anchors import read_anchors
from portal.audit.engine import Anchor
from portal.audit.queries import verify_chain
from portal.backup.engine import Findings, RecordFound
from portal.backup.models import Restore
from portal.backup.registry import run_comparisons
from portal.jobs.models import Job, State
from portal.jobs.queries import kinds_of_work


def compare_with_outside(*, restore: Restore, against: Path | None, now: datetime) -> Findings:
    """Compare, keep what was found beside the restore, and return it."""
    findings = Findings(
        record=_compare_record(restore, against),
        places=tuple(run_comparisons(now=now)),
        waiting=_waiting_work(),
    )
    restore.findings, restore.compared_at = msgspec.to_builtins(findings), now
    restore.save(update_fields=["findings", "compared_at"])
    return findings


def _compare_record(restore: Restore, against: Path | None) -> RecordFound:
    """Heads up to the end of the backup must be in the record; later ones tell how much is lost."""
    told_outside = read_anchors(against)
    anchors = told_outside.anchors
    must_be_there = [each for each in anchors if each.seq <= restore.record_seq]
    must_be_there.append(Anchor(restore.record_seq, restore.record_hash))
    report = verify_chain(must_be_there)
    newest = max((each.seq for each in anchors), default=0)
    return RecordFound(
        entries=report.entries,
        anchors=len(anchors),
        ignored=told_outside.ignored,
        newest_anchor=newest,
        lost=max(newest - restore.record_seq, 0),
        broken_at=report.broken_at,
        reason=report.reason,
    )


def _waiting_work() -> dict[str, int]:
    """What is owed and leaves once resumed; periodic jobs are none of it."""
    open_work = Q(state__in=[State.WAITING, State.RUNNING])
    counts = {
        str(model._meta.verbose_name_plural): model._default_manager.filter(open_work).count()
        for model in kinds_of_work()
        if model is not Job
    }
    return {kind: number for kind, number in counts.items() if number}
