"""Notify people about rules, each in their language; links carry no rights."""

from collections.abc import Iterable
from datetime import datetime

from django.utils.translation import gettext

from alerts import notification_kinds as kinds
from alerts.rules.sentence import Sentence, translated_sentence
from alerts.sites.queries import zone_of_sites
from alerts.suppression.models import RuleVersion
from portal.accounts.models import User
from portal.notifications.kind import NotificationKind
from portal.notifications.services import Wording, notify_people
from portal.ui.moments import READER, plain_value_words


def in_words(reason: object, zone: str = READER) -> str:
    """Return a reason in the language that is on. `zone`: of the plant whose times it may name."""
    if not isinstance(reason, Sentence):
        return str(reason)
    return translated_sentence(reason, gettext, lambda text: plain_value_words(text, zone))


def notify_about_rule(
    version: RuleVersion,
    kind: NotificationKind,
    *,
    people: Iterable[User],
    wording: Wording,
    now: datetime,
) -> None:
    """Notify these people about a version."""
    notify_people(people, kind=kind, wording=wording, path=f"/rules/{version.uuid}/", now=now)


def notify_proposed(version: RuleVersion, *, people: Iterable[User], now: datetime) -> None:
    """Ask those who can sign for a signature."""
    name = version.proposed_by.name if version.proposed_by else ""
    notify_about_rule(
        version,
        kinds.RULE_PROPOSED,
        people=people,
        now=now,
        wording=lambda: (
            gettext("To sign: %(rule)s") % {"rule": version},
            [
                gettext("%(name)s proposes a rule and asks for your signature.") % {"name": name},
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
    """Notify people of the rule's state, and why."""
    texts, zone = list(reasons), zone_of_sites(version.site_ids)
    notify_about_rule(
        version,
        kinds.RULE_STATES[version.state],
        people=people,
        now=now,
        wording=lambda: (
            gettext("%(state)s: %(rule)s")
            % {"state": version.get_state_display(), "rule": version},
            [in_words(reason, zone) for reason in texts],
        ),
    )
