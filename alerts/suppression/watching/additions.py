"""What an amendment adds to the version of which it words one line anew: its trial counts that and
nothing else.
"""

from collections.abc import Collection, Iterable

from alerts.rules.fields import FieldValues
from alerts.rules.guards.never import holds_strict, is_strict
from alerts.rules.match import holds
from alerts.suppression.models import RuleVersion
from alerts.suppression.queries import facts_by_incident


def adds_to(version: RuleVersion, alerts: Iterable[FieldValues]) -> bool:
    """Return whether a version matches one of these alerts that the version which it amends does
    not; any other version adds all that it matches. Where it is strict, one of those that it adds
    needs hours: soft ones prove nothing of it.
    """
    before = version.amends if version.matches_wanted is not None else None
    if before is None:
        return True
    old, new = before.definition, version.definition
    added = [facts for facts in alerts if holds(new, facts) and not holds(old, facts)]
    return holds_strict(added) if is_strict(new) else bool(added)


def incidents_added_by(version: RuleVersion, incident_ids: Collection[int]) -> set[int]:
    """Return those of the incidents in which an amendment matches what was not matched before."""
    facts = facts_by_incident(incident_ids, as_of_alert=True) if incident_ids else {}
    return {pk for pk, alerts in facts.items() if adds_to(version, alerts.values())}
