"""What decisions ask beside alerts and incident, from tables."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Final

from alerts.rules.decision import RecordsOfPlant
from alerts.rules.guards.closing import CoveredEnd
from alerts.rules.rule import RuleDefinition
from alerts.suppression.drafting.work_size import work_hours_around
from alerts.suppression.enforcing.group_members import introduced_ends, members_among


class StoredRecords:
    """Planned work, members of groups, and whom people have met, as stored."""

    def work_hours(
        self, rule: RuleDefinition, *, site: str, at: datetime, known_at: datetime
    ) -> int:
        """Return the most hours that the rule's works take in a week which holds this moment."""
        return work_hours_around(rule, site=site, at=at, known_at=known_at)

    def members_among(
        self, ends: Collection[tuple[int, CoveredEnd]]
    ) -> set[tuple[int, CoveredEnd]]:
        """Return those that were members when the version beside them was signed."""
        return members_among(ends)

    def introduced_ends(self, ends: Iterable[CoveredEnd], *, but: int) -> set[tuple[str, str, str]]:
        """Return the places of those that another incident has introduced."""
        return introduced_ends(ends, but=but)


STORED: Final[RecordsOfPlant] = StoredRecords()
