"""The watch: what reaches its end, what the guards no longer allow, which trials are over."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext

from alerts.rules.guards.never import assets_of
from alerts.rules.rule import NotARule, instant
from alerts.rules.sentence import Sentence
from alerts.rules.trial import TRIAL, reasons_against_promotion
from alerts.suppression.deploying.desired import bring_in_line
from alerts.suppression.drafting.rule_reach import plant_of
from alerts.suppression.models import ACTING, RuleVersion, VersionState
from alerts.suppression.queries import ENDS_SOON, ending_versions
from alerts.suppression.signing.notify import notify_state
from alerts.suppression.signing.people import accounts_of_owners, concerned_by
from alerts.suppression.transitions import lock_version, move
from alerts.suppression.watching.lifecycle import ITSELF, reasons_against_enforcing, stop_by_itself
from alerts.suppression.watching.promotion import ask_owners, promote_by_itself
from alerts.suppression.watching.trials import may_have_run, progress_by_version
from portal.audit.services import record
from portal.backup.queries import is_paused_after_restore
from portal.jobs.failures import RoundFailures
from portal.jobs.models import Job
from portal.jobs.services import keep_note

WARNED = "suppression.ends"  # the note of a warning
MAX_MAILS = 5  # rules that a round writes about: the rest hears in the next, half a minute later
WARNINGS = (ENDS_SOON.days, 7, 1)  # days before the end


def watch_rules(*, now: datetime) -> dict[str, int]:
    """One round of the watch: ends, guards (S1 afterwards), promotions, questions, warnings. After
    a restore rules end and stop as always, but none begins to close until somebody has looked.
    """
    paused = is_paused_after_restore()
    return {
        "expired": expire_due(now=now),
        "stopped": stop_forbidden(now=now),
        "promoted": 0 if paused else promote_due(now=now),
        "asked": 0 if paused else ask_owners(now=now),
        "warned": warn_of_ends(now=now),
    }


def expire_due(*, now: datetime) -> int:
    """End what has reached its end."""
    due = RuleVersion.objects.filter(state__in=(*ACTING, VersionState.PAUSED), expires_at__lte=now)
    expired, failures = 0, RoundFailures()
    for pk in list(due.values_list("pk", flat=True)):
        with failures.isolate(f"The end of version {pk}"):
            expired += _expire(pk, now=now)
    return expired


@transaction.atomic
def _expire(version_id: int, *, now: datetime) -> bool:
    version = lock_version(version_id)
    alive = version.state in (*ACTING, VersionState.PAUSED)
    if not alive or version.expires_at is None or version.expires_at > now:
        return False
    reason = gettext("Its end date has come.")
    move(version, to=VersionState.EXPIRED, by=None, by_label=ITSELF, now=now, reason=reason)
    bring_in_line(version_id=version.pk, now=now)
    notify_state(version, people=concerned_by(version), reasons=[reason], now=now)
    record("suppression.rule.expired", on=version, by=ITSELF, at=now)
    return True


def stop_forbidden(*, now: datetime) -> int:
    """Stop what the guards would no longer let anybody propose (S1, A23)."""
    acting = list(RuleVersion.objects.filter(state__in=ACTING, expires_at__gt=now))
    sites = {site for version in acting for site in version.site_ids}
    plant = plant_of(sites, named={name for version in acting for name in _assets(version)})
    stopped, failures = 0, RoundFailures()
    for version in acting:
        with failures.isolate(version):
            reasons = reasons_against_enforcing(version, now=now, plant=plant)
            if reasons and stop_by_itself(version_id=version.pk, reasons=reasons, now=now):
                stopped += 1
    return stopped


def _assets(version: RuleVersion) -> tuple[str, ...]:
    try:
        return assets_of(version.definition)
    except NotARule:
        return ()  # it fails by itself when it is looked at


def promote_due(*, now: datetime) -> int:
    """Let versions live whose trial is over and whose fresh back-test is clean (S4)."""
    trials = RuleVersion.objects.filter(state=VersionState.IN_TRIAL, expires_at__gt=now)
    progress = progress_by_version([row for row in trials if may_have_run(row, TRIAL, now=now)])
    ripe = [
        pk
        for pk, progress_of in progress.items()
        if not reasons_against_promotion(progress_of.trial, now=now)
    ]
    promoted, failures = 0, RoundFailures()
    for pk in ripe:
        with failures.isolate(f"The promotion of version {pk}"):
            promoted += promote_by_itself(version_id=pk, now=now)
    return promoted


def warn_of_ends(*, now: datetime) -> int:
    """Tell both owners 14, 7 and 1 days before a rule ends; each warning once."""
    rows = RuleVersion.objects.select_related("rule", "proposed_by")
    due = {_warning_key(version, now=now): version for version in ending_versions(rows, now=now)}
    sent = set(Job.objects.filter(kind=WARNED, key__in=due).values_list("key", flat=True))
    unsent = [key for key in due if key not in sent][:MAX_MAILS]
    return sum(_warn(due[key], key, now=now) for key in unsent)


def _warning_key(version: RuleVersion, *, now: datetime) -> str:
    """Which of the warnings of which end is due; what ends has one."""
    ends_at = version.expires_at or now
    days = min(warning for warning in WARNINGS if ends_at - now <= timedelta(days=warning))
    return f"{version.pk}:{ends_at:%Y-%m-%d}:{days}"


@transaction.atomic
def _warn(version: RuleVersion, key: str, *, now: datetime) -> bool:
    if version.expires_at is None or Job.objects.filter(kind=WARNED, key=key).exists():
        return False
    keep_note(kind=WARNED, key=key, now=now)
    reason = Sentence("life.ending", end=instant(version.expires_at))
    notify_state(version, people=accounts_of_owners(version), reasons=[reason], now=now)
    return True
