"""A frozen back-test for one reader: names of what it lists, without what they may not see."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from alerts.incidents.hidden_verdicts import hidden_from
from alerts.incidents.models import Incident
from alerts.incidents.queries import incidents_visible_to
from alerts.reviews.models import Verdict
from portal.accounts.models import User

_LISTS = ("stops", "check_these", "nearest")


@dataclass(frozen=True, slots=True)
class ListedNames:
    """Numbers of incidents by id, and verdicts by the text of their UUID."""

    numbers: Mapping[int, int | None]
    verdicts: Mapping[str, Verdict]


def names_in(body: Mapping[str, Any]) -> ListedNames:
    """Return the names of all incidents and verdicts that the body lists for a person's eye."""
    looks = [look for name in _LISTS for look in body.get(name, [])]
    incidents = {pk for look in looks for pk in (*look["incidents"], look.get("case")) if pk}
    incidents |= {pk for deployment in body.get("deployed", []) for pk in deployment["incidents"]}
    uuids = {uuid for look in looks for uuid in look.get("verdicts", [])}
    numbers = Incident.objects.filter(pk__in=incidents).values_list("pk", "number")
    verdicts = Verdict.objects.filter(uuid__in=uuids).select_related("by")
    return ListedNames(dict(numbers), {str(verdict.uuid): verdict for verdict in verdicts})


def redacted_body(body: dict[str, Any], *, by: User) -> dict[str, Any]:
    """Return the frozen body with only those alerts and incidents that are in the person's reach,
    and of which no verdict is hidden from them. `hidden` states how many more there are, by list.
    """
    looks = [look for name in _LISTS for look in body.get(name, [])]
    incident_ids = {incident for look in looks for incident in look["incidents"]}
    incident_ids |= {look["case"] for look in looks if look.get("case")}
    incident_ids |= {
        pk for deployment in body.get("deployed", []) for pk in deployment["incidents"]
    }
    visible = set(incidents_visible_to(by).filter(pk__in=incident_ids).values_list("pk", flat=True))

    hidden_verdicts = hidden_from(by).by_incident

    def shows(look: dict[str, Any]) -> bool:
        return not visible.isdisjoint(look["incidents"]) and hidden_verdicts.keys().isdisjoint(
            look["incidents"]
        )

    redacted = dict(body)
    for name in _LISTS:
        redacted[name] = [_redact_look(look, visible) for look in body.get(name, []) if shows(look)]
    redacted["deployed"] = [
        deployment | {"incidents": [pk for pk in deployment["incidents"] if pk in visible]}
        for deployment in body.get("deployed", [])
    ]
    redacted["hidden"] = {name: len(body.get(name, [])) - len(redacted[name]) for name in _LISTS}
    return redacted


def _redact_look(look: dict[str, Any], visible: Collection[int]) -> dict[str, Any]:
    """The look, with those of its incidents and the case near it that are in reach."""
    case = look.get("case")
    return look | {
        "incidents": [pk for pk in look["incidents"] if pk in visible],
        "case": case if case in visible else None,
    }
