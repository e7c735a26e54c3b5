"""The list of questions: waiting, answered, and one's own answers."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Prefetch, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.views.decorators.http import require_GET

from alerts.incidents.models import Incident
from alerts.incidents.page.panel import members_of
from alerts.incidents.wording import classification_words, headline_of
from alerts.reviews.models import AskedIncident, Opinion, Question, SecondOpinion, Verdict
from alerts.reviews.queries.questions import questions_visible_to, verdicts_in_force, waiting_for
from alerts.reviews.queries.second_opinions import (
    count_waiting_for_ot,
    opinions_waiting_for,
    suspicions_to_decide,
    without_hidden,
)
from alerts.reviews.queries.verdict_files import files_visible_to
from alerts.reviews.registry import plant_questions_for
from alerts.reviews.web.context import reason
from portal import clock
from portal.accounts.models import User
from portal.accounts.queries import roles_of
from portal.accounts.rights import OT_ROLES
from portal.accounts.sessions import actor_of, allow_limited_session
from portal.ui.moments import READER
from portal.ui.pieces import Tab
from portal.ui.responses import is_part_request, render_page

PAGE = 50
WAITING, ANSWERED, OWN = "waiting", "answered", "mine"


@dataclass(frozen=True, slots=True)
class ReviewCard:
    """One card."""

    incident: Incident
    headline: str
    n: int  # incidents: of a question those that it waits for, else all that it was about
    span: str  # when it happened; of several, from when to when
    question: Question | None
    answer: Verdict | None
    reason: str
    outcome: str = ""  # how it was closed
    open_count: int = 0  # of its incidents
    is_overruled: bool = False  # some are closed although the answer calls them suspicious
    verdicts: Sequence[str] = ()  # of a question, where OT gave several: the newest first
    opinion: Opinion | None = None  # a question of Tagout's instead of one of the SOC's


@dataclass(frozen=True, slots=True)
class Undecided:
    """A suspicion that both leads are asked to decide."""

    second_opinion: SecondOpinion
    headline: str
    place: str


@allow_limited_session
@require_GET
def reviews(request: HttpRequest) -> HttpResponse:
    """Questions by due time, those that are over, and what one has answered oneself."""
    person = actor_of(request)
    is_ot = not roles_of(person).isdisjoint(OT_ROLES)
    tab = request.GET.get("tab", WAITING)
    tab = tab if tab in {ANSWERED, OWN} and (is_ot or tab != OWN) else WAITING
    waiting = _waiting(person, is_ot=is_ot)
    after = request.GET.get("after", "")
    rows, more = _answers(person, after) if tab == OWN else _questions(person, tab, waiting, after)
    opinions = list(opinions_waiting_for(person)) if is_ot else []
    of_plant = plant_questions_for(person) if is_ot else []
    if tab == WAITING and not after:
        rows = _with_opinions(rows, opinions, clock.now())
    undecided = _undecided(person)
    count = count_waiting_for_ot(person) if is_ot else waiting.count() + len(undecided)
    page = {
        "tab": tab,
        "tabs": _tabs(tab, count, is_ot=is_ot),
        "rows": rows,
        "more": more,
        "of_plant": of_plant if tab == WAITING and not after else [],
        "undecided": undecided if tab == WAITING and not after else [],
        "is_ot": is_ot,
        "has_files": not is_part_request(request) and files_visible_to(person).exists(),
        "recent": _answers(person, "")[0][:5] if tab == WAITING and is_ot and not rows else [],
        "now": clock.now(),
        "oob": is_part_request(request),
    }
    return render_page(request, "alerts/reviews/list.html", page, part="rows")


def _waiting(person: User, *, is_ot: bool) -> QuerySet[Question]:
    """For OT what it may answer; for others what they may see."""
    if is_ot:
        return waiting_for(person)
    visible = questions_visible_to(person).filter(state=Question.State.WAITING)
    return visible.order_by("due_at", "pk")


def _tabs(tab: str, waiting: int, *, is_ot: bool) -> list[Tab]:
    tabs = [
        Tab(gettext("Waiting"), "?tab=waiting", waiting, current=tab == WAITING),
        Tab(gettext("Answered"), "?tab=answered", current=tab == ANSWERED),
    ]
    if is_ot:
        tabs.append(Tab(gettext("My answers"), "?tab=mine", current=tab == OWN))
    return tabs


def _questions(
    person: User, tab: str, waiting: QuerySet[Question], after: str
) -> tuple[list[ReviewCard], str]:
    if tab == WAITING:
        questions, field, newest_first = waiting, "due_at", False
    else:
        questions = questions_visible_to(person).exclude(state=Question.State.WAITING)
        field, newest_first = "settled_at", True
    verdicts = without_hidden(person, verdicts_in_force())
    verdicts = verdicts.select_related("by").order_by("given_at", "pk")
    asked_incidents = AskedIncident.objects.select_related("incident")
    rows = questions.prefetch_related(
        Prefetch("verdicts", queryset=verdicts),
        Prefetch("asked_incidents", queryset=asked_incidents, to_attr="asked_rows"),
    )
    page, more = _page(rows.select_related("opened_by"), field, after, newest_first)
    return [_question(question, clock.now()) for question in page], more


def _with_opinions(
    rows: Sequence[ReviewCard], opinions: Sequence[Opinion], now: datetime
) -> list[ReviewCard]:
    """The SOC's questions and Tagout's in one list, by when they are due."""
    if not opinions:
        return list(rows)
    dues = [(row.question.due_at, row) for row in rows if row.question is not None]
    abouts = _incidents_of([opinion.second_opinion.verdict_id for opinion in opinions])
    for opinion in opinions:
        found = abouts[opinion.second_opinion.verdict_id]
        span = _span(found, now, opinion.second_opinion.site.time_zone)
        row = ReviewCard(
            found[0], headline_of(found[0]), len(found), span, None, None, "", opinion=opinion
        )
        dues.append((opinion.due_at, row))
    return [row for _due_at, row in sorted(dues, key=lambda due: due[0])]


def _incidents_of(verdict_ids: Collection[int]) -> dict[int, list[Incident]]:
    """The incidents of these answers, the gravest of each first."""
    rows = Verdict.objects.filter(pk__in=verdict_ids).prefetch_related("incidents")
    return {row.pk: sorted(row.incidents.all(), key=_gravity, reverse=True) for row in rows}


def _undecided(person: User) -> list[Undecided]:
    found = []
    for case in suspicions_to_decide(person):
        lead = max(case.verdict.incidents.all(), key=_gravity)
        found.append(Undecided(case, headline_of(lead), lead.place or case.site.name))
    return found


def _question(question: Any, now: datetime) -> ReviewCard:
    answers = list(question.verdicts.all())
    answer = answers[-1] if answers else None
    waits = question.state == Question.State.WAITING
    incidents = [row.incident for row in question.asked_rows if not waits or row.answer_id is None]
    lead = question.lead if question.lead in incidents else max(incidents, key=_gravity)
    verdicts = list(dict.fromkeys(verdict.kind for verdict in reversed(answers)))
    return ReviewCard(
        lead,
        headline_of(lead),
        len(incidents),
        _span(incidents, now, question.site.time_zone),
        question,
        answer,
        reason(answer.cause) if answer else "",
        verdicts=verdicts if len(verdicts) > 1 else (),
    )


def _gravity(incident: Incident) -> tuple[int, datetime, int]:
    return incident.severity, incident.created_at, incident.pk


def _span(incidents: Sequence[Incident], now: datetime, zone: str) -> str:
    return members_of(incidents, now=now, zone=zone).span


def _answers(person: User, after: str) -> tuple[list[ReviewCard], str]:
    own = Verdict.objects.filter(by=person, withdrawn_at=None)
    verdicts = own.select_related("by", "question__site", "superseded_by__by").prefetch_related(
        Prefetch("incidents", queryset=Incident.objects.order_by("-severity", "-created_at", "-pk"))
    )
    page, more = _page(verdicts, "given_at", after, newest_first=True)
    return [_answer(verdict, clock.now()) for verdict in page], more


def _answer(verdict: Verdict, now: datetime) -> ReviewCard:
    incidents = list(verdict.incidents.all())
    lead = incidents[0]
    zone = verdict.question.site.time_zone if verdict.question else READER
    outcomes = {incident.classification for incident in incidents}
    return ReviewCard(
        lead,
        headline_of(lead),
        len(incidents),
        _span(incidents, now, zone),
        verdict.question,
        verdict,
        reason(verdict.cause),
        classification_words(lead.classification) if len(outcomes) == 1 else "",
        sum(incident.is_open for incident in incidents),
        is_overruled=any(incident.is_closed_against_ot for incident in incidents),
    )


def _page[M: models.Model](
    rows: QuerySet[M], field: str, after: str, newest_first: bool
) -> tuple[list[M], str]:
    """Fifty rows after the one named, and the name of the last where there are more."""
    sign, beyond = ("-", "lt") if newest_first else ("", "gt")
    mark = rows.filter(pk=int(after)).first() if after.isdecimal() and len(after) < 19 else None
    if mark is not None:
        value = getattr(mark, field)
        rows = rows.filter(
            Q(**{f"{field}__{beyond}": value}) | Q(**{field: value, f"pk__{beyond}": mark.pk})
        )
    ordered = rows.order_by(f"{sign}{field}", f"{sign}pk").fetch_mode(models.FETCH_RAISE)
    found = list(ordered[: PAGE + 1])
    return found[:PAGE], str(found[PAGE - 1].pk) if len(found) > PAGE else ""
