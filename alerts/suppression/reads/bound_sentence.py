"""What the verdicts on a rule or a pattern prove, in the language of the page."""

from dataclasses import dataclass

from django.utils.translation import gettext, ngettext

from alerts.suppression.engine.bound import MIN_JUDGED, bound_words, upper_share
from alerts.suppression.engine.words import words
from portal.ui.words import number, numeral, percent


def bound_sentence(suspicious: int, judged: int) -> str:
    """Return the bound in one sentence, with the numbers as the page's language writes them.

    Every page that shows a bound asks here: the good side comes first, and where hardly anything
    was judged it says so and names no limit.
    """
    return words(bound_words(suspicious, judged), gettext, numeral)


@dataclass(frozen=True, slots=True)
class HarmlessShare:
    """What the verdicts prove, from the good side, and on how many answers that rests."""

    headline: str
    basis: str
    is_known: bool


def harmless_share(suspicious: int, judged: int) -> HarmlessShare:
    """Return the least share that is harmless, with 95 % confidence, as a headline."""
    answers = {"n": number(judged)}
    if judged < MIN_JUDGED:
        basis = ngettext("Only %(n)s answer so far.", "Only %(n)s answers so far.", judged)
        return HarmlessShare(gettext("Too little evidence to say"), basis % answers, False)
    basis = ngettext("95 %% sure, from %(n)s answer.", "95 %% sure, from %(n)s answers.", judged)
    if suspicious >= judged:
        return HarmlessShare(gettext("None of it was judged harmless"), basis % answers, False)
    least = percent(1 - upper_share(suspicious, judged))
    headline = gettext("At least %(share)s is harmless") % {"share": least}
    return HarmlessShare(headline, basis % answers, True)
