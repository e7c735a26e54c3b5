"""How many hours of a week the planned work takes that stands for hours in a rule (S1): at most
half of it, as with windows.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from alerts.planned_work.engine.size import WEEK, widest_week
from alerts.planned_work.queries import box_spans
from alerts.rules.fields import IDENTITIES, Operator
from alerts.rules.guards.never import (
    MAX_WINDOW_HOURS,
    assets_of,
    is_too_wide,
    needs_hours,
    works_of_box,
)
from alerts.rules.rule import RuleDefinition
from alerts.sites.models import Site

AHEAD: Final = timedelta(days=92)  # so far ahead occurrences are worked out
_HOUR: Final = timedelta(hours=1)


def work_hours_around(rule: RuleDefinition, *, site: str, at: datetime, known_at: datetime) -> int:
    """Return the most hours that the rule's works take in a week which holds this moment."""
    return _hours(rule, site=site, start=at - WEEK, end=at + WEEK, known_at=known_at, around=at)


def work_hours_ahead(rule: RuleDefinition, *, site: str, now: datetime) -> int:
    """Return the most hours that the rule's works take in a week, from the last one until the end
    of what is worked out.
    """
    return _hours(rule, site=site, start=now - WEEK, end=now + AHEAD, known_at=now, around=None)


def most_work_hours(rule: RuleDefinition, *, site: str, start: datetime, end: datetime) -> int:
    """Return the most hours that the rule's works took in a week of this time, known at its end."""
    return _hours(rule, site=site, start=start - WEEK, end=end, known_at=end, around=None)


@dataclass(frozen=True, slots=True)
class WorkHours:
    """How many hours of a week the works of a rule take at a site, and how many hold at most."""

    site: str
    hours: int
    most: int = MAX_WINDOW_HOURS

    @property
    def is_too_wide(self) -> bool:
        """Whether the works are no box any more."""
        return is_too_wide(self.hours)


def work_hours_by_site(
    rule: RuleDefinition, *, site_ids: Collection[int], now: datetime
) -> list[WorkHours]:
    """Return, of a rule whose strict types have works for hours, what these take at each site."""
    if not needs_hours(rule) or not works_of_box(rule):
        return []
    sites = Site.objects.filter(pk__in=site_ids).order_by("name").values_list("name", flat=True)
    return [WorkHours(site, work_hours_ahead(rule, site=site, now=now)) for site in sites]


def _hours(
    rule: RuleDefinition,
    *,
    site: str,
    start: datetime,
    end: datetime,
    known_at: datetime,
    around: datetime | None,
) -> int:
    kinds = works_of_box(rule)
    if not kinds:
        return 0
    spans = box_spans(
        kinds,
        site=site,
        handles=_handles(rule),
        start=start,
        end=end,
        known_at=known_at,
    )
    return -(-widest_week(spans, around=around) // _HOUR)


def _handles(rule: RuleDefinition) -> tuple[str, ...]:
    """The devices that the rule names; none, for any, where it names networks or no device."""
    lines = [line for line in rule.all_of if line.field in IDENTITIES - {"sensor"}]
    return () if any(line.operator == Operator.WITHIN for line in lines) else assets_of(rule)
