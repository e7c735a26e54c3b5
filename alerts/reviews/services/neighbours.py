"""A verdict changes what is known of a pattern, and so the priority of all its open incidents."""

from collections.abc import Collection

from alerts.incidents.models import Incident
from alerts.incidents.models.incident import OPEN

MAX_NEIGHBOURS = 2000


def lock_with_neighbours(ids: Collection[int]) -> tuple[list[Incident], list[int]]:
    """The incidents, and the newest open ones of the same patterns, which are ranked anew with
    them. All are locked in the order of their ids, before any row of the queue, as all do who
    regroup: so nobody waits for each other in a circle.
    """
    patterns = Incident.objects.filter(pk__in=ids, pattern__isnull=False).values("pattern")
    alike = Incident.objects.filter(OPEN, pattern__in=patterns).order_by("-created_at")
    near = [each for each in alike.values_list("pk", flat=True)[:MAX_NEIGHBOURS] if each not in ids]
    list(
        Incident.objects.filter(pk__in=[*ids, *near])
        .order_by("pk")
        .select_for_update(no_key=True)
        .values_list("pk")
    )
    rows = Incident.objects.select_related("workspace__organisation")
    return list(rows.filter(pk__in=ids).order_by("pk")), near
