"""Watch what rules have closed (S7). Reopened, a true positive after all, joined by an alert that
no rule covers: each stops the rule and is never forgotten, and people look again at what it closed
in the week before. Where a true positive becomes known on a device of it, people look again at what
rules closed on that device, and what touches it stays open until the case ends; the rules go on.
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet

from alerts.incidents.models import DetailsState, Entity, Incident, IncidentStatus
from alerts.rules.fields import FieldValues
from alerts.rules.guards.closing import LINK
from alerts.rules.sentence import listed
from alerts.sentinel.queries import workspaces_to_read
from alerts.suppression.enforcing.acting_rules import acting_set
from alerts.suppression.enforcing.judging import holds_by_incident
from alerts.suppression.enforcing.true_positive_cases import TRUE_POSITIVE, true_positive_cases
from alerts.suppression.models import OPEN, Ending, LedgerAct, LedgerEntry, RuleVersion
from alerts.suppression.queries import entities_of, facts_by_incident
from alerts.suppression.watching.hold_ends import notify_of_case
from alerts.suppression.watching.joined_alerts import UnjudgedCloses, reopen_where_uncovered
from alerts.suppression.watching.roll_back import reopen_on_hold, roll_back
from alerts.suppression.watching.sentinel_acts import record_sentinel_acts
from portal import clock
from portal.jobs.models import Job, JobState
from portal.jobs.services import claim_due, ensure_job, put_back_after, save_payload

log = logging.getLogger(__name__)

WATCH = "suppression.watch-closed"
EVERY = timedelta(seconds=14)
LATE = timedelta(minutes=5)  # transactions that commit after the cursor has passed them
UNDO = timedelta(minutes=1)
PAGE = 500


def watch_closed_incidents(*, now: datetime) -> int:
    """One round; returns of how many closes something became."""
    acted = RuleVersion.objects.exclude(state__in=OPEN)
    if not acted.exists():
        Job.objects.filter(kind=WATCH, state=JobState.WAITING).update(state=JobState.DONE)
        return 0
    ensure_job(kind=WATCH, key="all", now=clock.unshifted())
    jobs = Job.objects.filter(kind=WATCH)
    job = claim_due(jobs, now=clock.unshifted(), max_attempts=None)
    if job is None:
        return 0
    waiting = UnjudgedCloses.of_payload(job.payload.get("waiting", {}))
    look = WatchRound(now, _since(job, now), waiting)
    with put_back_after(job, wait=EVERY):
        cursors = _take_in(job, now=now)
        checks = (_true_positives, _reopened, _joined, _closed_while_held, _linked)
        count = sum(check(look) for check in checks)
        payload = job.payload | cursors
        payload["waiting"] = waiting.as_payload(with_older=look.failed)
        if not look.failed:  # else the next round begins where this one did
            payload["looked_at"] = now.isoformat()
        save_payload(job, payload=payload)
    return count


@dataclass(slots=True)
class WatchRound:
    """One look at everything: what has changed since then, what waits to be judged, and whether
    some of it could not be judged.
    """

    now: datetime
    since: datetime
    waiting: UnjudgedCloses
    failed: bool = False


def _take_in(job: Job, *, now: datetime) -> dict[str, str]:
    """What Sentinel did by itself, a workspace at a time; one that fails holds up no other."""
    cursors = {}
    for workspace in workspaces_to_read():
        key = f"seen:{workspace.pk}"
        since = datetime.fromisoformat(job.payload[key]) if key in job.payload else now
        try:
            latest = record_sentinel_acts(workspace_id=workspace.pk, since=since, now=now)
        except Exception:
            log.exception("What Sentinel did in %s could not be taken in", workspace)
            latest = since
        cursors[key] = latest.isoformat()
    return cursors


CLOSED = (Ending.NOTHING, Ending.LINKED)  # what rules closed, and is


def _standing(endings: Collection[Ending] = CLOSED, **where: object) -> QuerySet[LedgerEntry]:
    lines = LedgerEntry.objects.filter(ending__in=endings, landed_at__isnull=False, **where)
    return lines.select_related("incident__workspace", "rule").order_by("incident", "pk")


def _true_positives(look: WatchRound) -> int:
    """Whatever else happened to it: it was one."""
    lines = _standing((*CLOSED, Ending.ON_HOLD), incident__classification=TRUE_POSITIVE)
    return _act_by_incident(
        look,
        lines,
        lambda entries: roll_back(lines=entries, ending=Ending.TRUE_POSITIVE, now=look.now),
    )


def _reopened(look: WatchRound) -> int:
    """Open again, and it was not us: what we open ourselves has ended before. What a person opens
    in Tagout may still be undone for a moment.
    """
    lines = _standing(
        act=LedgerAct.CLOSED,
        incident__group_key__isnull=False,
        incident__status__lt=IncidentStatus.CLOSED,
    ).filter(Q(incident__owed=0) | Q(incident__changed_at__lt=look.now - UNDO))
    return _act_by_incident(
        look, lines, lambda entries: roll_back(lines=entries, ending=Ending.REOPENED, now=look.now)
    )


def _joined(look: WatchRound) -> int:
    """What was closed and has changed since: is every alert in it still covered?"""
    changed = Incident.objects.exclude(closed_by="").filter(
        Q(changed_at__gte=look.since) | Q(pk__in=look.waiting.since),
        details_state=DetailsState.FETCHED,
    )
    ids = list(changed.order_by("changed_at", "pk").values_list("pk", flat=True))
    count, acting = 0, acting_set()
    for start in range(0, len(ids), PAGE):
        part = ids[start : start + PAGE]
        facts = facts_by_incident(part)
        lines = _standing(act=LedgerAct.CLOSED, incident__in=part).select_related("version")

        def judge(
            entries: list[LedgerEntry], facts: Mapping[int, dict[int, FieldValues]] = facts
        ) -> bool:
            return reopen_where_uncovered(
                entries,
                facts[entries[0].incident_id],
                acting=acting,
                waiting=look.waiting,
                now=look.now,
            )

        count += _act_by_incident(look, lines, judge)
    look.waiting.keep_unjudged(ids)
    return count


def _closed_while_held(look: WatchRound) -> int:
    """What Sentinel closed by itself, or Tagout before it had read of the true positive, although a
    device of it was held already: open it again.
    """
    cases = true_positive_cases(Incident.objects.all(), now=look.now)
    if not cases:
        return 0
    # Closed, read in full, or held since the latest round: each may have come late.
    is_new = Q(at__gte=look.since) | Q(incident__changed_at__gte=look.since)
    if late := [case.since for case in cases if case.incident.changed_at >= look.since]:
        is_new |= Q(at__gte=min(late))
    lines = _standing(
        act=LedgerAct.CLOSED,
        incident__status=IncidentStatus.CLOSED,
        incident__details_state=DetailsState.FETCHED,
    ).filter(is_new)

    closes = list(_by_incident(lines).values())
    return sum(
        _reopen_page(closes[start : start + PAGE], look) for start in range(0, len(closes), PAGE)
    )


def _reopen_page(closes: Sequence[list[LedgerEntry]], look: WatchRound) -> int:
    """Open those of these incidents again of which a device was held when they were closed. A page
    that cannot be read is looked at incident by incident.
    """
    incidents = [lines[0].incident for lines in closes]
    ids = [incident.pk for incident in incidents]
    try:
        facts = facts_by_incident(ids)
        holds = holds_by_incident(
            incidents,
            alerts={pk: alerts.values() for pk, alerts in facts.items()},
            entities=entities_of(ids),
            now=look.now,
            began_by={lines[0].incident_id: min(line.at for line in lines) for lines in closes},
        )
    except Exception:
        if len(closes) > 1:
            return sum(_reopen_page([lines], look) for lines in closes)
        look.failed = True
        log.exception("What holds incident %s could not be read", ids[0])
        return 0

    def open_again(lines: list[LedgerEntry]) -> bool:
        incident = lines[0].incident
        devices = holds[incident.pk].of_cases
        return bool(devices) and reopen_on_hold(
            incident=incident, lines=lines, what=listed(devices, "and"), now=look.now
        )

    return _act_by_incident(look, (line for lines in closes for line in lines), open_again)


def _linked(look: WatchRound) -> int:
    """A true positive became known: what did rules close on the same devices, not long before?"""
    cases = Incident.objects.filter(
        classification=TRUE_POSITIVE,
        modified_at__gte=look.now - LINK,
        changed_at__gte=look.since,
    )
    count = 0
    for case in cases.select_related("workspace__organisation"):
        try:
            with transaction.atomic():
                count += _linked_to(case, look)
        except Exception:
            look.failed = True
            log.exception("What rules closed on the devices of %s could not be judged", case.pk)
    return count


def _linked_to(case: Incident, look: WatchRound) -> int:
    """The case may be a day older than the close, but not a case of long ago that was touched."""
    devices = Entity.objects.filter(incident=case, device__isnull=False).values("device")
    shared = (
        Entity.objects.filter(
            device__in=devices,
            incident__ledger__act=LedgerAct.CLOSED,
            incident__ledger__ending=Ending.NOTHING,
            incident__ledger__at__range=(case.modified_at - LINK, case.modified_at),
        )
        .exclude(incident=case)
        .select_related("device")
    )
    names = {entity.incident_id: str(entity.device) for entity in shared}
    lines = _standing(
        (Ending.NOTHING,),
        act=LedgerAct.CLOSED,
        incident__in=names,
        at__range=(case.modified_at - LINK, min(case.modified_at, case.created_at + LINK)),
    )
    count = _act_by_incident(
        look,
        lines,
        lambda entries: roll_back(
            lines=entries,
            ending=Ending.LINKED,
            now=look.now,
            seen_at=case.modified_at,
            what=names[entries[0].incident_id],
        ),
    )
    linked = LedgerEntry.objects.filter(incident__in=names, ending=Ending.LINKED)
    if count and true_positive_cases(Incident.objects.filter(pk=case.pk), now=look.now):
        notify_of_case(
            case,
            devices=sorted(set(names.values())),
            rules=[f"R-{n}" for n in sorted(set(linked.values_list("rule__number", flat=True)))],
            now=look.now,
        )
    return count


def _since(job: Job, now: datetime) -> datetime:
    looked_at = job.payload.get("looked_at")
    return (datetime.fromisoformat(looked_at) if looked_at else now - LINK) - LATE


def _act_by_incident(
    look: WatchRound, lines: Iterable[LedgerEntry], act: Callable[[list[LedgerEntry]], bool]
) -> int:
    """One incident at a time; one that fails is logged, and looked at again in the next round."""
    count = 0
    for incident_id, found in _by_incident(lines).items():
        try:
            count += bool(act(found))
        except Exception:
            look.failed = True
            log.exception("What became of incident %s could not be judged", incident_id)
    return count


def _by_incident(lines: Iterable[LedgerEntry]) -> dict[int, list[LedgerEntry]]:
    by_incident: dict[int, list[LedgerEntry]] = defaultdict(list)
    for line in lines:
        by_incident[line.incident_id].append(line)
    return by_incident
