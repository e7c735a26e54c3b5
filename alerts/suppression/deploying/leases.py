"""Keep Sentinel in line while time passes: leases grow, probes are made, what changed is noticed.

A lease lets Sentinel act alone for a day (S3). It grows every four hours, only where we would see
what goes wrong; a Tagout that is stopped or cut off lets all of it end. What Sentinel refuses, and
what somebody changed there, is told to the SOC leads.
"""

from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext

from alerts import notification_kinds as kinds
from alerts.outbox.models import (
    NOT_AS_DECIDED,
    OF_WATCHLIST,
    SUPPRESSING,
    Landing,
    RuleKind,
    WantedRule,
)
from alerts.outbox.registry import RuleSettlement
from alerts.outbox.services.set_desired import clear_desired_rule
from alerts.outbox.wording import note_words
from alerts.sentinel.models import Workspace
from alerts.sentinel.queries import Health, connection_health_of
from alerts.suppression.deploying.desired import bring_rule_in_line, is_healthy, place_gate
from alerts.suppression.deploying.probe import on_probe_outcome, probe_when_needed
from alerts.suppression.deploying.recipients import deployment_leads, leads_and_administrators_of
from alerts.suppression.deploying.rounds import RENEWAL, renew_soon
from alerts.suppression.deploying.watchlist_gate import shut_list_gate
from alerts.suppression.deploying.watchlist_periods import note_period
from alerts.suppression.deploying.watchlist_rows import (
    bring_watchlist_in_line,
    workspaces_with_watchlist,
)
from alerts.suppression.models import ACTING, OPEN, Rule, RuleVersion, VersionState
from alerts.suppression.queries import is_off
from portal import clock
from portal.backup.queries import is_paused_after_restore
from portal.jobs.failures import RoundFailures
from portal.jobs.models import Job, JobState
from portal.jobs.services import claim_due, ensure_job, put_back_after
from portal.notifications.kind import NotificationKind
from portal.notifications.models import Notification
from portal.notifications.services import notify_people

EVERY, SOON = timedelta(seconds=60), timedelta(seconds=2)
_INTERESTED: Final = (*OPEN, *ACTING, VersionState.PAUSED)


def renew_due_leases(*, now: datetime) -> dict[str, int] | None:
    """One round, if one is due and nobody else makes it; None else. After a restore leases are left
    to end until somebody has looked.
    """
    if is_paused_after_restore():
        return None
    jobs = Job.objects.filter(kind=RENEWAL, key="all")
    if not _has_work():
        jobs.filter(state=JobState.WAITING).update(state=JobState.DONE)
        return None
    ensure_job(kind=RENEWAL, key="all", now=clock.unshifted())
    job = claim_due(jobs, now=clock.unshifted(), max_attempts=None)
    if job is None:
        return None
    with put_back_after(job, wait=EVERY) as turn:
        failures = RoundFailures()
        found = renew_leases(now=now, failures=failures)
        turn.wait, turn.error = SOON if found["stale"] else EVERY, str(failures)
    return found


def renew_leases(*, now: datetime, failures: RoundFailures | None = None) -> dict[str, int]:
    """Probe what was never probed, place the gates, bring every rule and watchlist in line. Returns
    how many probes began, how many wishes changed, and how many workspaces are just being read. A
    workspace or rule that fails is listed in `failures`, and the others go on.
    """
    failed = RoundFailures() if failures is None else failures
    found = {"probes": 0, "changed": 0, "stale": 0}
    for workspace in _workspaces():
        with failed.isolate(workspace):
            _bring_workspace_in_line(workspace, found, now=now)
    acting = RuleVersion.objects.filter(state__in=ACTING, enforcement="sentinel")
    desired = WantedRule.objects.filter(kind=RuleKind.RULE, wanted__isnull=False)
    rules = Rule.objects.filter(
        Q(pk__in=acting.values("rule")) | Q(uuid__in=desired.values("about"))
    )
    for rule in rules.order_by("pk"):
        with failed.isolate(rule):
            found["changed"] += bring_rule_in_line(rule=rule, now=now)
    for workspace in Workspace.objects.filter(pk__in=workspaces_with_watchlist()).order_by("pk"):
        count = len(failed.sentences)
        with failed.isolate(workspace):
            found["changed"] += bring_watchlist_in_line(workspace=workspace, now=now)
        if len(failed.sentences) > count:  # what it holds was not compared: nothing is left out
            with failed.isolate(workspace):
                shut_list_gate(workspace=workspace, reason=failed.sentences[count], now=now)
    return found


def _bring_workspace_in_line(workspace: Workspace, found: dict[str, int], *, now: datetime) -> None:
    if workspace.state == Workspace.State.REMOVED:
        found["changed"] += remove_all_rules(workspace, now=now)
    elif workspace.state == Workspace.State.ACTIVE:
        found["probes"] += probe_when_needed(workspace, now=now)
        found["stale"] += _is_catching_up(workspace, now=now)
        if workspace.capabilities or is_off(workspace.pk):
            place_gate(workspace=workspace, now=now)


@transaction.atomic
def remove_all_rules(workspace: Workspace, *, now: datetime) -> int:
    """Nothing of ours stays behind in a workspace that was removed."""
    rows = list(WantedRule.objects.filter(workspace=workspace, wanted__isnull=False).order_by("pk"))
    for row in rows:
        clear_desired_rule(
            workspace_id=workspace.pk, name=row.name, now=now, reason="It was removed."
        )
    return len(rows)


def _is_catching_up(workspace: Workspace, *, now: datetime) -> bool:
    """What we know is old, but somebody is reading: it is worth to look again in a moment."""
    if is_healthy(workspace, now=now):
        return False
    standing = connection_health_of(workspace.pk, now=clock.unshifted())
    reached = standing.reached_at
    recently = reached is not None and clock.unshifted() - reached < timedelta(minutes=2)
    return standing.health == Health.WELL and recently


def _has_work() -> bool:
    if WantedRule.objects.filter(kind__in=SUPPRESSING, wanted__isnull=False).exists():
        return True
    if workspaces_with_watchlist():
        return True
    return RuleVersion.objects.filter(state__in=_INTERESTED).exclude(workspace_ids=[]).exists()


def _workspaces() -> list[Workspace]:
    """Those that some version reaches or could reach, and those where something of ours is."""
    reached: set[Any] = set()
    for ids in RuleVersion.objects.filter(state__in=_INTERESTED).values_list(
        "workspace_ids", flat=True
    ):
        reached.update(ids)
    reached |= set(
        WantedRule.objects.filter(kind__in=SUPPRESSING, wanted__isnull=False).values_list(
            "workspace_id", flat=True
        )
    )
    return list(Workspace.objects.filter(pk__in=reached).order_by("pk"))


DEPLOYMENTS: Final = "/deployments/"
_ONCE: Final = timedelta(days=1)
_KINDS: Final = {Landing.REFUSED: kinds.RULE_REFUSED, Landing.CHANGED_BY_HAND: kinds.RULE_HELD}


def on_rule_outcome(settlement: RuleSettlement) -> None:
    """Part of the transaction that settles it."""
    if settlement.is_undecided:
        _notify(settlement, kinds.RULE_UNDECIDED)
        return
    if settlement.rule.kind == RuleKind.PROBE:
        if on_probe_outcome(settlement):
            renew_soon()
        return
    if settlement.rule.kind in OF_WATCHLIST:
        note_period(settlement)
    elif settlement.rule.kind not in SUPPRESSING:
        return
    if kind := _KINDS.get(settlement.outcome):
        _notify(settlement, kind)


def _notify(settlement: RuleSettlement, kind: NotificationKind) -> None:
    row, now = settlement.rule, settlement.now
    people = deployment_leads([row.workspace])
    if kind == kinds.RULE_UNDECIDED:
        people = leads_and_administrators_of(row.workspace)
    earlier = Notification.objects.filter(
        to__in=people,
        kind=kind.name,
        subject__contains=row.label,
        made_at__gt=now - _ONCE,
        body__contains=row.workspace.name,
    )
    if not earlier.exists():
        wording = partial(_wording, row, settlement.outcome)
        notify_people(people, kind=kind, wording=wording, path=DEPLOYMENTS, now=now)


def _wording(row: WantedRule, outcome: Landing) -> tuple[str, list[str]]:
    names = {"rule": row.label, "workspace": row.workspace.name}
    lines = [f"{row.workspace.name}: {note_words(row.latest_error)}"]
    if row.error_code == NOT_AS_DECIDED:
        subject = gettext("%(rule)s was not sent to %(workspace)s: nobody has decided it") % names
        hint = gettext(
            "If nothing has changed in the plant or the workspace, somebody may write to the"
            " database who must not: see the audit record."
        )
        return subject, [*lines, hint]
    if outcome == Landing.REFUSED:
        subject = gettext("Sentinel refuses %(rule)s in %(workspace)s") % names
    else:
        subject = gettext("%(rule)s was changed by hand in %(workspace)s") % names
    return subject, lines
