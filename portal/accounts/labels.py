"""What roles and scopes are called on pages. The hall knows scopes by UUID; a wing says the names
of its things, in `AppConfig.ready`: `register_scope_names(names_of_sites)`.
"""

from collections.abc import Callable, Collection, Mapping
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from portal.accounts.models import Organisation, Role

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


type NameScopes = Callable[[Collection[UUID]], Mapping[UUID, str]]

_namers: list[NameScopes] = []


def register_scope_names(name_scopes: NameScopes) -> None:
    """Ask this wing for the names of what it knows by these UUIDs."""
    if name_scopes not in _namers:
        _namers.append(name_scopes)


def scope_names(uuids: Collection[UUID]) -> dict[UUID, str]:
    """Return the names of these scopes; one that is gone is absent."""
    if not uuids:
        return {}
    organisations = Organisation.objects.filter(uuid__in=uuids).values_list("uuid", "name")
    names: dict[UUID, str] = dict(organisations)
    for name_scopes in _namers:
        names.update(name_scopes(uuids))
    return names
