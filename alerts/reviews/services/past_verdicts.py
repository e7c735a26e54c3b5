"""Store verdicts that were given elsewhere: they count here and write nothing to Sentinel."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import QuerySet

from alerts.incidents.ingest.groups import regroup
from alerts.incidents.models import (
    IMPORTED,
    Incident,
    IncidentAlert,
    IncidentStatus,
    TimelineItem,
)
from alerts.reviews.models import CameBy, Verdict, VerdictAlert, VerdictFile, VerdictIncident
from alerts.reviews.services.verdict_effects import (
    patterns_of,
    recount_patterns,
    restore_ot_state,
    settle_succession,
)
from portal.accounts.models import User
from portal.audit.services import Actor, record

BATCH = 1000
# Incident, person, moment: nobody judges an incident twice at the same moment.
type Identity = tuple[int, int, datetime]


@dataclass(frozen=True, slots=True)
class PastVerdict:
    """One answer of the past: about one incident, by a person, at a time."""

    incident_id: int
    kind: str
    cause: str
    by: User
    given_at: datetime
    note: str = ""

    @property
    def identity(self) -> Identity:
        """Its key among verdicts."""
        return self.incident_id, self.by.pk, self.given_at


@dataclass(frozen=True, slots=True)
class VerdictTrial:
    """One verdict and all incidents that it was given for: one trial."""

    verdict: PastVerdict
    incident_ids: tuple[int, ...]


def record_past_verdicts(*, verdicts: Sequence[PastVerdict], by: Actor, now: datetime) -> int:
    """Keep verdicts of the demo's past, each as a trial of its own, and return how many were kept.
    They count for patterns as any verdict does, but send nothing to Sentinel and notify nobody: the
    incidents are closed. Verdicts on open incidents, and those kept already, are passed over.

    They may come in any order: of several on one incident the one that was given last holds.
    """
    count, patterns = _keep_on_closed(verdicts, by=by, now=now)
    rank_alike(patterns=patterns, now=now)
    return count


@transaction.atomic
def _keep_on_closed(
    verdicts: Sequence[PastVerdict], *, by: Actor, now: datetime
) -> tuple[int, set[UUID]]:
    rows = Incident.objects.filter(status=IncidentStatus.CLOSED)
    closed = {
        row.pk for row in lock_in_order(rows, ids={verdict.incident_id for verdict in verdicts})
    }
    by_identity = {
        verdict.identity: verdict for verdict in verdicts if verdict.incident_id in closed
    }
    stored = stored_identities(closed)
    fresh = [verdict for identity, verdict in by_identity.items() if identity not in stored]
    if not fresh:
        return 0, set()
    judgements = [VerdictTrial(verdict, (verdict.incident_id,)) for verdict in fresh]
    new_rows, patterns = keep_judgements(judgements=judgements, now=now)
    record("reviews.verdicts.taken_over", on=new_rows[0], by=by, at=now, n=len(new_rows))
    return len(new_rows), patterns


def lock_in_order(rows: QuerySet[Incident], *, ids: Collection[int]) -> list[Incident]:
    """Return these of the incidents, locked in the order of their ids as everywhere."""
    locked = rows.filter(pk__in=ids).order_by("pk").select_for_update(of=("self",))
    return list(locked)


def stored_identities(incident_ids: Collection[int]) -> dict[Identity, Verdict]:
    """Return the verdicts on these incidents that are on record, undone ones too."""
    links = VerdictIncident.objects.filter(incident__in=incident_ids)
    rows = links.select_related("verdict")
    return {
        (row.incident_id, row.verdict.by_id, row.verdict.given_at): row.verdict
        for row in rows.order_by("verdict__given_at", "pk")
    }


def keep_judgements(
    *, judgements: Sequence[VerdictTrial], now: datetime, file: VerdictFile | None = None
) -> tuple[list[Verdict], set[UUID]]:
    """Store past verdicts on locked incidents; return them and the patterns they count for."""
    verdicts = [_verdict_of(judgement.verdict, file) for judgement in judgements]
    Verdict.objects.bulk_create(verdicts, batch_size=BATCH)
    ids = {pk for judgement in judgements for pk in judgement.incident_ids}
    _link(verdicts, judgements, ids)
    _write_down(verdicts, judgements)
    changed = settle_succession(ids).changed
    patterns = patterns_of({*(verdict.pk for verdict in verdicts), *changed})
    recount_patterns(patterns)
    restore_ot_state(ids, now=now)
    return verdicts, patterns


def rank_alike(*, patterns: Collection[UUID], now: datetime) -> None:
    """Rank open incidents of these patterns in an own transaction, so that locks make no circle."""
    alike = Incident.objects.filter(pattern__in=patterns, group_key__isnull=False)
    regroup(alike.values_list("pk", flat=True), now=now)


def _verdict_of(verdict: PastVerdict, file: VerdictFile | None) -> Verdict:
    return Verdict(
        kind=verdict.kind,
        cause=verdict.cause,
        note=verdict.note,
        by=verdict.by,
        given_at=verdict.given_at,
        key=uuid4(),
        act=uuid4(),
        imported_at=file.imported_at if file else None,
        came_by=CameBy.FILE if file else CameBy.PAGE,
        file=file,
    )


def _link(
    verdicts: Sequence[Verdict], judgements: Sequence[VerdictTrial], ids: Collection[int]
) -> None:
    """Each verdict is about its incidents and all alerts that these hold."""
    alerts: dict[int, list[int]] = {}
    links = IncidentAlert.objects.filter(incident__in=ids).order_by("pk")
    for incident_id, alert_id in links.values_list("incident", "alert"):
        alerts.setdefault(incident_id, []).append(alert_id)
    pairs = list(zip(verdicts, judgements, strict=True))
    incident_links, alert_links = VerdictIncident, VerdictAlert
    incident_links.objects.bulk_create(
        (
            incident_links(verdict_id=row.pk, incident_id=pk)
            for row, judgement in pairs
            for pk in judgement.incident_ids
        ),
        batch_size=BATCH,
    )
    alert_links.objects.bulk_create(
        (
            alert_links(verdict_id=row.pk, alert_id=alert)
            for row, judgement in pairs
            for alert in _alerts_of(judgement.incident_ids, alerts)
        ),
        batch_size=BATCH,
    )


def _alerts_of(incident_ids: Iterable[int], alerts: dict[int, list[int]]) -> set[int]:
    return {alert for pk in incident_ids for alert in alerts.get(pk, ())}


def _write_down(verdicts: Sequence[Verdict], judgements: Sequence[VerdictTrial]) -> None:
    """Verdicts are on the timeline when they were given, not when they were taken over."""
    TimelineItem.objects.bulk_create(
        (
            TimelineItem(
                incident_id=pk,
                at=row.given_at,
                side=TimelineItem.Side.OT,
                by=row.by,
                by_label=row.by.name[:200],
                code="answered",
                act=row.act,
                details=_details(row),
            )
            for row, judgement in zip(verdicts, judgements, strict=True)
            for pk in judgement.incident_ids
        ),
        batch_size=BATCH,
    )


def _details(row: Verdict) -> dict[str, object]:
    details: dict[str, object] = {
        "verdict": row.kind,
        "cause": row.cause,
        "note": row.note,
        "annotation": str(row.uuid),
    }
    return details | ({IMPORTED: True} if row.imported_at else {})
