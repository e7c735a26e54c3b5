"""Decide, from a fresh answer of Sentinel, whether and how a wish of ours may still be written.

A wish is a patch (Sentinel's member names → wanted values, `labels_add`, `labels_remove`) and a
base: how the members looked when the person decided. Whoever changed one of them since was faster,
and stays. Everything else on the incident is kept as it is. `conflict_text` states a lost race in
one sentence.
"""

from dataclasses import dataclass
from typing import Any

from alerts.outbox.engine.labels import is_our_label

LABELS_ADD, LABELS_REMOVE, LABELS = "labels_add", "labels_remove", "labels"
OWNER = "owner"
_IDENTITY = ("objectId", "email", "userPrincipalName", "assignedTo")


def same_value(member: str, value: Any, other: Any) -> bool:
    """Whether two values of a member mean the same; nothing, null and "" are all nothing."""
    if member == OWNER:
        return same_owner(value, other)
    if isinstance(value, str) and isinstance(other, str) and member != "classificationComment":
        return value.strip().casefold() == other.strip().casefold()
    return (value or None) == (other or None)


def same_owner(owner: Any, other: Any) -> bool:
    """Whether two owners are one person: by the first kind of identity that both have.

    Sentinel fills in what we leave out, so comparing all members would find a difference in
    every answer to a write of ours.
    """
    ours, theirs = _identity(owner), _identity(other)
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


def fold_labels(names: Any) -> set[str]:
    """Label names as they are compared: without letter case."""
    return {name.casefold() for name in label_names(names)}


# Who closes has looked at all of these; a close is off when somebody changed one of them since.
GUARDED_BY_A_CLOSE = (
    *("status", "severity", "classification", "classificationReason", OWNER, LABELS),
)
_MERGED_LABEL = "redirected"

type Bag = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ForeignChange:
    """One member that somebody else changed since: how it was, is, and what we wanted (if so)."""

    member: str
    was: Any
    now: Any
    intended: Any = None


@dataclass(frozen=True, slots=True)
class AlreadyDone:
    """Sentinel has already what we want: ours was written and the answer lost, or theirs is."""


@dataclass(frozen=True, slots=True)
class Overtaken:
    """Somebody else was faster. Nothing may be written."""

    foreign: tuple[ForeignChange, ...]
    merged_into: int | None = None  # the incident was merged into this one


@dataclass(frozen=True, slots=True)
class ToWrite:
    """Write these members and labels over what was just read, and nothing else."""

    changes: Bag
    add_labels: tuple[str, ...] = ()
    remove_labels: tuple[str, ...] = ()


type Decision = AlreadyDone | Overtaken | ToWrite


def is_close(patch: Bag) -> bool:
    """Whether the wish is to close."""
    return same_value("status", patch.get("status"), "Closed")


def close_patch(*, classification: str, reason: str | None, comment: str | None = None) -> Bag:
    """The wish to close with what a person or a rule found."""
    return {
        "status": "Closed",
        "classification": classification,
        "classificationReason": reason,
        "classificationComment": comment,
    }


def base_for(patch: Bag, properties: Bag) -> Bag:
    """What to remember of the incident, so that a later change by somebody else is noticed."""
    members = [name for name in patch if name not in (LABELS_ADD, LABELS_REMOVE)]
    if is_close(patch):
        members += GUARDED_BY_A_CLOSE
    base = {name: properties.get(name) for name in members if name != LABELS}
    if LABELS in members:
        base[LABELS] = label_names(properties.get(LABELS))
    return base


def is_whole(patch: Bag, base: Bag) -> bool:
    """Whether the base names everything that must be watched for this patch."""
    return base_for(patch, {}).keys() <= base.keys()


def decide_change(patch: Bag, base: Bag, fresh: Bag) -> Decision:
    """What is to be done, given the incident's properties as they are in Sentinel now."""
    add, remove = _labels_to_write(patch, fresh)
    values = {k: v for k, v in patch.items() if k not in (LABELS_ADD, LABELS_REMOVE)}
    changes = {k: v for k, v in values.items() if not same_value(k, v, fresh.get(k))}
    if not changes and not add and not remove:
        return AlreadyDone()
    foreign = tuple(foreign_changes(patch, base, fresh))
    merged, into = _merged(fresh)
    if foreign or merged:
        return Overtaken(foreign, into)
    return ToWrite(changes, add, remove)


def foreign_changes(patch: Bag, base: Bag, fresh: Bag) -> list[ForeignChange]:
    """Which of the watched members somebody else has changed since the base."""
    found = []
    for member, was in sorted(base.items(), key=_display_order):
        if member == LABELS:
            if new := _foreign_labels(patch, was, fresh):
                found.append(ForeignChange(LABELS, label_names(was), new))
        elif not same_value(member, was, fresh.get(member)) and not (
            member in patch and same_value(member, patch[member], fresh.get(member))
        ):
            found.append(ForeignChange(member, was, fresh.get(member), patch.get(member)))
    return found


def _display_order(item: tuple[str, Any]) -> tuple[int, str]:
    """What people look at first comes first; the store does not keep the order of members."""
    member = item[0]
    is_guarded = member in GUARDED_BY_A_CLOSE
    return (GUARDED_BY_A_CLOSE.index(member) if is_guarded else len(GUARDED_BY_A_CLOSE), member)


def rebase(base: Bag, patch: Bag, properties: Bag) -> Bag:
    """The base of a later wish, after our own patch was written: our word is not foreign."""
    new = {k: properties.get(k) if k in patch else v for k, v in base.items() if k != LABELS}
    if LABELS in base:
        added = [
            name
            for name in patch.get(LABELS_ADD, [])
            if name.casefold() in fold_labels(properties.get(LABELS))
        ]
        names = label_names(base[LABELS])
        new[LABELS] = names + [name for name in added if name.casefold() not in fold_labels(names)]
    return new


def properties_after(patch: Bag) -> Bag:
    """What a patch left behind, as far as can be determined without the answer to it."""
    members = {k: v for k, v in patch.items() if k not in (LABELS_ADD, LABELS_REMOVE)}
    return members | {LABELS: label_names(patch.get(LABELS_ADD))}


def _labels_to_write(patch: Bag, fresh: Bag) -> tuple[tuple[str, ...], tuple[str, ...]]:
    present = fold_labels(fresh.get(LABELS))
    removable = present - automatic_labels(fresh.get(LABELS))
    add = tuple(n for n in patch.get(LABELS_ADD, []) if n.casefold() not in present)
    remove = tuple(n for n in patch.get(LABELS_REMOVE, []) if n.casefold() in removable)
    return add, remove


def _foreign_labels(patch: Bag, was: Any, fresh: Bag) -> list[str]:
    added = fold_labels(patch.get(LABELS_ADD))
    expected = fold_labels(was) | added
    return [
        name
        for name in label_names(fresh.get(LABELS))
        if name.casefold() not in expected and not is_our_label(name)
    ]


def _merged(fresh: Bag) -> tuple[bool, int | None]:
    more = fresh.get("additionalData")
    more = more if isinstance(more, dict) else {}
    number = more.get("mergedIncidentNumber")
    into = number if isinstance(number, int) else None
    merged = bool(into or more.get("mergedIncidentUrl"))
    return merged or _MERGED_LABEL in fold_labels(fresh.get(LABELS)), into


_NAMES = {
    "classificationReason": "reason",
    "classificationComment": "closing comment",
    LABELS: "new label",
}


def conflict_text(overtaken: Overtaken) -> str:
    """Who or what was faster, and what stays now."""
    if overtaken.merged_into:
        return f"It was merged into #{overtaken.merged_into} in Sentinel, and stays so."
    if not overtaken.foreign:
        return "It was merged into another incident in Sentinel, and stays so."
    stays = "; ".join(_change_text(change) for change in overtaken.foreign)
    return f"Somebody in Sentinel was faster: {stays}. That stays."


def owner_name(owner: Any) -> str:
    """An owner as people call them; "" for nobody."""
    if not isinstance(owner, dict):
        return ""
    for member in ("assignedTo", "email", "userPrincipalName", "objectId"):
        if isinstance(owner.get(member), str) and owner[member]:
            return str(owner[member])
    return ""


def value_text(member: str, value: Any) -> str:
    """A member's value as a person reads it."""
    if member == OWNER:
        return owner_name(value)
    if member == LABELS:
        return ", ".join(label_names(value))
    return str(value)[:200] if value not in (None, "", {}, []) else ""


def _change_text(change: ForeignChange) -> str:
    name = _NAMES.get(change.member, change.member)
    now, was = value_text(change.member, change.now), value_text(change.member, change.was)
    if change.member == LABELS:
        return f"{name} {now}"
    return f"{name} is {now or 'empty'}" + (f" (was {was})" if was else "")
