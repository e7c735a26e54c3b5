"""A lesson with its drafts, as learners would see it. Answers are judged and kept nowhere."""

from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from portal import clock
from portal.accounts.models import User
from portal.accounts.sessions import actor_of
from portal.ui.responses import is_part_request, render_page
from training.catalog.engine import content
from training.catalog.engine.content import QuestionType
from training.catalog.models import Lesson, LessonQuestion, Module, QuestionVersion
from training.catalog.policies import reasons_against_writing
from training.catalog.queries.drafts import check_module
from training.progress.services import CannotAnswer, judge_answer
from training.progress.web.questions import (
    QuestionAddresses,
    QuestionView,
    RefusedAnswer,
    show_question,
)


@require_http_methods(["GET", "HEAD", "POST"])
def preview_lesson(request: HttpRequest, module: str, lesson: str) -> HttpResponse:
    """Show a lesson as it would be published; POST answers the question in `?question=`."""
    reader, now = actor_of(request), clock.now_of(request)
    if reasons_against_writing(reader):
        raise PermissionDenied
    with check_module(module, today=now.date()) as checked:
        draft_module = checked.module if checked else None
    content_lesson = (
        next(
            (
                content_lesson
                for content_lesson in draft_module.lessons
                if content_lesson.id == lesson
            ),
            None,
        )
        if draft_module
        else None
    )
    if draft_module is None or content_lesson is None:
        raise Http404(gettext("There is no such lesson."))
    row = _row_of(draft_module, content_lesson)
    questions = _questions(request, row, content_lesson, reader, now)
    if is_part_request(request) and (asked := questions.get(request.GET.get("question", ""))):
        name, status = "training/progress/_question.html", 422 if asked.problems else 200
        return render_page(request, name, {"question": asked}, part="question", status=status)
    page = {
        "lesson": row,
        "blocks": [
            {"question": questions[block.question]}
            if block.question
            else {"html": mark_safe(block.html)}
            for block in content_lesson.blocks
            if not block.question or block.question in questions
        ],
        "sources": [mark_safe(html) for html in content_lesson.sources],
        "number": content_lesson.number,
        "now": now,
    }
    return render_page(request, "training/progress/preview.html", page)


def _row_of(module: content.ModuleContent, lesson: content.LessonContent) -> Lesson:
    """The row that the lesson would have; it is not stored."""
    outline = [{"id": heading.id, "title": heading.title} for heading in lesson.outline]
    return Lesson(
        module=Module(slug=module.id, title=module.title),
        slug=lesson.id,
        title=lesson.title,
        minutes=lesson.minutes,
        outline=outline,
    )


def _questions(
    request: HttpRequest, row: Lesson, lesson: content.LessonContent, reader: User, now: datetime
) -> dict[str, QuestionView]:
    address = reverse("training:preview", args=[row.module.slug, row.slug])
    # A lab that has faults cannot be asked.
    questions = [
        entry for entry in lesson.questions if entry.case or entry.type is not QuestionType.TRIAGE
    ]
    shown = {}
    for number, question in enumerate(questions, 1):
        version = QuestionVersion(
            pk=number,
            question=LessonQuestion(slug=question.id, lesson=row),
            type=question.type.value,
            stored=question.as_json(),
        )
        is_asked = request.GET.get("question") == question.id and request.method == "POST"
        answered = _answer(request, version, reader) if is_asked else {}
        shown[question.id] = show_question(
            version,
            lesson=row,
            position=(number, len(questions)),
            learner=reader,
            attempts=answered.get("attempts", []),
            state=None,
            now=now,
            refused=answered.get("refused"),
            addresses=QuestionAddresses(
                f"q-{question.id}",
                answer=f"{address}?question={question.id}",
                again=f"{address}?question={question.id}#q-{question.id}",
            ),
        )
    return shown


def _answer(request: HttpRequest, version: QuestionVersion, reader: User) -> dict[str, Any]:
    form = {name: request.POST.getlist(name) for name in request.POST}
    try:
        return {"attempts": [judge_answer(version=version, form=form, learner=reader)]}
    except CannotAnswer as refusal:
        return {"refused": RefusedAnswer(form, refusal.reasons)}
