"""What the verdicts on a rule or a pattern prove, in the language of the page."""

from django.utils.translation import gettext

from alerts.suppression.engine.bound import bound_words
from alerts.suppression.engine.words import words
from portal.ui.words import numeral


def bound_sentence(suspicious: int, judged: int) -> str:
    """Return the bound in one sentence, with the numbers as the page's language writes them.

    Every page that shows a bound asks here: the good side comes first, and where hardly anything
    was judged it says so and names no limit.
    """
    return words(bound_words(suspicious, judged), gettext, numeral)
