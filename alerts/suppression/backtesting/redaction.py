"""A frozen back-test for one reader: names of what it lists, without what they may not see."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from alerts.incidents.hidden_verdicts import hidden_from
from alerts.incidents.models import Incident
from alerts.incidents.queries import incidents_visible_to
from alerts.reviews.models import Annotation
from portal.accounts.models import User

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


def body_for(body: dict[str, Any], *, by: User) -> dict[str, Any]:
    """The frozen body with only those alerts and incidents listed that are in the person's reach,
    and of which no verdict is hidden from them. `hidden` says how many more there are, by list.
    """
    looks = [look for name in _LISTS for look in body.get(name, [])]
    wanted = {incident for look in looks for incident in look["incidents"]}
    wanted |= {look["case"] for look in looks if look.get("case")}
    wanted |= {pk for each in body.get("deployed", []) for pk in each["incidents"]}
    seen = set(incidents_visible_to(by).filter(pk__in=wanted).values_list("pk", flat=True))

    untold = hidden_from(by).by_incident

    def shows(look: dict[str, Any]) -> bool:
        return not seen.isdisjoint(look["incidents"]) and untold.keys().isdisjoint(
            look["incidents"]
        )

    told = dict(body)
    for name in _LISTS:
        told[name] = [_shown(look, seen) for look in body.get(name, []) if shows(look)]
    told["deployed"] = [
        each | {"incidents": [pk for pk in each["incidents"] if pk in seen]}
        for each in body.get("deployed", [])
    ]
    told["hidden"] = {name: len(body.get(name, [])) - len(told[name]) for name in _LISTS}
    return told


def _shown(look: dict[str, Any], seen: Collection[int]) -> dict[str, Any]:
    """The look, with those of its incidents and the case near it that are in reach."""
    case = look.get("case")
    return look | {
        "incidents": [pk for pk in look["incidents"] if pk in seen],
        "case": case if case in seen else None,
    }
