"""Look at what is new, and let rules act on what they cover. One worker a workspace at a time.

The job's row is the lease and keeps the cursor. Rows are looked at again for a while after the
cursor has passed them, because a transaction that began earlier may commit later. On any doubt an
incident stays open, and one that cannot be judged does not hold up the next. What only a case keeps
open (S1) is looked at again every minute: a suspicion may have been corrected, or have narrowed.
"""

import logging
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q

from alerts.incidents.models import DetailsState, Incident, IncidentStatus
from alerts.rules.decision import ActingSet, IncidentDecision
from alerts.rules.guards.closing import MAX_MINUTES_OLD, is_only_on_hold
from alerts.sentinel.models import Workspace
from alerts.sentinel.queries import minutes_old, workspaces_to_read
from alerts.suppression.enforcing.acting_rules import acting_set
from alerts.suppression.enforcing.caps import is_beyond_cap
from alerts.suppression.enforcing.close import close_covered, tag_covered
from alerts.suppression.enforcing.group_members import introduce_members
from alerts.suppression.enforcing.judging import DecisionPage
from alerts.suppression.models import HeldIncident
from alerts.suppression.queries import facts_by_incident, is_off, on_again_since
from portal import clock
from portal.backup.queries import is_paused_after_restore
from portal.jobs.models import Job, JobState
from portal.jobs.services import claim_due, ensure_job, put_back_after, save_payload

log = logging.getLogger(__name__)

DECIDE = "suppression.decide"
EVERY = timedelta(seconds=4)
SLICE = 15.0  # seconds for one workspace, so that the others get their turn
PAGE = 200
OVERLAP, LONG_OVERLAP = timedelta(seconds=15), timedelta(minutes=5)
LOOK_BACK_EVERY = timedelta(minutes=1)
TAKEN_WITHIN = timedelta(hours=1)  # what people took so long ago has been looked at
_MAX_LISTED = 1000
_logged: set[tuple[int, str]] = set()  # incident and error: each is logged once a process


def decide_new_incidents(*, now: datetime) -> int:
    """Go through what is new in every workspace; returns on how many incidents rules acted. After a
    restore rules wait until somebody has looked.
    """
    acting, acted = acting_set(), 0
    if not acting.versions:
        _idle_jobs({})
        return 0
    if is_paused_after_restore():
        return 0
    workspaces = {str(workspace.uuid): workspace for workspace in workspaces_to_read()}
    _idle_jobs(workspaces)
    for key in workspaces:
        ensure_job(kind=DECIDE, key=key, now=clock.unshifted())
    jobs = Job.objects.filter(kind=DECIDE, key__in=workspaces)
    while job := claim_due(jobs, now=clock.unshifted(), max_attempts=None):
        with put_back_after(job, wait=EVERY) as turn:
            try:
                acted += _decide_in(workspaces[job.key], job=job, acting=acting, now=now)
            except Exception as problem:
                log.exception("Rules could not be asked in %s", workspaces[job.key])
                turn.error = type(problem).__name__
    return acted


def _idle_jobs(workspaces: Mapping[str, Workspace]) -> None:
    """Where there is nothing to do, nothing is due."""
    idle = Job.objects.filter(kind=DECIDE, state=JobState.WAITING).exclude(key__in=workspaces)
    idle.update(state=JobState.DONE)


def _decide_in(workspace: Workspace, *, job: Job, acting: ActingSet, now: datetime) -> int:
    if is_off(workspace.pk):
        return 0
    if minutes_old(workspace.pk, now=now) > MAX_MINUTES_OLD:
        return 0  # asked again, from the same place, once we know more
    ends, acted = time.monotonic() + SLICE, 0
    since = max(filter(None, (acting.since, on_again_since(workspace.pk))))
    for page in _pages(workspace.pk, job=job, since=since, now=now):
        acted += _decide_on(page, acting=acting, now=now)
        if time.monotonic() > ends:
            break
    if _is_due(job, "held_looked_at", now=now):
        acted += _decide_on(
            incidents_on_hold(workspace.pk, since=since), acting=acting, now=now, were_held=True
        )
    if acting.has_trials and _is_due(job, "taken_looked_at", now=now):
        acted += _decide_on(
            _taken_lately(workspace.pk, since=since, now=now), acting=acting, now=now
        )
    return acted


def _taken_lately(workspace_id: int, *, since: datetime, now: datetime) -> Sequence[Incident]:
    """What people have taken lately: no rule closes it, but a trial says that it covers it, else
    people who are quick would starve it.
    """
    rows = Incident.objects.filter(
        workspace=workspace_id,
        status=IncidentStatus.ACTIVE,
        details_state=DetailsState.FETCHED,
        gone_at=None,
        merged_into=None,
        created_at__gte=since,
        modified_at__gte=now - TAKEN_WITHIN,
    )
    return list(rows.order_by("-modified_at")[:PAGE])


def _is_due(job: Job, name: str, *, now: datetime) -> bool:
    """Whether a minute has passed since the look that the job keeps under this name; notes it."""
    latest = _parse_moment(job.payload.get(name))
    if latest is not None and latest <= now < latest + LOOK_BACK_EVERY:
        return False
    _save_progress(job, checked=(name, now))
    return True


def _pages(
    workspace_id: int, *, job: Job, since: datetime, now: datetime
) -> Iterator[Sequence[Incident]]:
    """What changed since the cursor, oldest first; the cursor moves when a page is done with."""
    at, pk = _cursor_start(job, since=since, now=now)
    rows = Incident.objects.filter(
        workspace=workspace_id,
        status=IncidentStatus.NEW,
        details_state=DetailsState.FETCHED,
        gone_at=None,
        merged_into=None,
        created_at__gte=since,
    ).order_by("changed_at", "pk")
    while True:
        beyond = Q(changed_at__gt=at) | Q(changed_at=at, pk__gt=pk)
        page = list(rows.filter(beyond, changed_at__gte=at)[:PAGE])
        if not page:
            return
        yield page
        at, pk = page[-1].changed_at, page[-1].pk
        _save_progress(job, after=(at, pk))
        if len(page) < PAGE:
            return


def _cursor_start(job: Job, *, since: datetime, now: datetime) -> tuple[datetime, int]:
    after = _parse_moment(job.payload.get("after")) or since
    overlap = LONG_OVERLAP if _is_due(job, "looked_back_at", now=now) else OVERLAP
    return max(after, since) - overlap, 0


def _save_progress(
    job: Job,
    *,
    after: tuple[datetime, int] | None = None,
    checked: tuple[str, datetime] | None = None,
) -> None:
    """Move the cursor, never back, or note when it looked; only as long as the lease is ours."""
    payload: dict[str, Any] = dict(job.payload)
    if checked is not None:
        payload[checked[0]] = checked[1].isoformat()
    current = _parse_moment(payload.get("after"))
    if after is not None and (current is None or after[0] > current):
        payload["after"] = after[0].isoformat()
    if payload != job.payload:
        job.payload = payload
        save_payload(job, payload=payload)


def _parse_moment(text: Any) -> datetime | None:
    return datetime.fromisoformat(text) if isinstance(text, str) else None


def _decide_on(
    incidents: Sequence[Incident], *, acting: ActingSet, now: datetime, were_held: bool = False
) -> int:
    try:
        facts = facts_by_incident([incident.pk for incident in incidents])
        page = DecisionPage.read(incidents, alerts=facts, acting=acting, now=now)
    except Exception:
        if len(incidents) > 1:  # one of them cannot be read: the others need not wait for it
            return sum(
                _decide_on([incident], acting=acting, now=now, were_held=were_held)
                for incident in incidents
            )
        _log_once(incidents[0])
        return 0
    return sum(
        _act_on(incident, page, acting=acting, now=now, was_held=were_held)
        for incident in incidents
    )


def _act_on(
    incident: Incident, page: DecisionPage, *, acting: ActingSet, now: datetime, was_held: bool
) -> bool:
    try:
        judgement = page.decide(incident)
        cover = judgement.cover
        waits = note_hold(incident_id=incident.pk, judgement=judgement, now=now)
        if was_held and not waits:
            release_hold(incident.pk)
        if judgement.new_ends:
            introduce_members(incident_id=incident.pk, ends=judgement.new_ends, now=now)
        if judgement.is_kept_open and cover.trials:
            return tag_covered(incident_id=incident.pk, cover=cover, acting=acting, now=now)
        if not judgement.may_act:
            return False
        if not cover.is_live:
            return tag_covered(incident_id=incident.pk, cover=cover, acting=acting, now=now)
        if cover.is_sentinels:
            return False
        if is_beyond_cap(incident, cover.versions, acting=acting, now=now):
            return False
        return close_covered(incident_id=incident.pk, cover=cover, now=now)
    except Exception:
        _log_once(incident)
        return False


def _log_once(incident: Incident) -> None:
    mark = incident.pk, type(sys.exception()).__name__
    if mark not in _logged:
        if len(_logged) >= _MAX_LISTED:
            _logged.clear()
        _logged.add(mark)
        log.exception("Incident %s could not be judged and stays open", incident.pk)


MAX_ON_HOLD = 200  # looked at in one go; those that waited longest come first


def note_hold(*, incident_id: int, judgement: IncidentDecision, now: datetime) -> bool:
    """Remember an incident that live rules would close but for a hold. Whatever else speaks against
    it makes it a person's, and is no hold that ends. Returns whether it waits.
    """
    waits = judgement.cover.is_live and is_only_on_hold(reason.code for reason in judgement.reasons)
    if waits:
        HeldIncident.objects.bulk_create(
            [HeldIncident(incident_id=incident_id, held_at=now, looked_at=now)],
            update_conflicts=True,
            unique_fields=["incident"],
            update_fields=["looked_at"],
        )
    return waits


def incidents_on_hold(workspace_id: int, *, since: datetime) -> Sequence[Incident]:
    """Return what waits in a workspace, and forget what people or Sentinel have moved meanwhile.
    Rules act on what was made since `since` only.
    """
    rows = HeldIncident.objects.filter(incident__workspace=workspace_id)
    waiting = rows.filter(
        incident__status=IncidentStatus.NEW,
        incident__details_state=DetailsState.FETCHED,
        incident__gone_at=None,
        incident__merged_into=None,
        incident__created_at__gte=since,
    )
    rows.exclude(pk__in=waiting.values("pk")).delete()
    found = waiting.select_related("incident").order_by("looked_at", "pk")[:MAX_ON_HOLD]
    return [row.incident for row in found]


def release_hold(incident_id: int) -> None:
    """Forget an incident: rules have acted on it, or it is a person's."""
    HeldIncident.objects.filter(incident=incident_id).delete()
