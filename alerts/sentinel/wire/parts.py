"""Parts of an incident that are objects of their own: its owner and its labels."""

from __future__ import annotations

from typing import NamedTuple

from alerts.sentinel.wire.values import read_bag, read_texts
from alerts.sentinel.wire.vocabulary import LABEL_KIND, OWNER_KIND, read_choice

_OWNER = {
    "objectId": "owner.object_id",
    "email": "owner.email",
    "assignedTo": "owner.assigned_to",
    "userPrincipalName": "owner.user_principal_name",
}

_make = tuple.__new__


class WireLabel(NamedTuple):
    """One label; those of kind AutoAssigned cannot be removed by us."""

    name: str
    kind: str | None


class WireOwner(NamedTuple):
    """Who owns an incident in Sentinel: a person, a group or an app."""

    object_id: str | None
    email: str | None
    assigned_to: str | None
    user_principal_name: str | None
    kind: str | None


def owner_of(value: object, flags: list[str]) -> WireOwner | None:
    """The owner, or None where every member is empty."""
    owner = read_bag(value, "owner", flags)
    if not owner:
        return None
    who = read_texts(owner, _OWNER, flags)
    if not any(who):
        return None
    object_id, email, assigned_to, principal = who
    kind = read_choice(owner.get("ownerType"), OWNER_KIND, "owner.kind", flags)
    return WireOwner(object_id, email, assigned_to, principal, kind)


def labels_of(value: object, flags: list[str]) -> tuple[WireLabel, ...]:
    """The labels that have a name."""
    if value.__class__ is not list:
        if value is not None:
            flags.append("labels:not_a_list")
        return ()
    read = []
    for label in value:
        name = label.get("labelName") if label.__class__ is dict else None
        if name.__class__ is str and name:
            read.append(
                _make(
                    WireLabel,
                    (name, read_choice(label.get("labelType"), LABEL_KIND, "labels.kind", flags)),
                )
            )
        else:
            flags.append("labels:without_name")
    return tuple(read)
