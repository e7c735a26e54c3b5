"""Who may decide about a pattern, and why not."""

from collections.abc import Iterable

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from alerts.patterns.models import Pattern, PatternState
from alerts.rules.sentence import Sentence, translated_sentence
from alerts.suppression.policies import PROPOSING
from portal.accounts.models import User
from portal.accounts.queries import reach_of
from portal.ui.words import number, numeral


def may_decide(pattern: Pattern, *, by: User) -> bool:
    """Whether to show this person what can be done with it."""
    reach = reach_of(by, PROPOSING)
    return reach.covers(pattern.workspace) or (
        pattern.site is not None and pattern.site.uuid in reach.sites
    )


def reasons_against_deciding_pattern(pattern: Pattern, *, by: User) -> list[str]:
    """Why this person may not reject it, put it off or make a rule of it."""
    if not may_decide(pattern, by=by):
        return [_("Only OT and SOC people of its site or workspace can decide on a pattern.")]
    return []


def reasons_against_rule_of_pattern(pattern: Pattern, *, by: User) -> list[str]:
    """Why no rule is made of it now. What guards hold against it, it states itself."""
    reasons = reasons_against_deciding_pattern(pattern, by=by)
    if pattern.state == PatternState.HAS_RULE and pattern.rule is not None:
        reasons.append(_("%(rule)s was already made from it.") % {"rule": pattern.rule.label})
    return [*reasons, *obstacles_in_words(pattern.obstacles)]


def obstacles_in_words(obstacles: Iterable[tuple[str, dict[str, str]]]) -> list[str]:
    """Return in words the obstacles to a rule, as mining noted them: code and detail."""
    return [_obstacle(code, detail) for code, detail in obstacles]


def _obstacle(code: str, detail: dict[str, str]) -> str:
    n = int(detail.get("count", "0")) if detail.get("count", "0").isdecimal() else 0
    if code == "suspicious":
        return ngettext(
            "OT called it suspicious %(n)s time.", "OT called it suspicious %(n)s times.", n
        ) % {"n": number(n)}
    if code == "true_positive":
        return ngettext(
            "%(n)s of its incidents was a true positive.",
            "%(n)s of its incidents were true positives.",
            n,
        ) % {"n": number(n)}
    if code == "stops":
        return ngettext(
            "A back-test would stop it: %(n)s of the alerts that it matches was not routine.",
            "A back-test would stop it: %(n)s of the alerts that it matches were not routine.",
            n,
        ) % {"n": number(n)}
    own = {
        "no_identity": gettext_noop(
            "Too many devices take part at both ends for a rule to name them."
        ),
        "needs_hours": gettext_noop(
            "Alerts of this type may only be closed inside set hours, "
            "and this pattern keeps to none."
        ),
        "one_off": gettext_noop(
            "Most of these devices were seen on one day only: "
            "a rule that lists them would match nothing new."
        ),
        "needs_planned_work": gettext_noop(
            "It happens during planned work (%(kind)s); a rule can only say so "
            "where such work is planned."
        ),
    }.get(code)
    try:
        return _(own) % detail if own else translated_sentence(Sentence(code, **detail), _, numeral)
    except KeyError:  # mined by another version, until the next mining
        return _("It cannot become a rule as it stands.")
