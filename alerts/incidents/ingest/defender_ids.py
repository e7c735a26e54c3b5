"""Which stored incidents are also in the Defender portal, as Sentinel last said."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from django.db.models import F
from django.db.models.fields.json import KT

from alerts.incidents.models import IncidentRaw
from alerts.sentinel.wire.graph import PROVIDER, Counterpart, listed_of


class StoredCounterpart(NamedTuple):
    """An incident that is in the portal, and where it stands among ours."""

    pk: int
    counterpart: Counterpart


def stored_counterparts(
    workspace_id: int, *, after: int, most: int
) -> tuple[Sequence[StoredCounterpart], int | None]:
    """Return those among the next `most` incidents of a workspace, by our id, and the last id that
    was looked at; None at the end.
    """
    columns = ("incident_id", "incident_name", "number", "provider", "provider_id", "properties")
    rows = (
        IncidentRaw.objects.filter(incident__workspace=workspace_id, incident_id__gt=after)
        .order_by("incident_id")
        .annotate(
            incident_name=F("incident__name"),
            number=F("incident__number"),
            provider=KT("body__properties__providerName"),
            provider_id=KT("body__properties__providerIncidentId"),
            properties=F("body__properties"),
        )
        .values_list(*columns)
    )
    page: list[tuple[Any, ...]] = list(rows[:most])
    found = [
        StoredCounterpart(pk, Counterpart(graph_id, name, number, listed_of(properties)))
        for pk, name, number, provider, graph_id, properties in page
        if is_in_portal(provider, graph_id)
    ]
    return found, page[-1][0] if len(page) == most else None


def is_in_portal(provider: object, graph_id: object) -> bool:
    """Whether an incident of this provider has this id in the Defender portal. Before onboarding
    the same member holds Sentinel's own number.
    """
    return (
        isinstance(provider, str)
        and provider.casefold() == PROVIDER.casefold()
        and isinstance(graph_id, str)
        and graph_id.isascii()
        and graph_id.isdigit()
    )


def newest_is_in_portal(workspace_id: int) -> bool | None:
    """Return whether the newest incident of a workspace is in the portal; None without incidents.
    That is how a workspace that was onboarded shows itself.
    """
    newest = (
        IncidentRaw.objects.filter(incident__workspace=workspace_id)
        .order_by("-incident__modified_at", "-incident_id")
        .annotate(
            provider=KT("body__properties__providerName"),
            provider_id=KT("body__properties__providerIncidentId"),
        )
        .values_list("provider", "provider_id")
        .first()
    )
    return is_in_portal(*newest) if newest else None
