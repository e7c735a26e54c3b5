"""Our changes in Sentinel: every write that one incident was ever owed, and how each ended.

Read from the outbox's rows and from what was noted when they were settled: the audit entry shows
when, the line of the timeline what a person in Sentinel had done instead.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import CharField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Cast
from django.utils.translation import gettext, gettext_lazy

from alerts.incidents.models import Incident, TimelineItem
from alerts.incidents.page.timeline import MEMBER_WORDS, member_value_words
from alerts.incidents.wording import Chip
from alerts.outbox.engine.merge import LABELS, LABELS_ADD, LABELS_REMOVE, value_text
from alerts.outbox.models import Change, ChangeOutcome, WriteKind
from alerts.outbox.queries import changes_of
from alerts.outbox.wording import note_words
from portal.audit.models import Entry

MAX_WRITES = 200
_OUTCOMES = {
    ChangeOutcome.OPEN: (gettext_lazy("On its way"), "accent", "send"),
    ChangeOutcome.SENT: (gettext_lazy("In Sentinel"), "ok", "circle-check"),
    ChangeOutcome.CONFLICTED: (
        gettext_lazy("A person in Sentinel won"),
        "medium",
        "triangle-alert",
    ),
    ChangeOutcome.REFUSED: (gettext_lazy("Refused by Sentinel"), "high", "circle-alert"),
    ChangeOutcome.WITHDRAWN: (gettext_lazy("Undone before it was sent"), "", "undo-2"),
    ChangeOutcome.DROPPED: (gettext_lazy("Not sent: no longer right"), "", "x"),
}


@dataclass(frozen=True, slots=True)
class MemberChange:
    """One member of the incident: as read, as we wanted it, as Sentinel kept it instead."""

    member: str
    before: str
    wanted: str
    kept: str = ""


@dataclass(frozen=True, slots=True)
class SentinelWrite:
    """One write. `settled_at` is None while it is owed, and where nothing was noted."""

    ref: str
    by: str
    team: str
    made_at: datetime
    settled_at: datetime | None
    outcome: Chip
    changes: tuple[MemberChange, ...]
    message: str
    note: str


def writes_to(incident: Incident) -> QuerySet[Change]:
    """Return what was ever owed to an incident, newest first, each with `noted_at`, when it was
    settled, and `kept`, what Sentinel kept instead. Where a verdict is hidden from the reader, what
    was owed before it.
    """
    settled = Entry.objects.filter(
        object_type=Change._meta.label_lower,
        object_id=Cast(OuterRef("pk"), CharField()),
        action__in=[f"outbox.change.{outcome}" for outcome in ChangeOutcome.values if outcome],
    )
    conflicts = TimelineItem.objects.filter(incident=incident, act=OuterRef("act"), code="conflict")
    rows = changes_of(incident.workspace_id, incident.name).annotate(
        noted_at=Subquery(settled.order_by("-at").values("at")[:1]),
        kept=Subquery(conflicts.order_by("-pk").values("details__won")[:1]),
    )
    hidden = incident.hidden_verdict
    return (
        rows if hidden is None else rows.filter(made_at__lt=hidden.given_at).exclude(act=hidden.act)
    )


def sentinel_writes_of(incident: Incident) -> list[SentinelWrite]:
    """Return the newest writes in words."""
    rows = writes_to(incident).select_related("by")[:MAX_WRITES]
    return [_in_words(change) for change in rows]


def _in_words(change: Any) -> SentinelWrite:
    outcome = ChangeOutcome(change.outcome)
    label, kind, icon = _OUTCOMES[outcome]
    changes = (
        tuple(_overruling_changes(change.kept))
        if outcome == ChangeOutcome.CONFLICTED and change.kept
        else tuple(_intended_changes(change))
    )
    return SentinelWrite(
        ref=f"w{change.pk}",
        by=change.by.name if change.by else change.by_label or "Tagout",
        team="soc" if change.by else "portal",
        made_at=change.made_at,
        settled_at=change.noted_at,
        outcome=Chip(str(label), kind, icon),
        changes=changes,
        message=change.message if change.kind == WriteKind.COMMENT else "",
        note=_note(change),
    )


def _note(change: Change) -> str:
    """What became of it. Defender's side may have changed what was sent; the note of a playbook
    that was started is the name of its run, and is left out here.
    """
    is_started = change.kind == WriteKind.PLAYBOOK and change.outcome == ChangeOutcome.SENT
    is_settled = change.outcome != ChangeOutcome.OPEN
    return note_words(change.note) if is_settled and not is_started else ""


def _overruling_changes(members: Iterable[dict[str, Any]]) -> Iterable[MemberChange]:
    for member in members:
        name = str(member.get("member"))
        was, wanted, now = (
            member_value_words(name, member.get(key)) for key in ("was", "wanted", "now")
        )
        yield MemberChange(_member(name), was, wanted or gettext("as it was"), now or "–")


def _intended_changes(change: Change) -> Iterable[MemberChange]:
    if change.kind == WriteKind.PLAYBOOK:
        yield MemberChange(gettext("Run a playbook"), "", change.playbook.rpartition("/")[2])
    if change.kind == WriteKind.TASK and "title" in change.patch:
        yield MemberChange(gettext("Task"), "", change.patch["title"])
        return
    for name, value in sorted(change.patch.items()):
        if name in (LABELS_ADD, LABELS_REMOVE):
            sign = "+" if name == LABELS_ADD else "−"
            words = ", ".join(f"{sign}{label}" for label in value)
            yield MemberChange(_member(LABELS), "", words)
        else:
            before = member_value_words(name, value_text(name, change.base.get(name)))
            member = gettext("Task") if change.kind == WriteKind.TASK else _member(name)
            yield MemberChange(member, before, member_value_words(name, value_text(name, value)))


def _member(name: str) -> str:
    return str(MEMBER_WORDS.get(name, name)).capitalize()
