"""Catalogue, module, lesson, and the answers to its questions; lessons on other pages (beside an
incident, on Home, in the search), which fetch them by address and import nothing of lessons.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods

from portal import clock
from portal.accounts.models import User
from portal.accounts.queries import roles_of
from portal.accounts.rights import SOC_ROLES
from portal.accounts.sessions import actor_of
from portal.attack import engine as attack
from portal.ui.palette import MAX_RESULTS, FinderResult, Result
from portal.ui.pieces import Tab
from portal.ui.responses import is_part_request, nothing_new, render_page
from portal.ui.words import number
from training.catalog.models import Lesson, QuestionVersion
from training.catalog.policies import AUTHOR_ROLES
from training.catalog.queries.lessons import (
    capture_at,
    current_versions,
    lesson_at,
    lessons_in_order,
    lessons_like,
    module_at,
    techniques_of_lesson,
)
from training.progress.queries.learning_paths import is_newcomer, next_lesson, path_progress
from training.progress.queries.lesson_feedback import author_work, note_of
from training.progress.queries.lesson_progress import (
    ModuleProgress,
    attempts_at,
    due_questions,
    lessons_beside,
    progress_of,
    states_of,
)
from training.progress.services import CannotAnswer, answer_question
from training.progress.web.questions import QuestionView, RefusedAnswer, show_question

# Whose modules the catalogue shows, by their work roles of NICE.
_SOC, _LEAD, _OT = "PD-WRL-001", "PD-WRL-003", "DD-WRL-009"
_ROLES = {"soc": _SOC, "lead": _LEAD, "ot": _OT, "all": ""}


@require_GET
def catalogue(request: HttpRequest) -> HttpResponse:
    """Show where to go on, and the modules of a role with one's own progress."""
    learner, now = actor_of(request), clock.now_of(request)
    progress = progress_of(learner, now=now)
    role = request.GET.get("for", "")
    if role not in _ROLES:
        role = "soc" if roles_of(learner) & SOC_ROLES else "all"
    modules = [item for item in progress if not _ROLES[role] or _ROLES[role] in item.module.nice]
    paths = path_progress(progress)
    here = next_lesson(learner, progress, paths)
    module = next((item for item in progress if here in item.lessons), None)
    page = {
        "modules": modules,
        "is_empty": not progress,
        "here": here,
        "here_module": module,
        "here_url": _lesson_url(here.lesson) if here else "",
        "roles": _role_tabs(role),
        "paths": paths,
        "is_path_first": any(_ROLES[role] in item.path.nice for item in paths)
        and is_newcomer(learner, now=now),
        "due": due_questions(learner, now=now) if any(item.due for item in progress) else [],
    }
    return render_page(request, "training/progress/catalogue.html", page, part="catalogue")


def _role_tabs(role: str) -> list[Tab]:
    words = {
        "soc": gettext("SOC analyst"),
        "lead": gettext("SOC lead"),
        "ot": gettext("OT engineer"),
        "all": gettext("All"),
    }
    return [Tab(words[name], f"?for={name}", current=name == role) for name in _ROLES]


@require_GET
def module_lessons(request: HttpRequest, module: str) -> HttpResponse:
    """Show the lessons of a module, and how far the person is."""
    learner, now = actor_of(request), clock.now_of(request)
    progress = _module_progress(learner, module, now=now)
    open_lessons = [
        lesson for lesson in progress.lessons if lesson.total and not lesson.is_complete
    ]
    prerequisites = [row for row in map(module_at, progress.module.prerequisites) if row]
    page = {
        "progress": progress,
        "next_url": _lesson_url(open_lessons[0].lesson) if open_lessons else "",
        "prerequisites": prerequisites,
        "due": due_questions(learner, now=now, module=module) if progress.due else [],
    }
    return render_page(request, "training/progress/module.html", page)


def _module_progress(learner: User, slug: str, *, now: datetime) -> ModuleProgress:
    for progress in progress_of(learner, now=now):
        if progress.module.slug == slug:
            return progress
    raise Http404(gettext("There is no such module."))


@require_GET
def lesson(request: HttpRequest, module: str, lesson: str) -> HttpResponse:
    """Show a lesson, its questions in place; `?again=` opens one of them anew."""
    page = _LessonPage.at(module, lesson, request)
    return page.answer(request, again=request.GET.get("again", ""))


@require_http_methods(["GET", "POST"])
def lesson_question(request: HttpRequest, module: str, lesson: str, question: str) -> HttpResponse:
    """Take an answer (POST), or open the question once more. Without htmx both lead back to it."""
    page = _LessonPage.at(module, lesson, request)
    version = page.version_at(question)
    address = f"{_lesson_url(page.lesson)}#q-{question}"
    if request.method == "GET":
        if is_part_request(request):
            return page.answer_part(request, version, again=question)
        again = f"{_lesson_url(page.lesson)}?again={question}#q-{question}"
        return HttpResponseRedirect(again)
    form = {name: request.POST.getlist(name) for name in request.POST}
    try:
        if request.POST.get("version", str(version.pk)) != str(version.pk):
            form = {}  # its options may stand in another order now
            raise CannotAnswer(gettext("This question has just been changed. Answer it anew."))
        answer_question(version=version, form=form, learner=page.learner, now=page.now)
    except CannotAnswer as refusal:
        refused = {question: RefusedAnswer(form, refusal.reasons)}
        if is_part_request(request):
            return page.answer_part(request, version, refused=refused, status=422)
        return page.answer(request, refused=refused, status=422)
    if is_part_request(request):
        return page.answer_part(request, version)
    return HttpResponseRedirect(address)


@require_GET
def download_capture(request: HttpRequest, module: str, name: str) -> HttpResponse:
    """Hand out a capture of a lesson as a file."""
    row = capture_at(module, name)
    if row is None:
        raise Http404(gettext("There is no such capture."))
    return HttpResponse(
        bytes(row.data),
        content_type="application/vnd.tcpdump.pcap",
        headers={"Content-Disposition": f'attachment; filename="{row.name}"'},
    )


def _lesson_url(lesson: Lesson) -> str:
    return reverse("training:lesson", args=[lesson.module.slug, lesson.slug])


@dataclass(frozen=True, slots=True)
class _LessonPage:
    """A lesson with its questions, as one person sees it."""

    lesson: Lesson
    versions: list[QuestionVersion]
    learner: User
    now: datetime

    @classmethod
    def at(cls, module: str, lesson: str, request: HttpRequest) -> "_LessonPage":
        """Return the page at an address, for the person of the request."""
        row = lesson_at(module, lesson)
        if row is None:
            raise Http404(gettext("There is no such lesson."))
        versions = current_versions(row)
        return cls(row, versions, actor_of(request), clock.now_of(request))

    def version_at(self, slug: str) -> QuestionVersion:
        """Return what one of its questions asks now."""
        for version in self.versions:
            if version.question.slug == slug:
                return version
        raise Http404(gettext("There is no such question."))

    def answer(
        self,
        request: HttpRequest,
        *,
        again: str = "",
        refused: Mapping[str, RefusedAnswer] | None = None,
        status: int = 200,
    ) -> HttpResponse:
        """Return the whole page."""
        questions = self._questions(again=again, refused=refused or {})
        by_slug = {question.slug: question for question in questions.values()}
        blocks = [
            {"question": by_slug[block["question"]]}
            if "question" in block
            else {"html": mark_safe(block["html"])}
            for block in self.lesson.body
            if "question" not in block or block["question"] in by_slug
        ]
        lessons = list(lessons_in_order(self.lesson.module))
        at = [row.pk for row in lessons].index(self.lesson.pk)
        page = self._facts(questions) | {
            "blocks": blocks,
            "note": note_of(self.learner, self.lesson),
            "sources": [mark_safe(html) for html in self.lesson.sources],
            "techniques": techniques_of_lesson(self.lesson),
            "attack_version": attack.version(),
            "lesson_at": at + 1,
            "lesson_count": len(lessons),
            "previous": lessons[at - 1] if at else None,
            "following": lessons[at + 1] if at + 1 < len(lessons) else None,
        }
        return render_page(request, "training/progress/lesson.html", page, status=status)

    def answer_part(
        self,
        request: HttpRequest,
        version: QuestionVersion,
        *,
        again: str = "",
        refused: Mapping[str, RefusedAnswer] | None = None,
        status: int = 200,
    ) -> HttpResponse:
        """Return one question and the count of right answers, for htmx."""
        questions = self._questions(again=again, refused=refused or {})
        page = self._facts(questions) | {"question": questions[version.pk], "is_part": True}
        return render_page(
            request, "training/progress/_question.html", page, part="answered", status=status
        )

    def _facts(self, questions: dict[int, QuestionView]) -> dict[str, Any]:
        right = sum(
            bool(question.first_right or question.was_right_before)
            for question in questions.values()
        )
        total = len(questions)
        left = -(-self.lesson.minutes * (total - right) // total) if total else 0
        return {
            "lesson": self.lesson,
            "right": right,
            "total": total,
            "minutes_left": left,
            "now": self.now,
        }

    def _questions(
        self, *, again: str, refused: Mapping[str, RefusedAnswer]
    ) -> dict[int, QuestionView]:
        attempts = attempts_at(self.learner, self.versions)
        states = states_of(self.learner, self.versions)
        total = len(self.versions)
        return {
            version.pk: show_question(
                version,
                lesson=self.lesson,
                position=(at, total),
                learner=self.learner,
                attempts=attempts[version.pk],
                state=states.get(version.question_id),
                now=self.now,
                is_again=version.question.slug == again,
                refused=refused.get(version.question.slug),
            )
            for at, version in enumerate(self.versions, 1)
        }


MAX_TYPES = 20


@require_GET
def beside(request: HttpRequest) -> HttpResponse:
    """Show the lessons about the alert types in `?type=`; to htmx nothing where there is none."""
    types = request.GET.getlist("type")[:MAX_TYPES]
    lessons = lessons_beside(actor_of(request), types, now=clock.now_of(request))
    if not lessons and is_part_request(request):
        return nothing_new()
    page = {"lessons": lessons, "types": types}
    return render_page(request, "training/progress/beside.html", page, part="lessons")


@require_GET
def resume(request: HttpRequest) -> HttpResponse:
    """Show the lesson with which the person goes on, how many questions are due again, and to
    authors what waits for them; to htmx nothing where there is none of it.
    """
    learner = actor_of(request)
    progress = progress_of(learner, now=clock.now_of(request))
    here = next_lesson(learner, progress, path_progress(progress))
    due = sum(module.due for module in progress)
    work = author_work() if not roles_of(learner).isdisjoint(AUTHOR_ROLES) else None
    if here is None and not due and work is None and is_part_request(request):
        return nothing_new()
    page = {"here": here, "due": due, "work": work}
    return render_page(request, "training/progress/next.html", page, part="next")


def find_lessons(request: HttpRequest, text: str) -> FinderResult:
    """Return the lessons whose title or alert types have these words, or about this technique."""
    if not text.strip():
        return FinderResult()
    return FinderResult(
        [
            Result(
                lesson.title,
                reverse("training:lesson", args=[lesson.module.slug, lesson.slug]),
                "book-open",
                detail=gettext("%(minutes)s min") % {"minutes": number(lesson.minutes)},
            )
            for lesson in lessons_like(text)[:MAX_RESULTS]
        ]
    )
