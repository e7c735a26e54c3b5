"""What people's acts write for Sentinel's readers, in English: comments, and how a close reads."""

from collections.abc import Sequence

from django.db.models import Count, Min

from alerts.incidents.models import Incident, OtState, TimelineItem
from portal.accounts.models import User

MAX_COMMENT_LENGTH = 3000
VERDICT_NAMES = {
    "routine": "Routine",
    "maintenance": "Maintenance",
    "suspicious": "Suspicious",
    "not-sure": "Not sure",
}


def person_comment(words: str, *, by: object) -> str:
    """Return a person's comment with their name: to Sentinel the author of all is our app."""
    return f"{words}\n\n{by.name}, with Tagout" if words and isinstance(by, User) else words


def closing_text(*, closed_by: str, comment: str = "", ot_line: str = "") -> str:
    """What Sentinel's readers see of a close: who closed it, OT's answer, why."""
    parts = [comment.strip(), ot_line.strip(), f"Closed by {closed_by} in Tagout."]
    text = "\n".join(part for part in parts if part)
    return text if len(text) <= MAX_COMMENT_LENGTH else _cut(text, parts)


def _cut(text: str, parts: list[str]) -> str:
    """Cut the comment, never the names."""
    names = "\n".join(part for part in parts[1:] if part)[: MAX_COMMENT_LENGTH // 2]
    return parts[0][: MAX_COMMENT_LENGTH - len(names) - 3].rstrip() + " …\n" + names


def ot_line_of(incidents: Sequence[Incident], *, ids: Sequence[int] = ()) -> str:
    """Return OT's latest answer for Sentinel's readers; empty where incidents differ in it. `ids`
    are all that are meant, where the incidents are only one of each kind.
    """
    states = {incident.ot_state for incident in incidents}
    if len(states) != 1 or not states <= set(VERDICT_NAMES):
        return ""
    state = OtState(states.pop())
    answer = _answer_to_all(ids or [row.pk for row in incidents], state)
    if answer is None:
        return f"OT: {VERDICT_NAMES[state]}."
    name = answer.by.name if answer.by else answer.by_label
    order = answer.details.get("work_order") or ""
    text = f"OT ({name}): {VERDICT_NAMES[state]}" + (f", work order {order}" if order else "")
    note = answer.details.get("note") or ""
    return f"{text}. {note}".strip() if note else f"{text}."


def _answer_to_all(ids: Sequence[int], verdict: str) -> TimelineItem | None:
    """Return the newest answer with this verdict if it is one for all of them."""
    items = TimelineItem.objects.filter(incident__in=ids)
    undone = items.filter(code="undone").exclude(act=None).values("act")
    answers = items.filter(code="answered", details__verdict=verdict).exclude(act__in=undone)
    newest = answers.order_by("incident", "-at", "-pk").distinct("incident")
    acts = TimelineItem.objects.filter(pk__in=newest.values("pk")).order_by().values_list("act")
    found = list(acts.annotate(n=Count("pk"), one=Min("pk"))[:2])
    if len(found) != 1 or found[0][1] != len(ids):
        return None
    return TimelineItem.objects.select_related("by").get(pk=found[0][2])
