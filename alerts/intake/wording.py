"""What workers write of reading a workspace and its past, in the reader's language."""

from typing import Final

from django.utils.translation import gettext_noop

from alerts.sentinel.wording import SENTENCES as OF_THE_CLIENT
from portal.formats.stored_sentences import in_readers_language

SENTENCES: Final = (
    gettext_noop("The list of incidents leads in circles; reading it was stopped."),
    gettext_noop("Log Analytics takes long to answer."),
    gettext_noop("Log Analytics does not tell all of even one second: %(problem)s"),
    *OF_THE_CLIENT,
)


def reading_words(text: str) -> str:
    """Return why reading does not go on, as a row keeps it, in the reader's language."""
    return in_readers_language(text, SENTENCES)
