"""The watch: what reaches its end, what the guards no longer allow, which trials are over."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext

from alerts.suppression.engine.guards.life import Trial, reasons_against_promotion
from alerts.suppression.engine.rule import instant
from alerts.suppression.engine.words import Sentence
from alerts.suppression.models import (
    ACTING,
    Act,
    BackTestRun,
    Ending,
    LedgerEntry,
    RuleVersion,
    State,
)
from alerts.suppression.queries import ENDS_SOON, ending_versions
from alerts.suppression.services.backtest import CannotBackTest, run_backtest
from alerts.suppression.services.desired import bring_in_line
from alerts.suppression.services.life import ITSELF, still_allowed, stop_by_itself
from alerts.suppression.services.moving import lock_version, move
from alerts.suppression.services.people import concerned_by, owners_of
from alerts.suppression.services.places import plant_of
from alerts.suppression.services.propose import reasons_against_test
from alerts.suppression.services.tell import tell_state
from portal.audit.services import record
from portal.jobs.models import Job
from portal.jobs.services import keep_note

WEEK = timedelta(days=7)
WARNINGS = (ENDS_SOON.days, 7, 1)  # days before the end
TEST_AGAIN = timedelta(hours=6)  # a trial that is ripe but whose test was not clean


def watch_rules(*, now: datetime) -> dict[str, int]:
    """One round of the watch: ends, guards (S1 afterwards), promotions, warnings."""
    return {
        "expired": expire_due(now=now),
        "stopped": stop_forbidden(now=now),
        "promoted": promote_due(now=now),
        "warned": warn_of_ends(now=now),
    }


def expire_due(*, now: datetime) -> int:
    """End what has reached its end."""
    due = RuleVersion.objects.filter(state__in=(*ACTING, State.PAUSED), expires_at__lte=now)
    return sum(_expire(pk, now=now) for pk in list(due.values_list("pk", flat=True)))


@transaction.atomic
def _expire(version_id: int, *, now: datetime) -> bool:
    version = lock_version(version_id)
    alive = version.state in (*ACTING, State.PAUSED)
    if not alive or version.expires_at is None or version.expires_at > now:
        return False
    reason = gettext("Its end date has come.")
    move(version, to=State.EXPIRED, by=None, by_label=ITSELF, now=now, reason=reason)
    bring_in_line(version_id=version.pk, now=now)
    tell_state(version, people=concerned_by(version), reasons=[reason], now=now)
    record("suppression.rule.expired", on=version, by=ITSELF, at=now)
    return True


def stop_forbidden(*, now: datetime) -> int:
    """Stop what the guards would no longer let anybody propose (S1, A23)."""
    acting = list(RuleVersion.objects.filter(state__in=ACTING, expires_at__gt=now))
    plant = plant_of({site for version in acting for site in version.site_ids})
    stopped = 0
    for version in acting:
        reasons = still_allowed(version, now=now, plant=plant)
        if reasons and stop_by_itself(version_id=version.pk, reasons=reasons, now=now):
            stopped += 1
    return stopped


def promote_due(*, now: datetime) -> int:
    """Let canaries live whose trial is over and whose fresh back-test is clean (S4)."""
    canaries = RuleVersion.objects.filter(state=State.CANARY, expires_at__gt=now)
    return sum(_promote(pk, now=now) for pk in list(canaries.values_list("pk", flat=True)))


@transaction.atomic
def _promote(version_id: int, *, now: datetime) -> bool:
    version = lock_version(version_id)
    if version.state != State.CANARY or reasons_to_wait(version, now=now):
        return False
    since = now - TEST_AGAIN
    if BackTestRun.objects.filter(
        rule=version.rule, rule_hash=version.rule_hash, ran_at__gt=max(since, version.state_since)
    ).exists():
        return False  # it was not clean a moment ago
    try:
        test = run_backtest(said=version.said, now=now, by=None, rule_id=version.rule_id)
    except CannotBackTest as refusal:
        return _not_promoted(version, list(refusal.reasons), now=now)
    if reasons := reasons_against_test(test):
        return _not_promoted(version, reasons, now=now)
    for each in RuleVersion.objects.filter(rule=version.rule, state=State.LIVE):
        move(each, to=State.REPLACED, by=None, by_label=ITSELF, now=now,
             reason=gettext("Version %(n)s is live now.") % {"n": version.number})  # fmt: skip
    reason = gettext("The canary is over, and a fresh back-test found nothing against the rule.")
    move(version, to=State.LIVE, by=None, by_label=ITSELF, now=now, reason=reason)
    bring_in_line(version_id=version.pk, now=now)
    tell_state(version, people=concerned_by(version), reasons=[reason], now=now)
    record("suppression.rule.promoted", on=version, by=ITSELF, at=now, backtest=test.uuid)
    return True


def trial_of(version: RuleVersion) -> Trial:
    """What the canary did so far."""
    tagged = LedgerEntry.objects.filter(version=version, act=Act.TAGGED).exclude(
        ending=Ending.NOT_SENT
    )
    has_hours = any(clause.field == "time" for clause in version.said.all_of)
    return Trial(
        began_at=version.state_since,
        matches=tagged.count(),
        true_positives=tagged.filter(ending=Ending.TRUE_POSITIVE).count(),
        period=WEEK if has_hours else None,
    )


def reasons_to_wait(version: RuleVersion, *, now: datetime) -> list[str]:
    """What a canary still lacks until it may live: for the watch and for pages."""
    return list(reasons_against_promotion(trial_of(version), now=now))


def _not_promoted(version: RuleVersion, reasons: list[str], *, now: datetime) -> bool:
    """It stays a canary; both owners hear why, once a day at most."""
    key = f"{version.pk}:{now:%Y-%m-%d}"
    if not Job.objects.filter(kind="suppression.not-promoted", key=key).exists():
        keep_note(kind="suppression.not-promoted", key=key, now=now)
        tell_state(version, people=owners_of(version), reasons=reasons, now=now)
    return False


def warn_of_ends(*, now: datetime) -> int:
    """Tell both owners 14, 7 and 1 days before a rule ends; each warning once."""
    told = 0
    ending = ending_versions(RuleVersion.objects.select_related("rule", "proposed_by"), now=now)
    for version in ending:
        told += _warn(version, now=now)
    return told


@transaction.atomic
def _warn(version: RuleVersion, *, now: datetime) -> bool:
    if version.expires_at is None:
        return False
    left = version.expires_at - now
    days = min(each for each in WARNINGS if left <= timedelta(days=each))
    key = f"{version.pk}:{version.expires_at:%Y-%m-%d}:{days}"
    if Job.objects.filter(kind="suppression.ends", key=key).exists():
        return False
    keep_note(kind="suppression.ends", key=key, now=now)
    reason = Sentence("life.ending", end=instant(version.expires_at))
    tell_state(version, people=owners_of(version), reasons=[reason], now=now)
    return True
