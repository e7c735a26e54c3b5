"""Forms: fields with label, help and problems; the four verdicts; picks."""

from collections.abc import Iterable
from typing import Any

from django.forms import BoundField
from django.template import Library
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from portal.ui.pieces import Choice
from portal.ui.tags.basics import icon
from portal.ui.tags.html import EMPTY, attributes, classes, joined
from portal.ui.tags.states import VERDICTS, verdict_key

register = Library()


@register.simple_tag
def field(bound: BoundField, *, optional: bool = False, **more: Any) -> SafeString:
    """A form field with label, help text and problems. More keywords become its attributes."""
    marks = {name.replace("_", "-"): value for name, value in more.items()}
    problems = list(bound.errors)
    told = [f"{bound.auto_id}_help"] if bound.help_text else []
    if problems:
        told.append(f"{bound.auto_id}_problem")
        marks["aria-invalid"] = "true"
    if told:
        marks["aria-describedby"] = " ".join(told)
    widget = bound.as_widget(attrs={"class": "input", **marks})
    extra = EMPTY
    if optional:
        extra = format_html(' <span class="muted">({})</span>', gettext("optional"))
    return format_html(
        '<div class="field"><label class="label" for="{}">{}{}</label>{}{}{}</div>',
        bound.id_for_label,
        bound.label,
        extra,
        widget,
        format_html('<p class="help" id="{}_help">{}</p>', bound.auto_id, bound.help_text)
        if bound.help_text
        else EMPTY,
        problem(problems, id=f"{bound.auto_id}_problem"),
    )


@register.simple_tag
def problem(sentences: Iterable[object], *, id: str = "", focus: bool = False) -> SafeString:
    """What is wrong with a field or a form, a sentence each; nothing when all is well. focus: the
    page that comes back begins here, for those who hear it or see a part of it.
    """
    rows = [format_html("<span>{}</span>", sentence) for sentence in sentences]
    if not rows:
        return EMPTY
    return format_html(
        '<p{}>{}<span class="stack stack-tight">{}</span></p>',
        attributes(
            {
                "class": "problem",
                "id": id or None,
                "tabindex": "-1" if focus else None,
                "autofocus": focus,
            }
        ),
        icon("circle-alert", "s"),
        joined(rows),
    )


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
    rows = (
        format_html(
            '<label class="verdict verdict-{}"><input type="radio" name="{}" value="{}"{}>'
            '<span class="verdict-box"><b class="verdict-name">{}{}</b>'
            '<span class="verdict-hint">{}</span></span></label>',
            key,
            name,
            key,
            attributes({"required": True, "checked": verdict_key(selected) == key, **more}),
            icon(picture, "l" if short else ""),
            word,
            short_hints[key] if short else hint,
        )
        for key, (_kind, picture, word, hint) in VERDICTS.items()
    )
    return format_html(
        '<fieldset><legend class="hear-only">{}</legend><div class="verdicts">{}</div></fieldset>',
        gettext("Verdict"),
        joined(rows),
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
    rows = []
    offered = [each if isinstance(each, Choice) else Choice(*each) for each in choices]
    values = [each.value for each in offered]
    begin = selected if selected in values else next(iter(values), "")
    for choice in offered:
        marks = attributes(
            {
                "checked": choice.value == selected,
                "required": required,
                "autofocus": focus and choice.value == begin,
            }
        )
        rows.append(
            format_html(
                '<label class="pick"><input type="{}" name="{}" value="{}"{}>'
                '<span class="pick-box">{}{}</span></label>',
                "checkbox" if many else "radio",
                name,
                choice.value,
                marks,
                icon(choice.icon, "s") if choice.icon else EMPTY,
                choice.label,
            )
        )
    return format_html(
        '<fieldset><legend class="{}">{}</legend><div class="picks"{}>{}</div></fieldset>',
        classes("hear-only" if hide_legend else "label"),
        legend,
        attributes({"lang": lang or None}),
        joined(rows),
    )
