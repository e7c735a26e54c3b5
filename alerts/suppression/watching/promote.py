"""From the trial to the live rule, once the trial is over and a fresh back-test is clean (S4)."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext

from alerts.suppression.backtesting.backtest import CannotBackTest, run_backtest
from alerts.suppression.deploying.desired import bring_in_line
from alerts.suppression.models import BackTestRun, RuleVersion, State
from alerts.suppression.signing.notify import notify_state
from alerts.suppression.signing.people import concerned_by, owners_of
from alerts.suppression.signing.propose import reasons_against_test
from alerts.suppression.signing.transitions import lock_version, move
from alerts.suppression.watching.lifecycle import ITSELF
from alerts.suppression.watching.trials import reasons_to_wait
from portal.audit.services import record
from portal.jobs.models import Job
from portal.jobs.services import keep_note

TEST_AGAIN = timedelta(hours=6)  # a trial that is ripe but whose test was not clean


@transaction.atomic
def promote_by_itself(*, version_id: int, now: datetime) -> bool:
    """Let a canary live whose trial is over. False where it is not, or where a back-test speaks
    against it; both owners hear that once a day.
    """
    version = lock_version(version_id)
    if version.state != State.CANARY or reasons_to_wait(version, now=now):
        return False
    since = max(now - TEST_AGAIN, version.state_since)
    tests = BackTestRun.objects.filter(rule=version.rule, rule_hash=version.rule_hash)
    if tests.filter(ran_at__gt=since).exists():
        return False  # it was not clean a moment ago
    test, reasons = fresh_backtest(version, now=now)
    if test is None:
        return _not_promoted(version, reasons, now=now)
    reason = gettext("The canary is over, and a fresh back-test found nothing against the rule.")
    make_live(version, reason=reason, now=now)
    record("suppression.rule.promoted", on=version, by=ITSELF, at=now, backtest=test.uuid)
    return True


def fresh_backtest(version: RuleVersion, *, now: datetime) -> tuple[BackTestRun | None, list[str]]:
    """Return a back-test of the version as of now, or None and what it holds against the rule."""
    try:
        test = run_backtest(said=version.said, now=now, by=None, rule_id=version.rule_id)
    except CannotBackTest as refusal:
        return None, list(refusal.reasons)
    if reasons := reasons_against_test(test):
        return None, reasons
    return test, []


def make_live(version: RuleVersion, *, reason: str, now: datetime) -> None:
    """Let the canary live in the place of what lived before, and tell. Part of a command."""
    for each in RuleVersion.objects.filter(rule=version.rule, state=State.LIVE):
        move(
            each,
            to=State.REPLACED,
            by=None,
            by_label=ITSELF,
            now=now,
            reason=gettext("Version %(n)s is live now.") % {"n": version.number},
        )
    move(version, to=State.LIVE, by=None, by_label=ITSELF, now=now, reason=reason)
    bring_in_line(version_id=version.pk, now=now)
    notify_state(version, people=concerned_by(version), reasons=[reason], now=now)


def _not_promoted(version: RuleVersion, reasons: list[str], *, now: datetime) -> bool:
    """It stays a canary; both owners hear why, once a day at most."""
    key = f"{version.pk}:{now:%Y-%m-%d}"
    if not Job.objects.filter(kind="suppression.not-promoted", key=key).exists():
        keep_note(kind="suppression.not-promoted", key=key, now=now)
        notify_state(version, people=owners_of(version), reasons=reasons, now=now)
    return False
