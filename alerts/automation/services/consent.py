"""Ask for consent to a playbook that acts on the plant, and decide on it."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext

from alerts.automation.models import PlantConsent, Playbook
from alerts.automation.policies import (
    VALID,
    consent_kind,
    reasons_against_asking_consent,
    reasons_against_deciding_consent,
    reasons_against_reason,
)
from alerts.automation.services.notify import notify_approvers, notify_asker
from alerts.automation.wording import OTHER_STEPS, UNANSWERED
from alerts.incidents.acts.apply import lock_incidents_of_act, write_timeline
from alerts.incidents.models import TimelineItem
from portal.accounts.models import User
from portal.audit.services import record
from portal.errors import Refused
from portal.text import visible_text


class CannotRequestConsent(Refused):
    """Nobody was asked."""


class CannotDecideConsent(Refused):
    """The request was not changed."""


@transaction.atomic
def request_consent(
    *, playbook_id: int, incident_id: int, reason: str, by: User, now: datetime
) -> PlantConsent:
    """Ask the people who can consent; one request at a time for a playbook and an incident."""
    reason = visible_text(reason)
    playbook = Playbook.objects.select_for_update(of=("self",)).get(pk=playbook_id)
    (incident,) = lock_incidents_of_act([incident_id])
    if reasons := reasons_against_asking_consent(playbook, incident, reason=reason, by=by, now=now):
        raise CannotRequestConsent(*reasons)
    waiting = PlantConsent.objects.filter(
        playbook=playbook, incident=incident, state=PlantConsent.State.ASKED
    )
    _end_outdated(waiting, playbook, now=now)
    if waiting.exists():
        raise CannotRequestConsent(gettext("Somebody has asked already, and waits for an answer."))
    consent = PlantConsent.objects.create(
        playbook=playbook,
        incident=incident,
        asked_by=by,
        reason=reason,
        steps=playbook.steps,
        definition_digest=playbook.definition_digest,
        asked_at=now,
    )
    write_timeline(
        incident_ids=[incident.pk],
        code="consent-asked",
        side=TimelineItem.Side.SOC,
        by=by,
        now=now,
        details={"name": playbook.name, "reason": reason},
    )
    notify_approvers(consent, now=now)
    record(
        "automation.consent.asked",
        on=consent,
        by=by,
        at=now,
        playbook=playbook.resource_id,
        incident=incident.number or incident.name,
        reason=reason,
    )
    return consent


def _end_outdated(waiting: QuerySet[PlantConsent], playbook: Playbook, *, now: datetime) -> None:
    """Decline what nobody answered in time, and what was asked about a playbook as it was."""
    is_other = ~Q(definition_digest=playbook.definition_digest)
    for row in waiting.filter(is_other | Q(asked_at__lte=now - VALID)):
        row.state = PlantConsent.State.DECLINED
        row.decision_reason = UNANSWERED if row.asked_at <= now - VALID else OTHER_STEPS
        row.save(update_fields=["state", "decision_reason"])
        record(
            "automation.consent.expired",
            on=row,
            by="automation",
            at=now,
            playbook=playbook.resource_id,
            incident=row.incident.number or row.incident.name,
            asked_at=row.asked_at,
            reason=row.decision_reason,
        )


@transaction.atomic
def decide_consent(
    *, consent: UUID, is_given: bool, reason: str, by: User, now: datetime
) -> PlantConsent:
    """Consent or decline. OT of all sites of the incident needs no reason to consent, a second
    person of the SOC does; to decline everybody does.
    """
    rows = PlantConsent.objects.select_for_update(of=("self",))
    row = rows.select_related("incident__workspace__organisation", "playbook", "asked_by").get(
        uuid=consent
    )
    kind, reasons = consent_kind(row, by=by), reasons_against_deciding_consent(row, by=by, now=now)
    if not is_given or kind == PlantConsent.Kind.SECOND:
        reasons += [] if reasons else reasons_against_reason(reason)
    if reasons:
        raise CannotDecideConsent(*reasons)
    row.state = PlantConsent.State.CONSENTED if is_given else PlantConsent.State.DECLINED
    row.kind, row.decided_by, row.decided_at = kind, by, now
    row.decision_reason = visible_text(reason)[:300]
    row.save()
    is_ot = kind == PlantConsent.Kind.OT
    write_timeline(
        incident_ids=[row.incident_id],
        code="consent-given" if is_given else "consent-declined",
        side=TimelineItem.Side.OT if is_ot else TimelineItem.Side.SOC,
        by=by,
        now=now,
        details={"name": row.playbook.name, "reason": row.decision_reason},
    )
    notify_asker(row, now=now)
    record(
        "automation.consent.given" if is_given else "automation.consent.declined",
        on=row,
        by=by,
        at=now,
        playbook=row.playbook.resource_id,
        incident=row.incident.number or row.incident.name,
        kind=kind,
        reason=row.decision_reason,
    )
    return row
