"""Questions that were right only on a later try, to be answered again after four days."""

from datetime import datetime

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods

from portal import clock
from portal.accounts.models import User
from portal.accounts.sessions import actor_of
from portal.ui.responses import is_part_request, render_page
from training.catalog.models import QuestionVersion
from training.catalog.queries.lessons import current_versions_of, module_at, question_of_version
from training.progress.queries.lesson_progress import attempts_at, due_questions, states_of
from training.progress.services import CannotAnswer, answer_question
from training.progress.web.questions import (
    QuestionAddresses,
    QuestionView,
    RefusedAnswer,
    show_question,
)

MAX_SHOWN = 10


@require_GET
def due_questions_page(request: HttpRequest) -> HttpResponse:
    """Show what is to be answered again, of all modules or of `?module=`; `?answered=` shows what
    came of one answer, for those without scripts.
    """
    return _list(request)


@require_http_methods(["GET", "POST"])
def due_question(request: HttpRequest, version: int) -> HttpResponse:
    """Take an answer (POST), or open the question once more. Without htmx both lead to the list."""
    learner, now = actor_of(request), clock.now_of(request)
    question_id = question_of_version(version)
    current = current_versions_of([question_id]).first() if question_id else None
    if current is None:
        raise Http404(gettext("There is no such question."))
    if request.method == "GET":
        if is_part_request(request):
            return _part(request, current)
        return HttpResponseRedirect(_address())
    form = {name: request.POST.getlist(name) for name in request.POST}
    try:
        if current.pk != version:
            form = {}  # its options may stand in another order now
            raise CannotAnswer(gettext("This question has just been changed. Answer it anew."))
        answer_question(version=current, form=form, learner=learner, now=now)
    except CannotAnswer as refusal:
        refused = RefusedAnswer(form, refusal.reasons)
        if is_part_request(request):
            return _part(request, current, refused=refused)
        return _list(request, refused={current.pk: refused})
    if is_part_request(request):
        return _part(request, current, is_answered=True)
    return HttpResponseRedirect(_address(version_id=current.pk))


def _address(*, version_id: int = 0) -> str:
    address = reverse("training:due")
    if not version_id:
        return address
    return f"{address}?{urlencode({'answered': version_id})}#{_anchor(version_id)}"


def _anchor(version_id: int) -> str:
    return f"due-{version_id}"


def _list(request: HttpRequest, *, refused: dict[int, RefusedAnswer] | None = None) -> HttpResponse:
    learner, now, refused = actor_of(request), clock.now_of(request), refused or {}
    module = module_at(request.GET.get("module", ""))
    questions = due_questions(learner, now=now, module=module.slug if module else "")
    versions = [question.version for question in questions]
    answered = request.GET.get("answered", "")
    visible = [question for question in versions[:MAX_SHOWN] if str(question.pk) != answered]
    latest = _answered_version(learner, answered)
    visible = [latest, *visible] if latest else visible
    page = {
        "questions": _questions(learner, visible, now=now, refused=refused, latest=latest),
        "module": module,
        "is_empty": not versions,
        "more": max(0, len(versions) - MAX_SHOWN),
        "now": now,
    }
    status = 422 if refused else 200
    return render_page(request, "training/progress/due.html", page, status=status)


def _answered_version(learner: User, text: str) -> QuestionVersion | None:
    """The question that was just answered, if this person ever answered it."""
    if not text.isascii() or not text.isdecimal() or len(text) > 18:
        return None
    question_id = question_of_version(int(text))
    version = current_versions_of([question_id]).first() if question_id else None
    return version if version and attempts_at(learner, [version])[version.pk] else None


def _part(
    request: HttpRequest,
    version: QuestionVersion,
    *,
    refused: RefusedAnswer | None = None,
    is_answered: bool = False,
) -> HttpResponse:
    (question,) = _questions(
        actor_of(request),
        [version],
        now=clock.now_of(request),
        refused={version.pk: refused} if refused else {},
        latest=version if is_answered else None,
    )
    page = {"question": question, "now": clock.now_of(request)}
    name, status = "training/progress/_question.html", 422 if refused else 200
    return render_page(request, name, page, part="question", status=status)


def _questions(
    learner: User,
    versions: list[QuestionVersion],
    *,
    now: datetime,
    refused: dict[int, RefusedAnswer],
    latest: QuestionVersion | None,
) -> list[QuestionView]:
    """Return the questions as open forms; only the one that was just answered shows its outcome."""
    attempts, states = attempts_at(learner, versions), states_of(learner, versions)
    return [
        show_question(
            version,
            lesson=version.question.lesson,
            learner=learner,
            attempts=attempts[version.pk],
            state=states.get(version.question_id),
            now=now,
            addresses=QuestionAddresses(
                _anchor(version.pk),
                answer=reverse("training:due-question", args=[version.pk]),
                again=f"{reverse('training:due')}#{_anchor(version.pk)}",
            ),
            is_again=latest is None or version.pk != latest.pk,
            refused=refused.get(version.pk),
        )
        for version in versions
    ]
