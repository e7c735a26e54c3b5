"""From the trial to the live rule (S4): by itself once the trial is over and a fresh back-test is
clean. Where 28 days saw too little, each owner says on the record that the rule may live, or
somebody retires it; that question comes back every week.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext

from alerts import notification_kinds as kinds
from alerts.reviews.engine.working_hours import is_working
from alerts.rules.guards.signing import FRESH, SigningSide
from alerts.rules.sentence import Sentence
from alerts.rules.trial import TRIAL_ENDS, is_overdue, reasons_against_promotion
from alerts.sites.models import Site
from alerts.suppression.backtesting.backtest import CannotBackTest, run_backtest
from alerts.suppression.deploying.desired import bring_in_line
from alerts.suppression.models import BackTestRun, PromotionApproval, RuleVersion, VersionState
from alerts.suppression.signing.notify import notify_about_rule, notify_state
from alerts.suppression.signing.people import accounts_of_owners, concerned_by
from alerts.suppression.signing.propose import reasons_against_test
from alerts.suppression.signing.signing_context import evidence_givers
from alerts.suppression.transitions import lock_version, move
from alerts.suppression.watching.lifecycle import ITSELF, reasons_against_enforcing
from alerts.suppression.watching.trials import (
    TrialProgress,
    approvals_in_force,
    may_have_run,
    progress_by_version,
    reasons_to_wait,
    sides_owned_by,
    trial_lines,
    trial_progress_of,
)
from portal.accounts.models import User
from portal.accounts.queries import identity_of
from portal.audit.services import record
from portal.errors import Refused
from portal.jobs.models import Job
from portal.jobs.services import keep_note
from portal.text import visible_text
from portal.ui.words import number

TEST_AGAIN = timedelta(hours=6)  # a trial that is ripe but whose test was not clean


@transaction.atomic
def promote_by_itself(*, version_id: int, now: datetime) -> bool:
    """Let a version live whose trial is over. False where it is not, or where a back-test speaks
    against it; both owners hear that once a day.
    """
    version = lock_version(version_id)
    if version.state != VersionState.IN_TRIAL or reasons_to_wait(version, now=now):
        return False
    since = max(now - TEST_AGAIN, version.state_since)
    tests = BackTestRun.objects.filter(rule=version.rule, rule_hash=version.rule_hash)
    if tests.filter(ran_at__gt=since).exists():
        return False  # it was not clean a moment ago
    test, reasons = fresh_backtest(version, now=now)
    if test is None:
        return _not_promoted(version, reasons, now=now)
    reason = gettext("The trial is over, and a fresh back-test found nothing against the rule.")
    make_live(version, reason=reason, now=now)
    record("suppression.rule.promoted", on=version, by=ITSELF, at=now, backtest=test.uuid)
    return True


def fresh_backtest(version: RuleVersion, *, now: datetime) -> tuple[BackTestRun | None, list[str]]:
    """Return a back-test of the version as of now, or None and what it holds against the rule."""
    try:
        test = run_backtest(rule=version.definition, now=now, by=None, rule_id=version.rule_id)
    except CannotBackTest as refusal:
        return None, list(refusal.reasons)
    if reasons := reasons_against_test(test):
        return None, reasons
    return test, []


def make_live(version: RuleVersion, *, reason: str, now: datetime) -> None:
    """Let the version live in the place of what lived before, and tell. Part of a command."""
    for live in RuleVersion.objects.filter(rule=version.rule, state=VersionState.LIVE):
        move(
            live,
            to=VersionState.REPLACED,
            by=None,
            by_label=ITSELF,
            now=now,
            reason=gettext("Version %(n)s is live now.") % {"n": version.number},
        )
    move(version, to=VersionState.LIVE, by=None, by_label=ITSELF, now=now, reason=reason)
    bring_in_line(version_id=version.pk, now=now)
    notify_state(version, people=concerned_by(version), reasons=[reason], now=now)


def _not_promoted(version: RuleVersion, reasons: list[str], *, now: datetime) -> bool:
    """It stays in trial; both owners hear why, once a day at most."""
    key = f"{version.pk}:{now:%Y-%m-%d}"
    if not Job.objects.filter(kind="suppression.not-promoted", key=key).exists():
        keep_note(kind="suppression.not-promoted", key=key, now=now)
        notify_state(version, people=accounts_of_owners(version), reasons=reasons, now=now)
    return False


ASKED = "suppression.trial-asked"
MAX_QUESTIONS = 5  # in a round of the watch; the next one is half a minute later
ASK_EVERY = timedelta(days=7)


class CannotApprovePromotion(Refused):
    """The rule stays in its trial."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _ApprovalRequest:
    """What one owner wants, and how they came."""

    by: User
    reason: str
    proved_at: datetime | None
    kind: str


def approve_promotion(
    *,
    version_id: int,
    by: User,
    reason: str,
    now: datetime,
    proved_at: datetime | None,
    kind: str = "person",
) -> RuleVersion:
    """Say as the owner of one side that the rule may live with the few matches it had. With both
    owners' words, a clean back-test and nothing else against it, it lives at once. Every refusal is
    put on record.
    """
    approval = _ApprovalRequest(by=by, reason=visible_text(reason), proved_at=proved_at, kind=kind)
    try:
        return _approve(version_id, approval, now=now)
    except CannotApprovePromotion as refusal:
        with transaction.atomic():
            version = RuleVersion.objects.select_related("rule").get(pk=version_id)
            reasons = [str(sentence) for sentence in refusal.reasons]
            record(
                "suppression.promotion.refused",
                on=version,
                by=by,
                at=now,
                kind=kind,
                reasons=reasons,
            )
        raise


def reasons_against_approval(version: RuleVersion, *, by: User, now: datetime) -> list[str]:
    """Why this person could not approve the promotion whatever the form says: for pages."""
    return _reasons(
        version, _ApprovalRequest(by=by, reason="-", proved_at=now, kind="person"), now=now
    )


@transaction.atomic
def _approve(version_id: int, request: _ApprovalRequest, *, now: datetime) -> RuleVersion:
    version = lock_version(version_id)
    if reasons := _reasons(version, request, now=now):
        raise CannotApprovePromotion(*reasons)
    side = _open_side(version, by=request.by, now=now)
    if side is None:
        raise CannotApprovePromotion(_owners_only(version))
    old = version.promotion_approvals.filter(void_at=None)
    counting = [approval.pk for approval in approvals_in_force(version, now=now)]
    old.exclude(pk__in=counting).update(void_at=now)
    PromotionApproval.objects.create(
        version=version, side=side, by=request.by, reason=request.reason, approved_at=now
    )
    approvals = approvals_in_force(version, now=now)
    if {approval.side for approval in approvals} == {approval.value for approval in SigningSide}:
        _promote(version, approvals, now=now)
    record(
        "suppression.promotion.approved",
        on=version,
        by=request.by,
        at=now,
        side=side.value,
        note=request.reason,
        state=version.state,
    )
    return version


def _promote(version: RuleVersion, approvals: list[PromotionApproval], *, now: datetime) -> None:
    """Both owners agreed: the guards and a fresh back-test have the last word."""
    reasons: list[str] = reasons_against_enforcing(version, now=now)
    if len({approval.by_id for approval in approvals}) < len(approvals):
        reasons.append(Sentence("sign.same"))
    if reasons:
        raise CannotApprovePromotion(*reasons)
    test, reasons = fresh_backtest(version, now=now)
    if test is None:
        raise CannotApprovePromotion(*reasons)
    names = " ".join(f"{approval.by.name}: {approval.reason}" for approval in approvals)
    reason = gettext("Both owners promoted it with the matches it had. %(reasons)s") % {
        "reasons": names
    }
    make_live(version, reason=reason, now=now)


def _reasons(version: RuleVersion, approval: _ApprovalRequest, *, now: datetime) -> list[str]:
    if approval.kind != "person":
        return [Sentence("sign.not_a_person", kind=approval.kind)]
    if version.state != VersionState.IN_TRIAL:
        return [gettext("This version is not in its trial.")]
    is_old = may_have_run(version, TRIAL_ENDS, now=now)
    trial = trial_progress_of(version).trial if is_old else None
    if trial is None or not is_overdue(trial, now=now):
        return [
            gettext("The owners decide once a trial of %(n)s days has had too few matches.")
            % {"n": number(TRIAL_ENDS.days)}
        ]
    reasons: list[str] = list(reasons_against_promotion(trial, now=now, is_agreed=True))
    side = _open_side(version, by=approval.by, now=now)
    if not sides_owned_by(approval.by, version):
        reasons.append(_owners_only(version))
    elif side is None:
        reasons.append(
            gettext("You have decided already. The other owner has to decide for the other side.")
        )
    if side is SigningSide.SOC and identity_of(approval.by) in evidence_givers(version):
        reasons.append(Sentence("sign.evidence"))
    if not approval.reason:
        reasons.append(gettext("Say why. One line is enough."))
    if approval.proved_at is None or not timedelta(0) <= now - approval.proved_at <= FRESH:
        reasons.append(Sentence("sign.fresh", most=FRESH.seconds // 60))
    return reasons


def _open_side(version: RuleVersion, *, by: User, now: datetime) -> SigningSide | None:
    """The side for which this owner can still decide: none once they have, for either."""
    approvals = approvals_in_force(version, now=now)
    if any(approval.by_id == by.pk for approval in approvals):
        return None
    decided = {approval.side for approval in approvals}
    owned = sides_owned_by(by, version)
    return next((side for side in SigningSide if side in owned and side.value not in decided), None)


def _owners_only(version: RuleVersion) -> str:
    owners = " / ".join(str(version.body.get(name, "")) for name in ("owner_ot", "owner_soc"))
    return gettext(
        "Only the two owners can promote it on the record (%(owners)s). If one has left, edit the "
        "rule and name another."
    ) % {"owners": owners}


def ask_owners(*, now: datetime) -> int:
    """Ask both owners of each trial that saw too little in 28 days: once a week, not at night."""
    trials = list(
        RuleVersion.objects.filter(
            state=VersionState.IN_TRIAL, expires_at__gt=now, state_since__lte=now - TRIAL_ENDS
        ).select_related("rule", "proposed_by")
    )
    progress = progress_by_version(trials)
    due = {
        _question_key(version, now=now): version
        for version in trials
        if is_overdue(progress[version.pk].trial, now=now)
    }
    sent = set(Job.objects.filter(kind=ASKED, key__in=due).values_list("key", flat=True))
    unsent = [key for key in due if key not in sent]
    zones = dict(Site.objects.values_list("pk", "time_zone")) if unsent else {}
    ready = [key for key in unsent if _are_at_work(due[key], zones, now=now)][:MAX_QUESTIONS]
    return sum(_ask(due[key], key, progress[due[key].pk], now=now) for key in ready)


def _are_at_work(version: RuleVersion, zones: Mapping[int, str], *, now: datetime) -> bool:
    """Whether people of one of the rule's plants work now."""
    names = [zones[pk] for pk in version.site_ids if pk in zones]
    return not names or any(is_working(now, zone=name) for name in names)


def _question_key(version: RuleVersion, *, now: datetime) -> str:
    """Which week's question about which trial."""
    week = (now - version.state_since - TRIAL_ENDS) // ASK_EVERY
    return f"{version.pk}:{version.state_since:%Y-%m-%d}:{week}"


@transaction.atomic
def _ask(version: RuleVersion, key: str, progress: TrialProgress, *, now: datetime) -> bool:
    if Job.objects.filter(kind=ASKED, key=key).exists():
        return False
    keep_note(kind=ASKED, key=key, now=now)

    def wording() -> tuple[str, list[str]]:
        ran = {"n": number((now - version.state_since).days)}
        return (
            gettext("Promote or retire: %(rule)s") % {"rule": version},
            [
                gettext("Its trial has run for %(n)s days and cannot end by itself.") % ran,
                " · ".join(trial_lines(progress, now=now)) + ".",
                _what_to_do(progress),
            ],
        )

    people = accounts_of_owners(version)
    notify_about_rule(version, kinds.TRIAL_QUESTION, people=people, wording=wording, now=now)
    return True


def _what_to_do(progress: TrialProgress) -> str:
    if progress.trial.true_positives:
        return gettext(
            "It labelled a true positive, so nobody can promote it: edit it so that it no longer "
            "matches, or retire it."
        )
    return gettext(
        "Both owners can promote it on the record, each with a reason, or one of you retires it. "
        "Neither happens by itself; this question comes back every week."
    )
