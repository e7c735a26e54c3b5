"""Who spoke for OT where, and on which clock a moment of the past is meant."""

from collections.abc import Iterable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from django.utils.translation import gettext

from alerts.incidents.models import Incident
from alerts.sites.models import Site
from portal.accounts.models import OT_ROLES, Grant, ScopeKind, User


class Speakers:
    """The OT grants of people, those that have ended too: who left has judged all the same."""

    def __init__(self, people: Iterable[User]) -> None:
        held = Grant.objects.filter(user__in=list(people), role__in=OT_ROLES)
        self._scopes: dict[int, set[tuple[str, object]]] = {}
        for user_id, scope, uuid in held.values_list("user", "scope", "scope_uuid"):
            self._scopes.setdefault(user_id, set()).add((scope, uuid))
        self._sites = {site.pk: site for site in Site.objects.all()}

    def speaks_for(self, user: User, incident: Incident) -> bool:
        """Whether the person has, or had, an OT role at a site that the incident touches."""
        workspace = incident.workspace
        wanted: set[tuple[str, object]] = {
            (ScopeKind.ALL, None),
            (ScopeKind.WORKSPACE, workspace.uuid),
        }
        if workspace.organisation is not None:
            wanted.add((ScopeKind.ORGANISATION, workspace.organisation.uuid))
        for pk in incident.site_ids:
            if (site := self._sites.get(pk)) is not None:
                wanted.add((ScopeKind.SITE, site.uuid))
        return not wanted.isdisjoint(self._scopes.get(user.pk, set()))

    def moment(self, at: datetime, incident: Incident) -> tuple[datetime, str]:
        """Return the moment in UTC, and what is wrong with it. One without a zone is on the clock
        of the incident's plant.
        """
        if at.tzinfo is not None:
            return at.astimezone(UTC), ""
        sites = [site for pk in incident.site_ids if (site := self._sites.get(pk)) is not None]
        zones = {site.time_zone for site in sites}
        if len(zones) != 1:
            said = gettext("The time names no time zone: write it like %(example)s.")
            return at.replace(tzinfo=UTC), said % {"example": "2026-03-01T08:12Z"}
        name = zones.pop()
        local = at.replace(tzinfo=ZoneInfo(name))
        moment = local.astimezone(UTC)
        back = moment.astimezone(ZoneInfo(name)).replace(tzinfo=None)
        if back != at or local.utcoffset() != local.replace(fold=1).utcoffset():
            said = gettext("The clocks of %(zone)s changed then: add the offset, like +01:00.")
            return moment, said % {"zone": name}
        return moment, ""
