"""Give incidents to a person, or to nobody."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from alerts.incidents.acts.acting import Effect, SkippedIncidents, carry_out, person
from alerts.incidents.models import Incident
from alerts.incidents.queries import incidents_visible_to
from alerts.outbox.engine.merge import same_owner
from portal.accounts.models import User
from portal.errors import Refused

NOBODY = {"objectId": None, "email": None, "assignedTo": None, "userPrincipalName": None}


class CannotAssign(Refused):
    """The incidents keep their owners."""


def assign_incidents(
    *,
    incident_ids: Collection[int],
    to: User | None,
    by: User,
    now: datetime,
    act: UUID | None = None,
    skipped: SkippedIncidents | None = None,
) -> UUID:
    """Make `to` the owner in Sentinel; None takes the owner off. Returns the act, for undo."""
    owner = owner_member(to)

    def plan(row: Incident) -> Effect | None:
        if same_owner(owner, _owner_in_force(row)):
            return None
        details = {"from": row.owner_name, "to": to.name if to else ""}
        return Effect("owner", details, patch={"owner": owner})

    def reasons_against(rows: list[Incident]) -> list[str]:
        return _reasons_against_owner(rows, to) if to else []

    done = carry_out(
        incident_ids=incident_ids,
        plan=plan,
        doer=person(by),
        action="incidents.incident.assigned",
        refusal=CannotAssign,
        nothing=_("Already assigned to %(name)s.") % {"name": to.name}
        if to
        else _("Already unassigned."),
        now=now,
        act=act,
        skipped=skipped,
        reasons_against=reasons_against,
        to=to.email if to else "",
    )
    return done.act


def owner_member(person: User | None) -> dict[str, Any]:
    """A person as the owner of an incident in Sentinel: by Entra's object id where we know it."""
    if person is None:
        return dict(NOBODY)
    owner = {"assignedTo": person.name, "email": person.email, "userPrincipalName": person.email}
    if person.oid:
        return {"objectId": person.oid, **owner}
    return {"assignedTo": person.name, "email": person.email}


def _owner_in_force(row: Incident) -> dict[str, str]:
    if row.owner_id in (row.owner_email, row.owner_name):
        return {"email": row.owner_email, "assignedTo": row.owner_name}
    return {"objectId": row.owner_id, "email": row.owner_email, "assignedTo": row.owner_name}


def _reasons_against_owner(rows: list[Incident], to: User) -> list[str]:
    if not to.is_active:
        return [_("%(name)s has no active account.") % {"name": to.name}]
    seen = incidents_visible_to(to).filter(pk__in=[row.pk for row in rows]).count()
    if seen < len(rows):
        return [_("%(name)s may not see all of these incidents.") % {"name": to.name}]
    return []
