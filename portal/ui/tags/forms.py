"""Forms: fields with label, help and problems; the four verdicts; picks."""

from collections.abc import Iterable
from typing import Any

from django.forms import BoundField
from django.template import Library
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from portal.ui.pieces import Choice
from portal.ui.tags.html import EMPTY, attributes, draw
from portal.ui.tags.states import VERDICTS, verdict_key

register = Library()


@register.simple_tag
def field(bound: BoundField, *, optional: bool = False, **more: Any) -> SafeString:
    """A form field with label, help text and problems. More keywords become its attributes."""
    marks = {name.replace("_", "-"): value for name, value in more.items()}
    problems, problem_id = list(bound.errors), f"{bound.auto_id}_problem"
    described_by = [f"{bound.auto_id}_help"] if bound.help_text else []
    if problems:
        described_by.append(problem_id)
        marks["aria-invalid"] = "true"
    if described_by:
        marks["aria-describedby"] = " ".join(described_by)
    return draw(
        "forms.html#field",
        bound=bound,
        widget=bound.as_widget(attrs={"class": "input", **marks}),
        optional=optional,
        problems=problems,
        problem_id=problem_id,
    )


@register.simple_tag
def problem(sentences: Iterable[object], *, id: str = "", focus: bool = False) -> SafeString:
    """What is wrong with a field or a form, a sentence each; nothing when all is well. focus: the
    page that comes back begins here, for those who hear it or see a part of it.
    """
    rows = list(sentences)
    return draw("forms.html#problem", sentences=rows, id=id, focus=focus) if rows else EMPTY


@register.simple_tag
def verdict_choices(
    name: str = "verdict",
    selected: str = "",
    *,
    short: bool = False,
    neutral: bool = False,
    **more: object,
) -> SafeString:
    """The four verdicts as radio boxes; nothing is preselected. short: the phone's hints. neutral:
    hints for somebody who was not there.
    """
    short_hints = {
        "routine": gettext("Happens often"),
        "maintenance": gettext("Planned work"),
        "suspicious": gettext("Not us"),
        "not-sure": gettext("Hand over"),
    }
    if neutral:
        short_hints |= {
            "suspicious": gettext("Should not happen"),
            "not-sure": gettext("A fair answer"),
        }
    verdicts = [
        (key, sign, word, short_hints[key] if short else hint)
        for key, (_kind, sign, word, hint) in VERDICTS.items()
    ]
    return draw(
        "forms.html#verdicts",
        verdicts=verdicts,
        name=name,
        selected=verdict_key(selected),
        size="l" if short else "",
        rest=attributes(more),
    )


@register.simple_tag
def picks(
    legend: str,
    name: str,
    choices: Iterable[Choice | tuple[str, str]],
    selected: str = "",
    *,
    required: bool = False,
    many: bool = False,
    hide_legend: bool = False,
    focus: bool = False,
    lang: str = "",
) -> SafeString:
    """A few values as pills to choose one from, or several with many=True. With `focus` the
    chosen one, else the first, has the focus when a dialog opens. `lang` names the language of
    the values where it is not that of the page.
    """
    offered = [choice if isinstance(choice, Choice) else Choice(*choice) for choice in choices]
    values = [choice.value for choice in offered]
    first = selected if selected in values else next(iter(values), None)
    return draw(
        "forms.html#picks",
        legend=legend,
        name=name,
        choices=offered,
        selected=selected,
        required=required,
        many=many,
        hide_legend=hide_legend,
        focused=first if focus else None,
        lang=lang,
    )
