"""Assign incidents, change their severity and labels, comment on them."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from alerts.incidents.acts.apply import ActEffect, SkippedIncidents, SystemActor, apply_act
from alerts.incidents.acts.sentinel_comments import person_comment
from alerts.incidents.models import Incident, Severity
from alerts.incidents.policies import reasons_against_comment, reasons_against_labels
from alerts.incidents.queries import incidents_visible_to
from alerts.outbox.engine.merge import same_owner
from portal.accounts.models import User
from portal.accounts.queries import people_with_roles
from portal.accounts.rights import SOC_ROLES
from portal.errors import Refused
from portal.text import visible_text

NO_OWNER = {"objectId": None, "email": None, "assignedTo": None, "userPrincipalName": None}
# Sentinel's own pages have one language, and so have the texts we leave there.


class CannotAssign(Refused):
    """The incidents keep their owners."""


class CannotChangeSeverity(Refused):
    """The incidents stay as severe as they are."""


class CannotLabel(Refused):
    """The labels stay as they are."""


class CannotComment(Refused):
    """No comment was written."""


def people_for(incidents: Sequence[Incident]) -> list[User]:
    """Return those who hold a SOC role in every workspace of these incidents, by name."""
    common: dict[int, User] | None = None
    for workspace in {row.workspace_id: row.workspace for row in incidents}.values():
        parents = [workspace.organisation.uuid] if workspace.organisation else []
        holders = people_with_roles(SOC_ROLES, workspaces=[workspace.uuid], organisations=parents)
        people = {user.pk: user for user in holders}
        common = people if common is None else {k: v for k, v in common.items() if k in people}
    return list((common or {}).values())


def assign_incidents(
    *,
    incident_ids: Collection[int],
    to: User | None,
    by: User,
    now: datetime,
    act: UUID | None = None,
    skipped: SkippedIncidents | None = None,
) -> UUID:
    """Make `to` the owner in Sentinel; None takes the owner off. Return the act, for undo."""
    owner = owner_member(to)

    def effect_on(row: Incident) -> ActEffect | None:
        if same_owner(owner, _owner_in_force(row)):
            return None
        details = {"from": row.owner_name, "to": to.name if to else ""}
        return ActEffect("owner", details, patch={"owner": owner})

    return apply_act(
        incident_ids=incident_ids,
        effect_on=effect_on,
        by=by,
        action="incidents.incident.assigned",
        refusal=CannotAssign,
        no_effect=_("Already assigned to %(name)s.") % {"name": to.name}
        if to
        else _("Already unassigned."),
        now=now,
        act=act,
        skipped=skipped,
        reasons_against=lambda rows: _reasons_against_owner(rows, to) if to else [],
        to=to.email if to else "",
    )


def owner_member(person: User | None) -> dict[str, Any]:
    """A person as the owner of an incident in Sentinel: by Entra's object id where we know it."""
    if person is None:
        return dict(NO_OWNER)
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
    visible = incidents_visible_to(to).filter(pk__in=[row.pk for row in rows]).count()
    if visible < len(rows):
        return [_("%(name)s may not see all of these incidents.") % {"name": to.name}]
    return []


def change_severity(
    *,
    incident_ids: Collection[int],
    severity: Severity,
    by: User,
    now: datetime,
    act: UUID | None = None,
    skipped: SkippedIncidents | None = None,
) -> UUID:
    """Set the severity in Sentinel. Return the act, for undo."""
    if severity == Severity.UNKNOWN:
        raise CannotChangeSeverity(_("Choose one of Sentinel's severities."))
    word = Severity(severity).label

    def effect_on(row: Incident) -> ActEffect | None:
        if row.severity == severity:
            return None
        details = {"from": Severity(row.severity).label, "to": word}
        return ActEffect("severity", details, patch={"severity": word})

    return apply_act(
        incident_ids=incident_ids,
        effect_on=effect_on,
        by=by,
        action="incidents.incident.severity_changed",
        refusal=CannotChangeSeverity,
        no_effect=_("Its severity is already %(severity)s.") % {"severity": word},
        now=now,
        act=act,
        skipped=skipped,
        severity=word,
    )


def label_incidents(
    *,
    incident_ids: Collection[int],
    by: User | SystemActor,
    now: datetime,
    add: Iterable[str] = (),
    remove: Iterable[str] = (),
    act: UUID | None = None,
    is_kept_open: bool = False,
) -> UUID:
    """Add and remove labels, whatever their case; return the act. Only rules set Tagout's own: with
    `is_kept_open` a rule covers the incident in its trial, and would not close it.
    """
    adding, removing = [name.strip() for name in add], [name.strip() for name in remove]

    def effect_on(row: Incident) -> ActEffect | None:
        present = {name.casefold() for name in row.labels}
        new = [name for name in adding if name.casefold() not in present]
        old = [name for name in removing if name.casefold() in present]
        if not new and not old:
            return None
        patch: dict[str, Any] = {"labels_add": new} if new else {}
        patch |= {"labels_remove": old} if old else {}
        details: dict[str, Any] = {"added": new, "removed": old}
        details |= {"kept_open": True} if is_kept_open else {}
        return ActEffect("labels", details, patch=patch)

    def reasons_against(rows: list[Incident]) -> list[str]:
        return reasons_against_labels([*adding, *removing]) if isinstance(by, User) else []

    return apply_act(
        incident_ids=incident_ids,
        effect_on=effect_on,
        by=by,
        action="incidents.incident.labelled",
        refusal=CannotLabel,
        no_effect=_("Already labelled this way."),
        now=now,
        act=act,
        reasons_against=reasons_against,
        added=adding,
        removed=removing,
    )


def comment_on_incidents(
    *,
    incident_ids: Collection[int],
    message: str,
    by: User | SystemActor,
    now: datetime,
    act: UUID | None = None,
    skipped: SkippedIncidents | None = None,
) -> UUID:
    """Comment on each incident in the person's name; return the act, for undo."""
    words = visible_text(message)
    text = person_comment(words, by=by)
    return apply_act(
        incident_ids=incident_ids,
        effect_on=lambda row: ActEffect("commented", {"message": words}, message=text),
        by=by,
        action="incidents.incident.commented",
        refusal=CannotComment,
        no_effect=_("Write a comment first."),
        now=now,
        act=act,
        skipped=skipped,
        reasons_against=lambda rows: reasons_against_comment(rows, words),
        message=words,
    )
