"""What people can do to a version: when it is offered, what it asks, what it does."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from alerts.suppression.drafting.drafts import discard_draft, edit_version
from alerts.suppression.models import ACTING, RuleVersion, VersionState
from alerts.suppression.policies import STOPPING, may_change, rights_to_sign
from alerts.suppression.signing.propose import propose_rule
from alerts.suppression.signing.request_changes import reject_rule, request_changes
from alerts.suppression.signing.take_suggestion import take_suggested_version
from alerts.suppression.watching.lifecycle import pause_rule, renew_rule, resume_rule, retire_rule
from alerts.suppression.watching.promotion import (
    approve_promotion,
    reasons_against_approval,
)
from portal.accounts.models import User
from portal.accounts.password_checks import proved_at_of

type VerbAction = Callable[[HttpRequest, RuleVersion, User, str, datetime], RuleVersion | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verb:
    """One act, after which the resulting version is shown. `note_label` asks for a note."""

    title: Promise
    button: Promise
    icon: str
    done: Promise
    states: Collection[str]
    permission: str  # own: the author's draft; changes: may change it; signs: may sign it;
    # decides: owns it, and is asked how its trial ends
    run: VerbAction
    effect: Promise | str = ""  # what will happen; the page adds what it can count
    kind: str = ""
    note_label: Promise | None = None
    is_optional: bool = False
    needs_password: bool = False


@dataclass(frozen=True, slots=True)
class ActLink:
    """An act that is offered on the page."""

    label: str
    href: str
    icon: str
    kind: str
    is_link: bool = False


_WHY = _("Why? One line is enough.")
VERBS: dict[str, Verb] = {
    "propose": Verb(
        title=_("Request approval"),
        button=_("Request approval"),
        icon="send",
        kind="primary",
        done=_("Proposed. The people who can sign for the other side have been notified."),
        states={VersionState.DRAFT},
        permission="own",
        note_label=_("A note for the people who sign"),
        is_optional=True,
        needs_password=True,
        effect=_(
            "The rule is tested on 90 days of history, and the result becomes part of the "
            "request. After that the rule can no longer be changed."
        ),
        run=lambda request, version, by, words, now: propose_rule(
            version_id=version.pk,
            by=by,
            note=words,
            now=now,
            proved_at=proved_at_of(request),
            checked_evidence="checked_evidence" in request.POST,
        ),
    ),
    "discard": Verb(
        title=_("Discard this draft"),
        button=_("Discard the draft"),
        icon="trash-2",
        kind="danger",
        done=_("Draft discarded. It stays on record."),
        states={VersionState.DRAFT},
        permission="own",
        effect=_("Nobody can continue this draft, but it stays on record."),
        run=lambda _request, version, by, _words, now: discard_draft(
            version_id=version.pk, by=by, now=now
        ),
    ),
    "request-changes": Verb(
        title=_("Request changes"),
        button=_("Request changes"),
        icon="message-square",
        done=_("Changes requested. The author has been notified."),
        states={VersionState.PROPOSED},
        permission="signs",
        note_label=_("What should change?"),
        effect=_("Signatures given so far no longer count."),
        run=lambda _request, version, by, words, now: request_changes(
            version_id=version.pk, by=by, note=words, now=now
        ),
    ),
    "reject": Verb(
        title=_("Reject this rule"),
        button=_("Reject"),
        icon="x",
        kind="danger",
        done=_("Proposal rejected. The author has been notified."),
        states={VersionState.PROPOSED, VersionState.CHANGES_REQUESTED},
        permission="signs",
        note_label=_WHY,
        effect=_("This version ends here. Another one can be proposed."),
        run=lambda _request, version, by, words, now: reject_rule(
            version_id=version.pk, by=by, note=words, now=now
        ),
    ),
    "promote": Verb(
        title=_("Promote this rule on the record"),
        button=_("Promote on the record"),
        icon="shield-check",
        kind="primary",
        done=_("Your decision is on record."),
        states={VersionState.IN_TRIAL},
        permission="decides",
        note_label=_("Why are these matches enough?"),
        needs_password=True,
        effect=_(
            "With the other owner's decision, made within seven days, the rule closes what it "
            "covers. Until then nothing changes."
        ),
        run=lambda request, version, by, words, now: approve_promotion(
            version_id=version.pk,
            by=by,
            reason=words,
            now=now,
            proved_at=proved_at_of(request),
        ),
    ),
    "pause": Verb(
        title=_("Pause this rule"),
        button=_("Pause"),
        icon="pause",
        done=_("The rule is paused."),
        states=set(ACTING),
        permission="changes",
        note_label=_WHY,
        run=lambda _request, version, by, words, now: pause_rule(
            rule_id=version.rule_id, by=by, reason=words, now=now
        )[0],
    ),
    "resume": Verb(
        title=_("Resume this rule"),
        button=_("Resume"),
        icon="play",
        kind="primary",
        done=_("The rule is active again."),
        states={VersionState.PAUSED},
        permission="signs",
        note_label=_WHY,
        effect=_("It continues where it was paused, with the signatures it already has."),
        run=lambda _request, version, by, words, now: resume_rule(
            version_id=version.pk, by=by, reason=words, now=now
        ),
    ),
    "retire": Verb(
        title=_("Retire this rule"),
        button=_("Retire"),
        icon="archive",
        kind="danger",
        done=_("The rule is retired."),
        states={*ACTING, VersionState.PAUSED},
        permission="changes",
        note_label=_WHY,
        run=lambda _request, version, by, words, now: retire_rule(
            rule_id=version.rule_id, by=by, reason=words, now=now
        )[0],
    ),
    "renew": Verb(
        title=_("Renew this rule"),
        button=_("Renew"),
        icon="calendar-clock",
        done=_("This is a new version with a new end date. It needs both signatures."),
        states={*ACTING, VersionState.PAUSED, VersionState.EXPIRED},
        permission="changes",
        effect=_(
            "This starts a new version with a new end date. It needs a new back-test and two "
            "signatures; until then the current version stays in force."
        ),
        run=lambda _request, version, by, _words, now: renew_rule(
            rule_id=version.rule_id, by=by, now=now
        ),
    ),
    "take-suggested": Verb(
        title=_("Take the suggested version"),
        button=_("Take as a new version"),
        icon="pencil",
        done=_("This is a new version with the new devices. Check it and propose it."),
        states={VersionState.LIVE},
        permission="changes",
        effect=_(
            "This starts a new version that lists the new devices. It needs a back-test, two "
            "signatures and a trial of its own; until then the current version stays in force."
        ),
        run=lambda _request, version, by, _words, now: take_suggested_version(
            version_id=version.pk, by=by, now=now
        ),
    ),
    "new-version": Verb(
        title=_("Edit as a new version"),
        button=_("Edit"),
        icon="pencil",
        done=_("This is a new version. The current one stays in force until it is live."),
        states=set(VersionState) - {VersionState.REPLACED},
        permission="changes",
        effect=_(
            "This starts a new version. It needs a back-test and two signatures; until then "
            "whatever is live stays live."
        ),
        run=lambda _request, version, by, _words, now: edit_version(
            version_id=version.pk, by=by, now=now
        ),
    ),
}


def may_do(name: str, version: RuleVersion, user: User, *, now: datetime) -> bool:
    """Return whether the act is offered; the service asks everything again."""
    verb = VERBS[name]
    if version.state not in verb.states:
        return False
    if verb.permission == "own":
        return version.made_by_id == user.pk
    if verb.permission == "decides":
        return not reasons_against_approval(version, by=user, now=now)
    if verb.permission == "signs":
        return bool(rights_to_sign(user, version)) and not version.needs_approval
    own_draft = version.state == VersionState.DRAFT and version.made_by_id == user.pk
    return not own_draft and may_change(user, version, STOPPING)


_ELSEWHERE = ("propose", "discard", "take-suggested")  # offered where they belong on a page


def acts_for(version: RuleVersion, user: User, *, now: datetime) -> list[ActLink]:
    """Return what this person can do to the version, for the head of its page."""
    links = []
    if version.state == VersionState.DRAFT and version.made_by_id == user.pk:
        href = reverse("suppression:edit", args=[version.uuid])
        links.append(ActLink(str(_("Continue editing")), href, "pencil", "primary", is_link=True))
    for name, verb in VERBS.items():
        if name not in _ELSEWHERE and may_do(name, version, user, now=now):
            href = reverse("suppression:act", args=[version.uuid, name])
            kind = "" if verb.kind == "danger" else verb.kind  # red is for the last step
            links.append(ActLink(str(verb.button), href, verb.icon, kind))
    return links
