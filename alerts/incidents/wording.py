"""Words of states and times as rows show them, made once a row and never in a template."""

from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import lru_cache
from typing import Protocol

from django.utils.translation import (
    get_language,
    gettext,
    gettext_lazy,
    ngettext,
    npgettext,
    pgettext,
)

from alerts.incidents.engine import catalogue
from alerts.incidents.engine.rhythm import HourWindow, UsualHours
from alerts.incidents.models import Incident, IncidentStatus, OtState, Severity
from portal.ui.moments import READER, day_of, hours_zone, moment_words
from portal.ui.words import length, number

SEVERITY_WORDS = {
    Severity.HIGH: gettext_lazy("High"),
    Severity.MEDIUM: gettext_lazy("Medium"),
    Severity.LOW: gettext_lazy("Low"),
    Severity.INFORMATIONAL: gettext_lazy("Informational"),
    Severity.UNKNOWN: gettext_lazy("Unknown"),
}
STATUS_WORDS = {
    IncidentStatus.NEW: gettext_lazy("New"),
    IncidentStatus.ACTIVE: gettext_lazy("Active"),
    IncidentStatus.CLOSED: gettext_lazy("Closed"),
    IncidentStatus.UNKNOWN: gettext_lazy("Unknown"),
}
REOPENING_REASONS = {
    "alert-joined": gettext_lazy("Another alert joined that no rule may close."),
    "was-real:yes": gettext_lazy("It was real, or may be."),
    "was-real:not-sure": gettext_lazy("Not sure whether it was real."),
}
_TERMS = {
    **{severity.label: words for severity, words in SEVERITY_WORDS.items()},
    **{status.label: words for status, words in STATUS_WORDS.items()},
}
OT_WORDS = {
    OtState.NOT_ASKED: gettext_lazy("Not asked"),
    OtState.WAITING: gettext_lazy("Waiting for OT"),
    OtState.ROUTINE: gettext_lazy("Routine"),
    OtState.MAINTENANCE: gettext_lazy("Maintenance"),
    OtState.SUSPICIOUS: gettext_lazy("Suspicious"),
    OtState.NOT_SURE: gettext_lazy("Not sure"),
}
CLASSIFICATION_WORDS = {
    "TruePositive": gettext_lazy("True positive"),
    "BenignPositive": gettext_lazy("Benign positive"),
    "FalsePositive": gettext_lazy("False positive"),
    "Undetermined": gettext_lazy("Undetermined"),
}
REASON_WORDS = {
    "SuspiciousActivity": gettext_lazy("suspicious activity"),
    "SuspiciousButExpected": gettext_lazy("suspicious but expected"),
    "IncorrectAlertLogic": gettext_lazy("incorrect alert logic"),
    "InaccurateData": gettext_lazy("inaccurate data"),
}
HIDDEN = "hidden"  # instead of a state with OT that its reader does not learn yet
# Which of several states with OT a row of the queue shows first.
OT_ORDER = (
    *(OtState.SUSPICIOUS, HIDDEN, OtState.WAITING, OtState.NOT_SURE),
    *(OtState.MAINTENANCE, OtState.ROUTINE, OtState.NOT_ASKED),
)
_OT_LOOKS = {
    "": ("info", "circle-dot"),
    "waiting": ("ot", "message-square-reply"),
    "routine": ("ok", "repeat"),
    "maintenance": ("maint", "wrench"),
    "suspicious": ("high", "flag"),
    "not-sure": ("info", "circle-question-mark"),
}
# About others than the one that is shown, before it and after: said so, or it reads as an answer
# about this one.
_EARLIER_WORDS = {
    "routine": gettext_lazy("others: %(often)s of %(judged)s routine"),
    "maintenance": gettext_lazy("others: %(often)s of %(judged)s maintenance"),
    "suspicious": gettext_lazy("others: %(often)s of %(judged)s suspicious"),
    "not-sure": gettext_lazy("others: %(often)s of %(judged)s not sure"),
}


def classification_words(word: str) -> str:
    """Sentinel's classification as people say it."""
    return str(CLASSIFICATION_WORDS.get(word, word))


def reason_words(word: str) -> str:
    """Return Sentinel's reason for a classification as people say it."""
    return str(REASON_WORDS.get(word, word))


def outcome_words(classification: str, reason: str) -> str:
    """Return how an incident was closed, in words: "Benign positive: suspicious but expected"."""
    if not reason:
        return classification_words(classification)
    return gettext("%(classification)s: %(reason)s") % {
        "classification": classification_words(classification),
        "reason": reason_words(reason),
    }


@dataclass(frozen=True, slots=True)
class Chip:
    """A word with its colour and icon."""

    label: str
    kind: str
    icon: str
    hint: str = ""
    line: bool = False  # drawn as an outline


def term(word: str) -> str:
    """Sentinel's word for a severity or status in the person's language; others as they came."""
    return str(_TERMS.get(word, word))


def ot_chip(state: str, earlier: tuple[str, int, int] | None = None) -> Chip:
    """Return the OT state; where OT was never asked, its verdicts on the same pattern."""
    return _ot_chip(state, earlier, get_language() or "en")


@lru_cache(maxsize=2048)
def _ot_chip(state: str, earlier: tuple[str, int, int] | None, language: str) -> Chip:
    if state == HIDDEN:
        return Chip(hidden_words(), "ot", "lock")
    if state or earlier is None:
        kind, icon = _OT_LOOKS.get(state, ("info", "circle-dot"))
        return Chip(str(OT_WORDS.get(OtState(state), state)), kind, icon)
    verdict, often, judged = earlier
    kind, icon = _OT_LOOKS[verdict]
    label = str(_EARLIER_WORDS[verdict]) % {"often": number(often), "judged": number(judged)}
    return Chip(
        label,
        kind,
        icon,
        gettext("Not asked yet. This is what OT said of others of the same pattern."),
        line=True,
    )


def hidden_words() -> str:
    """Return what is in place of a verdict that the reader is asked about themselves."""
    return gettext("Hidden until you have answered")


def ot_chip_of(incident: Incident) -> Chip:
    """Return the OT state of an incident, as its reader may know it."""
    return ot_chip(HIDDEN if incident.standing_ot_state else incident.ot_state)


def age_of(at: datetime, now: datetime) -> str:
    """How old something is."""
    return length(now - at)


def number_words(number: int | None, pk: int) -> str:
    """How people call an incident: #4821; ours where Sentinel gave it none."""
    return f"#{number}" if number is not None else f"№{pk}"


def aside_words(until: datetime | None, by: str, now: datetime, zone: tzinfo | None) -> str:
    """Until when something is put aside, and by whom; nothing where it is not."""
    if until is None or until <= now:
        return ""
    words = {"when": moment_words(until, now, zone=zone), "name": by}
    return gettext("Aside until %(when)s, by %(name)s") % words


def put_aside_words(until: str | None, at: datetime) -> str:
    """That somebody put it aside at a moment, until when, or brought it back."""
    if until is None:
        return gettext("brought it back into the queue")
    when = moment_words(datetime.fromisoformat(until), at, zone=READER)
    return gettext("put it aside until %(when)s") % {"when": when}


def day_words(at: datetime, now: datetime, zone: tzinfo) -> str:
    """A day at the plant: 25 Nov, with the year when it is another one."""
    return day_of(at.astimezone(zone), now.astimezone(zone))


def usual_pattern_check(n: int, days: int, *, is_doubted: bool) -> tuple[bool | None, str]:
    """Return whether a pattern is usual, with its sentence; None without any history, and where
    some of it was suspicious (`is_doubted`): then earlier sightings count for nothing.
    """
    # German bends the word for days after "in", so it is not the "2 d" of ages.
    span_words = npgettext("after “in”", "%(n)s day", "%(n)s days", max(1, days))
    span = {"span": span_words % {"n": number(max(1, days))}}
    if n:
        times = ngettext("Seen once before in %(span)s", "Seen %(n)s times before in %(span)s", n)
        return None if is_doubted else True, times % {"n": number(n), **span}
    if days < 1:
        return None, gettext("No history yet to compare with")
    return False, gettext("Not seen before in %(span)s") % span


def usual_hours_checks(
    usual: UsualHours | None, zone: str, *, is_doubted: bool
) -> list[tuple[bool | None, str]]:
    """Return whether an incident is in its usual hours of `zone`, with its sentence. Where some of
    its like was suspicious (`is_doubted`), to be inside them counts for nothing.
    """
    if usual is None or usual.is_inside is None:
        return []
    hours = {"window": zoned_window_words(usual.window, zone)}
    if usual.is_inside:
        sign = None if is_doubted else True
        return [(sign, gettext("Inside the usual hours, %(window)s") % hours)]
    return [(False, gettext("Outside the usual hours, %(window)s") % hours)]


def weekday_words(weekdays: tuple[int, ...]) -> str:
    """Days of the week as people call them: Tue, Mon–Fri, or daily."""
    if len(weekdays) == 7:
        return pgettext("weekdays", "daily")
    names = pgettext("weekdays", "Mon Tue Wed Thu Fri Sat Sun").split()
    days = sorted(weekdays)
    if len(days) > 2 and days[-1] - days[0] == len(days) - 1:
        return f"{names[days[0]]}–{names[days[-1]]}"
    return ", ".join(names[day] for day in days)


def window_words(window: HourWindow) -> str:
    """A window of the week: Tue 06:00–08:00."""
    return f"{weekday_words(window.weekdays)} {window.start:02d}:00–{window.end:02d}:00"


def zoned_window_words(window: HourWindow, zone: str) -> str:
    """A window of the week on the plant's clock: Tue 06:00–08:00, with the zone where in doubt."""
    return f"{window_words(window)} {hours_zone(zone)}".strip()


class TypedFlow(Protocol):
    """An alert type between two devices, as incidents and rows of pages have them."""

    @property
    def alert_type(self) -> str:
        """The catalogue's name of what was detected."""

    @property
    def source(self) -> str:
        """Where it came from; empty where unknown."""

    @property
    def destination(self) -> str:
        """Where it went; empty where unknown."""


def headline_of(flow: TypedFlow) -> str:
    """Return what happened, in a few words of the active language."""
    return catalogue.headline(flow.alert_type, **_ends(flow))


def sentence_of(flow: TypedFlow) -> str:
    """Return what happened, in one sentence of the active language."""
    return catalogue.sentence(flow.alert_type, **_ends(flow))


def _ends(flow: TypedFlow) -> dict[str, str]:
    language = get_language() or "en"
    return {"source": flow.source, "destination": flow.destination, "language": language}
