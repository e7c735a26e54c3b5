"""How a lost race is said in one sentence, for the status page, the log and the command."""

from __future__ import annotations

from typing import Any

from alerts.outbox.engine.compare import LABELS, OWNER, label_names
from alerts.outbox.engine.merge import Foreign, Overtaken

_NAMES = {
    "classificationReason": "reason",
    "classificationComment": "closing comment",
    LABELS: "new label",
}


def said_of(lost: Overtaken) -> str:
    """Who or what was faster, and what stays now."""
    if lost.merged_into:
        return f"It was merged into #{lost.merged_into} in Sentinel, and stays so."
    if not lost.foreign:
        return "It was merged into another incident in Sentinel, and stays so."
    stays = "; ".join(_said(change) for change in lost.foreign)
    return f"Somebody in Sentinel was faster: {stays}. That stays."


def owner_word(owner: Any) -> str:
    """An owner as people call them; "" for nobody."""
    if not isinstance(owner, dict):
        return ""
    for member in ("assignedTo", "email", "userPrincipalName", "objectId"):
        if isinstance(owner.get(member), str) and owner[member]:
            return str(owner[member])
    return ""


def shown(member: str, value: Any) -> str:
    """A member's value as a person reads it."""
    if member == OWNER:
        return owner_word(value)
    if member == LABELS:
        return ", ".join(label_names(value))
    return str(value)[:200] if value not in (None, "", {}, []) else ""


def _said(change: Foreign) -> str:
    name = _NAMES.get(change.member, change.member)
    now, was = shown(change.member, change.now), shown(change.member, change.was)
    if change.member == LABELS:
        return f"{name} {now}"
    return f"{name} is {now or 'empty'}" + (f" (was {was})" if was else "")
