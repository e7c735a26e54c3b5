"""What the search of the whole portal finds in this room."""

from collections.abc import Sequence

from django.db.models import QuerySet

from alerts.incidents.engine.tokens import Term, number_of
from alerts.incidents.models import Incident
from alerts.incidents.queries import incidents_visible_to
from alerts.sentinel.models import Workspace
from portal.accounts.models import User


def incidents_with_number(user: User, number: int) -> QuerySet[Incident]:
    """Return the visible incidents of this number, one in each workspace at most."""
    workspaces = Workspace.objects.values_list("pk", flat=True)  # the index begins with them
    return incidents_visible_to(user).filter(workspace_id__in=list(workspaces), number=number)


def incident_meant_by(user: User, terms: Sequence[Term]) -> int | None:
    """Return the id of the one incident that a query names by its number and nothing else."""
    if len(terms) != 1 or terms[0].field or terms[0].negated:
        return None
    if (number := number_of(terms[0].values[0])) is None:
        return None
    ids = list(incidents_with_number(user, number).values_list("pk", flat=True)[:2])
    return ids[0] if len(ids) == 1 else None
