"""What the plan of a site offers in one line, the same on its page and on homes."""

from collections.abc import Sequence

from django.utils.translation import gettext, ngettext

from alerts.patterns.queries.plan import PlanStep, SitePlan, StepState, share_of
from portal.ui.words import hours, number, percent


def offer_of(plan: SitePlan, *, may_sign: bool) -> str:
    """Return the offer in one line, to a person who may sign for a side, or to others."""
    soc = plan.steps_in(StepState.SOC)
    to_propose = [step for step in plan.to_sign if step.state != StepState.SOC]
    if soc:
        return _soc_offer(soc, to_propose)
    n = len(to_propose)
    if not n:
        return gettext("Nothing to sign at %(site)s now") % {"site": plan.totals.site.name}
    less = percent(share_of(plan.to_sign), 0)
    offer = ngettext(
        "%(n)s rule can be signed: %(less)s fewer incidents",
        "%(n)s rules can be signed: %(less)s fewer incidents",
        n,
    )
    if may_sign:
        offer = ngettext(
            "Sign this rule: %(less)s fewer incidents",
            "Sign these %(n)s rules: %(less)s fewer incidents",
            n,
        )
    offer %= {"n": number(n), "less": less}
    if (minutes := plan.minutes_a_month) is not None:
        return gettext("%(offer)s, %(work)s of analysts' work a month") % {
            "offer": offer,
            "work": hours(minutes),
        }
    return offer


def _soc_offer(soc: Sequence[PlanStep], to_propose: Sequence[PlanStep]) -> str:
    """Return what waits for the SOC, and what OT may still add to it."""
    words = ngettext(
        "%(n)s rule waits for the SOC: %(less)s fewer incidents",
        "%(n)s rules wait for the SOC: %(less)s fewer incidents",
        len(soc),
    ) % {"n": number(len(soc)), "less": percent(share_of(soc), 0)}
    if not to_propose:
        return words
    more = ngettext(
        "%(n)s more to propose: +%(more)s", "%(n)s more to propose: +%(more)s", len(to_propose)
    )
    rest = more % {"n": number(len(to_propose)), "more": percent(share_of(to_propose), 0)}
    return f"{words}. {rest}"
