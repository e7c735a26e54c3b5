"""Lessons on other pages: beside an incident, chosen by the types of its alerts, and on Home, where
to go on. Those pages fetch them by address and know nothing of lessons.
"""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from portal import clock
from portal.accounts.actor import actor_of
from portal.ui.htmx import nothing_new, render_page, wants_part
from training.progress.queries import (
    lessons_beside,
    next_lesson,
    path_progress,
    progress_of,
)

MAX_TYPES = 20


@require_GET
def beside(request: HttpRequest) -> HttpResponse:
    """Show the lessons about the alert types in `?type=`; to htmx nothing where there is none."""
    types = request.GET.getlist("type")[:MAX_TYPES]
    found = lessons_beside(actor_of(request), types, now=clock.now_of(request))
    if not found and wants_part(request):
        return nothing_new()
    page = {"lessons": found, "types": types}
    return render_page(request, "training/progress/beside.html", page, part="lessons")


@require_GET
def next_one(request: HttpRequest) -> HttpResponse:
    """Show the lesson with which the person goes on, and how many questions are due again; to htmx
    nothing where all is answered.
    """
    learner = actor_of(request)
    progress = progress_of(learner, now=clock.now_of(request))
    here = next_lesson(learner, progress, path_progress(progress))
    due = sum(module.due for module in progress)
    if here is None and not due and wants_part(request):
        return nothing_new()
    page = {"here": here, "due": due}
    return render_page(request, "training/progress/next.html", page, part="next")
