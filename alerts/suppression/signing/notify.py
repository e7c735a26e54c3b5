"""Notify people about rules, each in their language; links carry no rights."""

from collections.abc import Callable, Iterable
from datetime import datetime
from itertools import groupby

from django.utils import translation
from django.utils.translation import gettext

from alerts.rules.sentence import Sentence, translated_sentence
from alerts.sites.queries import zone_of_sites
from alerts.suppression.models import RuleVersion
from portal.accounts.models import User
from portal.notifications.services import notify
from portal.ui.moments import READER, plain_value_words

type Message = Callable[[], tuple[str, list[str]]]  # subject and lines, in the language that is on


def in_words(reason: object, zone: str = READER) -> str:
    """Return a reason in the language that is on. `zone`: of the plant whose times it may name."""
    if not isinstance(reason, Sentence):
        return str(reason)
    return translated_sentence(reason, gettext, lambda text: plain_value_words(text, zone))


def notify_about_rule(
    version: RuleVersion, *, people: Iterable[User], kind: str, message: Message, now: datetime
) -> None:
    """Notify these people about a version."""
    ordered = sorted(people, key=lambda person: (person.language, person.pk))
    for chosen, group in groupby(ordered, key=lambda person: person.language):
        with translation.override(chosen or "en"):
            subject, lines = message()
            notify(
                people=list(group),
                kind=f"suppression.{kind}",
                subject=subject,
                body="\n".join(lines),
                path=f"/rules/{version.uuid}/",
                reason=gettext("You get this because you sign, own or watch this rule."),
                now=now,
            )


def notify_proposed(version: RuleVersion, *, people: Iterable[User], now: datetime) -> None:
    """Ask those who can sign for a signature."""
    name = version.proposed_by.name if version.proposed_by else ""
    notify_about_rule(
        version,
        people=people,
        kind="proposed",
        now=now,
        message=lambda: (
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
        people=people,
        kind="changes-requested",
        now=now,
        message=lambda: (
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
        people=people,
        kind=version.state,
        now=now,
        message=lambda: (
            gettext("%(state)s: %(rule)s")
            % {"state": version.get_state_display(), "rule": version},
            [in_words(reason, zone) for reason in texts],
        ),
    )
