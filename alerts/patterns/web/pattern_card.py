"""A pattern in the words of a page, with its week as a strip: hours from left to right, weekdays
from top to bottom.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext, ngettext, pgettext

from alerts.patterns.engine.evidence import MIN_JUDGED_SHARE
from alerts.patterns.models import Pattern, PatternState
from alerts.patterns.policies import may_decide, obstacles_in_words
from alerts.patterns.web.headline import hours_words, pattern_headline
from alerts.patterns.web.width import WidthRow, width_rows
from alerts.reviews.engine.causes import cause as cause_of
from alerts.suppression.backtesting.bound_sentence import bound_sentence
from portal.accounts.models import User
from portal.ui.moments import READER, hours_zone
from portal.ui.words import hours, number, percent

_PITCH, _SIZE, _STEPS = 10, 9, 5
_LEFT, _BELOW = 22, 11  # room for weekdays and hours
MAX_MISSING = 3  # units that the page names


def rhythm_strip(rhythm: Sequence[int], words: str) -> SafeString:
    """The picture. The words are what is read out instead."""
    top = max(rhythm, default=0) or 1
    cells: list[list[str]] = [[] for _ in range(_STEPS + 1)]
    for at, count in enumerate(rhythm):
        level = -(-count * _STEPS // top)
        x, y = at % 24 * _PITCH, at // 24 * _PITCH
        cells[level].append(f"M{x} {y}h{_SIZE}v{_SIZE}h-{_SIZE}z")
    paths = format_html_join(
        "",
        '<path class="heat-{}" d="{}"/>',
        ((level, "".join(squares)) for level, squares in enumerate(cells) if squares),
    )
    days = format_html_join(
        "",
        '<text x="{}" y="{}">{}</text>',
        ((-_LEFT, at * _PITCH + _SIZE - 1, name) for at, name in enumerate(_weekdays())),
    )
    hours_of_day = format_html_join(
        "",
        '<text x="{}" y="{}">{}</text>',
        ((at * _PITCH, 7 * _PITCH + _BELOW - 3, f"{at:02}:00") for at in range(0, 24, 6)),
    )
    return format_html(
        '<svg class="rhythm" viewBox="{} 0 {} {}" role="img" aria-label="{}">{}{}{}</svg>',
        -_LEFT,
        _LEFT + 24 * _PITCH - 1,
        7 * _PITCH + _BELOW,
        words,
        paths,
        days,
        hours_of_day,
    )


def _weekdays() -> list[str]:
    return pgettext("weekdays", "Mon Tue Wed Thu Fri Sat Sun").split()


def clock_words(zone: str) -> str:
    """On whose clock the hours of the week are."""
    if zone == READER:
        return "UTC"
    return ", ".join(filter(None, (gettext("Plant time"), hours_zone(zone))))


def weekday_rows(rhythm: Sequence[int]) -> list[tuple[str, list[int]]]:
    """The same numbers to read: a weekday, and its 24 hours."""
    return [(name, list(rhythm[day * 24 : day * 24 + 24])) for day, name in enumerate(_weekdays())]


@dataclass(frozen=True, slots=True)
class PatternCard:
    """One pattern as the list and its page show it."""

    pattern: Pattern
    headline: str
    site: str
    zone: str  # of its plant's clock
    clock: str  # on which its hours are
    incidents: str
    days: str
    savings: str
    plan: str  # its place in the plan
    rhythm: SafeString
    rhythm_words: str
    width: list[WidthRow]
    verdicts: Mapping[str, int]
    confidence: str
    why: str
    closings: str
    missing: str  # what is still to be judged
    cause: str
    obstacles: list[str]
    way_out: str
    may_decide: bool
    is_open: bool


def pattern_card(row: Pattern, person: User, *, is_open: bool = True) -> PatternCard:
    """Return everything that pages show of a pattern."""
    zone = row.site.time_zone if row.site else READER
    when = hours_words(row.process, zone)
    incident_count = ngettext("%(n)s incident", "%(n)s incidents", row.incidents) % {
        "n": number(row.incidents)
    }
    days = ngettext("on %(n)s day", "on %(n)s days", row.days_seen) % {"n": number(row.days_seen)}
    main_cause = cause_of(row.cause) if row.cause else None
    return PatternCard(
        pattern=row,
        headline=pattern_headline(row),
        site=row.site.name if row.site else row.workspace.name,
        zone=zone,
        clock=clock_words(zone),
        incidents=incident_count,
        days=days,
        savings=_savings(row),
        plan=_plan(row),
        rhythm=rhythm_strip(row.rhythm, f"{incident_count} {days}. {when}."),
        rhythm_words=when[:1].upper() + when[1:],
        width=width_rows(row),
        verdicts=row.verdicts if any(row.verdicts.values()) else {},
        confidence=_confidence(row),
        why=_why(row),
        closings=_closings(row),
        missing=_missing(row),
        cause=main_cause.label(get_language() or "en") if main_cause else "",
        obstacles=obstacles_in_words(row.obstacles),
        way_out=_way_out([code for code, _ in row.obstacles]),
        may_decide=may_decide(row, by=person),
        is_open=is_open,
    )


def _savings(row: Pattern) -> str:
    if row.minutes_month is None:
        return ""
    return gettext("saves %(work)s a month") % {"work": hours(row.minutes_month)}


def _plan(row: Pattern) -> str:
    if row.plan_order is None:
        return ""
    return ngettext(
        "Step %(order)s of the plan: %(n)s incident fewer",
        "Step %(order)s of the plan: %(n)s incidents fewer",
        row.plan_gain,
    ) % {"order": number(row.plan_order), "n": number(row.plan_gain)}


def _confidence(row: Pattern) -> str:
    if not row.judged:
        return gettext("Nobody from OT has judged it yet.")
    return bound_sentence(row.suspicious, row.judged, is_strict=row.process.is_strict)


def _why(row: Pattern) -> str:
    """Return on what that rests, or what would prove more."""
    if not row.judged:
        return gettext("Ask OT about one of its incidents; every answer counts once.")
    if row.is_little_evidence:
        return gettext("Ask OT about more of its incidents.")
    people = ngettext("%(n)s person", "%(n)s people", row.people) % {"n": number(row.people)}
    return gettext("From answers of %(people)s.") % {"people": people}


def _closings(row: Pattern) -> str:
    if not row.closings:
        return ""
    return ngettext(
        "The SOC closed %(n)s of its incidents as harmless. That supports a verdict of OT and "
        "does not replace it.",
        "The SOC closed %(n)s of its incidents as harmless. That supports a verdict of OT and "
        "does not replace it.",
        row.closings,
    ) % {"n": number(row.closings)}


def _missing(row: Pattern) -> str:
    """What share of it was judged, and where an answer would help most."""
    if row.has_enough_evidence:
        return ""
    words = gettext("%(share)s of its alerts are covered by verdicts; %(needed)s are needed.") % {
        "share": percent(row.judged_share, 0),
        "needed": percent(MIN_JUDGED_SHARE, 0),
    }
    names = [
        gettext("%(kind)s of %(zone)s") % {"kind": unit["name"], "zone": unit["zone"]}
        if unit["zone"]
        else unit["name"]
        for unit in row.open_units[:MAX_MISSING]
        if unit["name"]
    ]
    if not names:
        return words
    return words + " " + gettext("Not judged yet: %(names)s.") % {"names": ", ".join(names)}


def _way_out(codes: list[str]) -> str:
    """What could be done about it, for the first reason that has such a way."""
    by_hand = gettext("Write a narrower rule by hand.")
    ways = {
        "suspicious": gettext(
            "If that was a mistake, a second person from OT can correct the verdict; the next "
            "analysis then takes it back in."
        ),
        "true_positive": gettext("Only a narrower rule, written by hand, can leave it out."),
        "needs_hours": gettext(
            "Write a rule by hand with the hours in which it is allowed, or plan the work."
        ),
        "box.hours": gettext(
            "Write a rule by hand with the hours in which it is allowed, or plan the work."
        ),
        "needs_planned_work": gettext("Enter the work as planned work."),
        "no_identity": gettext(
            "Set the kinds of these devices, or write a rule by hand that names them."
        ),
        "one_off": gettext(
            "Set the kinds of these devices; the next analysis can then name the kind and its zone."
        ),
        "wide.asset": gettext(
            "Its alerts name no device, address or sensor that a rule could name."
        ),
        "wide.share": by_hand,
        "never.type": gettext("This type always reaches a person."),
        "never.asset": gettext("Safety systems and crown jewels always reach a person."),
    }
    return next((ways[code] for code in codes if code in ways), "")


def state_words(row: Pattern) -> str:
    """Return what people made of it; nothing where nobody decided."""
    return {
        PatternState.REJECTED: gettext("Rejected: %(reason)s") % {"reason": row.state_reason},
        PatternState.HAS_RULE: gettext("%(rule)s was made from it.")
        % {"rule": row.rule.label if row.rule else ""},
    }.get(PatternState(row.state), "")
