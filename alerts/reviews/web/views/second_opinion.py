"""The second opinion on a phone: the blind question, and afterwards all answers side by side."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from alerts.incidents.models import Alert, Incident
from alerts.incidents.page.panel import happened_at_words, members_of
from alerts.incidents.wording import headline_of, sentence_of
from alerts.reviews.engine.second_opinion import HARMLESS
from alerts.reviews.models import Opinion, SecondOpinion, VerdictKind
from alerts.reviews.policies import can_decide, leads_as
from alerts.reviews.queries.facts import ends_of, question_facts
from alerts.reviews.queries.questions import incidents_decided_by
from alerts.reviews.queries.second_opinions import (
    opinion_asked_of,
    place_in_line,
    second_opinions_visible_to,
)
from alerts.reviews.services.opinions import (
    CannotDecideSuspicion,
    CannotGiveOpinion,
    decide_suspicion,
    give_opinion,
    pass_opinion_on,
)
from alerts.reviews.web.context import (
    neutral_facts_of,
    nodes,
    reason,
    verdict_context,
    verdict_word,
)
from alerts.reviews.web.forms import DecisionForm, VerdictForm
from portal import clock
from portal.accounts.sessions import actor_of, allow_limited_session
from portal.ui.pieces import Choice
from portal.ui.responses import leave_toast, post_only, vary

_FIELDS = ("verdict", "cause", "work_order", "done_by", "note")
MAX_ALERTS = 20  # of which all facts are shown


@dataclass(frozen=True, slots=True)
class AnswerCard:
    """One answer as the outcome shows it."""

    name: str
    is_you: bool
    verdict: str
    reason: str
    at: datetime
    note: str


@allow_limited_session
@never_cache
@require_http_methods(["GET", "POST"])
def second(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The question for who is asked; for others, and once it is answered, what it came to."""
    person, now = actor_of(request), clock.now()
    opinion = opinion_asked_of(person, uuid)
    is_waiting = opinion is not None and _is_waiting(opinion)
    if opinion is None or not is_waiting:
        if request.method == "POST" and opinion is not None:
            return _answer(
                request, opinion, now=now
            )  # sent again, or too late: the service says so
        return _outcome_page(request, _visible_or_404(request, uuid, opinion), opinion, now=now)
    if request.method == "POST":
        return _answer(request, opinion, now=now)
    return _question_page(request, opinion, now=now)


@allow_limited_session
@post_only(otherwise=lambda uuid: reverse("reviews:second", args=[uuid]))
def pass_on(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Leave the question to the lead."""
    opinion = opinion_asked_of(actor_of(request), uuid)
    if opinion is None:
        raise Http404
    try:
        pass_opinion_on(opinion=opinion.uuid, by=actor_of(request), now=clock.now())
    except CannotGiveOpinion as refusal:
        return _back(request, " ".join(refusal.reasons))
    return _back(request, gettext("The lead is asked instead."))


@post_only(otherwise=lambda uuid: reverse("reviews:list"))
def decide_suspicion_view(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Decide a suspicion as one of both leads."""
    second_opinion = _visible_or_404(request, uuid, None)
    form, now = DecisionForm(request.POST), clock.now()
    if form.is_valid():
        try:
            decide_suspicion(
                second_opinion=second_opinion.uuid,
                by=actor_of(request),
                now=now,
                **form.cleaned_data,
            )
        except CannotDecideSuspicion as refusal:
            form.add_error(None, list(refusal.reasons))
    if form.errors:
        return _outcome_page(request, second_opinion, None, now=now, form=form)
    response = HttpResponseRedirect(reverse("reviews:second", args=[second_opinion.uuid]))
    return leave_toast(request, response, gettext("Your decision is on record."))


def _answer(request: HttpRequest, opinion: Opinion, *, now: datetime) -> HttpResponse:
    form = VerdictForm(request.POST)
    values: dict[str, str] = {}
    if form.is_valid():
        values = {name: form.cleaned_data[name] for name in _FIELDS}
        try:
            give_opinion(opinion=opinion.uuid, by=actor_of(request), now=now, **values)
        except CannotGiveOpinion as refusal:
            form.add_error(None, list(refusal.reasons))
    if form.errors:
        opinion.refresh_from_db(fields=["state"])
        if not _is_waiting(opinion):
            problems = [str(problem) for field in form.errors.values() for problem in field]
            return _back(request, " ".join(problems))
        return _question_page(request, opinion, now=now, form=form)
    goal = reverse("reviews:second", args=[opinion.uuid])
    response: HttpResponse = HttpResponseRedirect(goal)
    if "application/json" in request.headers.get("Accept", ""):
        response = JsonResponse({"saved": str(opinion.uuid), "next": goal})
    words = {"verdict": verdict_word(values["verdict"])}
    return leave_toast(request, response, gettext("Saved: %(verdict)s.") % words)


def _is_waiting(opinion: Opinion) -> bool:
    return opinion.state == Opinion.State.WAITING and opinion.second_opinion.is_open


def _back(request: HttpRequest, text: str) -> HttpResponse:
    return leave_toast(request, HttpResponseRedirect(reverse("reviews:list")), text)


def _visible_or_404(request: HttpRequest, uuid: UUID, opinion: Opinion | None) -> SecondOpinion:
    visible = second_opinions_visible_to(actor_of(request)).select_related(
        "site", "verdict__by", "decided_by", "correction"
    )
    filters = {"pk": opinion.second_opinion_id} if opinion else {"uuid": uuid}
    second_opinion = visible.filter(**filters).first()
    if second_opinion is None:
        raise Http404
    return second_opinion


def _incidents(second_opinion: SecondOpinion) -> list[Incident]:
    rows = Incident.objects.filter(verdicts=second_opinion.verdict_id)
    return list(rows.order_by("-severity", "-created_at", "-pk"))


def _question_page(
    request: HttpRequest, opinion: Opinion, *, now: datetime, form: VerdictForm | None = None
) -> HttpResponse:
    """The facts that the first person saw, and nothing that shows what they made of them."""
    second_opinion = opinion.second_opinion
    incident_ids = set(incidents_decided_by(second_opinion.verdict))
    about = [
        incident for incident in _incidents(second_opinion) if incident.pk in incident_ids
    ] or _incidents(second_opinion)
    lead, zone = about[0], second_opinion.site.time_zone
    ends = nodes(lead, ends_of(lead), is_neutral=True)
    alerts = Alert.objects.filter(incidents=lead.pk).order_by("-at", "-pk")
    page = {
        "asked": opinion,
        "waiting_place": place_in_line(opinion.uuid, opinion.person),
        "site": second_opinion.site,
        "place": lead.place or second_opinion.site.name,
        "happened": happened_at_words(lead, now, zone),
        "headline": headline_of(lead),
        "sentence": sentence_of(lead),
        "nodes": ends,
        "facts": neutral_facts_of(question_facts(lead), lead, zone),
        "alerts": list(alerts[:MAX_ALERTS]),
        "members": members_of(about, now=now, zone=zone),
        "n": len(about),
        "now": now,
        **verdict_context(lead, form),
    }
    status = 422 if form and form.errors else 200
    return vary(render(request, "alerts/reviews/second.html", page, status=status))


def _outcome_page(
    request: HttpRequest,
    second_opinion: SecondOpinion,
    opinion: Opinion | None,
    *,
    now: datetime,
    form: DecisionForm | None = None,
) -> HttpResponse:
    about, person = _incidents(second_opinion), actor_of(request)
    zone = second_opinion.site.time_zone
    may_decide = can_decide(second_opinion, by=person)
    cards = _cards(second_opinion, person.pk)
    page = {
        "found": second_opinion,
        "waiting_place": place_in_line(opinion.uuid, person) if opinion else None,
        "site": second_opinion.site,
        "incident": about[0],
        "place": about[0].place or second_opinion.site.name,
        "happened": happened_at_words(about[0], now, zone),
        "headline": headline_of(about[0]),
        "title": _title(cards),
        "cards": cards,
        "follows": _what_follows(
            second_opinion, is_yours=second_opinion.verdict.by_id == person.pk
        ),
        "may_decide": may_decide,
        "is_ot_lead": may_decide and leads_as(second_opinion, by=person) == "ot",
        "form": form or DecisionForm(),
        "problems": [text for errors in (form.errors if form else {}).values() for text in errors],
        "harmless": [
            Choice(verdict, verdict_word(verdict)) for verdict in sorted(HARMLESS, reverse=True)
        ],
        "now": now,
    }
    status = 422 if form and form.errors else 200
    return vary(render(request, "alerts/reviews/second_outcome.html", page, status=status))


def _cards(second_opinion: SecondOpinion, me: int) -> list[AnswerCard]:
    """All answers, one's own first, then in the order in which they were given."""
    first = second_opinion.verdict
    answered = second_opinion.opinions.filter(state=Opinion.State.ANSWERED).select_related("person")
    cards = [
        AnswerCard(
            first.by.name,
            first.by_id == me,
            first.kind,
            reason(first.cause),
            first.given_at,
            first.note,
        ),
        *(
            AnswerCard(
                opinion.person.name,
                opinion.person_id == me,
                opinion.verdict,
                reason(opinion.cause),
                opinion.settled_at or opinion.asked_at,
                opinion.note,
            )
            for opinion in answered.order_by("settled_at", "pk")
        ),
    ]
    return sorted(cards, key=lambda card: not card.is_you)


def _title(cards: Sequence[AnswerCard]) -> str:
    """What the answers have in common, in a few words."""
    sure = [card.verdict in HARMLESS for card in cards if card.verdict != VerdictKind.NOT_SURE]
    if len(cards) == 1:
        return gettext("One answer so far")
    if len(set(sure)) > 1:
        both = len(cards) == 2 and any(card.is_you for card in cards)
        return gettext("You two see it differently") if both else gettext("Opinions differ")
    if len(sure) < len(cards):
        return gettext("Not everybody was sure")
    return gettext("You see it the same way") if cards[0].is_you else gettext("All agree")


def _what_follows(second_opinion: SecondOpinion, *, is_yours: bool) -> list[tuple[str, str]]:
    """What happens now: icons and sentences."""
    name = second_opinion.verdict.by.given_name
    state, keeps = SecondOpinion.State(second_opinion.state), second_opinion.keeps_suspicion
    lines: list[tuple[str, str]] = []
    if state == SecondOpinion.State.OPEN and second_opinion.leads_asked_at is None:
        lines.append(("users", gettext("Somebody else is asked. Two of three people decide.")))
    elif state == SecondOpinion.State.OPEN:
        lines.append(("users", gettext("Both leads are asked every day until one decides.")))
    elif state == SecondOpinion.State.CONFIRMED:
        lines.append(("check-check", gettext("The answer of %(name)s stands.") % {"name": name}))
    elif state == SecondOpinion.State.CORRECTED:
        words = gettext("The answer of %(name)s was corrected. All answers stay on record.")
        lines.append(("undo-2", words % {"name": name}))
    elif state == SecondOpinion.State.HARMLESS_TO_SOC:
        words = gettext("The SOC decided that it was harmless. It counts neither way as evidence.")
        lines.append(("undo-2", words))
    elif state == SecondOpinion.State.NOT_SURE:
        lines.append(("circle-question-mark", gettext("Nobody else was sure. The answer stands.")))
    else:
        lines.append(("history", gettext("A later answer has taken its place.")))
    return [
        *lines,
        _hold_line(second_opinion, keeps=keeps),
        ("eye", gettext("Nothing is silenced by this. A rule still needs two signatures.")),
    ]


def _hold_line(second_opinion: SecondOpinion, *, keeps: bool) -> tuple[str, str]:
    is_suspicion = second_opinion.verdict.kind not in HARMLESS
    if second_opinion.is_open and is_suspicion and second_opinion.leads_asked_at is not None:
        return "shield-alert", gettext("What goes between these two devices stays open until then.")
    if (second_opinion.is_open and is_suspicion) or keeps:
        return "shield-alert", gettext(
            "Everything that touches these devices at this site stays open."
        )
    return "shield-check", gettext("These devices are not held open by this answer.")
