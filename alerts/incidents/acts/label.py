"""Put labels on incidents and take them off."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from alerts.incidents.acts.acting import Actor, Effect, carry_out, person
from alerts.incidents.models import Incident
from alerts.incidents.policies import reasons_against_labels
from portal.accounts.models import User
from portal.errors import Refused


class CannotLabel(Refused):
    """The labels stay as they are."""


def label_incidents(
    *,
    incident_ids: Collection[int],
    by: User | None,
    now: datetime,
    add: Iterable[str] = (),
    remove: Iterable[str] = (),
    act: UUID | None = None,
    doer: Actor | None = None,
) -> UUID:
    """Add and remove labels in Sentinel; letter case does not count. A rule passes `by=None` and
    a `doer` with its name, and may set Tagout's own labels. Returns the act, for undo.
    """
    who = doer or person(_named(by))
    adding, removing = [name.strip() for name in add], [name.strip() for name in remove]

    def plan(row: Incident) -> Effect | None:
        there = {name.casefold() for name in row.labels}
        new = [name for name in adding if name.casefold() not in there]
        old = [name for name in removing if name.casefold() in there]
        if not new and not old:
            return None
        patch: dict[str, Any] = {"labels_add": new} if new else {}
        patch |= {"labels_remove": old} if old else {}
        return Effect("labels", {"added": new, "removed": old}, patch=patch)

    return carry_out(
        incident_ids=incident_ids,
        plan=plan,
        doer=who,
        action="incidents.incident.labelled",
        refusal=CannotLabel,
        nothing=_("Already labelled this way."),
        now=now,
        act=act,
        reasons_against=lambda rows: reasons_against_labels([*adding, *removing]) if who.by else [],
        added=adding,
        removed=removing,
    ).act


def _named(by: User | None) -> User:
    if by is None:
        raise ValueError("Somebody sets labels, or a rule with its name.")
    return by
