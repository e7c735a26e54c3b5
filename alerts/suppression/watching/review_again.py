"""Look again at what a rule closed before it stopped by itself (S7)."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext

from alerts.suppression.models import LedgerEntry
from alerts.suppression.policies import may_change
from portal.accounts.models import User
from portal.audit.services import record
from portal.errors import Refused


class CannotReviewAgain(Refused):
    """The line stays on the list."""


@transaction.atomic
def tick_off(*, entry_id: int, by: User, now: datetime) -> LedgerEntry:
    """Somebody has looked at this incident again and lets the close stand."""
    entry = LedgerEntry.objects.select_related("version", "rule").get(pk=entry_id)
    if not may_change(by, entry.version):
        raise CannotReviewAgain(
            gettext(
                "Only OT and SOC people of the sites and workspaces this rule reaches can "
                "confirm this."
            )
        )
    waiting = LedgerEntry.objects.filter(
        pk=entry.pk, review_again_at__isnull=False, reviewed_at=None
    )
    if not waiting.update(reviewed_at=now):
        raise CannotReviewAgain(gettext("Somebody has already looked at this one."))
    record("suppression.close.looked_at", on=entry, by=by, at=now)
    return entry
