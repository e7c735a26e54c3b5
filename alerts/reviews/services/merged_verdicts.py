"""Verdicts on incidents that were merged away: the incident that is left takes them over.

A suspicion goes with it whatever else is in there; only a verdict that is about its alerts, too,
ends it. A harmless verdict is about named alerts: it holds for the survivor only where all of its
alerts were judged harmless. Otherwise the survivor's timeline shows that a part was judged, and
nothing more is inferred.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, F, OuterRef, QuerySet, Subquery, TextField
from django.db.models.fields.json import KT
from django.db.models.functions import Cast

from alerts.incidents.acts.apply import write_timeline
from alerts.incidents.models import DetailsState, Incident, TimelineItem
from alerts.reviews.models import Verdict, VerdictIncident, VerdictKind
from alerts.reviews.queries.questions import verdicts_in_force
from alerts.reviews.services.sentinel_comments import enqueue_verdict
from alerts.reviews.services.verdict_effects import (
    patterns_of,
    recount_patterns,
    restore_ot_state,
    settle_succession,
)
from portal.audit.services import record

MOVED, PARTIAL = "verdict-moved", "verdict-partial"
_HARMLESS = (VerdictKind.ROUTINE, VerdictKind.MAINTENANCE)
_BY = "Tagout"


def move_merged_verdict(*, now: datetime) -> bool:
    """Move one verdict with its merged incident; False where none is left."""
    link = _to_move().first()
    if link is None:
        return False
    with transaction.atomic():
        ids = [link.incident_id, link.survivor_id]
        rows = Incident.objects.filter(pk__in=ids).order_by("pk").select_for_update(no_key=True)
        incidents = {row.pk: row for row in rows}
        verdict = Verdict.objects.get(pk=link.verdict_id)
        _move(verdict, incidents[link.incident_id], incidents[link.survivor_id], now=now)
    return True


def _to_move() -> QuerySet[Any]:
    """Return verdicts in force on merged incidents, not yet on the stored survivor."""
    survivor = Incident.objects.filter(
        workspace=OuterRef("incident__workspace"),
        number=OuterRef("incident__merged_into"),
        details_state=DetailsState.FETCHED,
        gone_at=None,
    )
    lines = TimelineItem.objects.filter(
        incident=OuterRef("survivor_id"), code__in=(MOVED, PARTIAL)
    ).annotate(verdict=KT("details__annotation"))
    links: QuerySet[Any] = VerdictIncident.objects.all()
    found: QuerySet[Any] = (
        links.filter(
            verdict__withdrawn_at=None,
            verdict__superseded_by=None,
            incident__merged_into__gt=0,
        )
        .annotate(
            survivor_id=Subquery(survivor.values("pk")[:1]),
            uuid=Cast(F("verdict__uuid"), TextField()),
        )
        .exclude(survivor_id=None)
        .exclude(Exists(lines.filter(verdict=OuterRef("uuid"))))
        .order_by("verdict__given_at", "pk")
    )
    return found


def _move(verdict: Verdict, loser: Incident, survivor: Incident, *, now: datetime) -> None:
    moves = verdict.kind == VerdictKind.SUSPICIOUS or (
        verdict.kind in _HARMLESS and _all_judged_harmless(survivor)
    )
    details = {"from": loser.number, "annotation": str(verdict.uuid)}
    if moves:
        is_new = not verdict.incidents.filter(pk=survivor.pk).exists()
        verdict.incidents.add(survivor)
        succession = settle_succession([survivor.pk])
        if is_new and verdict.imported_at is None:  # Sentinel is told of no imported verdict
            holding = {survivor.pk} if succession.holding[survivor.pk] == verdict.pk else set()
            about = [loser, survivor]
            enqueue_verdict(verdict, incidents=about, holding=holding, now=now)
        recount_patterns(patterns_of([verdict.pk, *succession.changed]))
        details["verdict"] = verdict.kind
    write_timeline(
        incident_ids=[survivor.pk],
        code=MOVED if moves else PARTIAL,
        side=TimelineItem.Side.PORTAL,
        by=_BY,
        now=now,
        details=details,
    )
    if moves:
        restore_ot_state([survivor.pk], now=now)
    record(
        "reviews.verdict.moved",
        on=verdict,
        by=_BY,
        at=now,
        loser=loser.number,
        survivor=survivor.number,
        moved=moves,
    )


def _all_judged_harmless(survivor: Incident) -> bool:
    alerts: Iterable[int] = survivor.alerts.values_list("pk", flat=True)
    ids = set(alerts)
    harmless = verdicts_in_force().filter(kind__in=_HARMLESS, alerts__in=ids)
    return bool(ids) and ids <= set(harmless.values_list("alerts", flat=True))
