"""What is known of each alert that a rule matched, and what people said about it."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from alerts.incidents.engine.confidence_limits import upper_share
from alerts.rules.bound import bound_words, is_little
from alerts.rules.fields import FieldValues
from alerts.rules.sentence import Sentence

BENIGN: Final = frozenset({"routine", "maintenance"})
SUSPICIOUS: Final = "suspicious"
NOT_JUDGED: Final = "not-judged"
_ALERT_ORDER: Final = (SUSPICIOUS, "maintenance", "routine", "not-sure")  # the graver word counts
# An incident is as good as the least known of its alerts.
_INCIDENT_ORDER: Final = (SUSPICIOUS, NOT_JUDGED, "not-sure", "maintenance", "routine")
TOTALS: Final = ("routine", "maintenance", SUSPICIOUS, "not-sure", NOT_JUDGED)  # as people read
STOPPERS: Final = ("true_positive", "linked", "reopened", "suspicious")  # the worst first
type Traits = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class NearCase:
    """A true positive that named a device or address of an alert, `days` before or after it."""

    incident: int
    name: str
    days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceRow:
    """One alert. `verdicts` are those in force: (UUID, kind). `outcomes` of its incidents:
    reopened, true_positive, linked (part of the same case). `near_case`: within fourteen days a
    true positive named one of its devices, which is worth a look but no judgement of this one.
    `is_soft`: S1 lets it be closed at any hour.
    """

    alert: int
    incidents: tuple[int, ...]
    at: datetime
    site: str
    traits: Traits = ()
    verdicts: tuple[tuple[str, str], ...] = ()
    outcomes: frozenset[str] = frozenset()
    near_case: NearCase | None = None
    is_soft: bool = False

    @property
    def is_judged(self) -> bool:
        """Whether somebody was sure about it; `not sure` is no judgement."""
        return any(verdict in BENIGN or verdict == SUSPICIOUS for _, verdict in self.verdicts)

    @property
    def verdict(self) -> str:
        """The one verdict under which it is counted; NOT_JUDGED where nobody gave one."""
        found = {verdict for _, verdict in self.verdicts}
        return next((name for name in _ALERT_ORDER if name in found), NOT_JUDGED)

    @property
    def stoppers(self) -> tuple[str, ...]:
        """What about it stops the rule, the worst first."""
        codes = self.outcomes | {verdict for _, verdict in self.verdicts}
        return tuple(name for name in STOPPERS if name in codes)


@dataclass(frozen=True, slots=True)
class Judged:
    """Trials: one verdict is one, however many alerts it covers."""

    trials: int
    suspicious: int
    by_verdict: tuple[tuple[str, int], ...]
    is_strict: bool  # of a rule that needs more of them

    @property
    def limit(self) -> float:
        """The upper 95 % limit of the share suspicious."""
        return upper_share(self.suspicious, self.trials)

    @property
    def is_little(self) -> bool:
        """Whether that is little evidence."""
        return is_little(self.trials, is_strict=self.is_strict)

    @property
    def words(self) -> Sentence:
        """The bound as a sentence."""
        return bound_words(self.suspicious, self.trials, is_strict=self.is_strict)


def traits_of(facts: FieldValues, *, zone: str) -> Traits:
    """By what alerts of one type differ to a person's eye: ends, protocol, function, hour, day."""
    local = facts.at.astimezone(ZoneInfo(zone))
    return (
        ("source", facts.source_device or facts.source_address),
        ("destination", facts.destination_device or facts.destination_address),
        ("devices", ", ".join(facts.any_device)),
        ("protocol", facts.protocol),
        ("function", facts.function),
        ("port", "" if facts.port is None else str(facts.port)),
        ("severity", str(facts.severity)),
        ("hour", str(local.hour)),
        ("weekend", str(local.weekday() >= 5)),
    )


def judged_in(rows: Iterable[EvidenceRow], *, is_strict: bool) -> Judged:
    """The trials among rows that a rule matches; not sure counts as unjudged. Where a strict rule
    covers soft alerts, too, verdicts that these are harmless are no trial of it; that one is
    suspicious counts.
    """
    verdicts = {
        uuid: verdict
        for row in rows
        for uuid, verdict in row.verdicts
        if not (is_strict and row.is_soft) or verdict == SUSPICIOUS
    }
    counts = Counter(verdicts.values())
    suspicious = counts[SUSPICIOUS]
    benign = sum(counts[verdict] for verdict in BENIGN)
    return Judged(benign + suspicious, suspicious, tuple(sorted(counts.items())), is_strict)


@dataclass(frozen=True, slots=True)
class Total:
    """How many alerts and incidents count under a verdict, or as not judged."""

    verdict: str
    alerts: int
    incidents: int


def totals_in(rows: Iterable[EvidenceRow]) -> tuple[Total, ...]:
    """Return how many alerts and incidents were judged how. Each is counted under one verdict, so
    that the totals add up to all of them.
    """
    alerts = Counter[str]()
    by_incident: dict[int, set[str]] = {}
    for row in rows:
        alerts[row.verdict] += 1
        for incident in row.incidents:
            by_incident.setdefault(incident, set()).add(row.verdict)
    incidents = Counter(
        next(name for name in _INCIDENT_ORDER if name in found) for found in by_incident.values()
    )
    return tuple(Total(verdict, alerts[verdict], incidents[verdict]) for verdict in TOTALS)
