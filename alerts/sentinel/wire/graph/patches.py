"""What is sent to Graph for a change in Sentinel's words: the smallest PATCH, and what it loses."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from alerts.sentinel.wire.graph.values import (
    EXPECTED_DETERMINATION,
    GRAPH_CLASSIFICATION,
    GRAPH_SEVERITY,
    GRAPH_STATUS,
    LOST_REASON,
    UNSET_WORDS,
    graph_text,
    texts_of,
)
from alerts.sentinel.wire.records import Bag

_SAME_VALUES: Final = {
    "title": "displayName",
    "description": "description",
    "classificationComment": "resolvingComment",
}
_WORDS: Final = {"status": GRAPH_STATUS, "severity": GRAPH_SEVERITY}
_CHOICES: Final = frozenset({"status", "severity", "classification", "determination"})


@dataclass(frozen=True, slots=True)
class Patch:
    """The members to send, none where all is so already, and what Graph has no place for, by
    Sentinel's member names.
    """

    members: Bag
    lost: tuple[str, ...] = ()


def patch_for(
    raw: Bag,
    changes: Bag,
    *,
    add_labels: Iterable[str] = (),
    remove_labels: Iterable[str] = (),
) -> Patch:
    """The narrow PATCH that brings an incident, as Graph has it now, to what is wanted. Raises
    ValueError for a value that Graph has no word for.
    """
    wanted = _wanted(changes)
    if (tags := _tags(raw, add_labels, remove_labels)) is not None:
        wanted["customTags"] = tags
    members = {name: value for name, value in wanted.items() if not _same(name, raw, value)}
    # A determination alone is no decision of ours: people may have chosen a finer one.
    if "classification" not in members:
        members.pop("determination", None)
    lost = ("classificationReason",) if changes.get("classificationReason") == LOST_REASON else ()
    return Patch(members, lost)


def _wanted(changes: Bag) -> Bag:
    """The changes by Graph's member names; a reason goes with its classification."""
    wanted: Bag = {}
    for member, value in changes.items():
        if member in _SAME_VALUES:
            wanted[_SAME_VALUES[member]] = value
        elif member in _WORDS:
            wanted[member] = _graph_word(_WORDS[member], member, value)
        elif member == "classification":
            wanted[member] = _graph_word(GRAPH_CLASSIFICATION, member, value or "Undetermined")
            if value == "BenignPositive":
                wanted["determination"] = EXPECTED_DETERMINATION
        elif member == "owner":
            wanted["assignedTo"] = _assignee(value)
        elif member != "classificationReason":
            raise ValueError(f"Tagout does not change {member} of an incident.")
    return wanted


def differs_from(raw: Bag, patch: Patch) -> list[str]:
    """Which members of an incident, as it was read again, are not as the patch wanted them."""
    return [name for name, value in patch.members.items() if not _same(name, raw, value)]


def _graph_word(words: dict[str, str], member: str, value: Any) -> str:
    word = words.get(graph_text(value))
    if word is None:
        raise ValueError(f"Microsoft Defender knows no {member} {value!r}.")
    return word


def _assignee(owner: Any) -> str | None:
    """The owner as Graph takes one: by the name to sign in with. It has no place for object ids."""
    if not isinstance(owner, dict):
        return None
    names = ("userPrincipalName", "email", "assignedTo", "objectId")
    return next(
        (graph_text(owner.get(name)) for name in names if graph_text(owner.get(name))), None
    )


def _tags(raw: Bag, add: Iterable[str], remove: Iterable[str]) -> list[str] | None:
    """All tags as they should be; None where they are so: Graph replaces the whole list."""
    present = texts_of(raw.get("customTags"))
    gone = {name.casefold() for name in remove}
    tags = [tag for tag in present if tag.casefold() not in gone]
    folded = {tag.casefold() for tag in tags}
    for name in add:
        if name.casefold() not in folded:
            tags.append(name)
            folded.add(name.casefold())
    return tags if tags != present else None


def _same(name: str, raw: Bag, value: Any) -> bool:
    current = raw.get(name)
    if name == "customTags":
        have = {tag.casefold() for tag in texts_of(current)}
        return have == {tag.casefold() for tag in texts_of(value)}
    if name in _CHOICES:
        ours, theirs = graph_text(value).casefold(), graph_text(current).casefold()
        return ours == theirs or (ours in UNSET_WORDS and theirs in UNSET_WORDS)
    if name == "assignedTo":
        return graph_text(current).strip().casefold() == graph_text(value).strip().casefold()
    return (current or None) == (value or None)
