"""Whether Tagout waits after a restore, and what the latest comparison found."""

from dataclasses import dataclass
from datetime import datetime

import msgspec
from django.db.models import Max

from portal.backup.engine import ComparisonResult
from portal.backup.models import Restore

PAUSED = (
    "A backup was restored here, and nothing is sent until an administrator has looked:"
    " `restore --check`, then `restore --resume`."
)


@dataclass(frozen=True, slots=True)
class RestoreFacts:
    """The restore that nobody has resumed yet. `findings` None: not compared yet."""

    backup_made_at: datetime
    restored_at: datetime
    restored_by: str
    record_seq: int  # where the audit record of the backup ends
    compared_at: datetime | None
    findings: ComparisonResult | None


def is_paused_after_restore() -> bool:
    """Whether a backup was restored and no administrator has resumed since. Asked before everything
    that leaves Tagout, and before rules act.
    """
    return Restore.objects.filter(resumed_at=None).exists()


def resumed_since() -> datetime | None:
    """When the latest restore was resumed."""
    latest: datetime | None = Restore.objects.aggregate(latest=Max("resumed_at"))["latest"]
    return latest


def unresumed_restore() -> Restore | None:
    """The latest restore that nobody has resumed."""
    return Restore.objects.filter(resumed_at=None).order_by("-pk").first()


def restore_facts() -> RestoreFacts | None:
    """Return what the status page shows of a restore that is not resumed yet; None without one."""
    restore = unresumed_restore()
    if restore is None:
        return None
    found = msgspec.convert(restore.findings, ComparisonResult) if restore.compared_at else None
    return RestoreFacts(
        restore.backup_made_at,
        restore.restored_at,
        restore.restored_by_label,
        restore.record_seq,
        restore.compared_at,
        found,
    )
