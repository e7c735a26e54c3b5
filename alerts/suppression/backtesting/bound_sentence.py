"""What the verdicts on a rule or a pattern prove, in the language of the page."""

from dataclasses import dataclass

from django.utils.translation import gettext, ngettext

from alerts.incidents.engine.confidence_limits import upper_share
from alerts.rules.bound import MIN_JUDGED, bound_words, is_little
from alerts.rules.sentence import translated_sentence
from portal.ui.words import number, numeral, percent


def bound_sentence(suspicious: int, judged: int, *, is_strict: bool) -> str:
    """Return the bound in one sentence, with the numbers as the page's language writes them.

    Every page that shows a bound asks here: the good side comes first, and where hardly anything
    was judged it states it and names no limit.
    """
    return translated_sentence(
        bound_words(suspicious, judged, is_strict=is_strict), gettext, numeral
    )


@dataclass(frozen=True, slots=True)
class HarmlessShare:
    """What the verdicts prove, from the good side, and on how many answers that rests."""

    headline: str
    basis: str
    has_limit: bool
    is_little: bool


def harmless_share(suspicious: int, judged: int, *, is_strict: bool) -> HarmlessShare:
    """Return the least share that is harmless, with 95 % confidence, as a headline. `is_strict`: of
    what needs more answers, see `bound.is_little`.
    """
    answers = {"n": number(judged)}
    little = is_little(judged, is_strict=is_strict)
    if judged < MIN_JUDGED:
        basis = ngettext("Only %(n)s answer so far.", "Only %(n)s answers so far.", judged)
        return HarmlessShare(gettext("Too little evidence to say"), basis % answers, False, little)
    basis = ngettext("95 %% sure, from %(n)s answer.", "95 %% sure, from %(n)s answers.", judged)
    basis %= answers
    if little:
        basis = f"{basis} {gettext('That is little evidence.')}"
    if suspicious >= judged:
        headline = gettext("None of it was judged harmless")
        return HarmlessShare(headline, basis, False, little)
    share = percent(1 - upper_share(suspicious, judged))
    headline = gettext("At least %(share)s harmless") % {"share": share}
    return HarmlessShare(headline, basis, True, little)
