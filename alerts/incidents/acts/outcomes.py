"""Hear from the outbox how writes ended, and let the incidents say so."""

from typing import Any

import orjson
from django.utils import translation
from django.utils.translation import gettext as _

from alerts.incidents.acts.apply import show_anew
from alerts.incidents.ingest.overlay import refresh_overlay
from alerts.incidents.ingest.store import store_incidents
from alerts.incidents.models import Comment, Incident, IncidentRaw, TimelineItem
from alerts.incidents.queries import incidents_visible_to
from alerts.outbox.engine.words import shown
from alerts.outbox.models import Change, Kind, Outcome
from alerts.outbox.queries import note_words
from alerts.outbox.registry import Settlement
from alerts.sentinel.wire import incident_of
from portal.notifications.services import notify

_TOLD = {Outcome.CONFLICTED: "conflict", Outcome.REFUSED: "refused", Outcome.DROPPED: "dropped"}


def on_close_outcome(told: Settlement) -> None:
    """Take over Sentinel's word after a write of ours was settled; runs in its transaction.

    After a write that landed, the word is stored first, so that it is no news that Sentinel has
    what we wrote. After a lost race the overlay goes first, so that what others did is told as
    the change of Sentinel's word that it is.
    """
    change = told.change
    rows = Incident.objects.filter(workspace=change.workspace_id, name=change.incident_name)
    incident = rows.select_for_update(no_key=True).first()
    if incident is None:
        return
    if change.outcome == Outcome.SENT and change.kind == Kind.UPDATE and not told.raw:
        _believe_ours(incident, change)
    if change.outcome != Outcome.SENT:
        refresh_overlay([incident.pk], now=told.now)
    if told.raw:
        wire = incident_of(told.raw, orjson.dumps(told.raw))
        store_incidents(workspace_id=incident.workspace_id, incidents=[wire], now=told.now)
    if change.kind == Kind.COMMENT:
        _show_comment(incident, change)
    if code := _TOLD.get(Outcome(change.outcome)):
        _write_down(incident, told, code)
        _tell_whose_it_was(incident, told, code)
    show_anew([incident.pk], now=told.now)


def _believe_ours(incident: Incident, change: Change) -> None:
    """It was written but the answer was of no use: until intake reads it, our patch is the word.
    The etag is forgotten, so that intake does read it.
    """
    raw = IncidentRaw.objects.filter(incident=incident).first()
    if raw is None or not isinstance(raw.body.get("properties"), dict):
        return
    properties = raw.body["properties"]
    gone = {name.casefold() for name in change.patch.get("labels_remove", [])}
    labels: list[dict[str, Any]] = [
        label
        for label in properties.get("labels") or []
        if str(label.get("labelName", "")).casefold() not in gone
    ]
    labels += [{"labelName": name} for name in change.patch.get("labels_add", [])]
    members = {k: v for k, v in change.patch.items() if not k.startswith("labels_")}
    raw.body["properties"] = properties | members | {"labels": labels}
    raw.save(update_fields=["body"])
    Incident.objects.filter(pk=incident.pk).update(etag="")


def _show_comment(incident: Incident, change: Change) -> None:
    """A comment that is owed or sent is there; one that will not be sent is not."""
    if change.outcome in (Outcome.SENT, Outcome.OPEN):
        words = {"author": change.by_label, "message": change.message}
        Comment.objects.get_or_create(
            incident=incident,
            name=str(change.key),
            defaults={**words, "created_at": change.made_at, "ours": True},
        )
    else:
        Comment.objects.filter(incident=incident, name=str(change.key)).delete()


def _write_down(incident: Incident, told: Settlement, code: str) -> None:
    """One line: what we wanted, who or what was in the way, and what stays."""
    change = told.change
    won = [
        {
            "member": foreign.member,
            "was": shown(foreign.member, foreign.was),
            "now": shown(foreign.member, foreign.now),
            "wanted": shown(foreign.member, foreign.wanted),
        }
        for foreign in told.foreign
    ]
    wanted = {
        member: value if member.startswith("labels_") else shown(member, value)
        for member, value in change.patch.items()
    }
    TimelineItem.objects.create(
        incident=incident,
        at=told.now,
        side=TimelineItem.Side.SENTINEL if code == "conflict" else TimelineItem.Side.PORTAL,
        code=code,
        details={
            "wanted": wanted,
            "won": won,
            "note": change.note,
            "kind": change.kind,
            "by": change.by_label,
            "message": change.message[:300],
        },
        act=change.act,
    )


def _tell_whose_it_was(incident: Incident, told: Settlement, code: str) -> None:
    """A line in the inbox of the person whose decision does not stand in Sentinel; no mail."""
    person = told.change.by
    if person is None or not incidents_visible_to(person).filter(pk=incident.pk).exists():
        return
    with translation.override(person.language or "en"):
        subject = {
            "conflict": _("Somebody changed it in Sentinel first: %(incident)s"),
            "refused": _("Sentinel did not take your change: %(incident)s"),
            "dropped": _("Your change was not sent: %(incident)s"),
        }[code] % {"incident": incident}
        reason = _("You get this because the change was yours.")
        body = note_words(told.change.note)
    notify(
        people=[person],
        kind=f"incidents.{code}",
        subject=subject,
        body=body,
        path=f"/incidents/{incident.pk}/",
        reason=reason,
        now=told.now,
        mail=False,
    )
