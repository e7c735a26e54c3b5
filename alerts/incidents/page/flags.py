"""What was odd on the way in, said plainly (reliability F18–F22)."""

from collections.abc import Iterable

from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy

_PROBLEMS: dict[str, Promise] = {
    "not_a_date": gettext_lazy("“%(name)s” could not be read as a date."),
    "out_of_range": gettext_lazy("“%(name)s” is an impossible date."),
    "no_zone": gettext_lazy("“%(name)s” names no time zone; it was read as UTC."),
    "unknown": gettext_lazy(
        "“%(name)s” has a value that is not known here; it was kept as it came."
    ),
    "missing": gettext_lazy("“%(name)s” is missing."),
    "empty": gettext_lazy("“%(name)s” is empty."),
    "not_text": gettext_lazy("“%(name)s” is not text."),
    "not_a_list": gettext_lazy("“%(name)s” is not a list."),
    "not_all_text": gettext_lazy("“%(name)s” holds more than text."),
    "not_a_count": gettext_lazy("“%(name)s” is not a number."),
    "not_yes_or_no": gettext_lazy("“%(name)s” is neither yes nor no."),
    "not_an_object": gettext_lazy("“%(name)s” has no parts where it should have some."),
    "no_json": gettext_lazy("“%(name)s” could not be read."),
    "without_name": gettext_lazy("An entry of “%(name)s” has no name."),
    "cut": gettext_lazy("“%(name)s” was too long and was cut; the raw text is whole."),
    "odd_characters": gettext_lazy("“%(name)s” had characters that no page can show."),
}


def flag_sentences(flags: Iterable[str]) -> list[str]:
    """One sentence for each thing that was odd."""
    return [_sentence(flag) for flag in flags]


def _sentence(flag: str) -> str:
    name, _, problem = flag.partition(":")
    known = _PROBLEMS.get(problem)
    if known is None:
        return gettext("“%(name)s” was odd: %(problem)s.") % {
            "name": name,
            "problem": problem.replace("_", " ") or "?",
        }
    return str(known) % {"name": name}
