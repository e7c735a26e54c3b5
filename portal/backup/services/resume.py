"""End the pause after a restore."""

from datetime import datetime

import msgspec
from django.db import transaction

from portal.audit.engine import Anchor
from portal.audit.services import publish_restore_anchor, record
from portal.backup.engine import Findings
from portal.backup.models import Restore
from portal.errors import Refused


class CannotResume(Refused):
    """The pause goes on."""


def resume_after_restore(*, by_label: str, reason: str, now: datetime) -> str:
    """Let work leave again. Refuses while something was not compared with the outside. Returns the
    line that was told outside of the record; empty where the backup's record was.
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
        raise CannotResume("There is no restore that waits: Tagout is not paused.")
    if restore.compared_at is None:
        raise CannotResume("Nothing was compared with the outside yet: `restore --check` does it.")
    findings = msgspec.convert(restore.findings, Findings)
    if unread := [found for found in findings.places if found.error]:
        raise CannotResume(
            f"{unread[0].place} was not compared with what Tagout knows: {unread[0].error} Mend it,"
            " or pause that workspace, and say `restore --check`."
        )
    if not reason.strip():
        raise CannotResume("Say what was looked at: --reason.")
    waiting.update(resumed_at=now, resumed_by_label=by_label, resumed_reason=reason.strip())
    record(
        "backup.restore.resumed",
        on=restore,
        by=by_label,
        at=now,
        reason=reason.strip(),
        findings=restore.findings,
    )
    return restore
