"""Who joined the groups of a rule after it was signed, for programs."""

from typing import Any, Final

from alerts.incidents.queries import incidents_visible_to
from alerts.suppression.models import RuleVersion
from alerts.suppression.reads.members import late_members
from portal.accounts.models import User

_TEXT: Final = {"type": "string"}
_MEMBER: Final[dict[str, Any]] = {
    "name": _TEXT,
    "address": _TEXT,
    "kind": _TEXT,
    "zone": _TEXT,
    "has_been_met": {
        "type": "boolean", "description": "a person has its first incident: rules may close others",
    },
    "first_incident": {
        "type": ["integer", "null"], "description": "id of that incident, where you may see it",
    },
}  # fmt: skip
MEMBERS_SCHEMA: Final = {
    "type": "object",
    "properties": {
        "version": {"type": "integer", "description": "of which version these are new members"},
        "new_members": {
            "type": "array",
            "items": {
                "type": "object", "properties": _MEMBER, "required": list(_MEMBER),
                "additionalProperties": False,
            },
        },
    },
    "required": ["version", "new_members"],
}  # fmt: skip


def new_member_facts(version: RuleVersion, user: User) -> dict[str, Any]:
    """Return who is in the groups of an acting version now and was not when it was signed."""
    late = late_members(version) if version.is_acting else []
    met = {each.first for each in late if each.first is not None}
    seen = set(incidents_visible_to(user).filter(pk__in=met).values_list("pk", flat=True))
    return {
        "version": version.number,
        "new_members": [
            {
                "name": each.device.name,
                "address": each.device.address,
                "kind": each.device.kind,
                "zone": each.device.zone.name,
                "has_been_met": each.first is not None,
                "first_incident": each.first if each.first in seen else None,
            }
            for each in late
        ],
    }
