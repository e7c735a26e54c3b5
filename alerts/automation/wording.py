"""What workers write of playbooks, inventories and workflow checks, in the reader's language."""

from typing import Final

from django.utils.translation import gettext_noop

from alerts.outbox.wording import SENTENCES as OF_THE_OUTBOX
from portal.formats.stored_sentences import in_readers_language

# of requests for consent that ended without a decision
UNANSWERED: Final = gettext_noop("Nobody answered within four hours.")
OTHER_STEPS: Final = gettext_noop("The playbook has been changed since it was asked about.")

SENTENCES: Final = (
    UNANSWERED,
    OTHER_STEPS,
    gettext_noop("Azure's answer could not be read: %(reason)s."),
    # stages of a check
    gettext_noop("Not within %(n)s minutes. %(evidence)s"),
    gettext_noop("Not within %(n)s minutes."),
    gettext_noop(
        "Azure asks to wait %(n)s seconds, longer than the %(minutes)s minutes allow. %(evidence)s"
    ),
    gettext_noop("The playbook acts on the plant by now, so no rule may run it."),
    gettext_noop("%(rule)s in Sentinel at %(time)s."),
    gettext_noop("Asked for at %(time)s; the answer was lost: %(error)s"),
    gettext_noop("Asked for before the worker was replaced."),
    gettext_noop("Analytics rule %(rule)s was run at %(time)s."),
    gettext_noop("%(incident)s was created at %(time)s."),
    gettext_noop("No incident of the test rule yet."),
    gettext_noop("Since the check began there came more incidents than %(n)s pages hold."),
    gettext_noop("The label %(label)s is on it; changed at %(time)s."),
    gettext_noop("The label %(label)s is not on it yet."),
    gettext_noop("No playbook was chosen."),
    gettext_noop("Run %(run)s of %(playbook)s: %(status)s. %(error)s"),
    gettext_noop("Run %(run)s of %(playbook)s: %(status)s."),
    gettext_noop("No run for this incident yet."),
    gettext_noop("The automation rule is being taken away."),
    gettext_noop("Test incidents closed: %(n)s. Both rules are gone."),
    gettext_noop("The test incident cannot be read."),
    gettext_noop("an unknown time"),
    *OF_THE_OUTBOX,
)


def evidence_words(text: str) -> str:
    """Return what a worker found, as its row keeps it, in the reader's language."""
    return in_readers_language(text, SENTENCES)
