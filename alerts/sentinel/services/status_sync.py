"""Note whether closing an incident in Sentinel also closes the alert at the sensor."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext

from alerts.sentinel.models import Workspace
from portal.accounts.models import User
from portal.accounts.queries import roles_of
from portal.accounts.rights import roles_for
from portal.audit.services import record
from portal.errors import Refused

ANSWERS = {"yes": True, "no": False, "unknown": None}


class CannotNoteStatusSync(Refused):
    """What is known of closing at the source stays as it was."""


def reasons_against_status_sync(*, by: User | str) -> list[str]:
    """Why this person cannot say so; a command may."""
    if isinstance(by, str) or roles_of(by) & roles_for("sentinel.administer"):
        return []
    return [gettext("Only an administrator can do this.")]


@transaction.atomic
def note_status_sync(*, name: str, answer: str, by: User | str, now: datetime) -> Workspace:
    """Keep the answer to whether a close there closes at the source: yes, no or unknown."""
    if reasons := reasons_against_status_sync(by=by):
        raise CannotNoteStatusSync(*reasons)
    if answer not in ANSWERS:
        raise CannotNoteStatusSync(
            gettext("“%(answer)s” is no answer. Say yes, no or unknown.") % {"answer": answer[:40]}
        )
    rows = Workspace.objects.select_for_update(of=("self",), no_key=True).filter(name=name)
    workspace = rows.first()
    if workspace is None or workspace.is_removed:
        raise CannotNoteStatusSync(
            gettext("There is no workspace named %(name)s.") % {"name": name[:80]}
        )
    closes = ANSWERS[answer]
    if workspace.closes_at_source == closes:
        return workspace
    workspace.closes_at_source = closes
    workspace.save(update_fields=["closes_at_source"])
    record("sentinel.workspace.status_sync_noted", on=workspace, by=by, at=now, answer=answer)
    return workspace
