"""Escalate suspicious incidents: raise them, give them an owner and notify the SOC leads."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext
from django.utils.translation import gettext as _

from alerts import notification_kinds as kinds
from alerts.incidents.acts.apply import ActEffect, SkippedIncidents, apply_act
from alerts.incidents.acts.triage import owner_member
from alerts.incidents.engine.catalogue import bare_title, sentence
from alerts.incidents.models import ESCALATED_LABEL, Incident, OtState, Severity
from alerts.incidents.page.panel import incident_number_label
from alerts.incidents.wording import OT_WORDS, SEVERITY_WORDS
from alerts.outbox.services.enqueue import UNDO_HOLD
from alerts.sentinel.models import Workspace
from portal.accounts.models import User
from portal.accounts.queries import people_with_roles
from portal.accounts.rights import roles_for
from portal.errors import Refused
from portal.notifications.queries import has_notification_about
from portal.notifications.services import notify_people
from portal.text import visible_text
from portal.ui.words import number


def leads_to_notify(workspace: Workspace, *, by: User) -> list[User]:
    """Return the SOC leads of a workspace, except the person who escalates."""
    parents = [workspace.organisation.uuid] if workspace.organisation else []
    roles = roles_for("incidents.hear_escalation")
    leads = people_with_roles(roles, workspaces=[workspace.uuid], organisations=parents)
    return [lead for lead in leads if lead.pk != by.pk]


def leads_of_all(incidents: Sequence[Incident], *, by: User) -> list[User]:
    """Return every lead who is notified of at least one of these incidents, by name."""
    workspaces = {row.workspace_id: row.workspace for row in incidents}.values()
    leads = {
        lead.pk: lead for workspace in workspaces for lead in leads_to_notify(workspace, by=by)
    }
    return sorted(leads.values(), key=lambda lead: lead.name)


def escalation_lines(incidents: Sequence[Incident], *, by: User) -> list[tuple[str, str]]:
    """Return what an escalation would do, as pairs of name and effect."""
    return [
        (gettext("Severity"), _severity_effect(incidents)),
        (gettext("Owner"), _owner_effect(incidents)),
        (gettext("Notifies"), notified_words(leads_of_all(incidents, by=by))),
    ]


def notified_words(leads: Sequence[User]) -> str:
    """Return who is notified of it, or that there is no one."""
    if not leads:
        return gettext("nobody: no SOC lead covers this workspace")
    names = ", ".join(lead.name for lead in leads)
    return gettext("%(names)s, in the inbox and by mail") % {"names": names}


def _severity_effect(incidents: Sequence[Incident]) -> str:
    high = str(SEVERITY_WORDS[Severity.HIGH])
    before = {str(SEVERITY_WORDS[Severity(row.severity)]) for row in incidents}
    if before == {high}:
        return gettext("stays %(severity)s") % {"severity": high}
    return f"{before.pop()} → {high}" if len(before) == 1 else high


def _owner_effect(incidents: Sequence[Incident]) -> str:
    owners = {row.owner_name for row in incidents}
    if owners == {""}:
        return gettext("you")
    if len(owners) == 1:
        return gettext("stays %(name)s") % {"name": owners.pop()}
    return gettext("stays as it is; you, where there is none")


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
    """Set High severity, an owner where none is, notify the SOC leads; return the act, for undo."""
    note = visible_text(note)
    leads: dict[int, list[User]] = {}

    def leads_for(row: Incident) -> list[User]:
        if row.workspace_id not in leads:
            leads[row.workspace_id] = leads_to_notify(row.workspace, by=by)
        return leads[row.workspace_id]

    def notify_leads(rows: Sequence[Incident], act: UUID) -> None:
        _notify_leads(rows, leads_for, act=act, by=by, note=note, now=now)

    def effect_on(row: Incident) -> ActEffect | None:
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
        return ActEffect("escalated", details, patch=patch)

    return apply_act(
        incident_ids=incident_ids,
        effect_on=effect_on,
        by=by,
        action="incidents.incident.escalated",
        refusal=CannotEscalate,
        no_effect=_("Already escalated."),
        now=now,
        act=act,
        skipped=skipped,
        reasons_against=reasons_against_escalating,
        notify=notify_leads,
        note=note,
    )


def reasons_against_escalating(incidents: Collection[Incident]) -> list[str]:
    """Return why these incidents cannot be taken further."""
    if all(row.is_open for row in incidents):
        return []
    return [_("It is closed. Reopen it first.")]


def _notify_leads(
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
    rows_of_lead: dict[int, list[Incident]] = {}
    for row in rows:
        for lead in leads_for(row):
            leads[lead.pk] = lead
            rows_of_lead.setdefault(lead.pk, []).append(row)
    for pk, lead in leads.items():
        # Many incidents are escalated piece by piece; the lead is told once.
        if not has_notification_about(lead, act=act):
            _notify_lead(lead, rows_of_lead[pk], act=act, by=by, note=note, now=now)


def _notify_lead(
    lead: User, rows: Sequence[Incident], *, act: UUID, by: User, note: str, now: datetime
) -> None:
    first = rows[0]

    def wording() -> tuple[str, list[str]]:
        what = f"{incident_number_label(first)} {bare_title(first.title)}"
        if len(rows) > 1:
            what = _("%(title)s ×%(n)s") % {
                "title": bare_title(first.title),
                "n": number(len(rows)),
            }
        return _("Escalated: %(what)s") % {"what": what}, [
            _("%(name)s has escalated this to you.") % {"name": by.name},
            *([_("“%(words)s”") % {"words": note}] if note else []),
            "",
            _sentence_about(first, lead.language or "en"),
            *_ot_lines(first),
        ]

    notify_people(
        [lead],
        kind=kinds.ESCALATED,
        wording=wording,
        path=f"/incidents/{first.pk}/",
        now=now,
        names={"workspace": first.workspace.name},
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
