"""What the verdicts on a rule or a pattern prove, in the language of the page."""

from django.utils.formats import get_format
from django.utils.translation import gettext

from alerts.suppression.engine.bound import bound_words
from alerts.suppression.engine.words import Sentence, words


def bound_sentence(suspicious: int, judged: int) -> str:
    """Return the bound in one sentence, with the decimal mark of the page's language.

    Every page that shows a bound asks here: the good side comes first, and where hardly anything
    was judged it says so and names no limit.
    """
    bound = bound_words(suspicious, judged)
    mark = get_format("DECIMAL_SEPARATOR")
    detail = {name: value.replace(".", mark) for name, value in bound.detail.items()}
    return words(Sentence(bound.code, **detail), gettext)
