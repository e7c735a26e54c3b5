"""Take from the outbox how writes ended, and record it on the incidents."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from alerts import notification_kinds as kinds
from alerts.incidents.ingest.groups import regroup
from alerts.incidents.ingest.incident_tasks import settle_pending_tasks, show_pending_tasks
from alerts.incidents.ingest.overlay import drop_our_comments, refresh_overlay, show_our_comments
from alerts.incidents.ingest.store import Differing, store_incidents
from alerts.incidents.models import Incident, IncidentRaw, TimelineItem
from alerts.incidents.queries import incidents_visible_to
from alerts.outbox.engine.merge import value_text
from alerts.outbox.models import PATCHES, Change, ChangeOutcome, WriteKind
from alerts.outbox.registry import Settlement
from alerts.outbox.wording import note_words
from alerts.sentinel.wire.incidents import WireIncident
from portal import clock
from portal.notifications.services import notify_people

_CODES = {
    ChangeOutcome.CONFLICTED: "conflict",
    ChangeOutcome.REFUSED: "refused",
    ChangeOutcome.DROPPED: "dropped",
}


def on_incident_outcome(settlement: Settlement) -> None:
    """Take over Sentinel's word after a write of ours was settled; runs in its transaction.

    After a write that landed, the word is stored first, so that it is no news that Sentinel has
    what we wrote. After a lost race the overlay goes first, so that what others did is shown as
    the change of Sentinel's word that it is.
    """
    change, now = settlement.change, settlement.now
    rows = Incident.objects.filter(workspace=change.workspace_id, name=change.incident_name)
    incident = rows.select_for_update(no_key=True).first()
    if incident is None:
        return
    is_sent = change.outcome == ChangeOutcome.SENT
    if is_sent and change.kind in PATCHES and settlement.incident is None:
        _apply_patch_to_raw(incident, change)
    if not is_sent:
        refresh_overlay([incident.pk], now=now)
    word = settlement.incident
    is_current = word is not None and _store_word(incident, word, now=now)
    if change.kind == WriteKind.TASK:
        _show_task(change)
    if change.kind == WriteKind.COMMENT:
        _show_comment(incident, change)
    if code := _CODES.get(ChangeOutcome(change.outcome)):
        _write_line(incident, settlement, code)
        _notify_author(incident, settlement, code)
    if not is_current:
        if is_sent:
            refresh_overlay([incident.pk], now=now)
        regroup([incident.pk], now=now)


def _store_word(incident: Incident, wire: WireIncident, *, now: datetime) -> bool:
    """Store what Sentinel has now, where that is news; the row is locked, so its etag shows that.
    What changed is overlaid and regrouped there.
    """
    if incident.gone_at is None and wire.etag and incident.etag == wire.etag[:120]:
        return False
    names = {incident.name}
    stored = store_incidents(
        workspace_id=incident.workspace_id,
        incidents=[wire],
        now=now,
        probed=Differing([0], names, names) if wire.name == incident.name else None,
    )
    return bool(stored.changed)


def _apply_patch_to_raw(incident: Incident, change: Change) -> None:
    """Apply our patch until intake has read the result; forget the etag, so that it does."""
    raw = IncidentRaw.objects.filter(incident=incident).first()
    if raw is None or not isinstance(raw.body.get("properties"), dict):
        return
    properties = raw.body["properties"]
    removed = {name.casefold() for name in change.patch.get("labels_remove", [])}
    labels: list[dict[str, Any]] = [
        label
        for label in properties.get("labels") or []
        if str(label.get("labelName", "")).casefold() not in removed
    ]
    labels += [{"labelName": name} for name in change.patch.get("labels_add", [])]
    members = {k: v for k, v in change.patch.items() if not k.startswith("labels_")}
    raw.body["properties"] = properties | members | {"labels": labels}
    raw.save(update_fields=["body"])
    Incident.objects.filter(pk=incident.pk).update(etag="")


def _show_comment(incident: Incident, change: Change) -> None:
    """A comment that is owed or sent is shown; one that will not be sent is not."""
    if change.outcome in (ChangeOutcome.SENT, ChangeOutcome.OPEN):
        show_our_comments([change], incidents=[incident], author=change.by_label)
    else:
        drop_our_comments([change])


def _show_task(change: Change) -> None:
    """A task that is owed is shown as wanted; one that is settled as Sentinel has it."""
    if change.outcome == ChangeOutcome.OPEN:
        show_pending_tasks([change])
    else:
        settle_pending_tasks([change], unshifted=clock.unshifted())


def _write_line(incident: Incident, settlement: Settlement, code: str) -> None:
    """One line: what we wanted, who or what was in the way, and what stays."""
    change = settlement.change
    overruled = [
        {
            "member": foreign.member,
            "was": value_text(foreign.member, foreign.was),
            "now": value_text(foreign.member, foreign.now),
            "wanted": value_text(foreign.member, foreign.intended),
        }
        for foreign in settlement.foreign
    ]
    intended = {
        member: value if member.startswith("labels_") else value_text(member, value)
        for member, value in change.patch.items()
    }
    TimelineItem.objects.create(
        incident=incident,
        at=settlement.now,
        side=TimelineItem.Side.SENTINEL if code == "conflict" else TimelineItem.Side.PORTAL,
        code=code,
        details={
            "wanted": intended,
            "won": overruled,
            "note": change.note,
            "kind": change.kind,
            "by": change.by_label,
            "message": change.message[:300],
        },
        act=change.act,
    )


_NOTICES = {
    "conflict": (
        kinds.CHANGE_CONFLICT,
        gettext_noop("Somebody changed it in Sentinel first: %(incident)s"),
    ),
    "refused": (kinds.CHANGE_REFUSED, gettext_noop("Sentinel refused your change: %(incident)s")),
    "dropped": (kinds.CHANGE_DROPPED, gettext_noop("Your change was not sent: %(incident)s")),
}


def _notify_author(incident: Incident, settlement: Settlement, code: str) -> None:
    """A line in the inbox of the person whose decision is not in Sentinel; no mail."""
    person = settlement.change.by
    if person is None or not incidents_visible_to(person).filter(pk=incident.pk).exists():
        return
    kind, subject = _NOTICES[code]
    notify_people(
        [person],
        kind=kind,
        wording=lambda: (
            _(subject) % {"incident": incident},
            [note_words(settlement.change.note)],
        ),
        path=f"/incidents/{incident.pk}/",
        now=settlement.now,
    )
