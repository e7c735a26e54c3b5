"""`workspace watchlist NAME` and `workspace watchlist-off NAME`: the list's state, and how to end
it without a page. It is switched on by two signatures on its page alone.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.core.management.base import CommandError

from alerts.outbox.models import RuleKind, WantedRule
from alerts.rules.watchlist import lease_of_gate
from alerts.sentinel.models import Workspace
from alerts.suppression.deploying.left_out_alerts import left_out_in
from alerts.suppression.deploying.watchlist_gate import list_gate_of
from alerts.suppression.deploying.watchlist_periods import changes_this_month
from alerts.suppression.deploying.watchlist_rows import (
    listed_rules,
    reason_to_shut,
)
from alerts.suppression.deploying.watchlist_switch import (
    CannotSwitchWatchlist,
    end_watchlist,
    is_watchlist_on,
    request_of,
)


def watchlist_status(
    workspace: Workspace, now: datetime, options: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the state of a workspace's list."""
    request, gate = request_of(workspace.pk), list_gate_of(workspace.pk)
    pairs = WantedRule.objects.filter(workspace=workspace, kind=RuleKind.PAIR)
    until = lease_of_gate(gate.landed) if gate else None
    in_sentinel = set(pairs.filter(landed__isnull=False).values_list("label", flat=True))
    live = {row.rule.name for row in listed_rules(workspace, now=now)}
    left_out = left_out_in([workspace.pk], since=now - timedelta(days=30))
    return {
        "workspace": workspace.name,
        "state": request.state if request else "off",
        "on": is_watchlist_on(workspace),
        "shut_because": reason_to_shut(workspace) if request else "",
        "counts_until": until.isoformat() if until else "",
        "pairs_wanted": pairs.filter(wanted__isnull=False).count(),
        "pairs_there": pairs.filter(landed__isnull=False).count(),
        "rules_in_the_list": sorted(in_sentinel),
        "rules_not_in_the_list": sorted(live - in_sentinel),
        "left_out_in_30_days": left_out.filter(rule__isnull=False).count(),
        "left_out_by_no_rule": left_out.filter(rule__isnull=True).count(),
        "changes_this_month": changes_this_month(workspace.pk, now=now),
    }


def watchlist_off(
    workspace: Workspace, now: datetime, options: Mapping[str, Any]
) -> dict[str, Any]:
    """End it, and return its state. The worker shuts the gate within seconds."""
    try:
        end_watchlist(workspace=workspace, by=None, by_label="command line", reason="", now=now)
    except CannotSwitchWatchlist as refusal:
        raise CommandError(" ".join(map(str, refusal.reasons))) from None
    return watchlist_status(workspace, now, options)
