"""Once a day, when somebody asks, and where alerts name analytics rules that no look has found:
read what surrounds a workspace.

Each purpose looks with its own identity and in its own worker: reading reads everything, the others
only what they may do themselves. A part that cannot be read keeps what was read before, with the
reason; where Azure does not answer at all, the round ends and begins anew soon, as it does while
alerts are still being fetched. A round that takes long goes on at once where it stopped, so that no
worker is held (reliability G10).
"""

import math
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from operator import itemgetter

from django.db import transaction

from alerts.incidents.engine.title_proof import NO_RULES
from alerts.incidents.ingest.title_rules import judge_titles_again
from alerts.readiness.engine.solution import incident_rules, other_titling_rules, title_rules
from alerts.readiness.models import Finding
from alerts.readiness.policies import reasons_against_checking
from alerts.readiness.queries.collected import count_collected, is_reading_incomplete
from alerts.readiness.services.part_reader import OutOfTime, PartReader
from alerts.readiness.services.unread_rules import bring_checks_forward
from alerts.sentinel.client.port import (
    SentinelClient,
    SentinelError,
)
from alerts.sentinel.client.prerequisites import Prerequisite
from alerts.sentinel.models import ClientPurpose, Workspace
from alerts.sentinel.queries import ANALYTICS_RULES, resting_workspaces, workspaces_to_read
from alerts.sentinel.services.workspaces import keep_capability
from portal import clock
from portal.accounts.models import User
from portal.audit.services import record
from portal.errors import Refused
from portal.jobs.models import Job, JobState
from portal.jobs.services import SLICE, claim_due, ensure_job, put_back_after, save_payload

type Connect = Callable[[Workspace, str], SentinelClient]

EVERY, SOON = timedelta(days=1), timedelta(minutes=15)
MAX_UNREAD = timedelta(days=2)  # how long the queries of analytics rules count as they were read


class CannotCheck(Refused):
    """A check was not asked for."""


def kind_of_job(purpose: str) -> str:
    """The kind of the jobs by which a purpose looks at workspaces."""
    return f"readiness.{purpose}"


@transaction.atomic
def request_check(*, workspace: Workspace, by: User, now: datetime) -> None:
    """Have the workers look at a workspace at once."""
    if reasons := reasons_against_checking(workspace, by=by):
        raise CannotCheck(*reasons)
    unshifted = clock.unshifted()
    for purpose in ClientPurpose:
        job = ensure_job(kind=kind_of_job(purpose), key=str(workspace.uuid), now=unshifted)
        Job.objects.filter(pk=job.pk, state=JobState.WAITING).update(due_at=unshifted)
    record("readiness.check.asked", on=workspace, by=by, at=now)


def check_due_workspace(*, purpose: str, now: datetime, connect: Connect) -> bool:
    """Look at one workspace that is due for this purpose; False when none is. `now` is business
    time.
    """
    unshifted = clock.unshifted()
    workspaces = {str(row.uuid): row for row in workspaces_to_read()}
    kind = kind_of_job(purpose)
    there = Job.objects.filter(kind=kind, key__in=workspaces).values_list("key", flat=True)
    for key in workspaces.keys() - set(there):
        ensure_job(kind=kind, key=key, now=unshifted)
    if purpose == ClientPurpose.READ:
        bring_checks_forward(workspaces, kind=kind, now=now, unshifted=unshifted)
    resting = resting_workspaces(now=unshifted, purpose=purpose)  # a look begins with a probe
    keys = [key for key, workspace in workspaces.items() if workspace.pk not in resting]
    job = claim_due(Job.objects.filter(kind=kind, key__in=keys), now=unshifted, max_attempts=None)
    if job is None:
        return False
    workspace, began = workspaces[job.key], job.payload.get("began_at")
    with put_back_after(job, wait=EVERY) as turn:
        try:
            error = check_workspace(
                workspace,
                purpose=purpose,
                now=now,
                connect=connect,
                since=datetime.fromisoformat(began) if began else None,
                seconds=SLICE,
            )
        except OutOfTime:
            save_payload(job, payload={"began_at": began or now.isoformat()})
            turn.wait = timedelta(0)
            return True
        save_payload(job, payload={})
        if error or (purpose == ClientPurpose.READ and is_reading_incomplete(workspace)):
            turn.error, turn.wait = error, SOON
    return True


def check_workspace(
    workspace: Workspace,
    *,
    purpose: str,
    now: datetime,
    connect: Connect,
    since: datetime | None = None,
    seconds: float = math.inf,
) -> str:
    """Read all that this purpose can see into rows. Returns why it ended early, or nothing. Parts
    tried at `since` or later are left out: the round goes on. Raises OutOfTime before a call that
    would begin after `seconds`.
    """
    reader = PartReader(workspace, purpose, now, since, ends=time.monotonic() + seconds)
    try:
        client = connect(workspace, purpose)
        reader.probe(client)
        reader.read_list(client, Prerequisite.RIGHTS, key=f"rights {purpose}")
        if purpose == ClientPurpose.READ:
            reader.ask_for_details(client)
            reader.read_whole(client)
        else:
            reader.read_playbook_rights(client)
    except SentinelError as error:
        return error.message
    if purpose == ClientPurpose.READ:
        reader.keep("collected", count_collected(workspace, now=now))
        keep_incident_rules(workspace, now=now)
    return ""


def keep_incident_rules(workspace: Workspace, *, now: datetime) -> None:
    """Keep, for rooms below, the analytics rules that make incidents of Defender for IoT's alerts:
    what rules are compiled to, and whose titles prove the type of an alert. Nothing changes where
    none could be read; of what could not be read for two days nothing is proved any more.
    """
    found = Finding.objects.filter(workspace=workspace, part=Prerequisite.ANALYTICS_RULES).first()
    if found is None or found.facts is None or found.read_at is None:
        return
    is_old = now - found.read_at > MAX_UNREAD
    if found.error and not is_old:
        return
    rules = [
        {
            "name": rule["name"],
            "display_name": rule["display_name"],
            # Findings of before queries were read prove nothing.
            "is_plain": rule.get("is_plain", False) and not is_old,
            "titles": rule.get("titles"),
            "has_only_titles": rule.get("has_only_titles", False),
            "details": rule.get("details", []),
            "passes_entities": rule.get("passes_entities", False),
            "title": None if is_old else rule.get("title"),
        }
        for rule in incident_rules(found.facts)
    ]
    others = [
        {"name": rule["name"], "display_name": rule["display_name"], "title": rule.get("title")}
        for rule in other_titling_rules(found.facts)
    ]
    titles = NO_RULES if is_old else title_rules(found.facts)
    keep_capability(
        workspace_id=workspace.pk,
        name=ANALYTICS_RULES,
        capability={
            "rules": sorted(rules, key=itemgetter("name")),
            "others": sorted(others, key=itemgetter("name")),
            "titles": titles.as_capability(),
        },
        by="readiness",
        now=now,
    )
    judge_titles_again(workspace_id=workspace.pk, rules=titles)
