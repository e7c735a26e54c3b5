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
from alerts.incidents.page.panel import happened_words, members_of
from alerts.incidents.wording import headline_of, sentence_of
from alerts.reviews.engine.second_opinion import HARMLESS
from alerts.reviews.models import Opinion, SecondOpinion, Verdict
from alerts.reviews.policies import can_decide, leads_as
from alerts.reviews.queries import (
    ends_of,
    facts_of,
    opinion_asked_of,
    second_opinions_visible_to,
)
from alerts.reviews.queries.second_opinions import incidents_held_by
from alerts.reviews.services import (
    CannotDecide,
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
from portal.accounts.models import Role
from portal.accounts.sessions import actor_of, allow_limited_session
from portal.ui.pieces import Choice
from portal.ui.responses import leave_toast, post_only, vary

_SAID = ("verdict", "cause", "work_order", "done_by", "note")
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
def second(request: HttpRequest, review: UUID) -> HttpResponse:
    """The question for who is asked; for others, and once it is answered, what it came to."""
    person, now = actor_of(request), clock.now()
    asked = opinion_asked_of(person, review)
    is_waiting = asked is not None and _is_waiting(asked)
    if asked is None or not is_waiting:
        if request.method == "POST" and asked is not None:
            return _answer(request, asked, now=now)  # sent again, or too late: the service says so
        return _outcome_page(request, _visible_or_404(request, review, asked), asked, now=now)
    if request.method == "POST":
        return _answer(request, asked, now=now)
    return _question_page(request, asked, now=now)


@allow_limited_session
@post_only(otherwise=lambda review: reverse("reviews:second", args=[review]))
def pass_on(request: HttpRequest, review: UUID) -> HttpResponse:
    """Leave the question to the lead."""
    asked = opinion_asked_of(actor_of(request), review)
    if asked is None:
        raise Http404
    try:
        pass_opinion_on(opinion=asked.uuid, by=actor_of(request), now=clock.now())
    except CannotGiveOpinion as refusal:
        return _back(request, " ".join(refusal.reasons))
    return _back(request, gettext("The lead is asked instead."))


@post_only(otherwise=lambda review: reverse("reviews:list"))
def decide(request: HttpRequest, review: UUID) -> HttpResponse:
    """Decide a suspicion as one of both leads."""
    found = _visible_or_404(request, review, None)
    form, now = DecisionForm(request.POST), clock.now()
    if form.is_valid():
        try:
            decide_suspicion(
                second_opinion=found.uuid, by=actor_of(request), now=now, **form.cleaned_data
            )
        except CannotDecide as refusal:
            form.add_error(None, list(refusal.reasons))
    if form.errors:
        return _outcome_page(request, found, None, now=now, form=form)
    response = HttpResponseRedirect(reverse("reviews:second", args=[found.uuid]))
    return leave_toast(request, response, gettext("Your decision is on record."))


def _answer(request: HttpRequest, asked: Opinion, *, now: datetime) -> HttpResponse:
    form = VerdictForm(request.POST)
    said: dict[str, str] = {}
    if form.is_valid():
        said = {name: form.cleaned_data[name] for name in _SAID}
        try:
            give_opinion(opinion=asked.uuid, by=actor_of(request), now=now, **said)
        except CannotGiveOpinion as refusal:
            form.add_error(None, list(refusal.reasons))
    if form.errors:
        asked.refresh_from_db(fields=["state"])
        if not _is_waiting(asked):
            return _back(request, " ".join(map(str, form.non_field_errors())))
        return _question_page(request, asked, now=now, form=form)
    goal = reverse("reviews:second", args=[asked.uuid])
    response: HttpResponse = HttpResponseRedirect(goal)
    if "application/json" in request.headers.get("Accept", ""):
        response = JsonResponse({"saved": str(asked.uuid), "next": goal})
    words = {"verdict": verdict_word(said["verdict"])}
    return leave_toast(request, response, gettext("Saved: %(verdict)s.") % words)


def _is_waiting(asked: Opinion) -> bool:
    return asked.state == Opinion.State.WAITING and asked.second_opinion.is_open


def _back(request: HttpRequest, text: str) -> HttpResponse:
    return leave_toast(request, HttpResponseRedirect(reverse("reviews:list")), text)


def _visible_or_404(request: HttpRequest, uuid: UUID, asked: Opinion | None) -> SecondOpinion:
    visible = second_opinions_visible_to(actor_of(request)).select_related(
        "site", "annotation__by", "decided_by", "correction"
    )
    wanted = {"pk": asked.second_opinion_id} if asked else {"uuid": uuid}
    found = visible.filter(**wanted).first()
    if found is None:
        raise Http404
    return found


def _incidents(found: SecondOpinion) -> list[Incident]:
    rows = Incident.objects.filter(annotations=found.annotation_id)
    return list(rows.order_by("-severity", "-created_at", "-pk"))


def _question_page(
    request: HttpRequest, asked: Opinion, *, now: datetime, form: VerdictForm | None = None
) -> HttpResponse:
    """The facts that the first person saw, and nothing that tells what they made of them."""
    found = asked.second_opinion
    held = set(incidents_held_by(found.annotation))
    about = [each for each in _incidents(found) if each.pk in held] or _incidents(found)
    shown, zone = about[0], found.site.time_zone
    ends = nodes(shown, ends_of(shown), is_neutral=True)
    alerts = Alert.objects.filter(incidents=shown.pk).order_by("-at", "-pk")
    page = {
        "asked": asked,
        "site": found.site,
        "place": shown.place or found.site.name,
        "happened": happened_words(shown, now, zone),
        "headline": headline_of(shown),
        "sentence": sentence_of(shown),
        "nodes": ends,
        "facts": neutral_facts_of(facts_of(shown), shown, zone),
        "alerts": list(alerts[:MAX_ALERTS]),
        "members": members_of(about, now=now, zone=zone),
        "n": len(about),
        "now": now,
        **verdict_context(shown, form),
    }
    status = 422 if form and form.errors else 200
    return vary(render(request, "alerts/reviews/second.html", page, status=status))


def _outcome_page(
    request: HttpRequest,
    found: SecondOpinion,
    asked: Opinion | None,
    *,
    now: datetime,
    form: DecisionForm | None = None,
) -> HttpResponse:
    about, person = _incidents(found), actor_of(request)
    zone = found.site.time_zone
    may_decide = can_decide(found, by=person)
    cards = _cards(found, person.pk)
    page = {
        "found": found,
        "site": found.site,
        "incident": about[0],
        "place": about[0].place or found.site.name,
        "happened": happened_words(about[0], now, zone),
        "headline": headline_of(about[0]),
        "title": _title(cards),
        "cards": cards,
        "follows": _what_follows(found, is_yours=found.annotation.by_id == person.pk),
        "may_decide": may_decide,
        "is_ot_lead": may_decide and leads_as(found, by=person) == Role.OT_SITE_LEAD,
        "form": form or DecisionForm(),
        "problems": [text for each in (form.errors if form else {}).values() for text in each],
        "harmless": [Choice(each, verdict_word(each)) for each in sorted(HARMLESS, reverse=True)],
        "now": now,
    }
    status = 422 if form and form.errors else 200
    return vary(render(request, "alerts/reviews/second_outcome.html", page, status=status))


def _cards(found: SecondOpinion, me: int) -> list[AnswerCard]:
    """All answers, one's own first, then in the order in which they were given."""
    first = found.annotation
    answered = found.opinions.filter(state=Opinion.State.ANSWERED).select_related("person")
    cards = [
        AnswerCard(
            first.by.name,
            first.by_id == me,
            first.verdict,
            reason(first.cause),
            first.given_at,
            first.note,
        ),
        *(
            AnswerCard(
                each.person.name,
                each.person_id == me,
                each.verdict,
                reason(each.cause),
                each.settled_at or each.asked_at,
                each.note,
            )
            for each in answered.order_by("settled_at", "pk")
        ),
    ]
    return sorted(cards, key=lambda card: not card.is_you)


def _title(cards: Sequence[AnswerCard]) -> str:
    """What the answers have in common, in a few words."""
    sure = [card.verdict in HARMLESS for card in cards if card.verdict != Verdict.NOT_SURE]
    if len(cards) == 1:
        return gettext("One answer so far")
    if len(set(sure)) > 1:
        both = len(cards) == 2 and any(card.is_you for card in cards)
        return gettext("You two see it differently") if both else gettext("Opinions differ")
    if len(sure) < len(cards):
        return gettext("Not everybody was sure")
    return gettext("You see it the same way") if cards[0].is_you else gettext("All agree")


def _what_follows(found: SecondOpinion, *, is_yours: bool) -> list[tuple[str, str]]:
    """What happens now: icons and sentences."""
    name = found.annotation.by.given_name
    state, keeps = SecondOpinion.State(found.state), found.keeps_suspicion
    lines: list[tuple[str, str]] = []
    if state == SecondOpinion.State.OPEN and found.leads_asked_at is None:
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
        _hold_line(found, keeps=keeps),
        ("eye", gettext("Nothing is silenced by this. A rule still needs two signatures.")),
    ]


def _hold_line(found: SecondOpinion, *, keeps: bool) -> tuple[str, str]:
    is_suspicion = found.annotation.verdict not in HARMLESS
    if found.is_open and is_suspicion and found.leads_asked_at is not None:
        return "shield-alert", gettext("What goes between these two devices stays open until then.")
    if (found.is_open and is_suspicion) or keeps:
        return "shield-alert", gettext(
            "Everything that touches these devices at this site stays open."
        )
    return "shield-check", gettext("These devices are not held open by this answer.")
