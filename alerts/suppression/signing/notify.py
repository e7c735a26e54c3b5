"""Notify people about rules, each in their language; links carry no rights."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from django.utils.translation import gettext, ngettext

from alerts import notification_kinds as kinds
from alerts.rules.guards.closing import STOPS
from alerts.rules.sentence import Sentence, read_sentence, translated_sentence
from alerts.sites.queries import zone_of_sites
from alerts.suppression.models import RuleVersion, VersionState
from portal.accounts.models import User
from portal.notifications.kind import NotificationKind
from portal.notifications.services import Gathering, Wording, notify_people
from portal.ui.moments import READER, plain_value_words
from portal.ui.words import number

_ENDED: Final = {VersionState.EXPIRED, VersionState.RETIRED, VersionState.REJECTED}


def in_words(reason: object, zone: str = READER) -> str:
    """Return a reason in the language that is on. `zone`: of the plant whose times it may name."""
    if not isinstance(reason, Sentence):
        return str(reason)
    return translated_sentence(reason, gettext, lambda text: plain_value_words(text, zone))


def stop_in_words(reason: str) -> str:
    """Return the stored cause of a stop in the language that is on."""
    return in_words(read_sentence(reason, STOPS))


def notify_about_rule(
    version: RuleVersion,
    kind: NotificationKind,
    *,
    people: Iterable[User],
    wording: Wording,
    now: datetime,
    gathering: Gathering | None = None,
) -> None:
    """Notify these people about a version."""
    path = f"/rules/{version.uuid}/"
    notify_people(people, kind=kind, wording=wording, path=path, now=now, gathering=gathering)


def notify_proposed(version: RuleVersion, *, people: Iterable[User], now: datetime) -> None:
    """Ask those who can sign for a signature; several proposals are one mail."""

    def subject(n: int) -> str:
        return ngettext("To sign: %(n)s rule", "To sign: %(n)s rules", n) % {"n": number(n)}

    name = version.proposed_by.name if version.proposed_by else ""
    notify_about_rule(
        version,
        kinds.RULE_PROPOSED,
        people=people,
        now=now,
        gathering=Gathering(str(version), subject, "/approvals/sitting/"),
        wording=lambda: (
            gettext("To sign: %(rule)s") % {"rule": version},
            [
                gettext("%(name)s asks for your signature.") % {"name": name},
                *([version.proposer_note] if version.proposer_note else []),
                gettext("Nothing is suppressed until two people, one from each side, have signed."),
            ],
        ),
    )


def notify_changes_requested(version: RuleVersion, *, by: User, note: str, now: datetime) -> None:
    """Notify who proposed it."""
    people = [version.proposed_by] if version.proposed_by else []
    notify_about_rule(
        version,
        kinds.RULE_CHANGES_REQUESTED,
        people=people,
        now=now,
        wording=lambda: (
            gettext("Changes requested: %(rule)s") % {"rule": version},
            [gettext("%(name)s asks for changes:") % {"name": by.name}, note],
        ),
    )


def notify_state(
    version: RuleVersion, *, people: Iterable[User], reasons: Iterable[str], now: datetime
) -> None:
    """Notify people of the rule's state, and why; several rules that come there are one mail."""
    texts, zone = list(reasons), zone_of_sites(version.site_ids)

    def subject(n: int) -> str:
        return ngettext("%(state)s: %(n)s rule", "%(state)s: %(n)s rules", n) % {
            "state": version.get_state_display(),
            "n": number(n),
        }

    path = "/rules/?state=ended" if version.state in _ENDED else "/rules/"
    notify_about_rule(
        version,
        kinds.RULE_STATES[version.state],
        people=people,
        now=now,
        gathering=Gathering(str(version), subject, path),
        wording=lambda: (
            gettext("%(state)s: %(rule)s")
            % {"state": version.get_state_display(), "rule": version},
            [in_words(reason, zone) for reason in texts],
        ),
    )
