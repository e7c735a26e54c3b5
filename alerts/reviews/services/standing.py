"""Where incidents stand with OT, told from questions and answers: whichever is newer holds."""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime

from alerts.incidents.models import OtState
from alerts.incidents.services.ot import set_ot_state
from alerts.reviews.models import Review
from alerts.reviews.queries import annotations_in_force

type Standing = tuple[OtState, datetime | None]


def restore_standing(
    incident_ids: Collection[int], *, now: datetime, rank_too: Collection[int] = ()
) -> None:
    """Set the OT state again after a question or an answer was taken back."""
    newest: dict[int, tuple[datetime, Standing]] = {}
    asked = Review.objects.filter(incidents__in=incident_ids, state=Review.State.WAITING)
    for incident, asked_at, due_at in asked.order_by("asked_at").values_list(
        "incidents", "asked_at", "due_at"
    ):
        newest[incident] = (asked_at, (OtState.WAITING, due_at))
    given = annotations_in_force().filter(incidents__in=incident_ids)
    for incident, at, verdict in given.order_by("given_at", "pk").values_list(
        "incidents", "given_at", "verdict"
    ):
        if incident not in newest or newest[incident][0] <= at:
            newest[incident] = (at, (OtState(verdict), None))
    alike: dict[Standing, list[int]] = defaultdict(list)
    for each in incident_ids:
        standing = newest[each][1] if each in newest else (OtState.NOT_ASKED, None)
        alike[standing].append(each)
    for (state, until), ids in alike.items():
        set_ot_state(incident_ids=ids, state=state, due_at=until, now=now, rank_too=rank_too)
