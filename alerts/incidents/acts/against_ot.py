"""Closing what OT calls suspicious as anything but a true positive: it needs a reason, and whoever
answered for OT is notified of it with that reason.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from alerts import notification_kinds as kinds
from alerts.incidents.hidden_verdicts import hidden_from
from alerts.incidents.models import HARMLESS_OUTCOMES, UNDONE, Incident, OtState, TimelineItem
from alerts.incidents.page.panel import incident_number_label
from alerts.incidents.wording import headline_of, outcome_words
from alerts.outbox.services.enqueue import UNDO_HOLD
from portal.accounts.models import User
from portal.notifications.services import notify_people
from portal.text import visible_text
from portal.ui.words import number


def closed_against_ot(incidents: Sequence[Incident], classification: str) -> list[Incident]:
    """Return those of these incidents for which this classification is against OT's answer."""
    if classification not in HARMLESS_OUTCOMES:
        return []
    return [row for row in incidents if row.ot_state == OtState.SUSPICIOUS]


def reasons_against_silence(
    incidents: Sequence[Incident], classification: str, comment: str, *, by: User
) -> list[str]:
    """Return why these cannot be closed so without a comment; a verdict that is hidden from the
    person does not show here either.
    """
    overruled = closed_against_ot(incidents, classification)
    if not overruled or visible_text(comment):
        return []
    hidden = hidden_from(by).by_incident.keys()
    shown = [row for row in overruled if row.pk not in hidden]
    if not shown:
        return []
    words = ngettext(
        "OT calls %(incident)s suspicious. Say in the comment why it is closed otherwise.",
        "OT calls %(n)s of these suspicious. Say in the comment why they are closed otherwise.",
        len(shown),
    )
    return [words % {"incident": incident_number_label(shown[0]), "n": number(len(shown))}]


def notify_overruled(
    incidents: Sequence[Incident],
    *,
    classification: str,
    reason: str,
    comment: str,
    by: User,
    act: UUID,
    now: datetime,
) -> None:
    """Notify each person who called some of these suspicious for OT, once for all of them."""
    overruled = {row.pk: row for row in closed_against_ot(incidents, classification)}
    rows_of: dict[User, list[Incident]] = defaultdict(list)
    for item in _answers_on(overruled):
        if item.by is not None and item.by.is_active and item.by != by:
            rows_of[item.by].append(overruled[item.incident_id])
    for person, rows in rows_of.items():
        _notify(
            person,
            rows,
            outcome=(classification, reason),
            comment=comment,
            by=by,
            act=act,
            now=now,
        )


def _answers_on(incident_ids: Iterable[int]) -> list[TimelineItem]:
    """Return of each incident OT's newest answer that called it suspicious."""
    items = TimelineItem.objects.filter(incident__in=list(incident_ids))
    undone = items.filter(code=UNDONE).exclude(act=None).values("act")
    answers = items.filter(code="answered", details__verdict=OtState.SUSPICIOUS.value)
    newest = answers.exclude(act__in=undone).order_by("incident", "-at", "-pk")
    return list(newest.distinct("incident").select_related("by"))


def _notify(
    person: User,
    rows: Sequence[Incident],
    *,
    outcome: tuple[str, str],
    comment: str,
    by: User,
    act: UUID,
    now: datetime,
) -> None:
    def wording() -> tuple[str, list[str]]:
        what = f"{incident_number_label(rows[0])} {headline_of(rows[0])}"
        if len(rows) > 1:
            words = ngettext("%(n)s incident", "%(n)s incidents", len(rows))
            what = words % {"n": number(len(rows))}
        return _("Closed against your answer: %(what)s") % {"what": what}, [
            _("You called it suspicious. %(name)s closed it as “%(outcome)s”:")
            % {"name": by.name, "outcome": outcome_words(*outcome)},
            _("“%(words)s”") % {"words": comment},
            "",
            _("If you still think that it is suspicious, call the SOC or answer again."),
        ]

    notify_people(
        [person],
        kind=kinds.CLOSED_AGAINST_OT,
        wording=wording,
        path=f"/incidents/{rows[0].pk}/",
        now=now,
        act=act,
        hold=UNDO_HOLD,
    )


@dataclass(frozen=True, slots=True)
class OverruledAnswer:
    """Who closed an incident as what although OT calls it suspicious, and the reason given."""

    name: str
    outcome: str
    reason: str


def overruled_answer_of(incident: Incident) -> OverruledAnswer | None:
    """Return how an incident was closed against OT's answer; None where it was not."""
    if not incident.is_closed_against_ot:
        return None
    items = TimelineItem.objects.filter(incident=incident, code="closed").order_by("-at", "-pk")
    item = items.first()
    return OverruledAnswer(
        (item.by_label if item else "") or _("Somebody in Sentinel"),
        outcome_words(incident.classification, incident.classification_reason),
        item.details.get("comment", "") if item else "",
    )
