"""What the scopes of grants are called. The hall knows UUIDs; a wing says the names of its things,
in `AppConfig.ready`:

    register_scope_names(names_of_sites)
"""

from collections.abc import Callable, Collection, Mapping
from uuid import UUID

from portal.accounts.models import Organisation

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
