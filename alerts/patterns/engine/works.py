"""What happens within planned work: a rung that is asked before hours are, because a visit says
more than the days on which it happened to fall.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import Final

from alerts.patterns.engine.cells import AlertCell, count_alerts
from alerts.patterns.engine.drafts import PatternDraft, is_frequent
from alerts.patterns.engine.hours import Hours, learn_judged_hours
from alerts.patterns.engine.pattern import TypeName
from alerts.planned_work.engine.kinds import KINDS_FOR_RULES
from alerts.rules.guards.never import MAX_WINDOW_HOURS

MIN_PLANNED_SHARE: Final = 0.9


def when_it_happens(draft: PatternDraft, *, is_strict: bool) -> tuple[Hours | None, str]:
    """Return when a draft happens: within planned work of a kind that rules can name, where it has
    one; else in its hours. Work of another kind is the last resort of strict types.
    """
    planned_work = usual_work(draft.cells)
    if planned_work in KINDS_FOR_RULES:
        return None, planned_work
    if not is_strict:
        return draft.hours, ""
    hours = learn_judged_hours(draft.cells) or draft.hours
    if hours is None or hours.hours_a_week > MAX_WINDOW_HOURS:
        return None, planned_work
    return hours, ""


def usual_work(cells: Iterable[AlertCell]) -> str:
    """Return the kind of planned work within which at least 90 % of the alerts of each of these
    types happened, and most of all; empty where there is none.
    """
    works = [_works_of_type(cells_of_type) for cells_of_type in _by_type(cells).values()]
    shared = set[str].intersection(*(set(weights) for weights in works)) if works else set()
    weights = sum(works, Counter[str]())
    return max(sorted(shared), key=lambda kind: weights[kind], default="")


def split_by_works(drafts: Iterable[PatternDraft]) -> Iterator[PatternDraft]:
    """Yield drafts with the types that keep to planned work of one kind apart from the others: what
    a vendor does during visits is one process, what its laptop does all day another.
    """
    for draft in drafts:
        parts: dict[str, list[AlertCell]] = defaultdict(list)
        for cells in _by_type(draft.cells).values():
            kind = usual_work(cells)
            parts[kind if kind in KINDS_FOR_RULES else ""] += cells
        if len(parts) == 1:
            yield draft
        else:
            yield from (PatternDraft.of(part) for part in parts.values() if is_frequent(part))


def _by_type(cells: Iterable[AlertCell]) -> dict[TypeName, list[AlertCell]]:
    by_type: dict[TypeName, list[AlertCell]] = defaultdict(list)
    for cell in cells:
        by_type[cell.key.alert_type, cell.key.own_title].append(cell)
    return by_type


def _works_of_type(cells: list[AlertCell]) -> Counter[str]:
    """Return the kinds of planned work that hold at least 90 % of these alerts, with how many."""
    weights: Counter[str] = Counter()
    for cell in cells:
        for occurrence in cell.occurrences:
            for kind in occurrence.works:
                weights[kind] += occurrence.alerts
    least = MIN_PLANNED_SHARE * count_alerts(cells)
    return Counter({kind: alerts for kind, alerts in weights.items() if alerts >= least})
