"""Who may decide about a candidate, and why not."""

from django.utils.translation import gettext as _

from alerts.patterns.models import Candidate, State
from alerts.suppression.policies import PROPOSING
from portal.accounts.models import User
from portal.accounts.queries import reach_of


def may_decide(candidate: Candidate, *, by: User) -> bool:
    """Whether to show this person what can be done with it."""
    reach = reach_of(by, PROPOSING)
    organisation = candidate.workspace.organisation
    return (
        reach.everywhere
        or candidate.workspace.uuid in reach.workspaces
        or (organisation is not None and organisation.uuid in reach.organisations)
        or (candidate.site is not None and candidate.site.uuid in reach.sites)
    )


def reasons_against_deciding(candidate: Candidate, *, by: User) -> list[str]:
    """Why this person may not reject it, put it off or make a rule of it."""
    if not may_decide(candidate, by=by):
        return [_("Only OT and the SOC of its place decide about a pattern.")]
    return []


def reasons_against_rule(candidate: Candidate, *, by: User) -> list[str]:
    """Why no rule is made of it now. What guards hold against it, it says itself."""
    reasons = reasons_against_deciding(candidate, by=by)
    if candidate.state == State.HAS_RULE and candidate.rule is not None:
        reasons.append(_("%(rule)s was made of it already.") % {"rule": candidate.rule.label})
    if candidate.cannot:
        reasons.append(_("It cannot become a rule as it stands."))
    return reasons
