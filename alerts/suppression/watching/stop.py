"""Pause, go on, retire, renew: what people do to a rule that lives."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext

from alerts.suppression.deploying.desired import bring_in_line
from alerts.suppression.drafting.drafts import edit_version, save_draft
from alerts.suppression.engine.guards.lifecycle import usual_end
from alerts.suppression.engine.rule import instant
from alerts.suppression.models import ACTING, Rule, RuleVersion, State
from alerts.suppression.policies import STOPPING, may_change, rights_to_sign
from alerts.suppression.signing.notify import notify_state
from alerts.suppression.signing.people import concerned_by
from alerts.suppression.signing.transitions import lock_version, move
from alerts.suppression.watching.lifecycle import still_allowed
from portal.accounts.models import User
from portal.audit.services import record
from portal.errors import Refused


class CannotStopRule(Refused):
    """The rule goes on as it was."""


class CannotResumeRule(Refused):
    """The rule stays paused."""


class CannotRenewRule(Refused):
    """No new version was begun."""


@transaction.atomic
def pause_rule(*, rule_id: int, by: User, reason: str, now: datetime) -> list[RuleVersion]:
    """Stop all that acts of a rule, at once; the pause remembers whether it was canary or live."""
    return _stop(rule_id, State.PAUSED, from_states=ACTING, by=by, reason=reason, now=now)


@transaction.atomic
def retire_rule(*, rule_id: int, by: User, reason: str, now: datetime) -> list[RuleVersion]:
    """End a rule for good."""
    states = (*ACTING, State.PAUSED)
    return _stop(rule_id, State.RETIRED, from_states=states, by=by, reason=reason, now=now)


@transaction.atomic
def resume_rule(*, version_id: int, by: User, reason: str, now: datetime) -> RuleVersion:
    """Go on where the pause began. After a roll-back only a new approval helps."""
    version = lock_version(version_id)
    if version.state != State.PAUSED:
        raise CannotResumeRule(gettext("This rule is not paused."))
    if not rights_to_sign(by, version):
        raise CannotResumeRule(gettext("Only people who may sign this rule can resume it."))
    if version.needs_approval:
        raise CannotResumeRule(
            gettext("This rule stopped itself. Edit it and have the new version approved.")
        )
    reasons = [] if reason.strip() else [gettext("Say why. One line is enough.")]
    reasons += still_allowed(version, now=now)
    others = RuleVersion.objects.filter(rule=version.rule, state=version.paused_from)
    if others.exclude(pk=version.pk).exists():
        reasons.append(gettext("A later version has already replaced it."))
    if reasons:
        raise CannotResumeRule(*reasons)
    move(
        version,
        to=State(version.paused_from),
        by=by,
        now=now,
        reason=reason.strip(),
        paused_from="",
    )
    bring_in_line(version_id=version.pk, now=now)
    notify_state(version, people=concerned_by(version), reasons=[reason.strip()], now=now)
    record("suppression.rule.resumed", on=version, by=by, at=now, reason=reason)
    return version


@transaction.atomic
def renew_rule(*, rule_id: int, by: User, now: datetime) -> RuleVersion:
    """Begin the next version with a new end; it needs a fresh back-test and two signatures."""
    found = RuleVersion.objects.filter(
        rule=rule_id, state__in=(*ACTING, State.PAUSED, State.EXPIRED)
    )
    version = found.order_by("-number").first()
    if version is None:
        raise CannotRenewRule(gettext("Only an active, paused or expired rule can be renewed."))
    draft = edit_version(version_id=version.pk, by=by, now=now)
    body = draft.body | {"expires_at": instant(usual_end(draft.said, now=now))}
    return save_draft(version_id=draft.pk, by=by, now=now, body=body, revision=draft.revision)


def _stop(
    rule_id: int,
    to: State,
    *,
    from_states: tuple[State, ...],
    by: User,
    reason: str,
    now: datetime,
) -> list[RuleVersion]:
    rule = Rule.objects.get(pk=rule_id)
    found = list(rule.versions.order_by("pk").select_for_update(of=("self",)))
    versions = [each for each in found if each.state in from_states]
    if not versions:
        raise CannotStopRule(gettext("This rule is not active."))
    if not all(may_change(by, each, STOPPING) for each in versions):
        raise CannotStopRule(
            gettext(
                "Only OT and SOC people of the sites and workspaces this rule reaches can stop it."
            )
        )
    if not reason.strip():
        raise CannotStopRule(gettext("Say why. One line is enough."))
    for version in versions:
        columns = {"paused_from": version.state} if to == State.PAUSED else {}
        move(version, to=to, by=by, now=now, reason=reason.strip(), **columns)
        bring_in_line(version_id=version.pk, now=now)
        notify_state(version, people=set(concerned_by(version)) - {by}, reasons=[reason], now=now)
    action = "suppression.rule.paused" if to == State.PAUSED else "suppression.rule.retired"
    record(
        action,
        on=versions[0],
        by=by,
        at=now,
        reason=reason,
        versions=[each.number for each in versions],
    )
    return versions
