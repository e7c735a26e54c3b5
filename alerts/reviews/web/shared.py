"""What several pages of this room need."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.core.exceptions import NON_FIELD_ERRORS
from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from alerts.incidents.models import Incident
from alerts.incidents.page.devices import CRITICALITY_WORDS, outside_words
from alerts.incidents.page.panel import members_of
from alerts.reviews.models import Annotation, Review
from alerts.reviews.policies import ot_people_at
from alerts.reviews.queries import Answer, Ends, reviews_visible_to
from alerts.reviews.web.forms import DONE_BY, HandOverForm, VerdictForm
from alerts.reviews.web.occasions import Occasions, ids_in, occasions_of
from alerts.reviews.web.words import reason, reasons_for
from alerts.sites.engine.outside import is_public_address
from alerts.sites.models import Criticality, Device
from portal.accounts.actor import actor_of
from portal.ui.pieces import FlowNode


def review_or_404(request: HttpRequest, uuid: UUID) -> Review:
    """The question, if this person may see it."""
    visible = reviews_visible_to(actor_of(request)).select_related("opened_by")
    return get_object_or_404(visible, uuid=uuid)


def verdict_context(incident: Incident, form: VerdictForm | None = None) -> dict[str, Any]:
    """What the verdict form needs; a new one gets a new key."""
    form = form or VerdictForm(initial={"key": uuid4()})
    told = form.errors if form.is_bound else {}
    problems = [
        sentence
        for name in (NON_FIELD_ERRORS, "key", "done_by", "work_order", "cause", "verdict")
        for sentence in told.get(name, [])
    ]
    return {
        "form": form,
        "verdict_problems": problems,
        "reasons": reasons_for(incident),
        "chosen": chosen_in(form),
    }


def occasions_in(
    form: VerdictForm | None,
    incidents: Sequence[Incident],
    *,
    ticked: Collection[int] | None = None,
    now: datetime,
    zone: str,
) -> Occasions:
    """The incidents that may be ticked: as in a form that comes back, else `ticked`, else all."""
    if form is not None and form.is_bound and "dates" in form.data:
        ticked = ids_in(form.ticked)
    return occasions_of(incidents, ticked=ticked, now=now, zone=zone)


def chosen_in(form: VerdictForm) -> dict[str, str]:
    """What was picked in a form that comes back."""
    said = form.data if form.is_bound else {}
    verdict = said.get("verdict", "")
    return {
        "verdict": verdict,
        "cause": said.get(f"cause_{verdict}", "") or said.get("cause", ""),
        "done_by": said.get("done_by", ""),
        "until": said.get("until", ""),
    }


def given_context(answer: Annotation | None) -> dict[str, Any]:
    """The answer that was given, with its reason and its doer in words."""
    if answer is None:
        return {"answer": None}
    doers = {value: str(label) for value, label in DONE_BY}
    return {
        "answer": answer,
        "answer_reason": reason(answer.cause),
        "answer_done_by": doers.get(answer.done_by, ""),
    }


def answer_context(answer: Answer, now: datetime, zone: str) -> dict[str, Any]:
    """An answer with its reason in words and the incidents that it is about."""
    return given_context(answer.annotation) | {
        "members": members_of(answer.incidents, now=now, zone=zone),
        "ids": ",".join(str(each.pk) for each in answer.incidents),
    }


def colleagues(review: Review, request: HttpRequest) -> HandOverForm | None:
    """To whom this person could hand the question over; None where there is nobody else."""
    me = actor_of(request)
    people = [each for each in ot_people_at(review.site, review.lead.workspace) if each != me]
    return HandOverForm(people=people) if people else None


def nodes(
    incident: Incident, ends: Ends, *, is_neutral: bool = False
) -> tuple[FlowNode, FlowNode] | None:
    """Both ends for the flow; None where there is only one or none. Neutral ones do not say how
    critical a device is.
    """
    if not (incident.source and incident.destination):
        return None
    return (
        FlowNode(incident.source, _lines(incident.source, ends.source, is_neutral=is_neutral)),
        FlowNode(
            incident.destination,
            _lines(incident.destination, ends.destination, is_neutral=is_neutral),
            critical=ends.target_is_grave and not is_neutral,
        ),
    )


def _lines(name: str, device: Device | None, *, is_neutral: bool) -> tuple[str, ...]:
    """What it is; or that it stands outside, where no inventory has it."""
    if device.is_outside if device else is_public_address(name):
        return (outside_words(),)
    if device is None:
        return ()
    is_marked = device.is_critical and not is_neutral
    critical = CRITICALITY_WORDS[Criticality(device.criticality)] if is_marked else ""
    return tuple(filter(None, (device.kind, str(critical))))
