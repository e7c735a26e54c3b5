"""A change of the plant in words: the question, the facts, the line that would change."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from alerts.rules.rule import Clause
from alerts.suppression.drafting.drift_sentence import drift_day
from alerts.suppression.models import DriftLine, DriftQuestion
from alerts.suppression.web.wording import clause_line
from portal.ui.words import number

Kind = DriftQuestion.Kind
AGAINST: Final[dict[str, Promise]] = {
    "other_hours": _("It comes at other hours, too: %(hours)s"),
    "no_inventory": _("No inventory names it, only alerts do"),
    "vendor": _("It is of another make: %(after)s, not %(before)s"),
    "here_before": _("It was here %(days)s days before, and did not do this"),
    "gap": _("%(days)s days lie between the end of one and the beginning of the other"),
    "name": _("Its name follows another scheme"),
    "partners_missing": _("Partners that are missing: %(n)s of %(all)s"),
    "no_work": _("No planned work names it"),
}
IN_FAVOUR: Final[dict[str, Promise]] = {
    "partners": _("Same partners, none is missing: %(n)s"),
    "hours": _("Same hours of the day"),
    "inventory": _("The inventory names it"),
    "vendor": _("Of the same make: %(after)s"),
    "name": _("Its name follows the same scheme"),
    "same_address": _("It has the same address, %(address)s"),
    "same_name": _("The device is called %(name)s as before"),
    "work": _("Planned work names it: %(title)s"),
    "work_then": _("Planned work covers the new hours"),
    "same_pairs": _("The same devices, none is new: %(n)s pairs"),
    "nights": _("It came at the new hours on %(n)s days"),
    "like_rest": _("It does what the others do, of which there are %(n)s: %(kind)s"),
}


def ask_words(question: DriftQuestion) -> str:
    """Return the question of one tap."""
    return {
        Kind.REPLACED: gettext("Is it its replacement?"),
        Kind.RENUMBERED: gettext("Is it the same device?"),
        Kind.JOINED: gettext("Does it belong to them?"),
        Kind.MOVED: gettext("Was the job moved?"),
    }[Kind(question.kind)]


def facts_against(question: DriftQuestion) -> list[str]:
    """Return the facts against it; first what the newcomer does more."""
    return [_words(AGAINST, code, detail) for code, detail in question.against]


def facts_in_favour(question: DriftQuestion, *, today: date) -> list[str]:
    """Return the facts for it."""
    found = [
        _words(IN_FAVOUR, code, detail)
        for code, detail in question.in_favour
        if code not in ("silent", "hour_empty")
    ]
    if question.latest_on:
        words = {"name": question.before, "day": drift_day(question.latest_on, today)}
        is_moved = question.kind == Kind.MOVED
        found.append(
            (
                gettext("Nothing came at the old hours since %(day)s")
                if is_moved
                else gettext("%(name)s fell silent on %(day)s")
            )
            % words
        )
    return found


def _words(sentences: Mapping[str, Promise], code: str, detail: Mapping[str, str]) -> str:
    if code == "more":
        n = int(detail["n"])
        words = ngettext("It does one thing more: %(what)s", "It does %(n)s more: %(what)s", n)
        return words % {"n": number(n), "what": detail["what"]}
    return str(sentences[code]) % dict(detail)


@dataclass(frozen=True, slots=True)
class LineChangeWords:
    """One line of a rule: what goes, and what comes."""

    field: str
    gone: str
    new: str
    unchanged: int  # values that stay


def line_words(line: DriftLine) -> LineChangeWords:
    """Return the difference of a line as one line."""
    return difference_words(line.before, line.after)


def difference_words(before: Clause, after: Clause) -> LineChangeWords:
    """Return what goes from a line and what comes to it."""
    gone = [value for value in before.values if value not in after.values]
    new = [value for value in after.values if value not in before.values]
    parts = [
        clause_line(Clause(line.field, line.operator, tuple(values))) if values else None
        for line, values in ((before, gone), (after, new))
    ]
    texts = [", ".join(part.values) if part else "" for part in parts]
    return LineChangeWords(
        clause_line(after).label, texts[0], texts[1], len(before.values) - len(gone)
    )
