"""An amendment: the next version of a live rule whose difference is one line, because OT confirmed
that the plant changed. It is proposed like any version, and both sides sign it.
"""

from dataclasses import replace
from datetime import datetime
from typing import Any

from django.utils.translation import gettext

from alerts.rules.rule import RuleDefinition
from alerts.suppression.drafting.drafts import edit_version, save_draft
from alerts.suppression.models import OPEN, DriftLine, RuleVersion, VersionState
from alerts.suppression.signing.propose import CannotProposeRule, propose_rule
from alerts.suppression.transitions import lock_version
from portal.accounts.models import User


class CannotAmendRule(CannotProposeRule):
    """No amendment was proposed; the rule stays as it is."""


def amended(rule: RuleDefinition, line: DriftLine) -> RuleDefinition:
    """Return a rule with the one line that a drift words anew."""
    before, after = line.before, line.after
    return replace(
        rule, all_of=tuple(after if clause == before else clause for clause in rule.all_of)
    )


def is_amendment(version: RuleVersion) -> bool:
    """Whether a version words exactly one line anew of the one that it amends, which lives."""
    before = version.amends
    if before is None or before.state != VersionState.LIVE:
        return False
    old, new = before.definition, version.definition
    gone, come = set(old.all_of) - set(new.all_of), set(new.all_of) - set(old.all_of)
    is_one_line = len(gone) == len(come) == 1 and len(old.all_of) == len(new.all_of)
    if not is_one_line or gone.pop().field != come.pop().field:
        return False
    return replace(new, all_of=old.all_of) == old


def propose_amendment(
    line: DriftLine, *, by: User, note: str, now: datetime, proved_at: datetime | None
) -> RuleVersion:
    """Propose the version that words one line anew. Who may sign and has just proved who they are
    signs for their side by it. Part of the command that answers the question.
    """
    version = lock_version(line.version_id)
    if version.state != VersionState.LIVE:
        raise CannotAmendRule(gettext("%(rule)s is no longer live.") % {"rule": version.rule.label})
    others = version.rule.versions.filter(state__in=(*OPEN, VersionState.IN_TRIAL))
    if others.exists():
        words = gettext("Another version of %(rule)s is being made already.")
        raise CannotAmendRule(words % {"rule": version.rule.label})
    if line.before not in version.definition.all_of:
        raise CannotAmendRule(gettext("The rule has changed meanwhile."))
    draft = edit_version(version_id=version.pk, by=by, now=now)
    body: dict[str, Any] = version.body | {
        "all_of": [clause.as_json() for clause in amended(version.definition, line).all_of]
    }
    RuleVersion.objects.filter(pk=draft.pk).update(amends=version)
    save_draft(version_id=draft.pk, by=by, now=now, body=body, revision=draft.revision)
    return propose_rule(
        version_id=draft.pk, by=by, note=note, now=now, proved_at=proved_at, must_sign=False
    )
