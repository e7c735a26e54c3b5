"""The part of a version's page that says how far its trial has come, and what it lacks."""

from datetime import datetime
from typing import Any

from alerts.incidents.queries import incidents_visible_to
from alerts.suppression.enforcing.group_members import late_members
from alerts.suppression.engine.guards.lifecycle import is_unended
from alerts.suppression.models import RuleVersion, State
from alerts.suppression.watching.trials import approvals_in_force, progress_of, trial_lines
from portal.accounts.models import User


def trial_of(version: RuleVersion, user: User, *, now: datetime) -> dict[str, Any]:
    """What the card on the trial shows; nothing where the version is not in its trial."""
    if version.state != State.CANARY:
        return {"trial": None}
    progress = progress_of(version)
    ids = version.credited_incident_ids
    shown = incidents_visible_to(user).filter(pk__in=ids).order_by("-created_at", "-pk")
    return {
        "trial": progress,
        "trial_lines": trial_lines(progress, now=now),
        "trial_is_unended": is_unended(progress.trial, now=now),
        "trial_has_nothing": not progress.trial.counted,
        "approvals": approvals_in_force(version, now=now),
        "credited": list(shown),
        "credited_hidden": len(ids) - len(shown),
    }


def new_members_of(version: RuleVersion, user: User) -> dict[str, Any]:
    """What the card on new members shows: who joined the rule's groups after it was signed, and the
    incident in which a person meets them, where this one may see it.
    """
    late = late_members(version) if version.is_acting else []
    first = {each.first for each in late if each.first}
    seen = incidents_visible_to(user).filter(pk__in=first).in_bulk()
    return {"new_members": [(each, seen.get(each.first or 0)) for each in late]}
