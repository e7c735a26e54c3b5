"""What workers write of a workspace and of setup steps, in the reader's language."""

from typing import Final

from django.utils.translation import gettext_noop

from alerts.sentinel.wording import SENTENCES as OF_THE_CLIENT
from portal.formats.stored_sentences import in_readers_language

NO_LONGER_ADMINISTRATOR: Final = gettext_noop(
    "%(name)s asked for this and is no longer an administrator here, so nothing was changed."
)
SENTENCES: Final = (
    NO_LONGER_ADMINISTRATOR,
    gettext_noop("The content hub of this workspace does not offer the solution %(name)s."),
    gettext_noop(
        "%(n)s rules were enabled. The installed content has no usable template for: %(names)s."
    ),
    gettext_noop("The list of %(part)s has more than %(n)s pages."),
    gettext_noop("The list has more than %(n)s pages."),
    gettext_noop("The answer is no object."),
    gettext_noop("The answer is no list."),
    gettext_noop("This workspace was removed."),
    gettext_noop("“%(name)s” is no longer in Sentinel, so it was not written."),
    gettext_noop(
        "“%(name)s” was not written, because a read of it lacks members that the list of rules has:"
        " %(members)s. Make the change in Sentinel."
    ),
    gettext_noop(
        "“%(name)s” was not written, because this workspace does not have the api-version that"
        " declares all members of an analytics rule. Make the change in Sentinel."
    ),
    gettext_noop(
        "Sentinel did not keep “%(name)s” as it was sent. Compare these members with its template:"
        " %(members)s. No other rule was written."
    ),
    *OF_THE_CLIENT,
)


def stored_words(text: str) -> str:
    """Return what went wrong, as a row keeps it, in the reader's language."""
    return in_readers_language(text, SENTENCES)
