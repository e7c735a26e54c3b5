"""What the page of a sitting shows of one rule."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.http import HttpRequest
from django.utils.translation import gettext

from alerts.incidents.hidden_verdicts import hidden_from
from alerts.incidents.queries import incidents_visible_to
from alerts.suppression.backtesting.bound_sentence import harmless_share
from alerts.suppression.backtesting.corrected_verdicts import Correction, corrections_inside
from alerts.suppression.backtesting.fact_rows import Period
from alerts.suppression.backtesting.marginal_gains import PERIOD
from alerts.suppression.backtesting.redaction import body_for
from alerts.suppression.backtesting.time_to_close import usual_minutes
from alerts.suppression.engine.guards.never import is_strict
from alerts.suppression.engine.guards.signing import FRESH, Side
from alerts.suppression.models import RuleVersion
from alerts.suppression.queries import versions_visible_to
from alerts.suppression.signing.awaiting_signature import Request, is_stale
from alerts.suppression.signing.signing_context import evidence_that_counts, people_behind
from alerts.suppression.web.backtest import Shown, reasons_of, shown
from alerts.suppression.web.looks import IncidentLink, Look
from alerts.suppression.web.rule_sentence import risks_of, sentence_of
from alerts.suppression.web.signing import signing_of
from alerts.suppression.web.sitting_state import Mark, Place, Sitting
from alerts.suppression.web.verbs import may_do
from alerts.suppression.web.words import routine_cause
from portal.accounts.models import User
from portal.accounts.proof import proved_at_of
from portal.ui.words import hours

MAX_CHECKS: Final = 4
MONTH: Final = timedelta(days=30)
PASSED: Final = (Mark.SKIPPED, Mark.CHANGES, Mark.STOPPED, Mark.GONE)


@dataclass(frozen=True, slots=True)
class Check:
    """One thing to look at before signing: why, and where it stands."""

    number: int
    title: str
    why: str
    at: datetime
    incident: IncidentLink | None
    is_opened: bool = False


@dataclass(frozen=True, slots=True)
class Proof:
    """Until when the last proof of identity lets a person sign."""

    proved_at: datetime
    ends_at: datetime
    seconds_left: int


@dataclass(frozen=True, slots=True)
class Latest:
    """What the person decided last, and the act that stops the rule where one is offered. A
    signature is on record and is not taken back: the rule is paused, or the proposal rejected.
    """

    version: RuleVersion
    mark: str
    verb: str

    @property
    def is_acting(self) -> bool:
        """Whether both sides have signed."""
        return self.version.is_acting


def latest_of(sitting: Sitting, user: User, *, now: datetime) -> Latest | None:
    """Return the person's last decision of the sitting, as far as it still says something."""
    place = sitting.place_of(sitting.latest)
    if place is None or not place.mark:
        return None
    version = versions_visible_to(user).filter(uuid=place.uuid).first()
    if version is None:
        return None
    verb = verb_to_stop(version, user, now=now) if place.mark == Mark.SIGNED else ""
    return Latest(version, place.mark, verb)


def verb_to_stop(version: RuleVersion, user: User, *, now: datetime) -> str:
    """Return the act by which this person stops what they have signed; nothing where none is."""
    return next((v for v in ("pause", "reject") if may_do(v, version, user, now=now)), "")


def rule_context(
    request: HttpRequest, asked: Request, place: Place, user: User, *, now: datetime
) -> dict[str, Any]:
    """Return all that the page shows of the rule that is up."""
    version, test = asked.version, asked.version.backtest
    context = signing_of(request, version, user, list(asked.signed.values()), now=now) | {
        "version": version,
        "asked": asked,
        "place": place,
        "sentence": sentence_of(version.said),
        "cause": routine_cause(version.said.reason),
        "is_stale": needs_retest(version, now=now),
    }
    if test is None or context["is_stale"]:
        return context
    told = shown(body_for(test.body, by=user), said=version.said)
    checks = checks_of(version, told, user, opened=place.opened)
    return context | {
        "test": told,
        "totals": test.body["incident_totals"],
        "test_reasons": reasons_of(test.reasons),
        "n_stops": told.stops.total,
        "checks": checks,
        "opened": sum(check.is_opened for check in checks),
        "harmless": harmless_share(told.suspicious, told.judged, is_strict=is_strict(version.said)),
        "judges": len(people_behind(evidence_that_counts(version))),
        "risks": risks_of(version.said),
        "is_for_ot": context["sign_sides"] == [Side.OT],
    }


def needs_retest(version: RuleVersion, *, now: datetime) -> bool:
    """Whether the back-test must be run again before it is shown: it is too old, of another text,
    or from before back-tests counted what became of each incident.
    """
    test = version.backtest
    return is_stale(version, now=now) or test is None or "incident_totals" not in test.body


def proof_of(request: HttpRequest, *, now: datetime) -> Proof | None:
    """Return the proof of identity that signing may rest on now; None where it asks anew."""
    proved_at = proved_at_of(request)
    if proved_at is None or not proved_at <= now <= proved_at + FRESH:
        return None
    ends_at = proved_at + FRESH
    return Proof(proved_at, ends_at, round((ends_at - now).total_seconds()))


def sums_of(sitting: Sitting, current: Place | None) -> dict[str, Any]:
    """Return the sums of the sitting: signed, this one, left; they add up to all."""
    signed, others = sitting.gain(Mark.SIGNED), sitting.gain(*PASSED)
    this = current.gain if current else 0
    left, minutes = sitting.gain(""), usual_minutes()
    in_a_month = MONTH / PERIOD
    return {
        "signed": signed,
        "n_signed": sitting.count(Mark.SIGNED),
        "this": this,
        "left": left - this,
        "n_left": max(sitting.count("") - bool(current), 0),
        "passed": others,
        "n_passed": sitting.count(*PASSED),
        "n_skipped": sitting.count(Mark.SKIPPED),
        "all": signed + left + others,
        "n_all": len(sitting.places),
        "number": sitting.places.index(current) + 1 if current else len(sitting.places),
        "hours": hours(minutes * (signed + left) * in_a_month) if minutes else "",
        "hours_signed": hours(minutes * signed * in_a_month) if minutes else "",
    }


def checks_of(
    version: RuleVersion, test: Shown, user: User, *, opened: Sequence[int]
) -> list[Check]:
    """Return what to look at first: the two matches least like the judged ones, the nearest miss,
    a verdict that was corrected; then more of the first.
    """
    body = version.backtest.body if version.backtest else {}
    period = Period(test.start, test.end) if body else None
    corrected = corrections_inside(version.said, period) if period else []
    seen = set(
        incidents_visible_to(user)
        .filter(pk__in=[each.incident.pk for each in corrected])
        .values_list("pk", flat=True)
    )
    matches = [_of_look(look) for look in test.check_these.looks]
    misses = [_of_look(look, is_miss=True) for look in test.nearest.looks]
    seen -= hidden_from(user).by_incident.keys()
    corrections = [_of_correction(each) for each in corrected if each.incident.pk in seen]
    chosen = [*matches[:2], *misses[:1], *corrections[:1]]
    rest = [*matches[2:], *misses[1:], *corrections[1:]]
    chosen += rest[: MAX_CHECKS - len(chosen)]
    return [
        Check(n, title, why, at, incident, is_opened=n in opened)
        for n, (title, why, at, incident) in enumerate(chosen, start=1)
    ]


type _Parts = tuple[str, str, datetime, IncidentLink | None]


def _of_look(look: Look, *, is_miss: bool = False) -> _Parts:
    title = f"{look.ends} ×{look.times}" if look.times > 1 else look.ends
    why = " ".join(look.reasons)
    if is_miss:
        why = gettext("Nearest miss, it stays open. %(why)s") % {"why": why}
    return title, why, look.at, look.incident


def _of_correction(each: Correction) -> _Parts:
    number = each.incident.number
    label = f"#{number}" if number else gettext("Incident %(id)s") % {"id": each.incident.pk}
    why = gettext("%(first)s called it suspicious; %(then)s corrected that.") % {
        "first": each.first.by.name,
        "then": each.then.by.name,
    }
    link = IncidentLink(label, f"/incidents/{each.incident.pk}/")
    return gettext("Once judged suspicious, then corrected"), why, each.at, link
