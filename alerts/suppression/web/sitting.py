"""A sitting: the rules that wait for one person's signature, in order of what each adds.

Its state is kept in the session: it is one person's place on one device, decides nothing, and may
be lost.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from django.http import HttpRequest
from django.utils.translation import gettext

from alerts.incidents.hidden_verdicts import hidden_from
from alerts.incidents.queries import incidents_visible_to
from alerts.rules.fields import Operator
from alerts.rules.guards.never import is_strict
from alerts.rules.guards.signing import FRESH, SigningSide
from alerts.rules.rule import ZONE_MARK, RuleDefinition
from alerts.suppression.backtesting.bound_sentence import harmless_share
from alerts.suppression.backtesting.history import Correction, corrections_inside
from alerts.suppression.backtesting.history_sql import TimeSpan
from alerts.suppression.backtesting.marginal_gains import PERIOD, in_order_of_gain
from alerts.suppression.backtesting.redaction import redacted_body
from alerts.suppression.backtesting.time_to_close import usual_minutes
from alerts.suppression.drafting.work_size import work_hours_by_site
from alerts.suppression.models import RuleVersion
from alerts.suppression.queries import versions_visible_to
from alerts.suppression.signing.awaiting_signature import SignatureRequest, is_stale
from alerts.suppression.signing.signing_context import evidence_that_counts, people_behind
from alerts.suppression.web.amendments import amendment_of
from alerts.suppression.web.backtest import (
    BackTestSummary,
    IncidentLink,
    SampleAlert,
    backtest_reasons,
    link_to,
    summarize_backtest,
)
from alerts.suppression.web.rule_sentence import closing_sentence, risks_of
from alerts.suppression.web.signing import signing_of
from alerts.suppression.web.verbs import may_do
from alerts.suppression.web.wording import routine_cause
from portal.accounts.models import User
from portal.accounts.password_checks import proved_at_of
from portal.ui.words import hours

_KEY: Final = "suppression.sitting"
MAX_AGE: Final = timedelta(hours=12)  # then the figures are counted again
MAX_CHECKS: Final = 4
MONTH: Final = timedelta(days=30)
_NAMING: Final = {Operator.IS, Operator.IS_ONE_OF, Operator.WITHIN}


class SittingMark(StrEnum):
    """What the person did with a rule of the sitting."""

    SIGNED = "signed"
    SKIPPED = "skipped"
    CHANGES = "changes"  # asked for
    STOPPED = "stopped"  # signed, then stopped or rejected at once
    GONE = "gone"  # somebody else signed or ended it meanwhile


PASSED: Final = (SittingMark.SKIPPED, SittingMark.CHANGES, SittingMark.STOPPED, SittingMark.GONE)


@dataclass(slots=True)
class SittingRule:
    """One rule of the sitting: what it adds, what became of it, which checks were opened."""

    uuid: str
    gain: int
    mark: str = ""
    opened: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Sitting:
    """The rules of a sitting in their order."""

    began_at: datetime
    places: list[SittingRule]
    is_estimate: bool = False
    latest: str = ""  # the version that the person decided on last

    @property
    def current(self) -> SittingRule | None:
        """The first rule that nothing was done with; None when all is done."""
        return next((place for place in self.places if not place.mark), None)

    def place_of(self, uuid: object) -> SittingRule | None:
        """Return the place of a version, if it is in the sitting."""
        return next((place for place in self.places if place.uuid == str(uuid)), None)

    def gain(self, *marks: str) -> int:
        """Return what the rules with one of these marks add together."""
        return sum(place.gain for place in self.places if place.mark in marks)

    def count(self, *marks: str) -> int:
        """Return how many rules have one of these marks."""
        return sum(place.mark in marks for place in self.places)


type _Entry = tuple[Sitting, SittingRule | None]


def sitting_of(
    request: HttpRequest, requests: Mapping[str, SignatureRequest], *, now: datetime
) -> Sitting:
    """Return the person's sitting, brought up to what waits for them now: rules that came since
    are ordered among those left, rules that no longer wait are marked.
    """
    sitting = _load(request, now=now)
    if sitting is None or (sitting.current is None and _new_among(requests, sitting)):
        sitting = Sitting(now, [])
    for place in sitting.places:
        if not place.mark and place.uuid not in requests:
            place.mark = SittingMark.GONE
    if _new_among(requests, sitting):
        _reorder(sitting, requests, now=now)
    save(request, sitting)
    return sitting


@contextmanager
def _place_in_sitting(request: HttpRequest, uuid: object, *, now: datetime) -> Iterator[_Entry]:
    """Give the sitting and the place of a version in it, and keep what is changed there."""
    sitting = _load(request, now=now) or Sitting(now, [])
    yield sitting, sitting.place_of(uuid)
    save(request, sitting)


def mark_rule(request: HttpRequest, uuid: object, outcome: SittingMark, *, now: datetime) -> None:
    """Write down what was done with a rule, if it is in the sitting."""
    with _place_in_sitting(request, uuid, now=now) as (sitting, place):
        if place:
            place.mark, sitting.latest = outcome, place.uuid


def note_opened(request: HttpRequest, uuid: object, check: int, *, now: datetime) -> None:
    """Write down that the person opened a check of a rule."""
    with _place_in_sitting(request, uuid, now=now) as (_sitting, place):
        if place and check not in place.opened:
            place.opened.append(check)


def take_back_skip(request: HttpRequest, uuid: object, *, now: datetime) -> None:
    """Put a rule that was skipped up again."""
    with _place_in_sitting(request, uuid, now=now) as (sitting, place):
        if place and place.mark == SittingMark.SKIPPED:
            place.mark, sitting.latest = "", ""


def take_up_skipped(request: HttpRequest, *, now: datetime) -> None:
    """Bring the rules that were skipped back into the sitting."""
    with _place_in_sitting(request, "", now=now) as (sitting, _place):
        for place in sitting.places:
            if place.mark == SittingMark.SKIPPED:
                place.mark = ""


def save(request: HttpRequest, sitting: Sitting) -> None:
    """Keep the sitting for the next page."""
    request.session[_KEY] = {
        "began_at": sitting.began_at.isoformat(),
        "is_estimate": sitting.is_estimate,
        "latest": sitting.latest,
        "places": [asdict(place) for place in sitting.places],
    }


def _load(request: HttpRequest, *, now: datetime) -> Sitting | None:
    stored: Any = request.session.get(_KEY)
    try:
        began_at = datetime.fromisoformat(stored["began_at"])
        places = [SittingRule(**place) for place in stored["places"]]
        latest = str(stored.get("latest", ""))
        sitting = Sitting(began_at, places, bool(stored["is_estimate"]), latest)
    except (KeyError, TypeError, ValueError):
        return None
    return sitting if timedelta(0) <= now - began_at <= MAX_AGE else None


def _new_among(requests: Collection[str], sitting: Sitting) -> bool:
    uuids = {place.uuid for place in sitting.places}
    return any(uuid not in uuids for uuid in requests)


def _reorder(sitting: Sitting, requests: Mapping[str, SignatureRequest], *, now: datetime) -> None:
    """What is done stays first, as it was; the rest is ordered by what it adds now."""
    done = [place for place in sitting.places if place.mark]
    opened = {place.uuid: place.opened for place in sitting.places}
    settled = {place.uuid for place in done}
    left = [request.version for uuid, request in requests.items() if uuid not in settled]
    gains = in_order_of_gain(left, now=now)
    sitting.is_estimate = any(gain.is_alone for gain in gains)
    sitting.places = done + [
        SittingRule(
            str(gain.version.uuid),
            gain.incidents,
            opened=list(opened.get(str(gain.version.uuid), [])),
        )
        for gain in gains
    ]


@dataclass(frozen=True, slots=True)
class SittingCheck:
    """One thing to look at before signing: why, and its address."""

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
class LatestDecision:
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


def latest_of(sitting: Sitting, user: User, *, now: datetime) -> LatestDecision | None:
    """Return the person's last decision of the sitting, as far as it is still of use."""
    place = sitting.place_of(sitting.latest)
    if place is None or not place.mark:
        return None
    version = versions_visible_to(user).filter(uuid=place.uuid).first()
    if version is None:
        return None
    verb = verb_to_stop(version, user, now=now) if place.mark == SittingMark.SIGNED else ""
    return LatestDecision(version, place.mark, verb)


def verb_to_stop(version: RuleVersion, user: User, *, now: datetime) -> str:
    """Return the act by which this person stops what they have signed; nothing where none is."""
    return next((v for v in ("pause", "reject") if may_do(v, version, user, now=now)), "")


def rule_context(
    request: HttpRequest,
    pending: SignatureRequest,
    place: SittingRule,
    user: User,
    *,
    now: datetime,
) -> dict[str, Any]:
    """Return all that the page shows of the rule that is up."""
    version, test = pending.version, pending.version.backtest
    context = signing_of(request, version, user, list(pending.signed.values()), now=now) | {
        "version": version,
        "asked": pending,
        "place": place,
        "where": place_of_rule(version.definition),
        "severity": next((c for c in version.definition.all_of if c.field == "severity"), None),
        "sentence": closing_sentence(version.definition),
        "whole_sentence": closing_sentence(version.definition, is_whole=True),
        "cause": routine_cause(version.definition.reason),
        "is_stale": needs_retest(version, now=now),
        "amendment": amendment_of(version, now=now),
    }
    if test is None or context["is_stale"]:
        return context
    summary = summarize_backtest(redacted_body(test.body, by=user), rule=version.definition)
    checks = sitting_checks(version, summary, user, opened=place.opened)
    return context | {
        "test": summary,
        "totals": test.body["incident_totals"],
        "test_reasons": backtest_reasons(test.reasons),
        "n_stops": summary.stops.total,
        "checks": checks,
        "opened": sum(check.is_opened for check in checks),
        "harmless": harmless_share(
            summary.suspicious, summary.judged, is_strict=is_strict(version.definition)
        ),
        "judges": len(people_behind(evidence_that_counts(version))),
        "risks": risks_of(version.definition, has_own_trial=not context.get("trial_carry_over")),
        "work_hours": work_hours_by_site(version.definition, site_ids=version.site_ids, now=now),
        "is_for_ot": context["sign_sides"] == [SigningSide.OT],
    }


def place_of_rule(rule: RuleDefinition) -> str:
    """Return the sites and zones that the rule names, from where to where; empty where it names
    none.
    """

    def names(field: str) -> str:
        return ", ".join(
            text.rpartition(ZONE_MARK)[2]
            for clause in rule.all_of
            if clause.field == field and clause.operator in _NAMING
            for text in clause.texts
        )

    zones = dict.fromkeys(map(names, ("zone", "source_zone", "destination_zone")))
    return " · ".join(filter(None, (names("site"), " → ".join(filter(None, zones)))))


def needs_retest(version: RuleVersion, *, now: datetime) -> bool:
    """Whether the back-test must be run again before it is shown: it is too old, of another text,
    or from before back-tests counted what became of each incident.
    """
    test = version.backtest
    return is_stale(version, now=now) or test is None or "incident_totals" not in test.body


def signing_proof_of(request: HttpRequest, *, now: datetime) -> Proof | None:
    """Return the proof of identity that signing may rest on now; None where it asks anew."""
    proved_at = proved_at_of(request)
    if proved_at is None or not proved_at <= now <= proved_at + FRESH:
        return None
    ends_at = proved_at + FRESH
    return Proof(proved_at, ends_at, round((ends_at - now).total_seconds()))


def sums_of(sitting: Sitting, current: SittingRule | None) -> dict[str, Any]:
    """Return the sums of the sitting: signed, this one, left; they add up to all."""
    signed, others = sitting.gain(SittingMark.SIGNED), sitting.gain(*PASSED)
    this = current.gain if current else 0
    left, minutes = sitting.gain(""), usual_minutes()
    in_a_month = MONTH / PERIOD
    return {
        "signed": signed,
        "n_signed": sitting.count(SittingMark.SIGNED),
        "this": this,
        "left": left - this,
        "n_left": max(sitting.count("") - bool(current), 0),
        "passed": others,
        "n_passed": sitting.count(*PASSED),
        "n_skipped": sitting.count(SittingMark.SKIPPED),
        "all": signed + left + others,
        "n_all": len(sitting.places),
        "number": sitting.places.index(current) + 1 if current else len(sitting.places),
        "hours": hours(minutes * (signed + left) * in_a_month) if minutes else "",
        "hours_signed": hours(minutes * signed * in_a_month) if minutes else "",
    }


def sitting_checks(
    version: RuleVersion, test: BackTestSummary, user: User, *, opened: Sequence[int]
) -> list[SittingCheck]:
    """Return what to look at first: the two matches least like the judged ones, the nearest miss,
    a verdict that was corrected; then more of the first.
    """
    body = version.backtest.body if version.backtest else {}
    period = TimeSpan(test.start, test.end) if body else None
    corrected = corrections_inside(version.definition, period) if period else []
    visible = set(
        incidents_visible_to(user)
        .filter(pk__in=[correction.incident.pk for correction in corrected])
        .values_list("pk", flat=True)
    )
    matches = [_of_look(look) for look in test.check_these.looks]
    misses = [_of_look(look, is_miss=True) for look in test.nearest.looks]
    visible -= hidden_from(user).by_incident.keys()
    corrections = [
        _of_correction(correction) for correction in corrected if correction.incident.pk in visible
    ]
    chosen = [*matches[:2], *misses[:1], *corrections[:1]]
    rest = [*matches[2:], *misses[1:], *corrections[1:]]
    chosen += rest[: MAX_CHECKS - len(chosen)]
    return [
        SittingCheck(n, title, why, at, incident, is_opened=n in opened)
        for n, (title, why, at, incident) in enumerate(chosen, start=1)
    ]


type _Parts = tuple[str, str, datetime, IncidentLink | None]


def _of_look(look: SampleAlert, *, is_miss: bool = False) -> _Parts:
    title = f"{look.ends} ×{look.times}" if look.times > 1 else look.ends
    why = " ".join(look.reasons)
    if is_miss:
        why = gettext("Nearest miss, it stays open. %(why)s") % {"why": why}
    return title, why, look.at, look.incident


def _of_correction(correction: Correction) -> _Parts:
    why = gettext("%(first)s called it suspicious; %(then)s corrected that.") % {
        "first": correction.first.by.name,
        "then": correction.then.by.name,
    }
    link = link_to(correction.incident.pk, correction.incident.number)
    return gettext("Once judged suspicious, then corrected"), why, correction.at, link
