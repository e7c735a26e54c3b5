"""Sentences for the client's failed calls, in the reader's language."""

from typing import Final

from django.utils.translation import gettext_noop

from portal.formats.stored_sentences import in_readers_language

INCIDENT_TOO_LARGE: Final = gettext_noop(
    "it is larger than 32 MB, more than one answer may hold; shorten its description or take alerts"
    " out of it in Sentinel, or work on it there. Tagout asks for it again every hour"
)
DETAILS_TOO_LARGE: Final = gettext_noop(
    "Its alerts or entities are larger than 32 MB, more than one answer may hold. Look at them in"
    " Sentinel."
)
SENTENCES: Final = (
    INCIDENT_TOO_LARGE,
    DETAILS_TOO_LARGE,
    gettext_noop("Azure asks for fewer calls (%(reason)s)."),
    gettext_noop("Azure asks for fewer calls."),
    gettext_noop("The answer holds only a part of what was asked for."),
    gettext_noop("Azure has a problem of its own (%(reason)s)."),
    gettext_noop("The subscription is not registered for Microsoft.SecurityInsights."),
    gettext_noop("Somebody changed it in Microsoft Defender meanwhile."),
    gettext_noop("Somebody changed it meanwhile (%(reason)s)."),
    gettext_noop("Azure does not accept our sign-in (%(reason)s)."),
    gettext_noop("Azure does not allow this (%(reason)s)."),
    gettext_noop("Azure does not find it (%(reason)s)."),
    gettext_noop("Azure refuses this (%(reason)s)."),
    gettext_noop("The address leads elsewhere, and that was not followed."),
    gettext_noop("The answer is larger than 32 MB."),
    gettext_noop("The answer takes too long."),
    gettext_noop("The answer cannot be unpacked."),
    gettext_noop("The answer cannot be read."),
    gettext_noop("The answer is no JSON."),
    gettext_noop("The answer is no list of incidents."),
    gettext_noop("The answer is no list of keys."),
    gettext_noop("The call took too long in all."),
    gettext_noop("The sign-in service cannot be reached (%(code)s)."),
    gettext_noop("%(who)s cannot be reached (%(code)s)."),
    gettext_noop("The sign-in service refuses us (%(code)s)."),
    gettext_noop(
        "The sign-in service did not answer just now; it is asked again in half a minute."
    ),
    gettext_noop(
        "The service did not answer several times in a row; it is asked again in half a minute."
    ),
    gettext_noop(
        "%(who)s shows a certificate that is not trusted here; name its CA with --ca-bundle."
    ),
    gettext_noop("The certificate file %(name)s cannot be read."),
    gettext_noop("%(method)s is no way to sign in that Tagout knows."),
    gettext_noop("The environment has neither %(name)s nor %(file)s_FILE."),
    gettext_noop("The file that %(name)s_FILE names is empty."),
    gettext_noop("The file that %(name)s_FILE names cannot be read."),
    gettext_noop("The call would leave the workspace's own host; it was not made."),
    gettext_noop("The next page is said to be on another host; it was not asked."),
    gettext_noop("The next page is said to be elsewhere; it was not asked."),
    gettext_noop("%(host)s leads to %(address)s: not connected."),
    gettext_noop("More changed than can be put in order here."),
    gettext_noop("There is no such comment."),
    gettext_noop("An incident is written only with the etag that was read."),
    gettext_noop("A record without a proper name cannot be asked for."),
    gettext_noop("A resource without a proper name cannot be written."),
    gettext_noop("A subscription is named by its GUID."),
    gettext_noop("%(part)s cannot be asked of %(place)s."),
    gettext_noop("This is not the address of a Logic App."),
    gettext_noop("This is not the address of a connection."),
    gettext_noop("The authority is no https address."),
    gettext_noop("Azure does not tell the workspace's id in Log Analytics."),
    gettext_noop(
        "Where Log Analytics answers for this workspace is not known; name it with --logs-endpoint."
    ),
)


def error_words(text: str) -> str:
    """Return what went wrong with a call, as a row keeps it, in the reader's language."""
    return in_readers_language(text, SENTENCES)
