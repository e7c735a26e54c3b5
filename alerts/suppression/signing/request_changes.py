"""Answer a proposal without a signature: ask for changes, reject it, or run its back-test again."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext

from alerts.suppression.backtesting.backtest import CannotBackTest, run_backtest
from alerts.suppression.models import BackTestRun, RuleVersion, VersionState
from alerts.suppression.policies import rights_to_sign
from alerts.suppression.signing.notify import notify_changes_requested, notify_state
from alerts.suppression.transitions import lock_version, move
from portal.accounts.models import User
from portal.audit.services import record
from portal.errors import Refused
from portal.text import visible_text


class CannotAnswerProposal(Refused):
    """The proposal stays as it is."""


@transaction.atomic
def request_changes(*, version_id: int, by: User, note: str, now: datetime) -> RuleVersion:
    """Ask the author for changes; signatures that were given are void."""
    version = _lock_for_answer(version_id, by, note)
    version.signatures.filter(void_at=None).update(void_at=now)
    move(version, to=VersionState.CHANGES_REQUESTED, by=by, now=now, reason=visible_text(note))
    notify_changes_requested(version, by=by, note=visible_text(note), now=now)
    record("suppression.rule.changes_requested", on=version, by=by, at=now, note=note)
    return version


@transaction.atomic
def reject_rule(*, version_id: int, by: User, note: str, now: datetime) -> RuleVersion:
    """Say no for good; another version may be proposed."""
    version = _lock_for_answer(version_id, by, note)
    version.signatures.filter(void_at=None).update(void_at=now)
    move(version, to=VersionState.REJECTED, by=by, now=now, reason=visible_text(note))
    people = [version.proposed_by] if version.proposed_by else []
    notify_state(version, people=people, reasons=[visible_text(note)], now=now)
    record("suppression.rule.rejected", on=version, by=by, at=now, note=note)
    return version


def _lock_for_answer(version_id: int, by: User, note: str) -> RuleVersion:
    version = lock_version(version_id)
    if version.state not in (VersionState.PROPOSED, VersionState.CHANGES_REQUESTED):
        raise CannotAnswerProposal(gettext("This version is not waiting for signatures."))
    if not rights_to_sign(by, version):
        raise CannotAnswerProposal(
            gettext("Only people who may sign this proposal can decide on it.")
        )
    if not visible_text(note):
        raise CannotAnswerProposal(gettext("Say why. One line is enough."))
    return version


class CannotRetest(Refused):
    """The request keeps the back-test that it has."""


@transaction.atomic
def retest_proposal(*, version_id: int, by: User, now: datetime) -> BackTestRun:
    """Freeze a back-test of today into the request. The rule's text stays, and so do signatures:
    they are bound to it. Whatever the fresh result holds against the rule, signing refuses.
    """
    version = lock_version(version_id)
    if version.state != VersionState.PROPOSED:
        raise CannotRetest(gettext("This version is not waiting for signatures."))
    if not rights_to_sign(by, version):
        raise CannotRetest(
            gettext("Only people who may sign this proposal can run its back-test again.")
        )
    try:
        test = run_backtest(rule=version.definition, now=now, by=by, rule_id=version.rule_id)
    except CannotBackTest as refusal:
        raise CannotRetest(*refusal.reasons) from None
    before = version.backtest
    RuleVersion.objects.filter(pk=version.pk, state=VersionState.PROPOSED).update(backtest=test)
    version.backtest = test
    record(
        "suppression.rule.retested",
        on=version,
        by=by,
        at=now,
        backtest=test.uuid,
        before=before.uuid if before else None,
        rule_hash=version.rule_hash,
    )
    return test
