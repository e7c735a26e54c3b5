"""What a person should look at before a rule is signed, and for which reason each."""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from alerts.rules.evidence import EvidenceRow, NearCase
from alerts.rules.fields import SEVERITIES
from alerts.rules.sentence import Sentence

RARE: Final = 5  # a trait that at most one of five judged matches has
_NEAR_CODES: Final = {0: "look.near_case_same_day", 1: "look.near_case_day"}
_LABELS: Final = {"devices": "device"}  # traits that people call otherwise


@dataclass(frozen=True, slots=True)
class SampleRow:
    """A row for a person's eye, standing for `times` rows of the same kind."""

    row: EvidenceRow
    times: int
    unlike: float
    why: Sentence | str
    case: int | None = None  # the true positive that it is near, where that is the reason


def check_these(rows: Sequence[EvidenceRow], *, most: int) -> tuple[SampleRow, ...]:
    """Return the unjudged matches: first those near a true positive, one for each device of it,
    then those least like the judged ones; where none is judged, the rarest.
    """
    judged = [row for row in rows if row.is_judged]
    reference = Reference(judged or rows)
    near: dict[Hashable, list[EvidenceRow]] = {}
    others: dict[Hashable, list[EvidenceRow]] = {}
    for row in rows:
        if row.is_judged:
            continue
        if case := row.near_case:
            near.setdefault((case.incident, case.name), []).append(row)
        else:
            others.setdefault(row.traits, []).append(row)
    looks = sorted(
        (_near_look(group, reference) for group in near.values()),
        key=lambda look: (-look.times, -look.row.alert),
    )
    looks += sorted(
        (_unlike_look(group, reference, is_any_judged=bool(judged)) for group in others.values()),
        key=lambda look: (-look.unlike, -look.row.alert),
    )
    return tuple(looks[:most])


def nearest(
    rows: Sequence[EvidenceRow], near: Iterable[tuple[EvidenceRow, Sentence | str]], *, most: int
) -> tuple[SampleRow, ...]:
    """Return the misses most like the matches; those judged suspicious come first."""
    reference = Reference(rows)
    groups: dict[Hashable, list[EvidenceRow]] = {}
    whys: dict[Hashable, Sentence | str] = {}
    for row, why in near:
        kind = (row.traits, row.stoppers, why)
        groups.setdefault(kind, []).append(row)
        whys[kind] = why
    looks = [
        SampleRow(newest(group), len(group), reference.unlike(group[0]), whys[kind])
        for kind, group in groups.items()
    ]
    return tuple(
        sorted(looks, key=lambda look: (not look.row.stoppers, look.unlike, -look.row.alert))[:most]
    )


class Reference:
    """The rows that others are held against, with how often each of their traits was seen."""

    def __init__(self, rows: Sequence[EvidenceRow]) -> None:
        self.total = len(rows)
        self.trait_counts = Counter(trait for row in rows for trait in row.traits)

    def unlike(self, row: EvidenceRow) -> float:
        """How little a row is like them: for each trait the share that does not have it."""
        total = self.total or 1
        return round(sum(1 - self.trait_counts[trait] / total for trait in row.traits), 6)

    def rarest(self, row: EvidenceRow) -> tuple[str, str, int] | None:
        """Return the trait of a row that fewest of them have: name, value and how many."""
        named = [(self.trait_counts[trait], *trait) for trait in row.traits if trait[1]]
        if not named:
            return None
        times, name, value = min(named, key=lambda item: item[0])
        return name, value, times


def newest(group: Iterable[EvidenceRow]) -> EvidenceRow:
    """Return the row of a group that came last."""
    return max(group, key=lambda row: (row.at, row.alert))


def _near_look(group: list[EvidenceRow], reference: Reference) -> SampleRow:
    def distance(row: EvidenceRow) -> tuple[int, float, int]:
        return _case(row).days, -row.at.timestamp(), -row.alert

    row = min(group, key=distance)
    case = _case(row)
    code = _NEAR_CODES.get(case.days, "look.near_case")
    why = Sentence(code, name=case.name, days=case.days)
    return SampleRow(row, len(group), reference.unlike(row), why, case.incident)


def _case(row: EvidenceRow) -> NearCase:
    if row.near_case is None:
        raise ValueError("the row is near no case")
    return row.near_case


def _unlike_look(
    group: list[EvidenceRow], reference: Reference, *, is_any_judged: bool
) -> SampleRow:
    row = newest(group)
    why = _why_unlike(row, reference) if is_any_judged else Sentence("look.none_judged")
    return SampleRow(row, len(group), reference.unlike(row), why)


def _why_unlike(row: EvidenceRow, reference: Reference) -> Sentence:
    """Return in what an unjudged match differs from the judged ones."""
    rarest = reference.rarest(row)
    if rarest is None or rarest[2] * RARE > reference.total:
        return Sentence("look.like_judged")
    name, value, times = rarest
    describe = _DESCRIBERS.get(name, _describe_trait)
    return describe(name, value, times, reference.total)


def _describe_trait(name: str, value: str, times: int, total: int) -> Sentence:
    label = _LABELS.get(name, name)
    if name == "severity":
        value = SEVERITIES[int(value)]
    if not times:
        return Sentence("look.new_trait", label=label, value=value)
    return Sentence("look.rare_trait", label=label, value=value, count=times, total=total)


def _describe_hour(_name: str, value: str, times: int, total: int) -> Sentence:
    hour = f"{int(value):02}:00"
    if not times:
        return Sentence("look.new_hour", hour=hour)
    return Sentence("look.rare_hour", hour=hour, count=times, total=total)


def _describe_weekend(_name: str, value: str, times: int, total: int) -> Sentence:
    day = "weekend" if value == str(True) else "weekday"
    if not times:
        return Sentence(f"look.new_{day}")
    return Sentence(f"look.rare_{day}", count=times, total=total)


_DESCRIBERS: Final[dict[str, Callable[[str, str, int, int], Sentence]]] = {
    "hour": _describe_hour,
    "weekend": _describe_weekend,
}
