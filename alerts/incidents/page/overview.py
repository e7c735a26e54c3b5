"""What happened, as the overview tells it: techniques, checks and the weeks before."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo

from django.utils.translation import gettext, ngettext

from alerts.incidents.engine.catalogue import alert_type_for
from alerts.incidents.models import Alert, Incident
from alerts.incidents.page.pattern_history import PatternVerdicts, RecentSightings, has_new_pair
from alerts.incidents.wording import seen_before_check, window_words
from portal.attack.engine import tactic, technique
from portal.ui.moments import hours_zone
from portal.ui.pieces import Point
from portal.ui.words import number


@dataclass(frozen=True, slots=True)
class TechniqueChip:
    """A technique with its name; an id that was replaced says by which. `technique_id` is that of
    today, empty where ATT&CK for ICS has none.
    """

    technique_id: str
    label: str
    tactics: str


def techniques_of(incident: Incident, alerts: Sequence[Alert]) -> list[TechniqueChip]:
    """The techniques named, each once, with their tactics."""
    named = dict.fromkeys(
        [*incident.techniques, *(each for alert in alerts for each in alert.techniques)]
    )
    chips: dict[str, TechniqueChip] = {}
    for given in named:
        known = technique(given)
        if known is None:
            chips[given] = TechniqueChip("", given, "")
            continue
        now = technique(known.current_id) or known
        label = f"{now.id} {now.full_name}"
        former = known.id if known.id != now.id else known.former_id
        if former and former != now.id:
            label = gettext("%(label)s (formerly %(former)s)") % {"label": label, "former": former}
        chips.setdefault(now.id, TechniqueChip(now.id, label, " · ".join(now.tactics)))
    return list(chips.values())


def tactics_of(incident: Incident) -> list[str]:
    """The tactics that the incident names, in plain spelling."""
    return list(
        dict.fromkeys(
            known.name if (known := tactic(given)) else given for given in incident.tactics
        )
    )


def checks_of(
    incident: Incident,
    seen: RecentSightings,
    memory: PatternVerdicts | None,
    zone: tzinfo,
    *,
    had_cases: bool = False,
) -> list[tuple[bool | None, str]]:
    """What can be computed for and against: known pair, usual hours, what OT said. To have been
    seen before speaks for nothing where it was an attack then (`had_cases`: a true positive
    between the same devices), or where no alert of the type is ever harmless.
    """
    if incident.pattern is None:
        return []
    is_known, sentence = _pair(incident, seen)
    if is_known and (had_cases or _is_never_routine(incident)):
        is_known = None
    checks: list[tuple[bool | None, str]] = [(is_known, sentence)]
    if seen.window is not None:
        hours = {"window": f"{window_words(seen.window)} {hours_zone(zone)}".strip()}
        if seen.is_usual:
            checks.append((True, gettext("Inside the usual hours, %(window)s") % hours))
        else:
            checks.append((False, gettext("Outside the usual hours, %(window)s") % hours))
    if memory is not None:
        checks.append(_judged(memory))
    return checks


def _is_never_routine(incident: Incident) -> bool:
    known = alert_type_for(incident.alert_type)
    return known is not None and known.guard == "never"


def _pair(incident: Incident, seen: RecentSightings) -> tuple[bool | None, str]:
    is_usual, first = seen_before_check(seen.before, seen.days)
    if is_usual is None or seen.before:
        return is_usual, first
    if has_new_pair(incident):
        first = gettext("The first day these two were seen together")
    if not seen.since:
        return False, first
    more = ngettext("%(first)s; %(n)s more since", "%(first)s; %(n)s more since", seen.since)
    return False, more % {"first": first, "n": number(seen.since)}


def _judged(memory: PatternVerdicts) -> tuple[bool, str]:
    bad = memory.counts["suspicious"]
    if bad:
        words = ngettext(
            "OT called it suspicious in %(n)s of %(all)s answer",
            "OT called it suspicious in %(n)s of %(all)s answers",
            memory.judged,
        )
        return False, words % {"n": number(bad), "all": number(memory.judged)}
    good = memory.counts["routine"] + memory.counts["maintenance"]
    words = ngettext(
        "OT called it harmless in %(n)s of %(all)s answer",
        "OT called it harmless in %(n)s of %(all)s answers",
        memory.judged,
    )
    return good * 2 > memory.judged, words % {"n": number(good), "all": number(memory.judged)}


def points_of(seen: RecentSightings) -> list[Point]:
    """The weeks as bars; this week is the last and the hot one."""
    last = len(seen.weeks) - 1
    return [Point(label, n, at == last and n > 0) for at, (label, n) in enumerate(seen.weeks)]


def bars_title(seen: RecentSightings) -> str:
    """What the bars say, read out."""
    this = seen.weeks[-1][1] if seen.weeks else 0
    words = gettext("Weekly counts for 13 weeks: %(all)s in all, %(this)s this week")
    return words % {"all": number(seen.count), "this": number(this)}
