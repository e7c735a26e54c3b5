"""Why a pattern is this wide: from, to, what, when and except, each with its reason."""

from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext, gettext_lazy, ngettext

from alerts.patterns.engine.hours import DAY
from alerts.patterns.engine.sides import PatternSide, Rung
from alerts.patterns.engine.works import MIN_PLANNED_SHARE
from alerts.patterns.models import Pattern
from alerts.patterns.web.headline import hours_words, plant_hours_words, side_words
from portal.ui.words import number, percent

LABELS = {
    "source": gettext_lazy("From"),
    "destination": gettext_lazy("To"),
    "types": gettext_lazy("What"),
    "hours": gettext_lazy("When"),
    "exceptions": gettext_lazy("Except"),
}
_NARROW = {"single", "listed", "strict", "one", "none", "plant", "utc", "planned_work"}


@dataclass(frozen=True, slots=True)
class WidthRow:
    """One line of the answer. `icon` shows whether this part was widened, kept or left out."""

    part: str
    label: str
    words: str
    why: str
    icon: str
    figures: list["WidthFigure"] = field(default_factory=list)
    more: str = ""  # what the figures are, behind a count


@dataclass(frozen=True, slots=True)
class WidthFigure:
    """A member or a type, with its alerts and how often it was judged harmless."""

    name: str
    alerts: int
    judged: int
    share: int  # of the largest, in percent


def width_rows(row: Pattern) -> list[WidthRow]:
    """Return the lines, in the order of a sentence."""
    reasons = row.reasons or []
    rows = [_row(row, reason["part"], reason["code"], reason["detail"]) for reason in reasons]
    return [width_row for width_row in rows if width_row.words]


def _row(row: Pattern, part: str, code: str, detail: dict[str, Any]) -> WidthRow:
    label = str(LABELS[part])
    if part == "exceptions":
        icon = "lock" if code == "critical" else "triangle-alert"
        return WidthRow(part, label, _names(detail), _exception_why(code), icon)
    icon = "circle-dot" if code in _NARROW else "arrow-up"
    pattern = row.process
    if part == "types":
        return WidthRow(
            part,
            label,
            _types_words(row),
            _types_why(code, detail),
            icon,
            _type_figures(row),
            _count_types(len(row.type_figures)),
        )
    if part == "hours":
        words = hours_words(pattern, row.time_zone)
        why = _hours_why(code, detail)
        if pattern.hours and (
            at_plant := plant_hours_words(pattern.hours, row.time_zone, year=row.mined_at.year)
        ):
            why += f" {at_plant}"
        return WidthRow(part, label, words[:1].upper() + words[1:], why, icon)
    side = pattern.source if part == "source" else pattern.destination
    if not pattern.is_directed:
        label = gettext("Between") if part == "source" else gettext("And")
    words = side_words(side)
    figures = _figures(row.member_figures.get(part, []))
    more = "" if len(figures) < 2 else _count_members(len(figures))
    why = _side_why(side, code, detail)
    if part == "source" and pattern.sensors:
        why += " " + gettext(
            "They come and go, so the rule names who watches their place: %(sensors)s."
        ) % {"sensors": ", ".join(pattern.sensors)}
    return WidthRow(
        part, label, words[:1].upper() + words[1:], why, icon, figures if more else [], more
    )


def _side_why(side: PatternSide, code: str, detail: dict[str, Any]) -> str:
    members = detail.get("seen", 0)
    if side.rung == Rung.GROUP:
        kinds = ", ".join(side.kinds)
        of = {"seen": number(members), "known": number(detail["known"]), "kinds": kinds}
        if code == "group":
            return gettext("%(seen)s of %(known)s known there were seen (%(kinds)s).") % of
        return (
            gettext(
                "%(seen)s of %(known)s known at the site were seen, few in each zone (%(kinds)s)."
            )
            % of
        )
    of = {"n": number(members)}
    match code:
        case "single":
            return gettext("One device accounts for all of it: not widened.")
        case "strict":
            return (
                gettext(
                    "Patterns of this alert type are never widened: %(n)s devices listed by name."
                )
                % of
            )
        case "inventory":
            return gettext(
                "A weekly job that reaches other devices each time, %(seen)s so far: listed by name"
                " are all %(known)s of these kinds in these zones, but safety systems and crown"
                " jewels."
            ) % {"seen": number(members), "known": number(detail["known"])}
        case "listed":
            return gettext("%(n)s devices listed by name: they do not form a group.") % of
        case "zone":
            return gettext("%(n)s devices of different kinds: only their zones name them all.") % of
        case "site":
            return gettext("%(n)s devices of different kinds and zones.") % of
        case "network":
            return (
                gettext(
                    "Outside the plant: %(n)s addresses. Where ten or more addresses seen with this"
                    " site lie close together, their network is named, else each address."
                )
                % of
            )
    return ""


def _types_words(row: Pattern) -> str:
    first = row.type_figures[0] if row.type_figures else {"title": row.alert_types[0]}
    words = first.get("own_title") or first["title"]
    more = len(row.type_figures) - 1
    if more <= 0:
        return str(words)
    return ngettext("%(type)s and %(n)s more type", "%(type)s and %(n)s more types", more) % {
        "type": words,
        "n": number(more),
    }


def _types_why(code: str, detail: dict[str, Any]) -> str:
    if code == "one":
        return gettext("One alert type: not widened.")
    return gettext(
        "Same sources, same targets, same hours. OT has judged %(judged)s of %(types)s types."
    ) % {"judged": number(detail["judged"]), "types": number(detail["types"])}


def _hours_why(code: str, detail: dict[str, Any]) -> str:
    if code == "planned_work":
        share = percent(MIN_PLANNED_SHARE, 0)
        return gettext("At least %(share)s of it falls inside such work.") % {"share": share}
    if code == "any":
        return gettext("Seen in %(n)s of the %(all)s hours of a week.") % {
            "n": number(detail["slots"]),
            "all": number(7 * DAY),
        }
    words = gettext("With one hour of slack on both sides.")
    if code == "utc":
        words += " " + gettext("This job runs by UTC: it moves with summer time.")
    if outside := detail.get("outside", 0):
        words += " " + ngettext(
            "%(n)s alert outside these hours is left to people.",
            "%(n)s alerts outside these hours are left to people.",
            outside,
        ) % {"n": number(outside)}
    return words


def _exception_why(code: str) -> str:
    if code == "critical":
        return gettext("Safety systems and crown jewels always reach a person.")
    return gettext("Somebody called their activity suspicious: excluded by name.")


def _names(detail: dict[str, Any]) -> str:
    names = detail.get("names", [])
    more = detail.get("count", len(names)) - len(names)
    words = ", ".join(names)
    return f"{words} +{number(more)}" if more > 0 else words


def _figures(rows: list[list[Any]]) -> list[WidthFigure]:
    most = max((alerts for _, alerts, _ in rows), default=0) or 1
    return [
        WidthFigure(name, alerts, judged, max(round(alerts / most * 100), 1))
        for name, alerts, judged in rows
    ]


def _type_figures(row: Pattern) -> list[WidthFigure]:
    if len(row.type_figures) < 2:
        return []
    return _figures(
        [
            [figure["own_title"] or figure["title"], figure["alerts"], figure["judged"]]
            for figure in row.type_figures
        ]
    )


def _count_members(n: int) -> str:
    return ngettext("%(n)s member", "%(n)s members", n) % {"n": number(n)}


def _count_types(n: int) -> str:
    return "" if n < 2 else ngettext("%(n)s type", "%(n)s types", n) % {"n": number(n)}
