"""Every ten minutes: does Sentinel still hold our automation rules as they landed? (S11)

One list of a workspace's rules is compared with what landed there. What a person changed, disabled
or deleted is owed once more: delivery reads it afresh, holds it and tells the leads, and writes
nothing over it.
"""

from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import QuerySet

from alerts.outbox.engine.rules import Action, decide_about
from alerts.outbox.models import Landing, RuleKind, WantedRule
from alerts.outbox.services.deliver import Connect, note_answer, note_failure
from alerts.outbox.services.deliver_rules import MAX_PAGES, PURPOSE
from alerts.sentinel.client.port import SentinelClient, SentinelError, SentinelUnavailable
from alerts.sentinel.models import Workspace
from alerts.sentinel.queries import resting_workspaces, workspaces_to_read
from alerts.sentinel.wire import NotAPage, read_automation_rules
from portal import clock
from portal.backup.queries import is_paused_after_restore
from portal.jobs.models import Job, State
from portal.jobs.services import claim_due, ensure_job, put_back_after

DRIFT: Final = "outbox.rule_drift"
EVERY, SOON = timedelta(minutes=10), timedelta(minutes=1)


def check_one_workspace(*, now: datetime, connect: Connect) -> bool:
    """Compare one workspace that is due; False when none is. After a restore nothing is compared
    here: the restore's own comparison does it. `now` is business time.
    """
    if is_paused_after_restore():
        return False
    unshifted = clock.unshifted()
    landed = _landed().values("workspace")
    workspaces = {str(row.uuid): row for row in workspaces_to_read().filter(pk__in=landed)}
    for key in workspaces:
        ensure_job(kind=DRIFT, key=key, now=unshifted)
    resting = resting_workspaces(now=unshifted, purpose=PURPOSE, may_probe=False)
    keys = [key for key, workspace in workspaces.items() if workspace.pk not in resting]
    job = claim_due(Job.objects.filter(kind=DRIFT, key__in=keys), now=unshifted, max_attempts=None)
    if job is None:
        return False
    workspace = workspaces[job.key]
    with put_back_after(job, wait=EVERY) as turn:
        try:
            client = connect(workspace, PURPOSE.value)
            owe_changed_rules(workspace, found=_rules_by_name(client), now=now)
            note_answer(workspace.pk, purpose=PURPOSE, client=client)
        except SentinelError as error:
            turn.error, turn.wait = error.message, SOON
            note_failure(workspace.pk, purpose=PURPOSE, error=error)
    return True


def owe_changed_rules(
    workspace: Workspace, *, found: dict[str, dict[str, Any]], now: datetime
) -> int:
    """Have delivery look at the rules that are not as they landed; returns how many. `found` holds
    the properties of every rule in the workspace by its name.
    """
    changed = []
    for row in _landed().filter(workspace=workspace):
        decision = decide_about(
            desired=row.landed,
            ours=[row.landed],
            was_there=True,
            found=found.get(str(row.name)),
            insists=False,
            now=now,
        )
        if decision.action is Action.HOLD:
            changed.append(row.pk)
    rows = _landed().filter(pk__in=changed)
    return rows.update(
        outcome=Landing.OWED, state=State.WAITING, due_at=clock.unshifted(), attempts=0
    )


def _landed() -> QuerySet[WantedRule]:
    rows = WantedRule.objects.filter(outcome=Landing.LANDED, landed__isnull=False)
    return rows.exclude(kind=RuleKind.PROBE)


def _rules_by_name(client: SentinelClient) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    link = None
    for _ in range(MAX_PAGES):
        try:
            rules, link = read_automation_rules(client.list_automation_rules(next_link=link))
        except NotAPage as broken:
            raise SentinelUnavailable(str(broken), code="NotAList") from broken
        found |= {rule.name: rule.properties for rule in rules}
        if not link:
            return found
    raise SentinelUnavailable("The list of automation rules does not end.", code="Loop")
