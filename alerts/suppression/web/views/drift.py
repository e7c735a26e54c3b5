"""The question whether a plant has changed, on a phone: facts against it first, one tap."""

from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from alerts.suppression.drafting.drift_questions import (
    drift_questions_visible_to,
    drift_waiting_for,
    question_digest,
)
from alerts.suppression.drafting.drift_sentence import drift_sentence
from alerts.suppression.models import DriftQuestion
from alerts.suppression.signing.answer_drift import (
    NO,
    NOT_SURE,
    YES,
    CannotAnswerDrift,
    answer_drift,
)
from alerts.suppression.web.drift_words import ask_words, facts_against, facts_in_favour, line_words
from portal import clock
from portal.accounts.models import User
from portal.accounts.password_checks import proved_at_of
from portal.accounts.sessions import actor_of
from portal.ui.responses import leave_toast, vary
from portal.ui.words import number

TEMPLATE: Final = "alerts/suppression/drift.html"


@never_cache
@require_http_methods(["GET", "POST"])
def drift(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The question for who is asked; for others, and once it is answered, what it came to."""
    user, now = actor_of(request), clock.now()
    row = get_object_or_404(drift_questions_visible_to(user), uuid=uuid)
    problems: list[str] = []
    if request.method == "POST":
        answer = request.POST.get("answer", "")
        try:
            row = answer_drift(
                question=row.uuid,
                by=user,
                answer=answer,
                digest=request.POST.get("digest", ""),
                note=drift_sentence(row, today=None),
                now=now,
                proved_at=proved_at_of(request),
            )
        except CannotAnswerDrift as refusal:
            problems = [str(reason) for reason in refusal.reasons]
            row.refresh_from_db()
        else:
            return leave_toast(request, HttpResponseRedirect(_next(row)), _saved(row, answer))
    context = _context(row, user) | {"problems": problems}
    return vary(render(request, TEMPLATE, context, status=422 if problems else 200))


def _context(row: DriftQuestion, user: User) -> dict[str, Any]:
    today = clock.now().astimezone(ZoneInfo(row.site.time_zone)).date()
    lines = list(row.lines.select_related("version__rule", "amendment").order_by("pk"))
    return {
        "question": row,
        "sentence": drift_sentence(row, today=today),
        "ask": ask_words(row),
        "against": facts_against(row),
        "in_favour": facts_in_favour(row, today=today),
        "has_more": any(code == "more" for code, _ in row.against),
        "lines": [(line, line_words(line)) for line in lines],
        "n_lines": len(lines),
        "alerts": max((line.alerts for line in lines), default=0),  # rules may share them
        "digest": question_digest(row),
        "may_answer": drift_waiting_for(user).filter(pk=row.pk).exists(),
        "YES": YES,
        "NO": NO,
        "NOT_SURE": NOT_SURE,
    }


def _next(row: DriftQuestion) -> str:
    """After a yes the page shows what came of it; after all else the next question may come."""
    if row.state == DriftQuestion.State.YES:
        return reverse("suppression:drift", args=[row.uuid])
    return reverse("reviews:list")


def _saved(row: DriftQuestion, answer: str) -> str:
    if answer == NOT_SURE:
        return gettext("Saved: not sure. Your colleagues are still asked.")
    if answer == NO:
        return gettext("Saved: no. Nothing changes, and %(name)s is marked as something else.") % {
            "name": row.after
        }
    n = row.lines.exclude(amendment=None).count()
    return gettext("Saved: yes. Changes that now wait for signatures: %(n)s.") % {"n": number(n)}
