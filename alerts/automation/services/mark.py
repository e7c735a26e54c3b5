"""Mark whether a playbook acts on the plant."""

from datetime import datetime

from django.db import transaction

from alerts.automation.models import Playbook
from alerts.automation.policies import reasons_against_marking
from portal.accounts.models import User
from portal.audit.services import record
from portal.errors import Refused
from portal.text import visible_text


class CannotMarkPlaybook(Refused):
    """The mark stays as it is."""


@transaction.atomic
def mark_playbook(
    *, playbook_id: int, acts_on_plant: bool, reason: str, by: User, now: datetime
) -> Playbook:
    """Set the mark, for the present definition: with any change of it a “does not act”
    no longer counts.
    """
    rows = Playbook.objects.select_for_update(of=("self",))
    row = rows.select_related("workspace__organisation").get(pk=playbook_id)
    if reasons := reasons_against_marking(
        row, acts_on_plant=acts_on_plant, reason=reason, by=by, now=now
    ):
        raise CannotMarkPlaybook(*reasons)
    row.mark, row.mark_reason = acts_on_plant, visible_text(reason)
    row.mark_digest = row.definition_digest
    row.marked_by, row.marked_at = by, now
    row.save(update_fields=["mark", "mark_digest", "mark_reason", "marked_by", "marked_at"])
    record(
        "automation.playbook.marked",
        on=row,
        by=by,
        at=now,
        acts_on_plant=acts_on_plant,
        evidence=row.evidence,
        definition=row.definition_digest,
        reason=row.mark_reason,
    )
    return row
