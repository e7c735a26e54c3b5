"""Who can own incidents, and who said what about them."""

from collections.abc import Sequence

from alerts.incidents.models import Incident, OtState, TimelineItem
from portal.accounts.models import SOC_ROLES, User
from portal.accounts.queries import people_holding

# Sentinel's own pages have one language, and so have the texts we leave there.
_VERDICTS = {
    "routine": "Routine", "maintenance": "Maintenance", "suspicious": "Suspicious",
    "not-sure": "Not sure",
}  # fmt: skip


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
    """What OT said last of these incidents and who said it, for Sentinel's readers; empty where
    they were not all judged alike.
    """
    states = {each.ot_state for each in incidents}
    if len(states) != 1 or not states <= set(_VERDICTS):
        return ""
    answers = TimelineItem.objects.filter(incident=incidents[0], code="answered")
    answer = answers.select_related("by").order_by("-at", "-pk").first()
    state = OtState(states.pop())
    if answer is None:
        return f"OT: {_VERDICTS[state]}."
    name = answer.by.name if answer.by else answer.by_label
    order = answer.details.get("work_order") or ""
    said = f"OT ({name}): {_VERDICTS[state]}" + (f", work order {order}" if order else "")
    note = answer.details.get("note") or ""
    return f"{said}. {note}".strip() if note else f"{said}."
