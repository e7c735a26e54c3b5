"""S2: how wide a rule may be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from alerts.suppression.engine.clauses import pinned
from alerts.suppression.engine.rule import Rule, names_an_asset
from alerts.suppression.engine.words import Sentence

MAX_SHARE: Final = 0.30
WANTED_DAYS, MIN_DAYS = 90, 14


@dataclass(frozen=True, slots=True)
class SiteShare:
    """Of the incidents that touch a site in the period, those with at least one match."""

    site: str
    matched: int
    incidents: int

    @property
    def share(self) -> float:
        """The share; whole where there is a match but, oddly, no incident."""
        if self.incidents <= 0:
            return 1.0 if self.matched else 0.0
        return self.matched / self.incidents


def reasons_against_width(rule: Rule) -> list[Sentence]:
    """What the rule must pin and does not."""
    reasons = []
    if not pinned(rule.all_of, "workspace") and not pinned(rule.all_of, "site"):
        reasons.append(Sentence("wide.place"))
    if not pinned(rule.all_of, "alert_type"):
        reasons.append(Sentence("wide.type"))
    if not names_an_asset(rule):
        reasons.append(Sentence("wide.asset"))
    return reasons


def reasons_against_reach(
    *, sites: tuple[SiteShare, ...], days: int, history_days: int, true_positives: int
) -> list[Sentence]:
    """What the back-test holds against the rule: too short, too much of a site, or a hit."""
    reasons = []
    if history_days < MIN_DAYS:
        reasons.append(Sentence("wide.history", days=history_days, least=MIN_DAYS))
    needed = min(WANTED_DAYS, history_days)
    if days < needed:
        reasons.append(Sentence("wide.period", days=days, needed=needed))
    if not sites:
        reasons.append(Sentence("wide.untested"))
    for each in sorted(sites, key=lambda one: -one.share):
        if each.share > MAX_SHARE:
            share, most = f"{each.share * 100:.1f} %", f"{MAX_SHARE * 100:.0f} %"
            reasons.append(Sentence("wide.share", share=share, site=each.site, most=most))
    if true_positives > 0:
        reasons.append(Sentence("wide.true_positive", count=true_positives))
    return reasons
