"""The rules that close incidents now, by what they name."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from alerts.suppression.engine.clauses import pinned
from alerts.suppression.engine.reading import NotARule
from alerts.suppression.models import ACTING, OPEN, RuleVersion, State
from alerts.suppression.queries import versions_visible_to
from portal.accounts.models import User


@dataclass(frozen=True, slots=True)
class LiveRule:
    """A live rule. `alert_types` and `techniques` are what it pins; empty: any."""

    uuid: UUID
    name: str
    title: str
    alert_types: tuple[str, ...]
    techniques: tuple[str, ...]


def live_rules_of(user: User, *, now: datetime) -> Sequence[LiveRule]:
    """Return the live rules that the person may see, by number."""
    live = versions_visible_to(user).filter(state=State.LIVE, expires_at__gt=now)
    rules = (_live_rule(version) for version in live.order_by("rule__number"))
    return [rule for rule in rules if rule is not None]


def _live_rule(version: RuleVersion) -> LiveRule | None:
    try:
        clauses = version.said.all_of
    except NotARule:  # it closes nothing either
        return None
    return LiveRule(
        uuid=version.uuid,
        name=str(version.rule),
        title=version.title,
        alert_types=pinned(clauses, "alert_type"),
        techniques=pinned(clauses, "techniques"),
    )


def techniques_in_rules() -> list[tuple[str, list[str]]]:
    """Return the name and the technique ids of every rule that acts, rests or is being made and
    names any; exceptions count, too.
    """
    rows = RuleVersion.objects.filter(state__in=(*ACTING, *OPEN, State.PAUSED))
    found = []
    for version in rows.select_related("rule").order_by("rule__number", "number"):
        try:
            clauses = version.said.clauses
        except NotARule:
            continue
        ids = [text for each in clauses if each.field == "techniques" for text in each.texts]
        if ids:
            found.append((f"{version.rule} v{version.number}", ids))
    return found
