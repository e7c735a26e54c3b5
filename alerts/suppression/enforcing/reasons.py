"""Why something stays open, as far as a person may know it."""

from collections.abc import Iterable
from typing import Final

from alerts.incidents.hidden_verdicts import hidden_from
from alerts.suppression.engine.words import Sentence
from portal.accounts.models import User

OF_SUSPICIONS: Final = "never.suspicion"


def reasons_visible_to(user: User, reasons: Iterable[Sentence]) -> list[Sentence]:
    """Return the reasons; none of a suspicion, whosever it is, while the person is asked for a
    second opinion: it may be the answer that they must not know.
    """
    told = list(reasons)
    if any(each.code == OF_SUSPICIONS for each in told) and hidden_from(user):
        return [each for each in told if each.code != OF_SUSPICIONS]
    return told
