"""A lab as a page shows it: the alert with what was known, a form to judge it, and afterwards one's
own words beside those of OT.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext

from portal.ui.pieces import Choice
from portal.ui.tags.states import VERDICTS
from portal.ui.words import number
from training.catalog.engine.answers import SURE, Answer, is_part_right
from training.catalog.engine.content import Choice as LabChoice
from training.catalog.engine.content import Lab, Verdict


@dataclass(frozen=True, slots=True)
class JudgedPart:
    """One's own verdict, reason or next step, and OT's. Only verdicts are translated."""

    label: str
    yours: str
    right: str
    is_right: bool
    feedback: str  # of one's own choice
    right_feedback: str  # of OT's, where it is another
    is_unsafe: bool = False
    is_english: bool = True


@dataclass(frozen=True, slots=True)
class LabView:
    """An alert to judge. `entered` holds what was in a form that was refused; `parts` and `sure`
    (per cent) are there once it is judged.
    """

    lab: Lab
    verdicts: tuple[Choice, ...]
    reasons: tuple[Choice, ...]
    sure_levels: tuple[Choice, ...]
    next_steps: tuple[Choice, ...]
    entered: Mapping[str, str]
    parts: tuple[JudgedPart, ...] = ()
    sure: str = ""


def show_lab(
    lab: Lab, *, seed: str, entered: Mapping[str, Sequence[str]], answer: Answer | None
) -> LabView:
    """Return a lab as a person sees it; reasons and steps stand in an order of the seed's."""
    return LabView(
        lab=lab,
        verdicts=tuple(
            Choice(verdict, str(VERDICTS[verdict][2]), icon=VERDICTS[verdict][1])
            for verdict in Verdict
        ),
        reasons=_shuffled(lab.reasons, seed),
        sure_levels=tuple(Choice(str(percent), _percent(percent)) for percent in SURE),
        next_steps=_shuffled(lab.next_steps, seed),
        entered={name: "".join(values) for name, values in entered.items()},
        parts=_parts(lab, answer) if answer else (),
        sure=_percent(answer["sure"]) if answer else "",
    )


def _shuffled(choices: Sequence[LabChoice], seed: str) -> tuple[Choice, ...]:
    mixed = random.Random(seed).sample(choices, len(choices))
    return tuple(Choice(choice.id, choice.text) for choice in mixed)


def _percent(value: int) -> str:
    return gettext("%(n)s %%") % {"n": number(value)}


def _parts(lab: Lab, answer: Answer) -> tuple[JudgedPart, ...]:
    is_right = is_part_right(lab, answer)
    verdict = JudgedPart(
        label=gettext("Verdict"),
        yours=str(VERDICTS[answer["verdict"]][2]),
        right=str(VERDICTS[lab.verdict][2]),
        is_right=is_right["verdict"],
        feedback=lab.verdicts[answer["verdict"]],
        right_feedback="" if is_right["verdict"] else lab.verdicts[lab.verdict],
        is_english=False,
    )
    return (
        verdict,
        _part(gettext("Reason"), lab.reasons, answer["reason"], lab.reason),
        _part(gettext("Next step"), lab.next_steps, answer["next_step"], lab.next_step),
    )


def _part(label: str, choices: Sequence[LabChoice], yours: str, right: str) -> JudgedPart:
    by_id = {choice.id: choice for choice in choices}
    return JudgedPart(
        label=label,
        yours=by_id[yours].text,
        right=by_id[right].text,
        is_right=yours == right,
        feedback=by_id[yours].feedback,
        right_feedback="" if yours == right else by_id[right].feedback,
        is_unsafe=by_id[yours].is_unsafe,
    )
