"""The list of patterns, one of them, and what can be done with it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import get_language, gettext
from django.views.decorators.http import require_GET

from alerts.incidents.engine import catalogue
from alerts.incidents.hidden_verdicts import hidden_from
from alerts.incidents.models import Incident
from alerts.incidents.queries import incidents_visible_to
from alerts.patterns.models import Pattern, PatternState
from alerts.patterns.queries.patterns import (
    NEEDED_DAYS,
    NEEDED_VERDICTS,
    counter_examples,
    incidents_of_pattern,
    mining_counts,
    mining_status,
    open_patterns,
    patterns_visible_to,
    snoozed_patterns,
    unread_incidents,
    verdicts_of_pattern,
)
from alerts.patterns.services.decide import (
    CannotDecidePattern,
    reject_pattern,
    reopen_pattern,
    snooze_pattern,
    turn_into_rule,
)
from alerts.patterns.services.mine_patterns import CannotRequestMining, request_mining
from alerts.patterns.web.headline import hours_words, pattern_headline
from alerts.patterns.web.pattern_card import pattern_card, state_words, weekday_rows
from alerts.patterns.web.remedies import remedy_card
from alerts.reviews.engine.causes import cause
from alerts.rules.sentence import Sentence, translated_sentence
from alerts.suppression.policies import PROPOSING
from portal import clock
from portal.accounts.models import User
from portal.accounts.queries import roles_of
from portal.accounts.sessions import actor_of
from portal.errors import Refused
from portal.ui.pieces import Tab
from portal.ui.responses import is_part_request, leave_toast, post_only, render_page
from portal.ui.words import number, numeral

PAGE = 20
OUTSIDE_HOURS = frozenset({"miss.too_late", "miss.too_early", "miss.time"})
MAX_INCIDENTS, MAX_VERDICTS, MAX_TOP, MAX_NEAR = 20, 20, 3, 5
OPEN, LATER, REJECTED, RULES = "open", "later", "rejected", "rules"


@require_GET
def patterns(request: HttpRequest) -> HttpResponse:
    """Patterns by what they would save, or how far there is enough to find some."""
    person, now = actor_of(request), clock.now()
    tab = request.GET.get("tab", OPEN)
    tab = tab if tab in {LATER, REJECTED, RULES} else OPEN
    visible = patterns_visible_to(person)
    views: dict[str, QuerySet[Pattern]] = {
        OPEN: open_patterns(visible, now=now),
        LATER: snoozed_patterns(visible, now=now),
        REJECTED: visible.filter(state=PatternState.REJECTED),
        RULES: visible.filter(state=PatternState.HAS_RULE),
    }
    start = _number(request.GET.get("from", ""))
    rows = list(views[tab][start : start + PAGE + 1])
    status = mining_status(now=now)
    own = status if status.is_ready else mining_status(now=now, visible_to=person)
    n_alerts, n_verdicts = mining_counts(status.latest, user=person) if status.latest else (0, 0)
    page = {
        "tab": tab,
        "tabs": _tabs(tab, views[OPEN].count()),
        "rows": [pattern_card(row, person, is_open=tab == OPEN) for row in rows[:PAGE]],
        "more": f"?tab={tab}&from={start + PAGE}" if len(rows) > PAGE else "",
        "mining": status,
        "n_alerts": n_alerts,
        "n_verdicts": n_verdicts,
        "n_unread": unread_incidents(),
        "needs": _needs(own.days, own.verdicts),
        "may_mine": not roles_of(person).isdisjoint(PROPOSING),
        "now": now,
    }
    return render_page(request, "alerts/patterns/list.html", page, part="rows")


@require_GET
def top(request: HttpRequest) -> HttpResponse:
    """The few open patterns that save most and can become a rule: a part for other pages."""
    person, now = actor_of(request), clock.now()
    able = open_patterns(patterns_visible_to(person), now=now).filter(obstacles=[])
    page = {"rows": [pattern_card(row, person) for row in able[:MAX_TOP]], "now": now}
    return render_page(request, "alerts/patterns/top.html", page, part="rows")


@require_GET
def pattern(request: HttpRequest, pattern: UUID) -> HttpResponse:
    """One pattern: what it is, why it is so wide, OT's verdicts, and what can be done."""
    return pattern_page(request, pattern)


def pattern_page(
    request: HttpRequest, uuid: UUID, *, problems: tuple[str, ...] = (), reason: str = ""
) -> HttpResponse:
    """The page of a pattern, with what was wrong with the last act."""
    person, now = actor_of(request), clock.now()
    row = pattern_or_404(request, uuid)
    is_open = open_patterns(Pattern.objects.filter(pk=row.pk), now=now).exists()
    card = pattern_card(row, person, is_open=is_open)
    visible = incidents_of_pattern(row, incidents_visible_to(person), now=now)
    verdicts = verdicts_of_pattern(row, now=now, limit=MAX_VERDICTS)
    question = _hidden_question(row, person, now)
    page = {
        "row": card,
        "week": weekday_rows(row.rhythm),
        "hours": range(24),
        "incidents": visible.order_by("-created_at", "-pk")[:MAX_INCIDENTS],
        "verdicts": [{"verdict": verdict, "cause": _cause(verdict.cause)} for verdict in verdicts],
        "question": question,  # instead of verdicts and all that counts them
        "state": state_words(row),
        "rule_url": _rule_url(row),
        "problems": problems,
        "reason": reason,
        "near": _near(row, person, now),
        "remedies": remedy_card(row, hides_verdicts=question is not None),
        "now": now,
    }
    return render_page(
        request, "alerts/patterns/pattern.html", page, status=422 if problems else 200
    )


def pattern_or_404(request: HttpRequest, uuid: UUID) -> Pattern:
    """The pattern, if this person may see it."""
    return get_object_or_404(patterns_visible_to(actor_of(request)), uuid=uuid)


def _hidden_question(row: Pattern, person: User, now: datetime) -> UUID | None:
    """The question about incidents of the pattern whose verdicts are hidden from the person."""
    by_incident = hidden_from(person).by_incident
    if not by_incident:
        return None
    hidden = incidents_of_pattern(row, Incident.objects.filter(pk__in=list(by_incident)), now=now)
    found = hidden.order_by("-created_at", "-pk").values_list("pk", flat=True).first()
    return None if found is None else by_incident[found].question


def _near(row: Pattern, person: User, now: datetime) -> list[dict[str, Any]]:
    """What is close to it and not covered, as far as the person may see its incidents."""
    examples = counter_examples(row, now=now, limit=MAX_NEAR)
    ids = [example.incident_id for example in examples if example.incident_id is not None]
    visible = set(incidents_visible_to(person).filter(pk__in=ids).values_list("pk", flat=True))
    hidden, language = hidden_from(person).by_incident, get_language() or "en"
    return [
        {
            "incident_id": example.incident_id,
            "words": catalogue.headline(
                example.alert.alert_type,
                source=example.alert.source,
                destination=example.alert.destination,
                language=language,
                user_title=example.alert.user_defined_title,
            ),
            "at": example.alert.at,
            "verdict": "" if example.incident_id in hidden else example.verdict,
            "why": _why_outside(row, example.why),
        }
        for example in examples
        if example.incident_id in visible
    ]


def _why_outside(row: Pattern, why: Sentence) -> str:
    """Why an alert lies outside. Its moment stands beside it on the reader's clock; of the hours of
    the pattern the sentence says on which clock they are.
    """
    if why.code in OUTSIDE_HOURS:
        hours = hours_words(row.process, row.time_zone)
        return gettext("Outside the hours of the pattern: %(hours)s.") % {"hours": hours}
    return translated_sentence(why, gettext, numeral)


def _rule_url(row: Pattern) -> str:
    latest = row.rule.versions.order_by("-number").first() if row.rule else None
    return reverse("suppression:rule", args=[latest.uuid]) if latest else ""


def _cause(cause_id: str) -> str:
    catalogued = cause(cause_id)
    return catalogued.label(get_language() or "en") if catalogued else cause_id


def _tabs(tab: str, count: int) -> list[Tab]:
    return [
        Tab(gettext("Open"), "?tab=open", count, current=tab == OPEN),
        Tab(gettext("Snoozed"), "?tab=later", current=tab == LATER),
        Tab(gettext("Rejected"), "?tab=rejected", current=tab == REJECTED),
        Tab(gettext("With a rule"), "?tab=rules", current=tab == RULES),
    ]


def _needs(days: int, verdicts: int) -> list[dict[str, Any]]:
    """How far both have come."""
    needs = {
        gettext("%(n)s of %(needed)s days of history"): (days, NEEDED_DAYS),
        gettext("%(n)s of %(needed)s verdicts of OT"): (verdicts, NEEDED_VERDICTS),
    }
    return [
        {
            "words": text % {"n": number(min(n, needed)), "needed": needed},
            "n": min(n, needed),
            "needed": needed,
            "is_met": n >= needed,
        }
        for text, (n, needed) in needs.items()
    ]


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else 0


def _page_of(pattern: UUID) -> str:
    return reverse("patterns:pattern", args=[pattern])


@post_only(otherwise=_page_of)
def turn(request: HttpRequest, pattern: UUID) -> HttpResponse:
    """Draft a rule of it and go on in its editor."""
    row = pattern_or_404(request, pattern)
    try:
        version = turn_into_rule(pattern_id=row.pk, by=actor_of(request), now=clock.now())
    except Refused as refusal:
        return pattern_page(request, pattern, problems=refusal.reasons)
    return HttpResponseRedirect(reverse("suppression:edit", args=[version.uuid]))


@post_only(otherwise=_page_of)
def reject(request: HttpRequest, pattern: UUID) -> HttpResponse:
    """No rule shall come of it, for this reason."""
    row, reason = pattern_or_404(request, pattern), request.POST.get("reason", "")
    try:
        reject_pattern(pattern_id=row.pk, by=actor_of(request), now=clock.now(), reason=reason)
    except CannotDecidePattern as refusal:
        return _refused(request, row, refusal, reason=reason)
    return _settled(
        request, row, gettext("Rejected: %(pattern)s") % {"pattern": pattern_headline(row)}
    )


@post_only(otherwise=_page_of)
def snooze(request: HttpRequest, pattern: UUID) -> HttpResponse:
    """Not now; again in thirty days."""
    row = pattern_or_404(request, pattern)
    try:
        snooze_pattern(pattern_id=row.pk, by=actor_of(request), now=clock.now())
    except CannotDecidePattern as refusal:
        return _refused(request, row, refusal)
    text = gettext("Snoozed for 30 days: %(pattern)s") % {"pattern": pattern_headline(row)}
    return _settled(request, row, text)


@post_only(otherwise=_page_of)
def reopen(request: HttpRequest, pattern: UUID) -> HttpResponse:
    """Offer it again."""
    row = pattern_or_404(request, pattern)
    try:
        reopen_pattern(pattern_id=row.pk, by=actor_of(request), now=clock.now())
    except CannotDecidePattern as refusal:
        return _refused(request, row, refusal)
    if is_part_request(request):  # undone from the toast: whatever list is on the screen is old now
        return HttpResponse(headers={"HX-Redirect": reverse("patterns:list")})
    return _back(request, gettext("Open again: %(pattern)s") % {"pattern": pattern_headline(row)})


@post_only(otherwise=lambda: reverse("patterns:list"))
def mine_now(request: HttpRequest) -> HttpResponse:
    """Have history looked at now."""
    try:
        request_mining(by=actor_of(request), unshifted=clock.unshifted(), now=clock.now())
    except CannotRequestMining as refusal:
        return _back(request, str(refusal))
    return _back(request, gettext("History is being analysed. Load the page again in a minute."))


def _back(request: HttpRequest, text: str, *, undo: str = "", to: str = "") -> HttpResponse:
    answer = HttpResponseRedirect(to or reverse("patterns:list"))
    return leave_toast(request, answer, text, undo=undo)


def _settled(request: HttpRequest, row: Pattern, text: str) -> HttpResponse:
    """Back to the list the form was on, with a way to undo it."""
    undo = reverse("patterns:reopen", args=[row.uuid])
    return _back(request, text, undo=undo, to=_plan_with_form(request, row))


def _refused(
    request: HttpRequest, row: Pattern, refusal: CannotDecidePattern, *, reason: str = ""
) -> HttpResponse:
    """The page the form was on, with what was wrong."""
    if plan := _plan_with_form(request, row):
        return _back(request, str(refusal), to=plan)
    return pattern_page(request, row.uuid, problems=refusal.reasons, reason=reason)


def _plan_with_form(request: HttpRequest, row: Pattern) -> str:
    """Return the address of the plan whose panel posted this; empty where no plan did."""
    if "from_plan" not in request.POST or row.site is None:
        return ""
    return f"{reverse('plan:plan')}?site={row.site.uuid}"
