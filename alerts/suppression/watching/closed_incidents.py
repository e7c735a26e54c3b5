"""Watch what rules have closed (S7). Reopened, a true positive after all, joined by an alert that
no rule covers, linked to a case: each stops the rule and is never forgotten, and people look again
at what it closed in the week before.
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext

from alerts.incidents.acts.apply import SystemActor, write_timeline
from alerts.incidents.acts.close import reopen_incidents
from alerts.incidents.acts.triage import comment_on_incidents
from alerts.incidents.models import DetailsState, Entity, Incident, IncidentStatus, TimelineItem
from alerts.rules.fields import FieldValues
from alerts.rules.guards.closing import LINK, REVIEW, CloseOutcome, reasons_to_stop, to_review_again
from alerts.rules.match import holds
from alerts.rules.sentinel_comments import reopening_text
from alerts.sentinel.queries import workspaces_to_read
from alerts.suppression.enforcing.acting_rules import ActingSet, acting_set, cover_of
from alerts.suppression.enforcing.group_members import introduce_members
from alerts.suppression.enforcing.judging import new_ends
from alerts.suppression.models import OPEN, Ending, LedgerAct, LedgerEntry, RuleVersion, Where
from alerts.suppression.policies import may_change
from alerts.suppression.queries import facts_by_incident
from alerts.suppression.watching.lifecycle import stop_by_itself
from alerts.suppression.watching.sentinel_acts import record_sentinel_acts
from portal import clock
from portal.accounts.models import User
from portal.audit.services import record
from portal.errors import Refused
from portal.jobs.models import Job, JobState
from portal.jobs.services import claim_due, ensure_job, put_back_after, save_payload

log = logging.getLogger(__name__)

WATCH = "suppression.watch-closed"
EVERY = timedelta(seconds=14)
LATE = timedelta(minutes=5)  # transactions that commit after the cursor has passed them
UNDO = timedelta(minutes=1)
PAGE = 500


def watch_closed_incidents(*, now: datetime) -> int:
    """One round; returns how many closes were rolled back."""
    acted = RuleVersion.objects.exclude(state__in=OPEN)
    if not acted.exists():
        Job.objects.filter(kind=WATCH, state=JobState.WAITING).update(state=JobState.DONE)
        return 0
    ensure_job(kind=WATCH, key="all", now=clock.unshifted())
    jobs = Job.objects.filter(kind=WATCH)
    job = claim_due(jobs, now=clock.unshifted(), max_attempts=None)
    if job is None:
        return 0
    look = WatchRound(now, _since(job, now))
    with put_back_after(job, wait=EVERY):
        cursors = _take_in(job, now=now)
        count = sum(check(look) for check in (_true_positives, _reopened, _joined, _linked))
        payload = job.payload | cursors
        if not look.failed:  # else the next round begins where this one did
            payload["looked_at"] = now.isoformat()
        save_payload(job, payload=payload)
    return count


@dataclass(slots=True)
class WatchRound:
    """One look at everything: what has changed since then, and whether some of it could not be
    judged.
    """

    now: datetime
    since: datetime
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


def _standing(**where: object) -> QuerySet[LedgerEntry]:
    lines = LedgerEntry.objects.filter(ending=Ending.NOTHING, landed_at__isnull=False, **where)
    return lines.select_related("incident__workspace", "rule").order_by("incident", "pk")


def _true_positives(look: WatchRound) -> int:
    """Whatever else happened to it: it was one."""
    lines = _standing(incident__classification="TruePositive")
    return _for_each_incident(
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
    return _for_each_incident(
        look, lines, lambda entries: roll_back(lines=entries, ending=Ending.REOPENED, now=look.now)
    )


def _joined(look: WatchRound) -> int:
    """What was closed and has changed since: is every alert in it still covered?"""
    changed = Incident.objects.exclude(closed_by="").filter(
        details_state=DetailsState.FETCHED, changed_at__gte=look.since
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
            return _check_new_alerts(
                entries, facts[entries[0].incident_id], acting=acting, now=look.now
            )

        count += _for_each_incident(look, lines, judge)
    return count


def _check_new_alerts(
    lines: list[LedgerEntry], facts: Mapping[int, FieldValues], *, acting: ActingSet, now: datetime
) -> bool:
    covered = {alert for line in lines for alert in line.alerts}
    new = {alert: alert_facts for alert, alert_facts in facts.items() if alert not in covered}
    if not new:
        return False
    cover = cover_of(new, acting=acting, created_at=None, now=now)
    first = [
        line.version.definition
        for line in lines
        if line.where == Where.SENTINEL and not line.alerts
    ]
    uncovered = [
        alert
        for alert, by in cover.by_alert.items()
        if not (by and by.is_live)
        and not any(holds(definition, new[alert]) for definition in first)
    ]
    late = new_ends(lines[0].incident_id, alerts=new, cover=cover)
    if uncovered or late:  # a new member goes to a person, as an alert does that no rule covers
        introduce_members(incident_id=lines[0].incident_id, ends=late, now=now)
        return reopen_uncovered(incident=lines[0].incident, lines=lines, now=now)
    line = lines[0]
    LedgerEntry.objects.filter(pk=line.pk).update(alerts=sorted({*line.alerts, *new}))
    return False


def _linked(look: WatchRound) -> int:
    """A true positive became known: what did rules close on the same devices, not long before?"""
    cases = Incident.objects.filter(
        classification="TruePositive",
        modified_at__gte=look.now - LINK,
        changed_at__gte=look.since,
    )
    return sum(_linked_to(case, look) for case in cases)


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
        act=LedgerAct.CLOSED,
        incident__in=names,
        at__range=(case.modified_at - LINK, min(case.modified_at, case.created_at + LINK)),
    )
    return _for_each_incident(
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


def _since(job: Job, now: datetime) -> datetime:
    looked_at = job.payload.get("looked_at")
    return (datetime.fromisoformat(looked_at) if looked_at else now - LINK) - LATE


def _for_each_incident(
    look: WatchRound, lines: Iterable[LedgerEntry], act: Callable[[list[LedgerEntry]], bool]
) -> int:
    """One incident at a time; one that fails is logged, and looked at again in the next round."""
    by_incident: dict[int, list[LedgerEntry]] = defaultdict(list)
    for line in lines:
        by_incident[line.incident_id].append(line)
    count = 0
    for incident_id, found in by_incident.items():
        try:
            count += bool(act(found))
        except Exception:
            look.failed = True
            log.exception("What became of incident %s could not be judged", incident_id)
    return count


TAGOUT = "Tagout"
ITSELF = SystemActor(TAGOUT)


@transaction.atomic
def roll_back(
    *,
    lines: Sequence[LedgerEntry],
    ending: Ending,
    now: datetime,
    seen_at: datetime | None = None,
    what: str = "",
) -> bool:
    """End these lines of one incident, stop each version that had closed it, and put on the list
    what its rule closed in the last seven days. False where others have ended them before.
    """
    reasons = _reasons(lines[0], ending, seen_at=seen_at or now, what=what)
    standing = LedgerEntry.objects.filter(pk__in=[line.pk for line in lines], ending=Ending.NOTHING)
    ended = list(standing.select_for_update(of=("self",)))
    if not reasons or not ended:
        return False
    note = " ".join(reasons)
    standing.update(ending=ending, ended_at=now, ending_note=note)
    for line in ended:
        if line.act == LedgerAct.CLOSED:
            write_timeline(
                incident_ids=[line.incident_id],
                code="rule-stopped",
                side=TimelineItem.Side.PORTAL,
                by=TAGOUT,
                now=now,
                details={"rule": line.rule.label, "ending": ending},
            )
            stop_by_itself(version_id=line.version_id, reasons=reasons, by_label=TAGOUT, now=now)
            _review_again(line.rule_id, now=now)
    record(
        "suppression.close.rolled_back", on=ended[0], by=TAGOUT, at=now, ending=ending, reasons=note
    )
    return True


@transaction.atomic
def reopen_uncovered(*, incident: Incident, lines: Sequence[LedgerEntry], now: datetime) -> bool:
    """An alert that no rule covers has joined what rules had closed: open it again in Sentinel,
    say there why, and stop the rules.
    """
    if not roll_back(lines=lines, ending=Ending.JOINED, now=now):
        return False
    if incident.status == IncidentStatus.CLOSED and not incident.is_read_only:
        act: UUID = reopen_incidents(
            incident_ids=[incident.pk], by=ITSELF, because="alert-joined", now=now
        )
        log.info("Incident %s is opened again by act %s", incident.pk, act)
        comment_on_incidents(
            incident_ids=[incident.pk],
            by=ITSELF,
            now=now,
            message=reopening_text(sorted({line.rule.label for line in lines})),
        )
    return True


def _reasons(line: LedgerEntry, ending: Ending, *, seen_at: datetime, what: str) -> list[str]:
    incident = line.incident
    outcome = CloseOutcome(
        incident=f"#{incident.number}" if incident.number else incident.name,
        kind=ending.value,
        closed_at=line.at,
        seen_at=seen_at,
        what=what,
    )
    return list(reasons_to_stop([outcome]))


def _review_again(rule_id: int, *, now: datetime) -> None:
    closed = LedgerEntry.objects.filter(
        rule=rule_id, act=LedgerAct.CLOSED, at__gte=now - REVIEW, review_again_at=None
    ).exclude(ending=Ending.NOT_SENT)
    at_by_line = [(str(pk), at) for pk, at in closed.values_list("pk", "at")]
    ids = [int(pk) for pk in to_review_again(at_by_line, stopped_at=now)]
    LedgerEntry.objects.filter(pk__in=ids).update(review_again_at=now)


class CannotReviewAgain(Refused):
    """The line stays on the list."""


@transaction.atomic
def confirm_close(*, entry_id: int, by: User, now: datetime) -> LedgerEntry:
    """Somebody has looked at this incident again and lets the close stand."""
    entry = LedgerEntry.objects.select_related("version", "rule").get(pk=entry_id)
    if not may_change(by, entry.version):
        raise CannotReviewAgain(
            gettext(
                "Only OT and SOC people of the sites and workspaces this rule reaches can "
                "confirm this."
            )
        )
    waiting = LedgerEntry.objects.filter(
        pk=entry.pk, review_again_at__isnull=False, reviewed_at=None
    )
    if not waiting.update(reviewed_at=now):
        raise CannotReviewAgain(gettext("Somebody has already looked at this one."))
    record("suppression.close.looked_at", on=entry, by=by, at=now)
    return entry
