"""What the page of a plan shows: the offer, the curve, the rows of the list."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext, pgettext
from django.utils.translation import gettext_lazy as _

from alerts.patterns.models import Pattern
from alerts.patterns.policies import may_decide, obstacles_in_words
from alerts.patterns.queries.plan import PlanStep, SitePlan, StepState, share_of
from alerts.patterns.queries.questions import answers_needed
from alerts.patterns.web.headline import hours_words, pattern_headline
from alerts.sites.models import Site
from alerts.suppression.backtesting.bound_sentence import HarmlessShare, harmless_share
from alerts.suppression.backtesting.history_sql import BackTestTimedOut
from alerts.suppression.backtesting.signed_share import signed_share_at
from portal.accounts.models import User
from portal.ui.step_chart import ChartLevel, ChartStep, Tone, chart_steps
from portal.ui.words import number, percent

type Chip = tuple[Promise, str, str]  # words, kind, icon

STATE_CHIPS: Final[dict[StepState, Chip]] = {
    StepState.LIVE: (_("Live"), "ok", "shield-check"),
    StepState.TRIAL: (_("In its trial"), "maint", "flask-conical"),
    StepState.SOC: (_("Waiting for the SOC"), "accent", "hourglass"),
    StepState.OT: (_("Waiting for OT"), "ot", "hourglass"),
    StepState.DRAFT: (_("Being written"), "", "pencil"),
    StepState.READY: (_("Ready to propose"), "ot", "pencil"),
    StepState.EVIDENCE: (_("Lacks evidence"), "medium", "message-square-reply"),
}
TONES: Final[dict[StepState, Tone]] = {
    StepState.LIVE: "ok",
    StepState.TRIAL: "maint",
    StepState.SOC: "accent",
    StepState.OT: "ot",
    StepState.DRAFT: "ot",
    StepState.READY: "ot",
    StepState.EVIDENCE: "open",
}
SMALL_SHARE, MIN_TAIL = 0.01, 3  # steps that add less are drawn as one, from so many on
MIN_APART: Final = 0.16  # of the chart's height: closer levels are not named both


def distance_words(site: Site, *, now: datetime) -> str:
    """Return what signed rules would have closed at a site without trial, stop or hold, beside what
    they closed.
    """
    try:
        found = signed_share_at(site.pk, now=now)
    except BackTestTimedOut:
        return gettext("What signed rules would have closed could not be counted in time.")
    if found is None:
        return gettext("No rule is signed here yet, so there is nothing to compare with the plan.")
    if not found.incidents:
        return gettext("No incident has come since the first rule was signed.")
    days = max((now - found.since).days, 1)
    return ngettext(
        "In the last day the signed rules would have closed %(covered)s of the incidents, without"
        " trial, stop or hold; they closed %(closed)s.",
        "In the last %(days)s days the signed rules would have closed %(covered)s of the incidents,"
        " without trial, stop or hold; they closed %(closed)s.",
        days,
    ) % {
        "days": number(days),
        "covered": percent(found.covered_share, 0),
        "closed": percent(found.closed_share, 0),
    }


@dataclass(frozen=True, slots=True)
class PlanRow:
    """One row of the list. Rows of rules that act have no order of their own."""

    step: PlanStep
    key: str
    headline: str
    meta: str
    gain: str
    incidents: str
    evidence: str
    bound: str
    is_little: bool
    chip: str
    chip_kind: str
    chip_icon: str
    href: str
    page: str
    may_decide: bool

    @property
    def pattern(self) -> Pattern:
        """The pattern."""
        return self.step.pattern


@dataclass(frozen=True, slots=True)
class RowGroup:
    """Rows under one heading, and what they add together."""

    title: str
    sum: str
    rows: list[PlanRow]


@dataclass(frozen=True, slots=True)
class BlockedRow:
    """A pattern that cannot become a rule: why, and how much it is."""

    headline: str
    why: str
    incidents: str
    page: str


def judged_words(plan: SitePlan) -> str:
    """Return how many verdicts the offer rests on, the suspicious first."""
    judged, suspicious = plan.judged
    if not judged:
        return ""
    return ngettext(
        "%(suspicious)s of %(n)s judged was suspicious.",
        "%(suspicious)s of %(n)s judged were suspicious.",
        judged,
    ) % {"n": number(judged), "suspicious": number(suspicious)}


def plan_bound_words(plan: SitePlan) -> str:
    """Return the bound of the plan as a whole."""
    judged, suspicious = plan.judged
    share = harmless_share(suspicious, judged, is_strict=False)
    if judged and share.is_little:
        return gettext("That is little evidence.")
    return f"{share.headline}." if share.has_limit else ""


def groups_of(plan: SitePlan, user: User) -> list[RowGroup]:
    """Return the rows of the list, group by group."""
    order = {step.pattern.pk: n for n, step in enumerate(plan.steps, start=1)}
    named = [
        (
            plan.to_sign,
            ngettext(
                "%(n)s rule to sign, largest gain first",
                "%(n)s rules to sign, largest gain first",
                len(plan.to_sign),
            ),
        ),
        (
            plan.steps_in(StepState.EVIDENCE),
            ngettext(
                "%(n)s lacks evidence",
                "%(n)s lack evidence",
                len(plan.steps_in(StepState.EVIDENCE)),
            ),
        ),
        (
            plan.steps_in(StepState.TRIAL, StepState.LIVE),
            ngettext(
                "%(n)s signed since history was counted",
                "%(n)s signed since history was counted",
                len(plan.steps_in(StepState.TRIAL, StepState.LIVE)),
            ),
        ),
    ]
    return [
        RowGroup(
            title % {"n": number(len(steps))},
            gain_words(steps),
            [_row(step, order[step.pattern.pk], plan, user) for step in steps],
        )
        for steps, title in named
        if steps
    ]


def gain_words(steps: Sequence[PlanStep]) -> str:
    """Return what these rules add together, as a share and in incidents."""
    return f"+{percent(share_of(steps))} · {_incidents(sum(step.gain for step in steps))}"


def blocked_rows(plan: SitePlan) -> list[BlockedRow]:
    """Return what cannot become a rule, each with its reason."""
    return [
        BlockedRow(
            pattern_headline(row),
            " ".join(obstacles_in_words(row.obstacles[:1])),
            _incidents(row.incidents),
            reverse("patterns:pattern", args=[row.uuid]),
        )
        for row in plan.obstacles
    ]


def curve_of(plan: SitePlan, chosen: Pattern | None) -> SafeString:
    """Return the curve: rules signed, and the share that no longer reaches the SOC."""
    steps: list[ChartStep] = []
    if plan.acting or plan.totals.living_incidents:
        steps += _base_of(plan)
    order = {step.pattern.pk: n for n, step in enumerate(plan.steps, start=1)}

    def drawn(group: Sequence[PlanStep]) -> list[ChartStep]:
        return _without_tail(
            [
                ChartStep(
                    number(order[step.pattern.pk]),
                    step.share,
                    TONES[step.state],
                    f"{order[step.pattern.pk]} · {pattern_headline(step.pattern)}:"
                    f" +{percent(step.share)}",
                    is_current=chosen is not None and step.pattern.pk == chosen.pk,
                )
                for step in group
            ]
        )

    steps += drawn(plan.steps_in(StepState.LIVE, StepState.TRIAL))
    before = len(steps)
    steps += drawn(plan.to_sign)
    with_these = len(steps)
    steps += drawn(plan.steps_in(StepState.EVIDENCE))
    levels = [
        ChartLevel(plan.full_share, len(steps), gettext("with more answers")),
        ChartLevel(plan.signed_share, with_these, gettext("with these")),
    ]
    if plan.acting_share:
        now = pgettext("rules", "signed") if plan.in_trial else gettext("already")
        levels.append(ChartLevel(plan.acting_share, before, now))
    title = (
        gettext(
            "Incidents that rules cover: %(now)s of signed rules, %(signed)s with these rules, "
            "%(full)s with more answers."
        )
        if plan.in_trial
        else gettext(
            "Incidents that no longer reach the SOC: %(now)s already, %(signed)s with these rules, "
            "%(full)s with more answers."
        )
    ) % {
        "now": percent(plan.acting_share, 0),
        "signed": percent(plan.signed_share, 0),
        "full": percent(plan.full_share, 0),
    }
    return chart_steps(
        steps, title, levels=_apart(levels), unit=gettext("Adds"), what=gettext("Rule")
    )


def _without_tail(steps: Sequence[ChartStep]) -> list[ChartStep]:
    """The steps, those of one tone that add hardly anything in one step where they are several."""
    kept = [step for step in steps if step.share >= SMALL_SHARE]
    tails: dict[Tone, list[ChartStep]] = defaultdict(list)
    for step in steps:
        if step.share < SMALL_SHARE:
            tails[step.tone].append(step)
    for tone, tail in tails.items():
        kept += tail if len(tail) < MIN_TAIL else [_folded(tail, tone)]
    return kept


def _folded(tail: Sequence[ChartStep], tone: Tone) -> ChartStep:
    n, share = len(tail), sum(step.share for step in tail)
    name = ngettext("%(n)s more", "%(n)s more", n) % {"n": number(n)}
    return ChartStep(
        f"+{number(n)}",
        share,
        tone,
        f"{name}: +{percent(share)}",
        name,
        is_current=any(step.is_current for step in tail),
    )


def _base_of(plan: SitePlan) -> list[ChartStep]:
    """Return what signed rules covered when history was counted, live and in trial apart."""
    living, live = plan.totals.living_share, plan.totals.live_share
    if not plan.in_trial:
        return [ChartStep(gettext("acting"), living, "ok")]
    if not live:
        return [ChartStep(pgettext("rules", "signed"), living, "maint")]
    return [
        ChartStep(gettext("live"), live, "ok"),
        ChartStep(gettext("in trial"), living - live, "maint"),
    ]


def _apart(levels: list[ChartLevel]) -> list[ChartLevel]:
    named: list[ChartLevel] = []
    for level in levels:
        if not named or named[-1].share - level.share >= MIN_APART:
            named.append(level)
    return named


def _row(step: PlanStep, order: int, plan: SitePlan, user: User) -> PlanRow:
    row = step.pattern
    label, kind, icon = STATE_CHIPS[step.state]
    bound = harmless_share(row.suspicious, row.judged, is_strict=row.process.is_strict)
    if step.state is StepState.EVIDENCE:
        n = answers_needed(row)
        chip = ngettext("Needs %(n)s answer", "Needs %(n)s answers", n) % {"n": number(n)}
    else:
        chip = str(label)
    if step.version is not None and step.state in (
        StepState.READY,
        StepState.EVIDENCE,
        StepState.DRAFT,
        StepState.LIVE,
        StepState.TRIAL,
    ):
        chip = f"{step.version.rule.label} · {chip}"
    return PlanRow(
        step=step,
        key=number(order),
        headline=pattern_headline(row),
        meta=_meta(row),
        gain=f"+{percent(step.share)}",
        incidents=_incidents(step.gain),
        evidence=gettext("%(suspicious)s of %(n)s suspicious")
        % {"suspicious": number(row.suspicious), "n": number(row.judged)},
        bound=_bound(bound),
        is_little=bound.is_little,
        chip=chip,
        chip_kind=kind,
        chip_icon=icon,
        href=f"?site={plan.totals.site.uuid}&pattern={row.uuid}",
        page=reverse("patterns:pattern", args=[row.uuid]),
        may_decide=may_decide(row, by=user),
    )


def _bound(share: HarmlessShare) -> str:
    if not share.is_little:
        return share.headline
    if not share.has_limit:
        return gettext("little evidence")
    return gettext("%(bound)s: little evidence") % {"bound": share.headline}


def _meta(row: Pattern) -> str:
    when = hours_words(row.process, row.time_zone)
    parts = [when[:1].upper() + when[1:]]
    types = len(row.type_figures) or len(row.alert_types)
    if types > 1:
        parts.append(
            ngettext("%(n)s alert type", "%(n)s alert types", types) % {"n": number(types)}
        )
    return " · ".join(parts)


def _incidents(n: int) -> str:
    return ngettext("%(n)s incident", "%(n)s incidents", n) % {"n": number(n)}
