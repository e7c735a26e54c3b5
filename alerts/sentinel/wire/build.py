"""What we send to Sentinel: whole incidents with our change in them, comments, ids of our own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID, uuid5

from alerts.sentinel.wire.entities import MAX_COMMENT_LENGTH
from alerts.sentinel.wire.records import Bag, Unfit

OUR_NAMESPACE = UUID("8f3d2c1a-5b7e-5d49-9c60-0e1b7a4f2d35")

_READ_ONLY = frozenset(
    {
        "additionaldata",
        "createdtimeutc",
        "incidentnumber",
        "incidenturl",
        "lastmodifiedtimeutc",
        "providerincidentid",
        "providername",
        "relatedanalyticruleids",
        "teaminformation",
    }
)
_CHANGEABLE = frozenset(
    {
        "classification",
        "classificationComment",
        "classificationReason",
        "description",
        "owner",
        "severity",
        "status",
        "title",
    }
)


def our_id(*parts: object) -> str:
    """The same id for the same parts, whenever asked: what is sent twice lands once."""
    return str(uuid5(OUR_NAMESPACE, "\x1f".join(str(part) for part in parts)))


def incident_put_body(
    raw: Bag,
    changes: dict[str, Any],
    *,
    add_labels: Iterable[str] = (),
    remove_labels: Iterable[str] = (),
) -> dict[str, Any]:
    """The whole incident as read, with our changes: a PUT clears whatever it leaves out.

    A change of None takes a member out. The etag goes back exactly as it came, so that an edit
    made meanwhile refuses ours; without one nothing may be sent.
    """
    etag, properties = raw.get("etag"), raw.get("properties")
    if not isinstance(etag, str) or not etag:
        raise Unfit("it has no etag, so a newer edit could be overwritten")
    if not isinstance(properties, dict):
        raise Unfit("its properties are no object")
    if unknown := set(changes) - _CHANGEABLE:
        raise ValueError(f"Tagout does not change {', '.join(sorted(unknown))} of an incident.")
    members = {
        name: value
        for name, value in properties.items()
        if name.casefold() not in _READ_ONLY and changes.get(name, ...) is not None
    }
    members |= {name: value for name, value in changes.items() if value is not None}
    members["labels"] = merged_labels(
        properties.get("labels"), add=add_labels, remove=remove_labels
    )
    return {"etag": etag, "properties": members}


def merged_labels(
    labels: object, *, add: Iterable[str] = (), remove: Iterable[str] = ()
) -> list[dict[str, str]]:
    """The labels that are there and ours, each once; the kind of a label is never sent."""
    gone = {name.casefold() for name in remove}
    names = [
        label["labelName"]
        for label in (labels if isinstance(labels, list) else [])
        if isinstance(label, dict)
        and isinstance(label.get("labelName"), str)
        and (label.get("labelType") == "AutoAssigned" or label["labelName"].casefold() not in gone)
    ]
    once: dict[str, str] = {}
    for name in (*names, *add):
        once.setdefault(name.casefold(), name)
    return [{"labelName": name} for name in once.values()]


def closing(
    *, classification: str, reason: str | None, comment: str | None = None
) -> dict[str, Any]:
    """The changes that close an incident with what a person found."""
    return {
        "status": "Closed",
        "classification": classification,
        "classificationReason": reason,
        "classificationComment": comment,
    }


def comment_body(message: str) -> dict[str, Any]:
    """A comment as Sentinel takes it; what is too long ends with a sign that it was cut."""
    if len(message) > MAX_COMMENT_LENGTH:
        message = message[: MAX_COMMENT_LENGTH - 2] + " …"
    return {"properties": {"message": message}}
