"""Who can own incidents, and who said what about them."""

from collections.abc import Sequence

from alerts.incidents.models import Incident, OtState, TimelineItem
from portal.accounts.models import SOC_ROLES, User
from portal.accounts.queries import people_holding

# Sentinel's own pages have one language, and so have the texts we leave there.
_VERDICTS = {
    "routine": "Routine",
    "maintenance": "Maintenance",
    "suspicious": "Suspicious",
    "not-sure": "Not sure",
}


def people_for(incidents: Sequence[Incident]) -> list[User]:
    """Those who hold a SOC role in every workspace of these incidents, by name."""
    people: dict[int, User] | None = None
    for workspace in {each.workspace_id: each.workspace for each in incidents}.values():
        parents = [workspace.organisation.uuid] if workspace.organisation else []
        here = people_holding(SOC_ROLES, workspaces=[workspace.uuid], organisations=parents)
        found = {person.pk: person for person in here}
        people = found if people is None else {k: v for k, v in people.items() if k in found}
    return list((people or {}).values())


def ot_line_of(incidents: Sequence[Incident]) -> str:
    """Return what OT said last of these incidents, for Sentinel's readers: who said it and why,
    where one answer holds for all of them. Empty where they were not all judged alike.
    """
    states = {each.ot_state for each in incidents}
    if len(states) != 1 or not states <= set(_VERDICTS):
        return ""
    state = OtState(states.pop())
    answer = _answer_to_all(incidents, state)
    if answer is None:
        return f"OT: {_VERDICTS[state]}."
    name = answer.by.name if answer.by else answer.by_label
    order = answer.details.get("work_order") or ""
    said = f"OT ({name}): {_VERDICTS[state]}" + (f", work order {order}" if order else "")
    note = answer.details.get("note") or ""
    return f"{said}. {note}".strip() if note else f"{said}."


def _answer_to_all(incidents: Sequence[Incident], verdict: str) -> TimelineItem | None:
    """The answer with this verdict that is the newest on each of them; None where there are
    several. What was undone is no answer.
    """
    lines = TimelineItem.objects.filter(incident__in=[each.pk for each in incidents])
    undone = lines.filter(code="undone").exclude(act=None).values("act")
    answers = lines.filter(code="answered", details__verdict=verdict).exclude(act__in=undone)
    newest = answers.order_by("incident", "-at", "-pk").distinct("incident")
    found = list(newest.select_related("by"))
    is_one = len(found) == len(incidents) and len({each.act for each in found}) == 1
    return found[0] if is_one else None
