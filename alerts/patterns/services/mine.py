"""Find candidates in history."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta
from time import perf_counter
from typing import Any

from django.db import transaction
from django.utils.translation import gettext

from alerts.patterns.engine.candidate import (
    MONTH,
    holds_slot,
    lower_share,
    tagout_rule,
    window_of,
)
from alerts.patterns.models import Candidate, Mining, State
from alerts.patterns.services.grouping import Drawn, Group, draw_groups
from alerts.sentinel.models import Workspace
from alerts.sites.models import Criticality, Device, Site
from alerts.suppression.engine.guards.never import assets_of
from alerts.suppression.engine.guards.proposal import reasons_against_draft
from alerts.suppression.models import RuleVersion
from alerts.suppression.models.version import ENDED
from alerts.suppression.reads.handling import usual_minutes
from alerts.suppression.services.handling import measure_handling
from alerts.suppression.services.site_days import count_site_days
from portal.errors import Refused
from portal.ui.words import number

DAYS, MOST_DAYS = 90, 400
_FIGURES = (
    *(
        "severity",
        "alerts",
        "incidents",
        "days_seen",
        "first_at",
        "latest_at",
        "rhythm",
        "window_days",
    ),
    *("window_start", "window_end", "routine", "maintenance", "suspicious", "not_sure"),
    *("true_positives", "judged", "limit", "cause", "minutes_each", "minutes_month", "rank"),
    *("outside", "cannot", "mined_at"),
)
type Grave = Mapping[int | None, Mapping[str, str]]  # by site: names and their criticality


class CannotMine(Refused):
    """History was not looked at."""


def mine_patterns(*, days: int = DAYS, now: datetime) -> Mining:
    """Look at the last days of history and keep what came again and again. What people made of a
    candidate stays; an open one that is not found any more goes.
    """
    if not 1 <= days <= MOST_DAYS:
        raise CannotMine(
            gettext("Patterns can be looked for in 1 to %(most)s days of history, not %(days)s.")
            % {"most": number(MOST_DAYS), "days": number(days)}
        )
    began = perf_counter()
    measure_handling(now=now)
    count_site_days(now=now)
    return _mine(days, now, began)


@transaction.atomic
def _mine(days: int, now: datetime, began: float) -> Mining:
    drawn = draw_groups(start=now - timedelta(days=days), end=now)
    known = 0 if drawn.first_at is None else max((now - drawn.first_at).days, 0)
    _keep(drawn, period=max(min(days, known), 1), now=now)
    _reopen_without_rule()
    return Mining.objects.create(
        ran_at=now, days=days, history_days=known, alerts=drawn.alerts, verdicts=drawn.verdicts,
        candidates=len(drawn.groups), seconds=round(perf_counter() - began, 2),
    )  # fmt: skip


def _keep(drawn: Drawn, *, period: int, now: datetime) -> None:
    spaces = Workspace.objects.in_bulk()
    sites: dict[int | None, Site | None] = {None: None} | Site.objects.in_bulk()
    grave, usual = _grave_devices(), usual_minutes()
    made = []
    for group in drawn.groups:
        row = Candidate(
            key=group.key, rhythm=group.rhythm, days_seen=group.days_seen,
            incidents=group.incidents, mined_at=now,
            workspace=spaces[group.columns.pop("workspace_id")],
            site=sites[group.columns.pop("site_id")], **group.columns,
        )  # fmt: skip
        _judge(row, group)
        _weigh(row, group.minutes if group.minutes is not None else usual, period)
        row.cannot = _reasons(row, grave, now)
        made.append(row)
    Candidate.objects.filter(state=State.OPEN).exclude(key__in=[row.key for row in made]).delete()
    Candidate.objects.bulk_create(
        made, update_conflicts=True, unique_fields=["key"], update_fields=_FIGURES,
        batch_size=500,
    )  # fmt: skip


def _judge(row: Candidate, group: Group) -> None:
    """Its hours are those of what nobody called harmful; what people said then counts inside them
    only, for the rule would keep to them. What lies outside is told, and stays with people.
    """
    harmful = {
        slot
        for heard in (*group.true_positives, *group.verdicts)
        if heard.what in ("true_positive", "suspicious")
        for slot in heard.slots
    }
    calm = [0 if slot in harmful else count for slot, count in enumerate(row.rhythm)]
    window = (window_of(row.rhythm) or window_of(calm)) if row.site else None
    if window is not None:
        row.window_days = list(window.weekdays)
        row.window_start, row.window_end = window.start, window.end
    inside, outside = Counter[str](), Counter[str]()
    causes: Counter[str] = Counter()
    for heard in (*group.true_positives, *group.verdicts):
        if window is not None and not any(holds_slot(window, slot) for slot in heard.slots):
            outside[heard.what] += 1
            continue
        inside[heard.what] += 1
        if heard.what in ("routine", "maintenance"):
            causes[heard.cause] += 1
    row.true_positives = inside["true_positive"]
    row.routine, row.maintenance = inside["routine"], inside["maintenance"]
    row.suspicious, row.not_sure = inside["suspicious"], inside["not-sure"]
    row.outside = dict(sorted(outside.items()))
    row.judged = row.routine + row.maintenance + row.suspicious
    row.limit = 1 - lower_share(row.routine + row.maintenance, row.judged)
    row.cause = min(causes, key=lambda one: (-causes[one], one), default="")


def _weigh(row: Candidate, minutes: float | None, period: int) -> None:
    """Minutes saved in a month, times the least share that is routine. Where nobody measured
    minutes, incidents take their place.
    """
    each_month = row.incidents / period * MONTH
    row.minutes_each = minutes
    row.minutes_month = None if minutes is None else round(minutes * each_month, 1)
    worth = each_month if row.minutes_month is None else row.minutes_month
    row.rank = round(worth * (1 - row.limit), 3)


def _reasons(row: Candidate, grave: Grave, now: datetime) -> list[list[Any]]:
    """Why it cannot become a rule as it stands: what people said, then what guards say of it."""
    found: list[list[Any]] = []
    if row.suspicious:
        found.append(["suspicious", {"count": str(row.suspicious)}])
    if row.true_positives:
        found.append(["true_positive", {"count": str(row.true_positives)}])
    rule = tagout_rule(row.parts, row.window, now=now)
    there = grave[row.site_id]
    zone = row.site.time_zone if row.site else "UTC"
    reasons = reasons_against_draft(
        rule, now=now, plant_zones=[zone],
        criticality={name: there[name] for name in assets_of(rule) if name in there},
    )  # fmt: skip
    return found + [[each.code, each.detail] for each in reasons]


def _grave_devices() -> Grave:
    """Safety systems and crown jewels by site; where the site is not known, all of them."""
    held: dict[int | None, dict[str, str]] = defaultdict(dict)
    wanted = Device.objects.filter(criticality__in=[Criticality.SAFETY, Criticality.CROWN_JEWEL])
    for site, *names, criticality in wanted.values_list(
        "zone__site", "name", "address", "criticality"
    ):
        for name in filter(None, names):
            held[site][name] = held[None][name] = criticality
    return held


def _reopen_without_rule() -> None:
    """A candidate whose rule has ended is open again."""
    alive = RuleVersion.objects.exclude(state__in=ENDED).values("rule")
    Candidate.objects.filter(state=State.HAS_RULE).exclude(rule__in=alive).update(
        state=State.OPEN, rule=None, state_by=None, state_at=None, state_reason=""
    )
