"""What roles and scopes are called on pages. The hall has only the UUIDs of scopes; wings
contribute the names of their things in the wiring files.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from portal.accounts.models import Organisation, Role
from portal.rooms import Contribution

ROLE_NAMES = {
    Role.OT_ENGINEER: _("OT engineer"),
    Role.OT_SITE_LEAD: _("OT site lead"),
    Role.SOC_ANALYST: _("SOC analyst"),
    Role.SOC_LEAD: _("SOC lead"),
    Role.TRAINING_MANAGER: _("Training manager"),
    Role.MANAGER: _("Manager"),
    Role.AUDITOR: _("Auditor"),
    Role.ADMINISTRATOR: _("Administrator"),
}
ROLE_DUTIES = {
    Role.OT_ENGINEER: _("answers the SOC's questions for a site; proposes and signs rules there"),
    Role.OT_SITE_LEAD: _("leads OT at a site; answers questions, proposes and signs rules there"),
    Role.SOC_ANALYST: _("triages incidents, asks OT and proposes rules"),
    Role.SOC_LEAD: _("triages incidents, asks OT, and signs rules for the SOC"),
    Role.TRAINING_MANAGER: _("looks after training; sees no incidents"),
    Role.MANAGER: _("reads incidents and numbers; changes nothing"),
    Role.AUDITOR: _("reads everything; changes nothing"),
    Role.ADMINISTRATOR: _("looks after people, workspaces and system status; sees no incidents"),
}


@dataclass(frozen=True, slots=True)
class ScopeNameSource(Contribution):
    """Returns the names of those scopes among these UUIDs that are a room's own."""

    read: Callable[[Collection[UUID]], Mapping[UUID, str]]


def scope_names(uuids: Collection[UUID]) -> dict[UUID, str]:
    """Return the names of these scopes; one that is gone is absent."""
    if not uuids:
        return {}
    organisations = Organisation.objects.filter(uuid__in=uuids).values_list("uuid", "name")
    names: dict[UUID, str] = dict(organisations)
    for source in ScopeNameSource.entries:
        names.update(source.read(uuids))
    return names
