"""Who joined the groups of a rule after it was signed, for programs."""

from typing import Any

from rest_framework.serializers import BooleanField, CharField, IntegerField, Serializer

from alerts.incidents.queries import incidents_visible_to
from alerts.suppression.enforcing.group_members import late_members
from alerts.suppression.models import RuleVersion
from portal.accounts.models import User


class NewMemberSerializer(Serializer[Any]):
    """A device that joined a group after it was signed."""

    name = CharField()
    address = CharField()
    kind = CharField()
    zone = CharField()
    has_been_met = BooleanField(help_text="a person has its first incident: rules may close others")
    first_incident = IntegerField(
        allow_null=True, help_text="id of that incident, where you may see it"
    )


class NewMembersSerializer(Serializer[Any]):
    """All of them."""

    version = IntegerField(help_text="of which version these are new members")
    new_members = NewMemberSerializer(many=True)


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
