"""Run the back-test of a proposal again, for the people who are to sign it."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext

from alerts.suppression.backtesting.backtest import CannotBackTest, run_backtest
from alerts.suppression.models import BackTestRun, RuleVersion, State
from alerts.suppression.policies import rights_to_sign
from alerts.suppression.signing.transitions import lock_version
from portal.accounts.models import User
from portal.audit.services import record
from portal.errors import Refused


class CannotRetest(Refused):
    """The request keeps the back-test that it has."""


@transaction.atomic
def retest_proposal(*, version_id: int, by: User, now: datetime) -> BackTestRun:
    """Freeze a back-test of today into the request. The rule's text stays, and so do signatures:
    they are bound to it. Whatever the fresh result holds against the rule, signing refuses.
    """
    version = lock_version(version_id)
    if version.state != State.PROPOSED:
        raise CannotRetest(gettext("This version is not waiting for signatures."))
    if not rights_to_sign(by, version):
        raise CannotRetest(
            gettext("Only people who may sign this proposal can run its back-test again.")
        )
    try:
        test = run_backtest(said=version.said, now=now, by=by, rule_id=version.rule_id)
    except CannotBackTest as refusal:
        raise CannotRetest(*refusal.reasons) from None
    before = version.backtest
    RuleVersion.objects.filter(pk=version.pk, state=State.PROPOSED).update(backtest=test)
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
