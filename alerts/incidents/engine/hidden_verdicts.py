"""Verdicts that one reader does not learn yet: they are asked what they make of the same incidents
themselves, and an answer counts only where it was given without knowing the first.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from alerts.outbox.engine.labels import our_label

# What OT's verdict, and the escalation that follows from a suspicious one, leave on an incident.
HIDDEN_LABELS: Final = frozenset(
    map(our_label, ("routine", "maintenance", "suspicious", "not-sure", "escalated"))
)
# Parts of the priority that count what OT said of the pattern; "capped" depends on the others.
HIDDEN_PARTS: Final = ("was-suspicious", "routine-share", "capped")


@dataclass(frozen=True, slots=True)
class CoveredIncident:
    """An incident that a verdict covers, and where else it shows."""

    incident_id: int
    group_key: UUID | None
    pattern: UUID | None


@dataclass(frozen=True, slots=True)
class HiddenVerdict:
    """One verdict, and the question that the reader is asked instead."""

    verdict_id: int
    act: UUID
    kind: str
    given_at: datetime
    question: UUID
    incidents: tuple[CoveredIncident, ...]


class HiddenVerdicts:
    """All verdicts that are hidden from one reader; false where there are none."""

    def __init__(self, verdicts: Iterable[HiddenVerdict] = ()) -> None:
        self.by_incident: dict[int, HiddenVerdict] = {}
        self.by_group: dict[UUID, HiddenVerdict] = {}
        self.by_pattern: dict[UUID, Counter[str]] = {}
        self.verdict_ids: set[int] = set()
        for verdict in verdicts:
            self.verdict_ids.add(verdict.verdict_id)
            for covered in verdict.incidents:
                self.by_incident.setdefault(covered.incident_id, verdict)
                if covered.group_key is not None:
                    self.by_group.setdefault(covered.group_key, verdict)
            for pattern in {covered.pattern for covered in verdict.incidents if covered.pattern}:
                self.by_pattern.setdefault(pattern, Counter())[verdict.kind] += 1

    def __bool__(self) -> bool:
        return bool(self.verdict_ids)

    def counts_without(self, pattern: UUID | None, counts: Mapping[str, int]) -> dict[str, int]:
        """Return how often OT gave each verdict on a pattern, the hidden ones not counted."""
        hidden = self.by_pattern.get(pattern, Counter()) if pattern else Counter[str]()
        return {verdict: max(n - hidden[verdict], 0) for verdict, n in counts.items()}


NOTHING_HIDDEN: Final = HiddenVerdicts()


def labels_without_verdict(labels: Iterable[str]) -> list[str]:
    """Return the labels that do not reveal OT's answer."""
    return [label for label in labels if label.casefold() not in HIDDEN_LABELS]


def parts_without_verdicts(parts: Iterable[Sequence[Any]]) -> list[Sequence[Any]]:
    """Return the parts of a priority that do not count verdicts."""
    return whole_parts([part for part in parts if part[0] not in HIDDEN_PARTS])


def whole_parts(parts: Sequence[Sequence[Any]]) -> list[Sequence[Any]]:
    """Return the parts, and one more where what they add up to lies outside of 0 to 100."""
    total = sum(part[1] for part in parts)
    score = min(100, max(0, total))
    return [*parts, ["capped", score - total, ""]] if score != total else [*parts]
