"""People's verdicts on a pattern, pooled at the rung that its rule names."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from alerts.incidents.engine.confidence_limits import upper_share
from alerts.patterns.engine.cells import HARMLESS, SUSPICIOUS, AlertCell

MIN_JUDGED_SHARE: Final = 0.6  # of a pattern's alerts must lie where something was judged

type CoversTime = Callable[[int, int, frozenset[str]], bool]
type Unit = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class VerdictEvidence:
    """Verdicts of a pattern. One verdict is one trial. `judged_share` is the share of alerts in
    units (devices, or kinds in zones above ten) that hold a harmless verdict; `open_units` are the
    others, with their alerts, the largest first. `closings` is half-evidence, never OT's word.
    """

    routine: int = 0
    maintenance: int = 0
    suspicious: int = 0
    not_sure: int = 0
    closings: int = 0
    true_positives: int = 0
    judged_share: float = 0.0
    people: frozenset[str] = frozenset()
    causes: tuple[tuple[str, int], ...] = ()
    verdicts: tuple[str, ...] = ()  # the harmless ones
    open_units: tuple[tuple[Unit, int], ...] = ()

    @property
    def harmless(self) -> int:
        """Verdicts that say it is routine or maintenance."""
        return self.routine + self.maintenance

    @property
    def judged(self) -> int:
        """Verdicts of somebody who was sure."""
        return self.harmless + self.suspicious

    @property
    def limit(self) -> float:
        """The upper 95 % limit of the share suspicious."""
        return upper_share(self.suspicious, self.judged)

    @property
    def is_enough(self) -> bool:
        """Whether a rule may be proposed on it."""
        return (
            self.harmless > 0
            and self.suspicious == 0
            and self.true_positives == 0
            and self.judged_share >= MIN_JUDGED_SHARE
        )


def pool_evidence(
    cells: Iterable[tuple[AlertCell, int]], *, covers_time: CoversTime, by_group: bool
) -> VerdictEvidence:
    """Return the verdicts on these cells inside the pattern's time, each verdict once. With each
    cell stands how many of its alerts came at that time.

    by_group: units are kinds in zones, as for patterns with more than ten targets.
    """
    verdicts: dict[str, tuple[str, str, str]] = {}
    alerts: Counter[Unit] = Counter()
    judged_units: set[Unit] = set()
    closings = true_positives = 0
    for cell, inside in cells:
        if not inside:
            continue
        unit = unit_of(cell, by_group=by_group)
        alerts[unit] += inside
        closings += cell.closings
        true_positives += cell.true_positives
        for verdict in cell.verdicts:
            if not covers_time(verdict.slot, verdict.utc_slot, verdict.works):
                continue
            verdicts[verdict.uuid] = verdict.verdict, verdict.cause, verdict.by
            if verdict.verdict in HARMLESS:
                judged_units.add(unit)
    counts = Counter(verdict for verdict, _, _ in verdicts.values())
    total = alerts.total()
    causes = Counter(cause for verdict, cause, _ in verdicts.values() if verdict in HARMLESS)
    return VerdictEvidence(
        routine=counts["routine"],
        maintenance=counts["maintenance"],
        suspicious=counts[SUSPICIOUS],
        not_sure=counts["not-sure"],
        closings=closings,
        true_positives=true_positives,
        judged_share=sum(alerts[unit] for unit in judged_units) / total if total else 0.0,
        people=frozenset(by for v, _, by in verdicts.values() if v in HARMLESS and by),
        causes=tuple(causes.most_common()),
        verdicts=tuple(sorted(a for a, (v, _, _) in verdicts.items() if v in HARMLESS)),
        open_units=tuple(
            (unit, count) for unit, count in alerts.most_common() if unit not in judged_units
        ),
    )


def unit_of(cell: AlertCell, *, by_group: bool) -> Unit:
    """Return what a verdict on this cell speaks for: its target, or the target's kind and zone."""
    destination = cell.key.destination
    if not destination.name:
        source = cell.key.source
        return ("source", source.group) if by_group else ("source", source.name)
    return ("group", destination.group) if by_group else ("target", destination.name)
