"""Where incidents stand with OT, told from questions and answers: whichever is newer holds."""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime

from alerts.incidents.ingest.ot import Standing, set_ot_states
from alerts.incidents.models import OtState
from alerts.reviews.models import AskedIncident, Review
from alerts.reviews.queries import annotations_in_force


def restore_standing(
    incident_ids: Collection[int], *, now: datetime, rank_too: Collection[int] = ()
) -> None:
    """Set the OT state of incidents to what their questions and verdicts come to."""
    newest: dict[int, tuple[datetime, Standing]] = {}
    asked = AskedIncident.objects.filter(
        incident__in=incident_ids, answer=None, review__state=Review.State.WAITING
    )
    for incident, asked_at, due_at in asked.order_by("review__asked_at", "review").values_list(
        "incident", "review__asked_at", "review__due_at"
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
    set_ot_states(standings=alike, now=now, rank_too=rank_too)
