"""The plan of a site: which rules to sign, in the order of what each adds, and whose turn it is."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Final

from django.db.models import F, QuerySet, Window
from django.db.models.functions import RowNumber

from alerts.incidents.queries import sites_in_reach
from alerts.patterns.models import Pattern, PatternState, SiteMining
from alerts.patterns.queries.growth import (
    is_growth_judged,
    is_outgrown,
    keeps_lines,
    leaves_out_harm,
    names_refused,
)
from alerts.patterns.queries.patterns import patterns_in_plan, patterns_visible_to, site_minings
from alerts.rules.guards.signing import SigningSide
from alerts.suppression.backtesting.history_sql import days_counted
from alerts.suppression.models import ACTING, OPEN, RuleVersion
from alerts.suppression.models import VersionState as RuleState
from alerts.suppression.models.rules import ENDED
from alerts.suppression.queries import (
    acting_versions,
    trials_that_cannot_end,
    versions_visible_to,
)
from alerts.suppression.signing.awaiting_signature import with_signatures
from portal.accounts.models import User

MONTH: Final = timedelta(days=30)
MAX_OBSTACLES: Final = 10  # patterns that cannot become a rule, the largest
FIRST_STEPS: Final = 7  # of a longer plan: what can be read and signed in one sitting


class StepState(StrEnum):
    """Whose turn it is with a step of the plan."""

    LIVE = "live"
    TRIAL = "trial"
    SOC = "soc"  # waits for the SOC's signature
    OT = "ot"  # waits for OT's signature
    DRAFT = "draft"  # somebody writes the rule, or was asked for changes
    # May be proposed: a rule, or the next version of one that it outgrew or whose trial cannot end.
    READY = "ready"
    EVIDENCE = "evidence"  # lacks evidence, or nobody has judged what is new in it


TO_SIGN: Final = (StepState.READY, StepState.DRAFT, StepState.OT, StepState.SOC)


@dataclass(frozen=True, slots=True)
class PlanStep:
    """One rule of the plan. `share`: of the site's incidents, what it alone adds; nothing where it
    stays as it is.
    """

    pattern: Pattern
    state: StepState
    share: float
    version: RuleVersion | None = None

    @property
    def gain(self) -> int:
        """How many incidents it adds."""
        return self.pattern.plan_gain if self.share else 0


@dataclass(frozen=True, slots=True)
class SitePlan:
    """The plan of one site. All shares are of its incidents in the period."""

    totals: SiteMining
    steps: list[PlanStep]
    acting: list[RuleVersion] = field(default_factory=list)
    obstacles: list[Pattern] = field(default_factory=list)

    def steps_in(self, *states: StepState) -> list[PlanStep]:
        """Return the steps whose turn it is with one of these, in the order of the plan."""
        return [step for step in self.steps if step.state in states]

    @property
    def days(self) -> int:
        """How many days the counts are of."""
        return days_counted(self.totals.mining.days, history_days=self.totals.history_days)

    @property
    def whole_days(self) -> int:
        """How many of them are over: what rates are reckoned by."""
        return max(min(self.totals.mining.days, self.totals.history_days - 1), 1)

    @property
    def to_sign(self) -> list[PlanStep]:
        """What two people may sign now."""
        return self.steps_in(*TO_SIGN)

    @property
    def in_trial(self) -> list[RuleVersion]:
        """The signed rules that only label yet."""
        return [version for version in self.acting if version.state == RuleState.IN_TRIAL]

    @property
    def live_since_counted(self) -> list[RuleVersion]:
        """Rules that were in trial when history was counted and are live now."""
        ran_at, steps = self.totals.mining.ran_at, self.steps_in(StepState.LIVE)
        added = {step.version.pk for step in steps if step.version}
        return [
            version
            for version in self.acting
            if version.state == RuleState.LIVE
            and version.state_since > ran_at
            and version.pk not in added
        ]

    @property
    def acting_share(self) -> float:
        """Share that signed rules cover, in trial or live, also those signed since history was
        counted.
        """
        return self.totals.living_share + share_of(self.steps_in(StepState.LIVE, StepState.TRIAL))

    @property
    def live_share(self) -> float | None:
        """Share that live rules cover, without those in trial; None where it was not counted."""
        if self.totals.live_share is None:
            return None
        return self.totals.live_share + share_of(self.steps_in(StepState.LIVE))

    @property
    def signed_share(self) -> float:
        """The same with everything that can be signed now."""
        return self.acting_share + share_of(self.to_sign)

    @property
    def full_share(self) -> float:
        """The same with what still lacks evidence."""
        return self.signed_share + share_of(self.steps_in(StepState.EVIDENCE))

    @property
    def judged(self) -> tuple[int, int]:
        """How many verdicts the rules to sign rest on, and how many of these are suspicious. One
        verdict about several patterns counts once.
        """
        harmless: set[object] = set()
        suspicious = 0
        for step in self.to_sign:
            harmless.update(step.pattern.verdict_uuids)
            suspicious += step.pattern.suspicious
        return len(harmless) + suspicious, suspicious

    @property
    def minutes_a_month(self) -> float | None:
        """Analysts' work that the rules to sign save; None where handling was not measured."""
        return minutes_a_month(self.to_sign, days=self.whole_days)


def share_of(steps: Iterable[PlanStep]) -> float:
    """Return what these steps add together."""
    return sum(step.share for step in steps)


def minutes_a_month(steps: Sequence[PlanStep], *, days: int) -> float | None:
    """Return the work that these steps save in thirty days; None where any was not measured."""
    minutes_by_step = [step.pattern.minutes_each for step in steps]
    if not minutes_by_step or any(minutes is None for minutes in minutes_by_step):
        return None
    minutes = sum(step.gain * (step.pattern.minutes_each or 0.0) for step in steps)
    return minutes * (MONTH / timedelta(days=days))


def site_plans_for(user: User) -> list[SitePlan]:
    """Return the plan of every site that the person sees and that was mined, by name."""
    totals = list(site_minings(list(sites_in_reach(user))))
    return _plans(totals, patterns_visible_to(user), versions_visible_to(user))


def plans_of_all_sites() -> list[SitePlan]:
    """Return every plan there is, for the command line."""
    rows = Pattern.objects.select_related("workspace__organisation", "site", "rule", "state_by")
    return _plans(list(site_minings()), rows, RuleVersion.objects.select_related("rule"))


def _plans(
    totals: Sequence[SiteMining],
    patterns: QuerySet[Pattern],
    versions_shown: QuerySet[RuleVersion],
) -> list[SitePlan]:
    sites = [site_totals.site_id for site_totals in totals]
    visible = patterns.filter(site__in=sites)
    steps = list(patterns_in_plan(visible))
    rule_ids = [step.rule_id for step in steps if step.rule_id]
    versions = _unfinished_versions(versions_shown.filter(rule__in=rule_ids))
    in_work = {version.rule_id: version for version in versions if version.state in OPEN}
    current = _current_versions(versions)
    stuck = set(trials_that_cannot_end().values_list("pk", flat=True))
    acting = _acting_at(sites)
    blocked = _largest_blocked(visible)
    return [
        SitePlan(
            totals=site_totals,
            steps=[
                _step(
                    step,
                    current.get(step.rule_id or 0),
                    site_totals,
                    in_work=in_work.get(step.rule_id or 0),
                    stuck=stuck,
                )
                for step in steps
                if step.site_id == site_totals.site_id
            ],
            acting=[version for version in acting if site_totals.site_id in version.site_ids],
            obstacles=[row for row in blocked if row.site_id == site_totals.site_id],
        )
        for site_totals in totals
    ]


def _largest_blocked(patterns: QuerySet[Pattern]) -> list[Pattern]:
    """The largest patterns of each site that cannot become a rule: there may be thousands."""
    blocked = patterns.filter(state=PatternState.OPEN).exclude(obstacles=[]).order_by()
    order = (F("incidents").desc(), F("pk").asc())
    ranked = blocked.annotate(
        place=Window(RowNumber(), partition_by=[F("site")], order_by=order)
    ).filter(place__lte=MAX_OBSTACLES)
    return list(patterns.filter(pk__in=ranked.values("pk")).order_by(*order))


def _step(
    pattern: Pattern,
    version: RuleVersion | None,
    totals: SiteMining,
    *,
    in_work: RuleVersion | None,
    stuck: Collection[int],
) -> PlanStep:
    share = pattern.plan_gain / totals.incidents if totals.incidents else 0.0
    if version is not None and version.pk in stuck:
        state = step_state(pattern, in_work or version)
        if in_work is None and is_way_out(pattern, version):
            state = StepState.READY
        adds = share if state in TO_SIGN else 0.0  # as it is, it takes nothing off people
        return PlanStep(pattern, state, adds, in_work or version)
    counted_at = totals.mining.ran_at
    if version is None or not is_outgrown(pattern, version, counted_at=counted_at):
        return PlanStep(pattern, step_state(pattern, version), share, version)
    if in_work is not None:
        return PlanStep(pattern, step_state(pattern, in_work), share, in_work)
    if not keeps_lines(pattern, version) or names_refused(pattern, version):
        return PlanStep(pattern, StepState.LIVE, 0.0, version)
    is_ready = pattern.has_enough_evidence and is_growth_judged(pattern, version)
    return PlanStep(pattern, StepState.READY if is_ready else StepState.EVIDENCE, share, version)


def is_way_out(pattern: Pattern, stuck: RuleVersion) -> bool:
    """Whether the pattern is the next version of a rule whose trial labelled a true positive: it
    leaves that out, and nothing else of the rule is wider but for names that were judged.
    """
    return (
        pattern.has_enough_evidence
        and not pattern.obstacles
        and keeps_lines(pattern, stuck)
        and not names_refused(pattern, stuck)
        and leaves_out_harm(pattern, stuck)
    )


def step_state(pattern: Pattern, version: RuleVersion | None) -> StepState:
    """Return whose turn it is: by the rule that was made of the pattern, else by its evidence."""
    if version is None:
        return StepState.READY if pattern.has_enough_evidence else StepState.EVIDENCE
    if version.state == RuleState.LIVE:
        return StepState.LIVE
    if version.state == RuleState.IN_TRIAL:
        return StepState.TRIAL
    if version.state == RuleState.PROPOSED:
        sides = {signature.side for signature in version.valid_signatures}  # type: ignore[attr-defined]  # prefetched
        return StepState.OT if SigningSide.OT not in sides else StepState.SOC
    return StepState.DRAFT


def _unfinished_versions(shown: QuerySet[RuleVersion]) -> list[RuleVersion]:
    """The versions of these rules that have not ended, the oldest first."""
    rows = with_signatures(shown.select_related(None).exclude(state__in=ENDED))
    return list(rows.select_related("rule").order_by("number"))


def _current_versions(rows: Iterable[RuleVersion]) -> dict[int, RuleVersion]:
    """The version that speaks for each rule: what acts, else what is in work."""
    versions: dict[int, RuleVersion] = {}
    for row in rows:
        current = versions.get(row.rule_id)
        if current is None or current.state not in ACTING or row.state in ACTING:
            versions[row.rule_id] = row
    return versions


def _acting_at(site_ids: Collection[int]) -> list[RuleVersion]:
    rows = acting_versions().filter(site_ids__overlap=list(site_ids))
    return list(rows.order_by("rule__number"))
