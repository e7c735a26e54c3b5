"""Take suspicious incidents further: raise them, give them an owner and tell the SOC lead."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import translation
from django.utils.translation import gettext as _

from alerts.incidents.acts.acting import Effect, SkippedIncidents, carry_out, person
from alerts.incidents.acts.assign import owner_member
from alerts.incidents.acts.escalation import leads_of
from alerts.incidents.engine.catalogue import bare_title, sentence
from alerts.incidents.models import ESCALATED_LABEL, Incident, OtState, Severity
from alerts.incidents.page.panel import number_of
from alerts.incidents.wording import OT_WORDS
from alerts.outbox.services import UNDO_HOLD
from portal.accounts.models import User
from portal.errors import Refused
from portal.notifications.queries import is_told
from portal.notifications.services import notify
from portal.ui.words import number

KIND = "incidents.escalated"
MAX_NOTE = 1000


class CannotEscalate(Refused):
    """The incidents stay where they are."""


def escalate_incidents(
    *,
    incident_ids: Collection[int],
    by: User,
    now: datetime,
    note: str = "",
    act: UUID | None = None,
    skipped: SkippedIncidents | None = None,
) -> UUID:
    """Set High severity, make `by` the owner where there is none, and tell the SOC leads of the
    workspace. Sentinel gets all of it as one change with a label. Returns the act, for undo.
    """
    note = note.strip()
    leads: dict[int, list[User]] = {}

    def leads_for(row: Incident) -> list[User]:
        if row.workspace_id not in leads:
            leads[row.workspace_id] = leads_of(row.workspace, by=by)
        return leads[row.workspace_id]

    def tell(rows: Sequence[Incident], act: UUID) -> None:
        _tell_leads(rows, leads_for, act=act, by=by, note=note, now=now)

    def plan(row: Incident) -> Effect | None:
        if row.is_escalated:
            return None
        patch: dict[str, Any] = {"labels_add": [ESCALATED_LABEL]}
        details: dict[str, Any] = {"note": note}
        if row.severity != Severity.HIGH:
            patch["severity"] = Severity.HIGH.label
            details |= {"from": Severity(row.severity).label, "to": Severity.HIGH.label}
        if not row.owner_id and not row.owner_name:
            patch["owner"] = owner_member(by)
            details["owner"] = by.name
        details["told"] = [lead.name for lead in leads_for(row)]
        return Effect("escalated", details, patch=patch)

    return carry_out(
        incident_ids=incident_ids,
        plan=plan,
        doer=person(by),
        action="incidents.incident.escalated",
        refusal=CannotEscalate,
        nothing=_("It is already escalated."),
        now=now,
        act=act,
        skipped=skipped,
        reasons_against=reasons_against_escalating,
        tell=tell,
        note=note,
    ).act


def reasons_against_escalating(incidents: Collection[Incident]) -> list[str]:
    """Return why these incidents cannot be taken further."""
    if all(row.is_open for row in incidents):
        return []
    return [_("It is closed. Reopen it first.")]


def _tell_leads(
    rows: Sequence[Incident],
    leads_for: Callable[[Incident], list[User]],
    *,
    act: UUID,
    by: User,
    note: str,
    now: datetime,
) -> None:
    """Write one line and one mail to each lead, about the incidents of the lead's workspaces."""
    leads: dict[int, User] = {}
    theirs: dict[int, list[Incident]] = {}
    for row in rows:
        for lead in leads_for(row):
            leads[lead.pk] = lead
            theirs.setdefault(lead.pk, []).append(row)
    for pk, lead in leads.items():
        # Many incidents are escalated piece by piece; the lead is told once.
        if not is_told(lead, act=act):
            _tell(lead, theirs[pk], act=act, by=by, note=note, now=now)


def _tell(
    lead: User, rows: Sequence[Incident], *, act: UUID, by: User, note: str, now: datetime
) -> None:
    with translation.override(lead.language or "en"):
        first = rows[0]
        what = f"{number_of(first)} {bare_title(first.title)}"
        if len(rows) > 1:
            what = _("%(title)s ×%(n)s") % {
                "title": bare_title(first.title),
                "n": number(len(rows)),
            }
        body = [
            _("%(name)s has escalated this to you.") % {"name": by.name},
            *([_("“%(words)s”") % {"words": note}] if note else []),
            "",
            _sentence_about(first, lead.language or "en"),
            *_ot_lines(first),
        ]
        notify(
            people=[lead],
            kind=KIND,
            subject=_("Escalated: %(what)s") % {"what": what},
            body="\n".join(body),
            path=f"/incidents/{first.pk}/",
            reason=_("You get this because you lead the SOC of %(workspace)s.")
            % {"workspace": first.workspace.name},
            now=now,
            act=act,
            hold=UNDO_HOLD,
        )


def _sentence_about(row: Incident, language: str) -> str:
    return sentence(
        row.alert_type, source=row.source, destination=row.destination, language=language
    )


def _ot_lines(row: Incident) -> list[str]:
    if row.ot_state in (OtState.NOT_ASKED, OtState.WAITING):
        return []
    return [_("OT says: %(verdict)s.") % {"verdict": OT_WORDS[OtState(row.ot_state)]}]
