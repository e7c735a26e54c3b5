"""Why an incident has its place in the queue: signed parts that add up to 0–100."""

from collections.abc import Iterator
from dataclasses import dataclass

from alerts.incidents.engine.catalogue import language_of, sentences
from alerts.sites.engine.devices import CRITICAL

# One more whenever a weight changes, or a guard of an alert type in the catalogue: workers then
# count again what is stored.
PRIORITY_VERSION = 1

SEVERITY_POINTS = {"High": 40, "Medium": 25, "Low": 12, "Informational": 5}
GUARD_POINTS = {"never": 25, "timeboxed": 10}
CRITICALITY_POINTS = dict.fromkeys(CRITICAL, 20) | {"important": 10}
TACTICS_AGAINST_THE_PROCESS = ("Inhibit Response Function", "Impair Process Control", "Impact")
ROUTINE_SHARE_POINTS = ((0.9, -20), (0.7, -10))

_PROCESS_TACTICS = {name.replace(" ", "").casefold(): name for name in TACTICS_AGAINST_THE_PROCESS}


@dataclass(frozen=True, slots=True)
class PriorityFacts:
    """All that priority depends on. Where an incident has many alerts, the strongest counts."""

    severity: str
    guard: str | None = None  # never, timeboxed, scoped; None for a title we do not know
    criticality: str = "normal"
    critical_devices: tuple[str, ...] = ()  # those of that criticality, by name
    crosses_levels: bool = False
    crossing: str = ""  # what is crossed, to show: "Level 3 to Level 1"
    tactics: tuple[str, ...] = ()  # in either spelling: with blanks or as Sentinel writes them
    other_products: tuple[str, ...] = ()  # detection products beside Defender for IoT
    is_new_pair: bool = False
    times_suspicious: int = 0  # judgements of the same pattern, ever
    routine_share_lower: float | None = None  # lower 95 % limit; None where nothing was judged
    in_planned_work: bool = False  # the work names these devices
    is_overrun: bool = False
    is_beside_plan: bool = False  # in its time, but with a device that it does not name
    work_order: str = ""
    is_answer_late: bool = False


@dataclass(frozen=True, slots=True)
class PriorityPart:
    """One signed reason. `detail` is data for the sentence that `part_words` makes of it."""

    code: str
    points: int
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Priority:
    """A score and the parts that add up to it."""

    score: int
    parts: tuple[PriorityPart, ...]


def priority_of(facts: PriorityFacts) -> Priority:
    """Weigh the facts. What goes over 100 or under 0 is taken back by a part of its own."""
    parts = [part for part in _parts(facts) if part.points]
    total = sum(part.points for part in parts)
    score = min(100, max(0, total))
    if score != total:
        parts.append(PriorityPart("capped", score - total))
    return Priority(score, tuple(parts))


def part_words(part: PriorityPart, language: str = "en") -> str:
    """One part as a sentence for a person."""
    texts: dict[str, str] = sentences(language_of(language))["priority"]
    exact = texts.get(f"{part.code}:{part.detail}")
    if exact is None and part.code == "criticality":
        criticality, _, names = part.detail.partition(": ")
        number = "many" if ", " in names else "one"
        return texts[f"criticality:{criticality}:{number}"].replace("{detail}", names)
    return exact or texts[part.code].replace("{detail}", part.detail)


def _parts(facts: PriorityFacts) -> Iterator[PriorityPart]:
    yield from _what(facts)
    yield from _history(facts)
    yield from _now(facts)


def _what(facts: PriorityFacts) -> Iterator[PriorityPart]:
    """What the alerts state and whom they touch."""
    severity = facts.severity.strip().capitalize()
    lowest = SEVERITY_POINTS["Informational"]
    yield PriorityPart("severity", SEVERITY_POINTS.get(severity, lowest), severity)
    yield PriorityPart("guard", GUARD_POINTS.get(facts.guard or "", 0), facts.guard or "")
    named = f": {', '.join(facts.critical_devices)}" if facts.critical_devices else ""
    points = CRITICALITY_POINTS.get(facts.criticality, 0)
    yield PriorityPart("criticality", points, f"{facts.criticality}{named}")
    if facts.crosses_levels:
        yield PriorityPart("crosses", 10, facts.crossing)
    if aimed := _process_tactics(facts.tactics):
        yield PriorityPart("tactic", 10, ", ".join(aimed))
    if facts.other_products:
        yield PriorityPart("second-product", 15, ", ".join(facts.other_products))


def _history(facts: PriorityFacts) -> Iterator[PriorityPart]:
    """What is known of this pair and this pattern."""
    if facts.is_new_pair:
        yield PriorityPart("new-pair", 10)
    if facts.times_suspicious:
        yield PriorityPart("was-suspicious", 15, str(facts.times_suspicious))
    share = facts.routine_share_lower
    if share is None:
        return
    for limit, points in ROUTINE_SHARE_POINTS:
        if share >= limit:
            # Rounded down: the page must not promise more than was shown.
            yield PriorityPart("routine-share", points, str(int(share * 100 + 1e-9)))
            return


def _now(facts: PriorityFacts) -> Iterator[PriorityPart]:
    """What is going on around it at this time."""
    if facts.in_planned_work:
        yield PriorityPart("planned-work", -25, facts.work_order)
    if facts.is_overrun:
        yield PriorityPart("overrun", 10, facts.work_order)
    if facts.is_beside_plan:
        yield PriorityPart("beside-plan", 10, facts.work_order)
    if facts.is_answer_late:
        yield PriorityPart("answer-late", 10)


def _process_tactics(tactics: tuple[str, ...]) -> list[str]:
    """Those tactics that aim at the process, once each, in ATT&CK's order."""
    named = {tactic.replace(" ", "").casefold() for tactic in tactics}
    return [name for key, name in _PROCESS_TACTICS.items() if key in named]
