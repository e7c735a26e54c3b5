"""Close incidents in Sentinel's terms, reopen them, and note which rule closed them."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from alerts.incidents.acts.against_ot import notify_overruled, reasons_against_silence
from alerts.incidents.acts.apply import ActEffect, SkippedIncidents, SystemActor, apply_act
from alerts.incidents.acts.sentinel_comments import closing_text
from alerts.incidents.models import Incident, IncidentStatus, TimelineItem
from alerts.incidents.policies import reasons_against_closing
from alerts.incidents.wording import outcome_words
from alerts.outbox.engine.merge import close_patch
from portal.accounts.models import User
from portal.errors import Refused


class CannotClose(Refused):
    """The incidents stay open."""


class CannotReopen(Refused):
    """The incidents stay closed."""


def close_incidents(
    *,
    incident_ids: Collection[int],
    classification: str,
    reason: str = "",
    comment: str = "",
    ot_line: str = "",
    instead_of: Collection[str] = (),
    by: User | SystemActor,
    now: datetime,
    act: UUID | None = None,
    skipped: SkippedIncidents | None = None,
) -> UUID:
    """Close with a classification and its reason; return the act, for undo.

    Sentinel's text names who closed and, where `ot_line` is given, what OT said; the comment of a
    rule names its signers and is sent as it is. What is closed another way already is closed anew
    only by who has seen so: `instead_of` are the classifications on the screen. Where a person
    closes against OT's answer the comment is required, and whoever answered is notified of it.
    """
    text = comment
    if isinstance(by, User) or not comment:
        text = closing_text(closed_by=by.name, comment=comment, ot_line=ot_line)
    patch = close_patch(classification=classification, reason=reason or None, comment=text)
    details: dict[str, Any] = {"classification": classification, "reason": reason}
    details |= {"comment": comment.strip(), "ot": ot_line}

    def effect_on(row: Incident) -> ActEffect | None:
        outcome = (row.classification, row.classification_reason)
        if row.status == IncidentStatus.CLOSED and outcome == (classification, reason):
            return None
        return ActEffect("closed", details, patch=patch)

    def notify_ot(rows: Sequence[Incident], act: UUID) -> None:
        if isinstance(by, User):
            notify_overruled(
                rows,
                classification=classification,
                reason=reason,
                comment=comment.strip(),
                by=by,
                act=act,
                now=now,
            )

    return apply_act(
        incident_ids=incident_ids,
        effect_on=effect_on,
        by=by,
        action="incidents.incident.closed",
        refusal=CannotClose,
        no_effect=_("Already closed this way."),
        now=now,
        act=act,
        skipped=skipped,
        notify=notify_ot,
        reasons_against=lambda rows: [
            *reasons_against_closing(classification, reason),
            *(
                reasons_against_silence(rows, classification, comment, by=by)
                if isinstance(by, User)
                else ()
            ),
            *_reasons_against_overruling(rows, classification, reason, instead_of=instead_of),
        ],
        classification=classification,
        reason=reason,
        comment=comment,
    )


def reopen_incidents(
    *,
    incident_ids: Collection[int],
    by: User | SystemActor,
    now: datetime,
    act: UUID | None = None,
    skipped: SkippedIncidents | None = None,
    because: str = "",
) -> UUID:
    """Make closed incidents active again, without classification; return the act, for undo."""
    patch = dict.fromkeys(close_patch(classification="", reason=None)) | {"status": "Active"}

    def effect_on(row: Incident) -> ActEffect | None:
        if row.status != IncidentStatus.CLOSED:
            return None
        details = {"from": "Closed", "to": "Active"}
        details |= {"closed_by": row.closed_by} if row.closed_by else {}
        details |= {"because": because} if because else {}
        return ActEffect("reopened", details, patch=patch)

    return apply_act(
        incident_ids=incident_ids,
        effect_on=effect_on,
        by=by,
        action="incidents.incident.reopened",
        refusal=CannotReopen,
        no_effect=_("Already open."),
        now=now,
        act=act,
        skipped=skipped,
        because=because,
    )


def _reasons_against_overruling(
    rows: list[Incident], classification: str, reason: str, *, instead_of: Collection[str]
) -> list[str]:
    """Why these are not closed another way than they were: who closes has not seen it."""
    overruled = [
        row
        for row in rows
        if row.status == IncidentStatus.CLOSED
        and (row.classification, row.classification_reason) != (classification, reason)
        and row.classification not in instead_of
    ]
    closings = TimelineItem.objects.filter(incident__in=overruled, code="closed")
    names = dict(closings.order_by("at", "pk").values_list("incident", "by_label"))
    return [
        _(
            "%(name)s closed %(incident)s as “%(outcome)s” in the meantime. Look at it again, and"
            " close it anew only if that is wrong."
        )
        % {
            "name": names.get(row.pk) or row.closed_by or _("Somebody in Sentinel"),
            "incident": f"#{row.number}" if row.number else row.name,
            "outcome": outcome_words(row.classification, row.classification_reason),
        }
        for row in overruled
    ]


def mark_closed_by(*, incident_ids: Collection[int], rule: str, now: datetime) -> int:
    """Write the rule's name on them, before it closes: a person who reopens one removes it."""
    rows = Incident.objects.filter(pk__in=incident_ids).exclude(closed_by=rule)
    return rows.update(closed_by=rule[:40], changed_at=now)


def take_back_closed_by(*, incident_ids: Collection[int], rule: str, now: datetime) -> int:
    """It was not the rule that closed them, or they are not closed."""
    rows = Incident.objects.filter(pk__in=incident_ids, closed_by=rule[:40])
    return rows.update(closed_by="", changed_at=now)


def show_closed_in_sentinel(*, incident_ids: Collection[int], rule: str, now: datetime) -> int:
    """Sentinel closed them by a rule of ours; only what is closed can be marked so."""
    closed = Incident.objects.filter(
        pk__in=incident_ids, status=IncidentStatus.CLOSED, closed_by=""
    )
    ids = list(closed.order_by("pk").select_for_update(no_key=True).values_list("pk", flat=True))
    mark_closed_by(incident_ids=ids, rule=rule, now=now)
    return len(ids)
