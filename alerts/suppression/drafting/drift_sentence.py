"""What seems to have happened in a plant, in one sentence."""

from datetime import date
from typing import Final

from django.utils.formats import date_format
from django.utils.translation import gettext

from alerts.suppression.models import DriftQuestion

Kind = DriftQuestion.Kind
WEEK: Final = 7  # days within which a weekday says which day is meant


def drift_sentence(question: DriftQuestion, *, today: date | None) -> str:
    """Return what seems to have happened; on record, where there is no today, with dates."""
    words = {
        "since": drift_day(question.first_on, today),
        "until": drift_day(question.latest_on, today) if question.latest_on else "",
        "before": question.before,
        "after": question.after,
        "name": _name_in(question),
    }
    sentences = {
        Kind.REPLACED: gettext(
            "Since %(since)s %(after)s does what %(before)s did until %(until)s"
        ),
        Kind.RENUMBERED: gettext(
            "Since %(since)s %(name)s has the address %(after)s; until %(until)s it had %(before)s"
        ),
        Kind.JOINED: gettext(
            "Since %(since)s %(after)s does what the devices of a rule do that does not list it"
        ),
        Kind.MOVED: gettext("Since %(since)s what kept its hours until %(until)s comes at others"),
    }
    return sentences[Kind(question.kind)] % words


def _name_in(question: DriftQuestion) -> str:
    details = dict(question.in_favour)
    return str(details.get("same_name", {}).get("name", question.after))


def drift_day(day: date, today: date | None) -> str:
    """Return a day in words: its weekday within a week, else its date; on record all of it."""
    if today is None:
        return date_format(day, "DATE_FORMAT")
    return date_format(day, "l" if 0 < (today - day).days < WEEK else "MONTH_DAY_FORMAT")
