"""Comment on incidents, in Sentinel too."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from alerts.incidents.models import Comment, Incident
from alerts.incidents.policies import reasons_against_comment
from alerts.incidents.services.acting import Step, carry_out, person
from portal.accounts.models import User
from portal.errors import Refused


class CannotComment(Refused):
    """Nothing was said."""


@transaction.atomic
def comment_on_incidents(
    *,
    incident_ids: Collection[int],
    message: str,
    by: User,
    now: datetime,
    act: UUID | None = None,
) -> UUID:
    """Say something on each incident. To Sentinel the author is our app, so the text names the
    person. Returns the act, for undo.
    """
    words = message.strip()
    text = f"{words}\n\n{by.name}, with Tagout" if words else ""

    def plan(row: Incident) -> Step | None:
        return Step("commented", {"message": words}, message=text)

    done = carry_out(
        incident_ids=incident_ids,
        plan=plan,
        doer=person(by),
        action="incidents.incident.commented",
        refusal=CannotComment,
        nothing=_("A comment needs some words."),
        now=now,
        act=act,
        reasons_against=lambda rows: reasons_against_comment(rows, words),
        message=words,
    )
    ours = {(row.workspace_id, row.name): row for row in done.incidents}
    Comment.objects.bulk_create(
        [
            Comment(
                incident=ours[change.workspace_id, change.incident_name],
                name=str(change.key),
                author=by.name,
                message=change.message,
                created_at=change.made_at,
                ours=True,
            )
            for change in done.changes
        ],
        ignore_conflicts=True,
    )
    return done.act
