"""Keep the runs of playbooks as Azure shows them, beside those that were asked for here."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from alerts.automation.models import Playbook, PlaybookRun
from alerts.incidents.models import Incident
from alerts.outbox.models import ChangeOutcome
from alerts.sentinel.wire.playbooks import WireRun

RUN_RETENTION: Final = timedelta(days=90)  # runs that nobody asked for here
BEGUN: Final = frozenset({"Running", "Waiting"})
_NAME_LENGTH: Final = 36  # of an incident: a GUID


@transaction.atomic
def store_runs(*, playbook: Playbook, runs: Collection[WireRun], now: datetime) -> bool:
    """Store what is new or has changed, and forget what others ran long ago; return whether a run
    has not ended.
    """
    since = now - RUN_RETENTION
    PlaybookRun.objects.filter(playbook=playbook, asked_at=None, started_at__lt=since).delete()
    stored_rows = {
        row.name: row
        for row in PlaybookRun.objects.filter(
            playbook=playbook, name__in=[run.name for run in runs]
        )
    }
    for run in sorted(runs, key=lambda run: (run.started_at is None, run.started_at, run.name)):
        row = (
            stored_rows.get(run.name) or _asked_for(playbook, run) or PlaybookRun(playbook=playbook)
        )
        is_old = run.started_at is not None and run.started_at < since
        if not _has_changed(row, run) or (is_old and row.asked_at is None):
            continue
        row.name, row.status = run.name, run.status
        row.started_at, row.ended_at = run.started_at, run.ended_at
        row.error_code, row.error = run.error_code, run.error
        row.incident_id = row.incident_id or _incident_of(playbook, run)
        row.save()
    return any(run.status in BEGUN for run in runs)


def _has_changed(row: PlaybookRun, run: WireRun) -> bool:
    return (row.name, row.status, row.ended_at) != (run.name, run.status, run.ended_at)


def _asked_for(playbook: Playbook, run: WireRun) -> PlaybookRun | None:
    """The oldest run that was sent from here for the same incident and was not seen yet."""
    rows = PlaybookRun.objects.filter(playbook=playbook, name="").exclude(
        change__outcome__in=[ChangeOutcome.WITHDRAWN, ChangeOutcome.DROPPED]
    )
    if named := rows.filter(change__outcome=ChangeOutcome.SENT, change__note=run.name).first():
        return named  # the outbox has looked it up
    rows = rows.filter(incident=_incident_of(playbook, run), incident__isnull=False)
    for row in rows.filter(change__sent_at__isnull=False).select_related("change").order_by("pk"):
        # What ran before it was sent was noted then; no clock of ours is compared with Azure's.
        if row.change is not None and run.name not in row.change.base.get("runs", ()):
            return row
    return None


def _incident_of(playbook: Playbook, run: WireRun) -> int | None:
    """Return the incident that Azure names for the run: alone or at the end of a path."""
    name = run.about.rstrip("/").rpartition("/")[2]
    if len(name) != _NAME_LENGTH:
        return None
    rows = Incident.objects.filter(workspace=playbook.workspace_id, name=name)
    return rows.values_list("pk", flat=True).first()
