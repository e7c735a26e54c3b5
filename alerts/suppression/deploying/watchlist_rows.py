"""What the watchlist of a workspace should hold: a row for each pair of each live rule that it can
say, and the gate. Brought in line each minute; only what differs is owed.

A pair that names a safety system, a crown jewel, a newcomer or a device that an open case holds is
no row. The lease grows only while nothing that should be gone is still there.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final
from uuid import UUID

from django.db import transaction

from alerts.outbox.models import OF_WATCHLIST, Landing, RuleKind, RulePriority, WantedRule
from alerts.outbox.services.set_desired import clear_desired_rule, name_of_rule, set_desired_rule
from alerts.rules.decision import ActingRule
from alerts.rules.guards.never import assets_of, reasons_against_assets
from alerts.rules.rule import RuleDefinition
from alerts.rules.sentence import Sentence
from alerts.rules.watchlist import (
    ALIAS,
    LEASE,
    LIST,
    Routine,
    RoutineSource,
    WatchlistRow,
    lease_of_gate,
    routine_of,
    row_id,
    watchlist_rows_of,
)
from alerts.sentinel.models import Workspace
from alerts.sites.models import Site
from alerts.suppression.deploying.desired import (
    OFF,
    ORPHANED,
    PAUSED,
    STALE,
    is_healthy,
    is_orphaned_in,
)
from alerts.suppression.deploying.watchlist_gate import (
    list_gate_of,
    open_list_gate,
    shut_list_gate,
)
from alerts.suppression.deploying.watchlist_periods import changes_this_month
from alerts.suppression.deploying.watchlist_switch import (
    end_watchlist,
    is_watchlist_on,
    request_of,
)
from alerts.suppression.drafting.rule_reach import plant_of
from alerts.suppression.enforcing.acting_rules import load_acting
from alerts.suppression.enforcing.plant_holds import devices_in_open_cases
from alerts.suppression.models import (
    Rule,
    RuleVersion,
    VersionState,
    WatchlistRequest,
    WatchlistState,
)
from alerts.suppression.queries import is_off

WATCHLIST: Final = UUID("6a7e0ff0-5b7e-5d49-9c60-7a90f0ff0003")  # what lists themselves are about
RENEW_EVERY: Final = timedelta(hours=4)
MAX_ROWS: Final = 1_500
MAX_CHANGES: Final = 80_000  # of the 100,000 that Azure takes a month; the rest is for taking away
GATE_CHANGED: Final = "Somebody changed the gate of the watchlist by hand in Sentinel."
_TAKEN_OUT: Final = "It is not to be left out any more."


@dataclass(frozen=True, slots=True)
class RuleOnWatchlist:
    """A live rule of a workspace: its rows, or why it has none."""

    rule: ActingRule
    about: UUID
    rows: dict[UUID, WatchlistRow]
    reasons: tuple[Sentence, ...]


def workspaces_with_watchlist() -> set[int]:
    """Return the workspaces where a list is on, or something of one is not yet gone."""
    on = WatchlistRequest.objects.filter(state=WatchlistState.ON).values_list(
        "workspace", flat=True
    )
    rows = WantedRule.objects.filter(kind=RuleKind.PAIR, wanted__isnull=False)
    gates = WantedRule.objects.filter(kind=RuleKind.LIST_GATE)
    opened = {row.workspace_id for row in gates if lease_of_gate(row.wanted) is not None}
    return {*on, *rows.values_list("workspace", flat=True).distinct(), *opened}


def listed_rules(
    workspace: Workspace, *, now: datetime, about: UUID | None = None
) -> list[RuleOnWatchlist]:
    """Return the live rules that reach a workspace, by number, with the rows that they should have
    in its list: whole rules, as many as there is room for, the older ones first; with `about` the
    one rule.
    """
    rows = RuleVersion.objects.filter(
        state=VersionState.LIVE, expires_at__gt=now, workspace_ids__contains=[workspace.pk]
    )
    if about is not None:
        rows = rows.filter(rule__uuid=about)
    versions = load_acting(rows).versions
    if not versions:
        return []
    uuids = dict(Rule.objects.filter(versions__in=versions).values_list("pk", "uuid"))
    named = {name for version in versions.values() for name in assets_of(version.definition)}
    sites = dict(Site.objects.values_list("pk", "name"))
    plant, blocked = plant_of(sites, named=named), devices_in_open_cases(named=named, now=now)
    found, room = list[RuleOnWatchlist](), MAX_ROWS
    for version in sorted(versions.values(), key=lambda version: version.number):
        routine = _routine(version.definition, workspace.name, version.since, version.expires_at)
        reached = [pk for pk, name in sites.items() if routine.reaches(name)]
        grave = plant.criticality(version.definition, reached)
        reasons = routine.reasons or tuple(reasons_against_assets(grave))
        listed = {} if reasons else _rows(version, routine, uuids, workspace, blocked=blocked)
        if not reasons and not listed:
            reasons = (Sentence("watchlist.held"),)
        if len(listed) > room:
            listed, reasons = {}, (Sentence("watchlist.full", most=MAX_ROWS),)
        room -= len(listed)
        found.append(RuleOnWatchlist(version, uuids[version.rule_id], listed, reasons))
    return found


@lru_cache(maxsize=4096)
def _routine(rule: RuleDefinition, workspace: str, since: datetime, until: datetime) -> Routine:
    return routine_of(rule, workspace=workspace, since=since, until=until)


def _rows(
    version: ActingRule,
    routine: Routine,
    uuids: dict[int, UUID],
    workspace: Workspace,
    *,
    blocked: frozenset[str],
) -> dict[UUID, WatchlistRow]:
    windows = [
        text for line in version.definition.all_of if line.field == "time" for text in line.texts
    ]
    source = RoutineSource(
        number=version.number,
        version=version.version,
        rule_hash=version.rule_hash,
        hours="; ".join(windows),
    )
    out = blocked | version.newcomers
    return {
        row_id(about=uuids[version.rule_id], workspace=workspace.uuid, pair=pair): row
        for pair, row in watchlist_rows_of(routine, source).items()
        if out.isdisjoint(map(str.casefold, routine.handles_of(pair)))
    }


def reason_to_shut(workspace: Workspace) -> str:
    """Return why the list of a workspace may say nothing now; empty where it may."""
    if is_off(workspace.pk):
        return OFF
    if workspace.state == Workspace.State.REMOVED:
        return "The workspace was removed."
    if not is_watchlist_on(workspace):
        return "It is not what two people of two sides have signed."
    itself = WantedRule.objects.filter(workspace=workspace, kind=RuleKind.WATCHLIST).first()
    if itself is not None and itself.note:
        return itself.note
    changed = WantedRule.objects.filter(
        workspace=workspace, kind__in=OF_WATCHLIST, outcome=Landing.CHANGED_BY_HAND
    )
    return "Somebody changed a row of it by hand." if changed.exists() else ""


def reason_against_renewal(workspace: Workspace, *, now: datetime) -> str:
    """Return why the lease does not grow; what is there is left to its end."""
    if workspace.state != Workspace.State.ACTIVE:
        return PAUSED
    if is_orphaned_in(workspace.pk):
        return ORPHANED
    if not is_healthy(workspace, now=now):
        return STALE
    # One that could not be changed is there in its older, maybe wider, form.
    old = WantedRule.objects.filter(workspace=workspace, kind=RuleKind.PAIR, landed__isnull=False)
    if old.exclude(outcome=Landing.LANDED).exists():
        return "Rows that should be gone or changed are still there."
    return ""


@transaction.atomic
def bring_watchlist_in_line(*, workspace: Workspace, now: datetime) -> int:
    """Owe the workspace's list exactly what its switch and the live rules say; returns how many
    rows changed.
    """
    wanted: dict[UUID, tuple[RuleOnWatchlist, WatchlistRow]] = {}
    if _was_gate_changed_by_hand(workspace):
        end_watchlist(workspace=workspace, by=None, by_label="Tagout", reason=GATE_CHANGED, now=now)
    if why := reason_to_shut(workspace):
        shut_list_gate(workspace=workspace, reason=why, now=now)
    if workspace.state != Workspace.State.REMOVED and is_watchlist_on(workspace):
        listed = listed_rules(workspace, now=now)
        wanted = {name: (rule, row) for rule in listed for name, row in rule.rows.items()}
        _place_list(workspace, now=now)
    changed = _set_rows(workspace, wanted, reason=why or _TAKEN_OUT, now=now)
    if not why:
        _renew(workspace, now=now)
    return changed


def _was_gate_changed_by_hand(workspace: Workspace) -> bool:
    """Whether somebody shut, opened or deleted the gate by hand: then people decide anew, with new
    signatures. To open it again would be to overrule whoever stopped the list in Sentinel.
    """
    gate = list_gate_of(workspace.pk)
    is_on_hold = gate is not None and gate.outcome == Landing.CHANGED_BY_HAND
    return is_on_hold and request_of(workspace.pk) is not None


def _place_list(workspace: Workspace, *, now: datetime) -> None:
    set_desired_rule(
        workspace_id=workspace.pk,
        name=name_of_rule(about=WATCHLIST, workspace=workspace.uuid),
        about=WATCHLIST,
        label=ALIAS,
        kind=RuleKind.WATCHLIST,
        body=dict(LIST),
        now=now,
    )


def _set_rows(
    workspace: Workspace,
    wanted: dict[UUID, tuple[RuleOnWatchlist, WatchlistRow]],
    *,
    reason: str,
    now: datetime,
) -> int:
    rows = WantedRule.objects.filter(workspace=workspace, kind=RuleKind.PAIR)
    there = dict(rows.values_list("name", "wanted"))
    gone = [name for name, row in there.items() if row is not None and name not in wanted]
    for name in gone:
        clear_desired_rule(workspace_id=workspace.pk, name=name, now=now, reason=reason)
    different = [name for name, (_, row) in wanted.items() if there.get(name) != row]
    room = max(0, MAX_CHANGES - changes_this_month(workspace.pk, now=now))
    outdated = [name for name in different[room:] if there.get(name) is not None]
    for name in outdated:  # leaving is always allowed
        clear_desired_rule(workspace_id=workspace.pk, name=name, now=now, reason=reason)
    for name in different[:room]:
        listed, row = wanted[name]
        set_desired_rule(
            workspace_id=workspace.pk,
            name=name,
            about=listed.about,
            label=listed.rule.name,
            kind=RuleKind.PAIR,
            body=dict(row),
            now=now,
            urgency=RulePriority.RULE,
        )
    return len(gone) + len(outdated) + len(different[:room])


def _renew(workspace: Workspace, *, now: datetime) -> None:
    if reason_against_renewal(workspace, now=now):
        return
    gate = list_gate_of(workspace.pk)
    current = lease_of_gate(gate.wanted) if gate else None
    offered = (now + LEASE).replace(microsecond=0)
    if current is None or offered - current >= RENEW_EVERY:
        open_list_gate(workspace=workspace, until=offered, now=now)


def reason_to_wait_with_row(row: WantedRule) -> str:
    """Asked at delivery: rows come after their list, and none comes while it may say nothing."""
    is_shut = row.kind == RuleKind.LIST_GATE and lease_of_gate(row.wanted) is None
    if is_shut or row.wanted is None:
        return ""  # what ends waits for nothing
    lists = WantedRule.objects.filter(workspace=row.workspace_id, kind=RuleKind.WATCHLIST)
    if not lists.filter(landed__isnull=False).exists():
        return "The watchlist is not in place yet."
    return OFF if is_off(row.workspace_id) else ""
