"""What readers say of lessons: the form below a lesson, and the list for its authors."""

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_GET

from portal import clock
from portal.accounts.actor import actor_of
from portal.ui.forms_only import post_only
from portal.ui.htmx import render_page, wants_part
from portal.ui.toasts import leave_toast
from training.catalog.queries import lesson_at
from training.progress.models import LessonNote
from training.progress.queries import note_of, notes_to_read, votes_by_lesson
from training.progress.services import CannotNote, finish_note, send_note


def _lesson_address(module: str, lesson: str) -> str:
    return f"{reverse('training:lesson', args=[module, lesson])}#lesson-note"


@post_only(otherwise=_lesson_address)
def send(request: HttpRequest, module: str, lesson: str) -> HttpResponse:
    """Take what the reader says of a lesson."""
    reader, found = actor_of(request), lesson_at(module, lesson)
    if found is None:
        raise Http404(gettext("There is no such lesson."))
    is_clear, text = request.POST.get("clear") == "yes", request.POST.get("text", "")
    problems: tuple[str, ...] = ()
    if "clear" not in request.POST:
        problems = (gettext("Choose Yes or No."),)
    else:
        try:
            send_note(lesson=found, is_clear=is_clear, text=text, by=reader, now=clock.now())
        except CannotNote as refusal:
            problems = refusal.reasons
    if not problems and not wants_part(request):
        return HttpResponseRedirect(_lesson_address(module, lesson))
    page = {
        "lesson": found,
        "note": note_of(reader, found),
        "note_problems": problems,
        "note_text": text if problems else "",
    }
    name, status = "training/progress/_note.html", 422 if problems else 200
    return render_page(request, name, page, part="note", status=status)


@require_GET
def notes(request: HttpRequest) -> HttpResponse:
    """Show the authors what readers say."""
    page = {"notes": notes_to_read(), "votes": votes_by_lesson()}
    return render_page(request, "training/progress/notes.html", page)


@post_only(otherwise=lambda note: reverse("lesson_notes:list"))
def finish(request: HttpRequest, note: int) -> HttpResponse:
    """Take a note off the list."""
    get_object_or_404(LessonNote, pk=note)
    finish_note(note_id=note, by=actor_of(request), now=clock.now())
    back = HttpResponseRedirect(reverse("lesson_notes:list"))
    return leave_toast(request, back, gettext("Note finished."))
