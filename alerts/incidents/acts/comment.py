"""Comment on incidents, in Sentinel too."""

from collections.abc import Collection
from datetime import datetime
from typing import cast
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from alerts.incidents.acts.acting import Actor, Effect, SkippedIncidents, carry_out, person
from alerts.incidents.models import Comment, Incident
from alerts.incidents.policies import reasons_against_comment
from portal.accounts.models import User
from portal.errors import Refused


class CannotComment(Refused):
    """Nothing was said."""


@transaction.atomic
def comment_on_incidents(
    *,
    incident_ids: Collection[int],
    message: str,
    by: User | None,
    now: datetime,
    act: UUID | None = None,
    skipped: SkippedIncidents | None = None,
    doer: Actor | None = None,
) -> UUID:
    """Say something on each incident. To Sentinel the author is our app, so the text names the
    person; what Tagout itself says (`by=None` and a `doer`) stands alone. Returns the act, for
    undo.
    """
    if by is None and doer is None:
        raise ValueError("Somebody says it, or Tagout with a name.")
    who = doer or person(cast(User, by))
    words = message.strip()
    text = words if who.by is None or not words else f"{words}\n\n{who.label}, with Tagout"

    def plan(row: Incident) -> Effect | None:
        return Effect("commented", {"message": words}, message=text)

    done = carry_out(
        incident_ids=incident_ids,
        plan=plan,
        doer=who,
        action="incidents.incident.commented",
        refusal=CannotComment,
        nothing=_("A comment needs some words."),
        now=now,
        act=act,
        skipped=skipped,
        reasons_against=lambda rows: reasons_against_comment(rows, words),
        message=words,
    )
    ours = {(row.workspace_id, row.name): row for row in done.incidents}
    Comment.objects.bulk_create(
        [
            Comment(
                incident=ours[change.workspace_id, change.incident_name],
                name=str(change.key),
                author=who.label,
                message=change.message,
                created_at=change.made_at,
                ours=True,
            )
            for change in done.changes
        ],
        ignore_conflicts=True,
    )
    return done.act
