"""What people call the incidents and verdicts that a frozen back-test lists by their ids."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from alerts.incidents.models import Incident
from alerts.reviews.models import Annotation

_LISTS = ("stops", "check_these", "nearest")


@dataclass(frozen=True, slots=True)
class Named:
    """Numbers of incidents by id, and verdicts by the text of their UUID."""

    numbers: Mapping[int, int | None]
    verdicts: Mapping[str, Annotation]


def names_in(body: Mapping[str, Any]) -> Named:
    """Return the names of all incidents and verdicts that the body lists for a person's eye."""
    looks = [look for name in _LISTS for look in body.get(name, [])]
    incidents = {pk for look in looks for pk in (*look["incidents"], look.get("case")) if pk}
    incidents |= {pk for each in body.get("deployed", []) for pk in each["incidents"]}
    uuids = {uuid for look in looks for uuid in look.get("verdicts", [])}
    numbers = Incident.objects.filter(pk__in=incidents).values_list("pk", "number")
    given = Annotation.objects.filter(uuid__in=uuids).select_related("by")
    return Named(dict(numbers), {str(each.uuid): each for each in given})
