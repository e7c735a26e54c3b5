"""From one state to the next: compare-and-set, one line in the life of the version."""

from datetime import datetime

from django.utils.translation import gettext

from alerts.suppression.models import RuleVersion, Step, VersionState
from portal.accounts.models import User
from portal.errors import Refused


class CannotChangeState(Refused):
    """The version is in another state by now."""


def lock_version(version_id: int) -> RuleVersion:
    """Return the version, locked until commit with all others of its rule: two acts on one rule at
    the same instant happen one after the other.
    """
    rule_id = RuleVersion.objects.values_list("rule", flat=True).get(pk=version_id)
    rows = RuleVersion.objects.filter(rule=rule_id).order_by("pk").select_for_update(of=("self",))
    found = {row.pk: row for row in rows.select_related("rule", "made_by", "proposed_by")}
    return found[version_id]


def move(
    version: RuleVersion,
    *,
    to: VersionState,
    by: User | None,
    now: datetime,
    by_label: str = "",
    reason: str = "",
    in_sentinel: str = "",
    **columns: object,
) -> None:
    """Bring a version into another state, if it still is in the one that was read."""
    was = version.state
    updated = RuleVersion.objects.filter(pk=version.pk, state=was).update(
        state=to, state_since=now, **columns
    )
    if not updated:
        raise CannotChangeState(
            gettext("Somebody else has just changed this rule. Reload the page and check it again.")
        )
    version.state, version.state_since = to, now
    for name, value in columns.items():
        setattr(version, name, value)
    Step.objects.create(
        version=version,
        from_state=was,
        to_state=to,
        at=now,
        by=by,
        by_label=(by.name if by else by_label)[:200],
        reason=reason,
        in_sentinel=in_sentinel,
    )
