"""Which stored incidents are also in the Defender portal, by Sentinel's latest answer."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from django.db.models import F
from django.db.models.fields.json import KT

from alerts.incidents.models import Incident, IncidentRaw
from alerts.sentinel.models import Workspace
from alerts.sentinel.services.portal_residence import PortalEvidence
from alerts.sentinel.wire.graph.incidents import PROVIDER, Counterpart, listed_of

_NEWEST = 1000  # incidents among which evidence is looked for


class StoredCounterpart(NamedTuple):
    """An incident that is in the portal, and its place among ours."""

    pk: int
    counterpart: Counterpart


def stored_counterparts(
    workspace_id: int, *, after: int, most: int
) -> tuple[Sequence[StoredCounterpart], int | None]:
    """Return stored ones of the next `most` incidents, and the last id read; None at the end."""
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
    """Whether the id is of the Defender portal; before onboarding it is Sentinel's own number."""
    return (
        is_portal_provider(provider)
        and isinstance(graph_id, str)
        and graph_id.isascii()
        and graph_id.isdigit()
    )


def is_portal_provider(provider: object) -> bool:
    """Whether an incident of this provider came out of the Defender portal."""
    return isinstance(provider, str) and provider.casefold() == PROVIDER.casefold()


def newest_portal_evidence(workspace: Workspace, *, from_number: int) -> PortalEvidence | None:
    """Return the newest incident, of this number or a later one, that an analytics rule of the
    workspace made; None where the newest thousand are none. Incidents of the portal's own products
    are no evidence: the connector of Defender XDR brings them without any onboarding.
    """
    newest = Incident.objects.filter(workspace=workspace, number__gte=from_number)
    row = (
        IncidentRaw.objects.filter(incident__in=newest.order_by("-number").values("pk")[:_NEWEST])
        .annotate(provider=KT("body__properties__providerName"))
        .annotate(rule_ids=KT("body__properties__relatedAnalyticRuleIds"))
        .filter(provider__gt="", rule_ids__icontains=f'"{workspace.analytics_rules_id}')
        .order_by("-incident__number")
        .values_list("incident__name", "incident__number", "incident__created_at", "provider")
        .first()
    )
    if row is None:
        return None
    name, number, created_at, provider = row
    assert number is not None  # it was asked for by its number
    return PortalEvidence(name, number, created_at, is_portal_provider(provider))
