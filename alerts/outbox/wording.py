"""What became of a write or of a rule, as rows keep it, in the reader's language."""

from typing import Final

from django.utils.translation import gettext_noop

from alerts.sentinel.wording import SENTENCES as OF_THE_CLIENT
from portal.formats.stored_sentences import in_readers_language

SENTENCES: Final = (
    gettext_noop("Tried %(n)s times without success. %(error)s"),
    gettext_noop("The worker died each time it tried."),
    gettext_noop("The workspace is being tried with another change."),
    gettext_noop("The workspace was removed."),
    # incidents
    gettext_noop("It is no longer in Sentinel."),
    gettext_noop("It was merged into #%(number)s in Sentinel, and stays so."),
    gettext_noop("It was merged into another incident in Sentinel, and stays so."),
    gettext_noop("Somebody else keeps changing this incident in Sentinel."),
    gettext_noop("Somebody changed it in Microsoft Defender right after; that stays."),
    gettext_noop("Microsoft Defender has no place for this reason and shows another one."),
    gettext_noop("Sentinel's answer could not be read: %(reason)s."),
    gettext_noop("The account was disabled before the close was sent, so the incident stays open."),
    gettext_noop("Somebody else keeps changing this task in Sentinel."),
    # playbooks
    gettext_noop("The playbook is no longer in Azure."),
    gettext_noop("The playbook was disabled in Azure."),
    gettext_noop("The account was disabled before the playbook was started."),
    gettext_noop("Whoever asked for this run had lost the right to run playbooks here."),
    gettext_noop("The playbook acts on the plant, and there is no consent to this run."),
    gettext_noop("The playbook has more steps than Tagout reads, so nobody can consent to it."),
    gettext_noop("The consent is used up: Azure shows that this run has started."),
    gettext_noop("The run is not known here."),
    gettext_noop("Nothing is known here that allows a change of this kind, so it was not sent."),
    gettext_noop("No decision of rules is on record for it, so it was not sent."),
    gettext_noop(
        "The playbooks of the workspace could not be read, so its consent is worth nothing."
    ),
    gettext_noop("Azure answered with another playbook than the one that was asked for."),
    gettext_noop(
        "The playbook has been changed since this run was asked for, so it was not started."
    ),
    gettext_noop(
        "What a connection of the playbook leads to could not be read just before its start, so it"
        " was not started."
    ),
    gettext_noop("The playbook has no Sentinel incident trigger any more."),
    gettext_noop(
        "What the playbook does could not be read just before its start, so it was not started."
    ),
    gettext_noop(
        "What the playbook does could not be read just before its start, so it was not started."
        " %(error)s"
    ),
    gettext_noop("Nothing is known here that allows this playbook, so it was not started."),
    gettext_noop("The answer was lost; the runs of the playbook are read again."),
    gettext_noop("The runs cannot be read: %(reason)s."),
    gettext_noop(
        "Azure did not say whether the playbook started, and shows no run of it for this incident."
        " Look at its runs in Azure before you retry."
    ),
    # rules
    gettext_noop("Somebody else keeps changing this rule in Sentinel."),
    gettext_noop("Somebody changed this rule in Sentinel: %(places)s."),
    gettext_noop("Somebody deleted this rule in Sentinel."),
    gettext_noop("Sentinel has a rule under this name that Tagout did not write."),
    gettext_noop("Sentinel accepted the rule, but does not list it."),
    gettext_noop("What Sentinel kept is not what was sent (%(places)s); it was taken away."),
    gettext_noop("The rule has changed again since."),
    gettext_noop("The list of automation rules does not end."),
    gettext_noop("The list of watchlist items does not end."),
    gettext_noop("%(n)s rows that Tagout did not write."),
    gettext_noop("Azure is still making or deleting the watchlist."),
    gettext_noop("Somebody changed a row of it by hand."),
    gettext_noop("Somebody changed the gate of the watchlist by hand in Sentinel."),
    gettext_noop("Rows that should be gone or changed are still there."),
    gettext_noop("It was switched off."),
    gettext_noop("The watchlist is not in place yet."),
    gettext_noop("Suppression is switched off."),
    gettext_noop("The gate that could stop it is not in place yet."),
    gettext_noop("The workspace is paused; the lease is left to end."),
    gettext_noop("What Tagout knows of the workspace is too old; the lease is left to end."),
    gettext_noop("Azure no longer has the workspace; nothing is sent there."),
    gettext_noop("The form that would be sent is not the one that was signed."),
    # what nobody has decided
    gettext_noop("Nothing is known here that allows a rule of this kind, so it was not sent."),
    gettext_noop("Its name is not one that Tagout gives, so nothing was sent."),
    gettext_noop("No signed version of this rule acts in Sentinel, so it was not sent."),
    gettext_noop("It acts at a later time only, so it was not sent."),
    gettext_noop("It is not what two people have signed, so it was not sent."),
    gettext_noop("It is not what two people of two sides have signed."),
    gettext_noop("Its compiled forms are not the ones that were signed."),
    gettext_noop("It is not what Tagout itself writes there, so it was not sent."),
    gettext_noop("The gate is not taken away from a workspace that is in use."),
    gettext_noop("Suppression is switched off here, so the gate stays enabled."),
    gettext_noop("Nobody has asked for this rule here, so it was not sent."),
    gettext_noop("It is not the rule that was asked for, so it was not sent."),
    gettext_noop("The time of this rule is over, so it was not sent."),
    gettext_noop("Its playbook acts on the plant, so each run needs consent."),
    gettext_noop(
        "What it would be in Sentinel now is not what was signed: the plant or the workspace has"
        " changed since. A new version has to be signed."
    ),
    *OF_THE_CLIENT,
)


def note_words(note: str) -> str:
    """Return what became of it; other systems' words are returned as they came."""
    return in_readers_language(note, SENTENCES)
