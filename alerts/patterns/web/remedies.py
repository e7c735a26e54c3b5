"""What could end a pattern, in words: the ways that there are, and what each brings."""

from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext, gettext_lazy, ngettext

from alerts.patterns.engine.purpose import purpose_of
from alerts.patterns.engine.remedies import (
    Flag,
    PatternRemedy,
    RemedyOption,
    Situation,
    options_for,
    unlearnable,
)
from alerts.patterns.models import Pattern
from alerts.patterns.registry import status_sync_playbooks
from alerts.sentinel.models import Workspace
from portal.ui.words import number

_NAMES: Final = {
    PatternRemedy.LEARN: gettext_lazy("Learn it at the sensor"),
    PatternRemedy.MUTE: gettext_lazy("Mute it at the sensor"),
    PatternRemedy.SOURCE_RULE: gettext_lazy("A suppression rule in Defender for IoT"),
    PatternRemedy.OUR_RULE: gettext_lazy("A rule in Tagout"),
}
_FLAGS: Final = {
    Flag.SCANNER: gettext_lazy("Mark the device as a scanner in the inventory"),
    Flag.PROGRAMMING: gettext_lazy("Mark the device as a programming device in the inventory"),
    Flag.AUTHORISED: gettext_lazy("Authorise the device in the inventory"),
}
_WHY: Final = {
    "cause": gettext_lazy(
        "The inventory is wrong, and the sensor raises alerts because of it. Corrected once, they "
        "end for this device."
    ),
    "strict-flag": gettext_lazy(
        "The sensor would then be silent about this device at every hour and towards every "
        "controller. Do it only where that is meant."
    ),
    "learn": gettext_lazy(
        "It happens at any time and is always allowed: a sensor that has learned it raises no more "
        "alerts about it."
    ),
    "strict-learn": gettext_lazy(
        "The sensor would allow it at every hour, for good. What can stop a controller should keep "
        "a trace and an end."
    ),
    "hours-learn": gettext_lazy(
        "It keeps to hours or to planned work; a sensor that has learned it is silent at every "
        "hour."
    ),
    "obstacles": gettext_lazy("No rule is possible at the moment; the page lists the reasons."),
    "trace": gettext_lazy(
        "Every close leaves a trace, two sides have signed it, it has an end, and it is watched."
    ),
    "loop": gettext_lazy(
        "Every close leaves a trace and it has an end, but closing does not end the cause: the "
        "same traffic raises new incidents."
    ),
    "no-trace": gettext_lazy(
        "Alerts are then not raised at all, so nobody sees here what was suppressed. It is made in "
        "the Azure portal (preview)."
    ),
    "hours-source": gettext_lazy("It knows dates, but no hours of the week and no planned work."),
    "mute": gettext_lazy(
        "Closes it at the sensor and keeps it quiet there. Nobody sees here what was muted."
    ),
    "strict-mute": gettext_lazy("What can stop a controller is not muted."),
}


@dataclass(frozen=True, slots=True)
class RemedyRow:
    """One remedy as the page lists it."""

    name: str
    why: str
    is_possible: bool


@dataclass(frozen=True, slots=True)
class RemedyCard:
    """All remedies, and whether closes reach the source."""

    rows: list[RemedyRow]
    closes_at_source: str


def remedy_card(pattern: Pattern, *, hides_verdicts: bool) -> RemedyCard:
    """Return the card of a pattern; with `hides_verdicts` nothing follows from what OT said."""
    process, workspace = pattern.process, pattern.workspace
    situation = Situation(
        titles=tuple(pattern.alert_types),
        purpose=purpose_of(process.types, process.functions),
        is_strict=process.is_strict,
        is_any_time=process.is_any_time,
        has_obstacles=bool(pattern.obstacles) and not hides_verdicts,
        cause="" if hides_verdicts else pattern.cause,
        closes_at_source=_closes_at_source(workspace),
    )
    return RemedyCard(
        rows=[_row(option, situation) for option in options_for(situation)],
        closes_at_source=source_words(workspace),
    )


def _closes_at_source(workspace: Workspace) -> bool | None:
    """The answer, or, where nobody gave one, that a playbook was found that does it."""
    if workspace.closes_at_source is not None:
        return workspace.closes_at_source
    playbook = status_sync_playbooks().get(workspace.pk)
    return True if playbook is not None and playbook.is_enabled else None


def _row(option: RemedyOption, situation: Situation) -> RemedyRow:
    name = _FLAGS[option.flag] if option.flag else _NAMES[option.remedy]
    if option.why == "not-learnable":
        titles = unlearnable(situation.titles)
        text = ngettext(
            "%(n)s of its %(of)s alert types cannot be learned: %(titles)s.",
            "%(n)s of its %(of)s alert types cannot be learned: %(titles)s.",
            len(titles),
        )
        parts = {"n": number(len(titles)), "of": number(len(situation.titles))}
        why = text % {**parts, "titles": ", ".join(titles[:3])}
    else:
        why = str(_WHY[option.why])
    return RemedyRow(str(name), why, option.is_possible)


def source_words(workspace: Workspace) -> str:
    """Return in words whether a close in this workspace also closes at the source."""
    if workspace.closes_at_source is None:
        playbook = status_sync_playbooks().get(workspace.pk)
        if playbook is not None and playbook.is_enabled:
            text = gettext("The playbook %(name)s seems to close the alert at the sensor, too.")
            return text % {"name": playbook.name}
        return gettext("It is not known whether a close in Sentinel also closes at the sensor.")
    if workspace.closes_at_source:
        return gettext("A close in Sentinel also closes the alert at the sensor.")
    return gettext("A close in Sentinel leaves the alert at the sensor open.")
