"""When two values of an incident's member mean the same, however they are spelled."""

from __future__ import annotations

from typing import Any

LABELS_ADD, LABELS_REMOVE, LABELS = "labels_add", "labels_remove", "labels"
OWNER = "owner"
_IDENTITY = ("objectId", "email", "userPrincipalName", "assignedTo")


def same(member: str, one: Any, other: Any) -> bool:
    """Whether two values of a member mean the same; nothing, null and "" are all nothing."""
    if member == OWNER:
        return same_owner(one, other)
    if isinstance(one, str) and isinstance(other, str) and member != "classificationComment":
        return one.strip().casefold() == other.strip().casefold()
    return (one or None) == (other or None)


def same_owner(one: Any, other: Any) -> bool:
    """Whether two owners are one person: by the first kind of identity that both have.

    Sentinel fills in what we leave out, so comparing all members would find a difference in
    every answer to a write of ours.
    """
    ours, theirs = _identity(one), _identity(other)
    if not ours or not theirs:
        return not ours and not theirs
    for kind in _IDENTITY:
        if kind in ours and kind in theirs:
            return ours[kind] == theirs[kind]
    return False


def _identity(owner: Any) -> dict[str, str]:
    if not isinstance(owner, dict):
        return {}
    return {
        kind: owner[kind].strip().casefold()
        for kind in _IDENTITY
        if isinstance(owner.get(kind), str) and owner[kind].strip()
    }


def label_names(labels: Any) -> list[str]:
    """The names of labels, in Sentinel's shape or as plain texts; odd ones are left out."""
    found = []
    for label in labels if isinstance(labels, list) else []:
        name = label.get("labelName") if isinstance(label, dict) else label
        if isinstance(name, str) and name:
            found.append(name)
    return found


def automatic_labels(labels: Any) -> set[str]:
    """Labels that Sentinel put there by itself, folded; we cannot take them away."""
    return {
        label["labelName"].casefold()
        for label in (labels if isinstance(labels, list) else [])
        if isinstance(label, dict)
        and isinstance(label.get("labelName"), str)
        and label.get("labelType") == "AutoAssigned"
    }


def folded(names: Any) -> set[str]:
    """Label names as they are compared: without letter case."""
    return {name.casefold() for name in label_names(names)}
