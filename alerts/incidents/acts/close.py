"""Close incidents in Sentinel's terms, reopen them, and note which rule closed them."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from alerts.incidents.acts.apply import Actor, Effect, SkippedIncidents, carry_out, person
from alerts.incidents.engine.closing import closing_text
from alerts.incidents.models import Incident, Status, TimelineItem
from alerts.incidents.policies import reasons_against_closing
from alerts.incidents.wording import outcome_words
from alerts.sentinel.wire import closing
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
    by: User | None,
    now: datetime,
    act: UUID | None = None,
    skipped: SkippedIncidents | None = None,
    doer: Actor | None = None,
) -> UUID:
    """Close with a classification and its reason. Sentinel's text names who closed and, where
    `ot_line` is given, what OT said. What is closed another way already is closed anew only by who
    has seen so: `instead_of` are the classifications on the screen. A rule passes `by=None` and a
    `doer` with its name, its urgency and the check that is asked again at delivery; its comment
    names its signers and is sent as it is. Returns the act, for undo.
    """
    who = doer or person(_named(by))
    text = comment
    if who.by is not None or not comment:
        text = closing_text(closed_by=who.label, comment=comment, ot_line=ot_line)
    patch = closing(classification=classification, reason=reason or None, comment=text)

    def plan(row: Incident) -> Effect | None:
        same_word = (row.classification, row.classification_reason) == (classification, reason)
        if row.status == Status.CLOSED and same_word:
            return None
        details = {"classification": classification, "reason": reason}
        details |= {"comment": comment.strip(), "ot": ot_line}
        return Effect("closed", details, patch=patch)

    return carry_out(
        incident_ids=incident_ids,
        plan=plan,
        doer=who,
        action="incidents.incident.closed",
        refusal=CannotClose,
        nothing=_("Already closed this way."),
        now=now,
        act=act,
        skipped=skipped,
        reasons_against=lambda rows: [
            *reasons_against_closing(classification, reason),
            *_reasons_against_overruling(rows, classification, reason, seen=instead_of),
        ],
        classification=classification,
        reason=reason,
        comment=comment,
    ).act


def reopen_incidents(
    *,
    incident_ids: Collection[int],
    by: User | None,
    now: datetime,
    act: UUID | None = None,
    skipped: SkippedIncidents | None = None,
    doer: Actor | None = None,
    because: str = "",
) -> UUID:
    """Make closed incidents active again; classification and reason are taken off. Tagout itself
    passes `by=None`, a `doer` and what made it do so. Returns the act, for undo.
    """
    patch = dict.fromkeys(closing(classification="", reason=None)) | {"status": "Active"}

    def plan(row: Incident) -> Effect | None:
        if row.status != Status.CLOSED:
            return None
        details = {"from": "Closed", "to": "Active"}
        details |= {"closed_by": row.closed_by} if row.closed_by else {}
        details |= {"because": because} if because else {}
        return Effect("reopened", details, patch=patch)

    return carry_out(
        incident_ids=incident_ids,
        plan=plan,
        doer=doer or person(_named(by)),
        action="incidents.incident.reopened",
        refusal=CannotReopen,
        nothing=_("Already open."),
        now=now,
        act=act,
        skipped=skipped,
        because=because,
    ).act


def _reasons_against_overruling(
    rows: list[Incident], classification: str, reason: str, *, seen: Collection[str]
) -> list[str]:
    """Why these are not closed another way than they were: who closes has not seen it."""
    overruled = [
        row
        for row in rows
        if row.status == Status.CLOSED
        and (row.classification, row.classification_reason) != (classification, reason)
        and row.classification not in seen
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


def _named(by: User | None) -> User:
    if by is None:
        raise ValueError("Somebody does it, or a rule with its name.")
    return by


def mark_closed_by(*, incident_ids: Collection[int], rule: str, now: datetime) -> int:
    """Write the rule's name on them. A rule that is about to close writes it first: whoever opens
    an incident again takes the name off.
    """
    rows = Incident.objects.filter(pk__in=incident_ids).exclude(closed_by=rule)
    return rows.update(closed_by=rule[:40], changed_at=now)


def take_back_closed_by(*, incident_ids: Collection[int], rule: str, now: datetime) -> int:
    """It was not the rule that closed them, or they are not closed."""
    rows = Incident.objects.filter(pk__in=incident_ids, closed_by=rule[:40])
    return rows.update(closed_by="", changed_at=now)


def show_closed_in_sentinel(*, incident_ids: Collection[int], rule: str, now: datetime) -> int:
    """Sentinel closed them by a rule of ours; only what is closed can be marked so."""
    closed = Incident.objects.filter(pk__in=incident_ids, status=Status.CLOSED, closed_by="")
    ids = list(closed.order_by("pk").select_for_update(no_key=True).values_list("pk", flat=True))
    mark_closed_by(incident_ids=ids, rule=rule, now=now)
    return len(ids)
