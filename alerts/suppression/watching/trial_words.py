"""Why a rule does not live yet, in words and numbers: for its page, the API and mails."""

from collections import Counter
from datetime import datetime
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from alerts.suppression.engine.guards.lifecycle import (
    TRIAL,
    TRIAL_MATCHES,
    reasons_against_promotion,
)
from alerts.suppression.engine.guards.scene import NEW_MEMBER
from alerts.suppression.watching.trials import ONLY_SOFT, TrialProgress
from portal.ui.words import number, numeral

_WORKED_ON = _("a person works on them")
_NEVER = _("the rule may not close alerts like these")
_KEPT_OPEN: Final[dict[str, Promise]] = {
    "never.owner": _WORKED_ON,
    "never.touched": _WORKED_ON,
    "never.case": _("they share a device with an open true positive"),
    "never.suspicion": _("somebody has yet to decide on a suspicion about their devices"),
    "never.products": _("a second product saw them too"),
    "never.asset": _("a safety system or crown jewel is involved"),
    "never.unexplained": _("they hold entities that no alert explains"),
    "never.entities": _("they hold too many entities"),
    ONLY_SOFT: _("they hold none of the alerts that need hours"),
    NEW_MEMBER: _("a device is new in its group"),
    "never.type": _NEVER,
    "never.engine": _NEVER,
    "never.hours": _NEVER,
    "never.outside": _NEVER,
}


def trial_lines(progress: TrialProgress, *, now: datetime) -> list[str]:
    """Return how far a trial has come and what it lacks, one line a subject."""
    if progress.kept_number:
        lines = [
            gettext("The trial of version %(n)s counts, for this one closes nothing else")
            % {"n": number(progress.kept_number)}
        ]
    else:
        lines = [_day(progress, now=now), *_matches(progress)]
    trial = progress.trial
    codes = {each.code: each for each in reasons_against_promotion(trial, now=now)}
    if trial.period is not None and "canary.matches" in codes:
        lines.append(gettext("or two full weeks, because it has hours"))
    if hit := codes.get("canary.true_positive"):
        lines.append(hit.spoken(gettext, numeral))
    return lines + _kept(progress)


def _day(progress: TrialProgress, *, now: datetime) -> str:
    ran = now - progress.trial.began_at
    words = {"n": number(ran.days + 1), "most": number(TRIAL.days)}
    if ran < TRIAL:
        return gettext("Day %(n)s of %(most)s") % words
    return gettext("Day %(n)s: the %(most)s days are over") % words


def _matches(progress: TrialProgress) -> list[str]:
    trial = progress.trial
    if not trial.counted:
        return [gettext("Nothing has matched, neither in this trial nor in the weeks before")]
    fresh = ngettext("%(n)s fresh match", "%(n)s fresh matches", trial.matches) % {
        "n": number(trial.matches)
    }
    words = {"fresh": fresh, "count": number(trial.counted), "most": number(TRIAL_MATCHES)}
    credit = trial.counted - trial.matches
    if not credit:
        return [gettext("%(fresh)s of %(most)s") % words]
    words["credit"] = number(credit)
    return [
        gettext("%(fresh)s and %(credit)s from the weeks before make %(count)s of %(most)s") % words
    ]


def _kept(progress: TrialProgress) -> list[str]:
    by_words: Counter[str] = Counter()
    for code, n in progress.kept_open.items():
        by_words[str(_KEPT_OPEN.get(code, _("a guard keeps them open")))] += n
    return [
        ngettext("%(n)s more was kept open: %(why)s", "%(n)s more were kept open: %(why)s", n)
        % {"n": number(n), "why": why}
        for why, n in by_words.items()
    ]
