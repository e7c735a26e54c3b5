"""The sites and workspaces that a person may know by name."""

from functools import cached_property

from django.db.models import Exists, OuterRef, Q

from alerts.incidents.models import touches
from alerts.incidents.queries import incidents_visible_to
from alerts.sentinel.models import Workspace
from alerts.sites.models import Site
from portal.accounts.models import User
from portal.accounts.queries import reach_of


class VisiblePlaces:
    """Names by id within the person's reach, and those that their incidents touch. Each kind is
    read when it is asked for, and once.
    """

    def __init__(self, user: User) -> None:
        self._user, self._reach = user, reach_of(user)

    @cached_property
    def sites(self) -> dict[int, str]:
        """The names of sites by id."""
        sites = Site.objects.order_by("name")
        if not self._reach.everywhere:
            touched = incidents_visible_to(self._user).filter(touches([OuterRef("pk")]))
            sites = sites.filter(Q(uuid__in=self._reach.sites) | Exists(touched))
        return dict(sites.values_list("pk", "name"))

    @cached_property
    def workspaces(self) -> dict[int, str]:
        """The names of workspaces by id."""
        workspaces = Workspace.objects.order_by("name")
        if not self._reach.everywhere:
            raised = incidents_visible_to(self._user).filter(workspace=OuterRef("pk"))
            workspaces = workspaces.filter(
                Q(uuid__in=self._reach.workspaces)
                | Q(organisation__uuid__in=self._reach.organisations)
                | Exists(raised)
            )
        return dict(workspaces.values_list("pk", "name"))
