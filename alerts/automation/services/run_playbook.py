"""Run a playbook on incidents: the outbox is owed the call, and the run is on record before it."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID, uuid4

from django.db import transaction
from django.utils.translation import gettext

from alerts.automation.models import PlantConsent, Playbook, PlaybookRun
from alerts.automation.policies import (
    MAX_REASON_LENGTH,
    consent_in_force,
    reason_for_consent,
    reasons_against_running,
)
from alerts.incidents.acts.apply import lock_incidents_of_act, write_timeline
from alerts.incidents.ingest.groups import regroup
from alerts.incidents.ingest.overlay import overlay_pending_changes
from alerts.incidents.models import Incident, TimelineItem
from alerts.outbox.models import ChangeOutcome
from alerts.outbox.services.enqueue import PendingWrite, enqueue_changes
from portal.accounts.models import User
from portal.audit.services import record
from portal.errors import Refused
from portal.text import visible_text

MAX_INCIDENTS = 50


class CannotRunPlaybook(Refused):
    """No run is owed."""


class PlantConsentMissing(CannotRunPlaybook):
    """The playbook acts on the plant, and nobody has consented (A47). The refusal is on record."""


def run_playbook(
    *,
    playbook_id: int,
    incident_ids: Collection[int],
    by: User,
    now: datetime,
    reason: str = "",
    act: UUID | None = None,
) -> UUID:
    """Owe Azure one run on each incident; return the act, for undo. The same `act` again is one
    act. One that acts on the plant runs on one incident, with a consent that is used up by it.
    """
    try:
        return _run(
            playbook_id=playbook_id,
            incident_ids=incident_ids,
            by=by,
            now=now,
            reason=visible_text(reason),
            act=act or uuid4(),
        )
    except PlantConsentMissing as refusal:
        with transaction.atomic():
            record(
                "automation.playbook.refused",
                on=Playbook.objects.get(pk=playbook_id),
                by=by,
                at=now,
                incidents=sorted(incident_ids)[:MAX_INCIDENTS],
                reasons=list(refusal.reasons),
            )
        raise


@transaction.atomic
def _run(
    *,
    playbook_id: int,
    incident_ids: Collection[int],
    by: User,
    now: datetime,
    reason: str,
    act: UUID,
) -> UUID:
    playbook = Playbook.objects.select_for_update(of=("self",)).get(pk=playbook_id)
    before = PlaybookRun.objects.filter(playbook=playbook, change__act=act)
    if outcomes := set(before.values_list("change__outcome", flat=True)):
        if outcomes == {ChangeOutcome.WITHDRAWN}:
            words = gettext("You have undone this. To do it after all, open the form again.")
            raise CannotRunPlaybook(words)
        return act
    rows = lock_incidents_of_act(incident_ids)
    if len(rows) > MAX_INCIDENTS:
        raise CannotRunPlaybook(gettext("A playbook runs on at most 50 incidents at once."))
    if reasons := reasons_against_running(playbook, rows, by=by):
        raise CannotRunPlaybook(*reasons)
    if len(reason) > MAX_REASON_LENGTH:
        raise CannotRunPlaybook(gettext("Keep the reason under 300 characters."))
    consent = _consent_for(playbook, rows, now=now)
    if PlaybookRun.objects.filter(
        playbook=playbook, incident__in=rows, change__outcome=ChangeOutcome.OPEN
    ).exists():
        raise CannotRunPlaybook(gettext("A run of this playbook is already on its way there."))
    runs = [uuid4() for _ in rows]
    changes = enqueue_changes(
        wishes=[
            PendingWrite(row.workspace_id, row.name, playbook=playbook.resource_id, run_uuid=run)
            for row, run in zip(rows, runs, strict=True)
        ],
        act=act,
        by=by,
        by_label=by.name,
        now=now,
    )
    by_name = {change.incident_name: change for change in changes}
    PlaybookRun.objects.bulk_create(
        PlaybookRun(
            uuid=run,
            playbook=playbook,
            incident=row,
            change=by_name[row.name.lower()],
            consent=consent,
            by=by,
            reason=reason,
            definition_digest=playbook.definition_digest,
            asked_at=now,
        )
        for row, run in zip(rows, runs, strict=True)
    )
    ids = [row.pk for row in rows]
    details = {"name": playbook.name, "reason": reason}
    if consent is not None and consent.decided_by is not None:
        details["consent"] = consent.decided_by.name
    write_timeline(
        incident_ids=ids,
        code="playbook",
        side=TimelineItem.Side.SOC,
        by=by,
        now=now,
        details=details,
        act=act,
    )
    overlay_pending_changes(ids, now=now)
    regroup(ids, now=now)
    record(
        "automation.playbook.run",
        on=playbook,
        by=by,
        at=now,
        act=act,
        incidents=[row.number or row.name for row in rows],
        acts_on_plant=playbook.acts_on_plant,
        consent=consent.uuid if consent else None,
        definition=playbook.definition_digest,
        reason=reason,
    )
    return act


def _consent_for(playbook: Playbook, rows: list[Incident], *, now: datetime) -> PlantConsent | None:
    """The consent that the run uses; None where none is needed. Raises PlantConsentMissing."""
    if not playbook.acts_on_plant:
        return None
    if len(rows) != 1:
        raise PlantConsentMissing(
            reason_for_consent(playbook, now=now),
            gettext("Consent is for one incident, so it runs on one at a time."),
        )
    consent = consent_in_force(playbook, rows[0], now=now)
    if consent is None:
        raise PlantConsentMissing(reason_for_consent(playbook, now=now))
    return consent
