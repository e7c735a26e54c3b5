"""One's own record, as a page and as files; a team's totals; notes on lessons and figures of
questions for their authors. A record has no person in its address, so nobody else's can be asked
for.
"""

import json
from datetime import UTC, datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_GET

from portal import clock
from portal.accounts.rights import OT_ROLES, SOC_ROLES
from portal.accounts.sessions import actor_of
from portal.formats.csv_files import csv_bytes
from portal.ui.navigation import may_use, roles_for_page
from portal.ui.responses import is_part_request, leave_toast, post_only, render_page
from training.catalog.queries.lessons import lesson_at
from training.progress.models import LessonNote
from training.progress.policies import MIN_TEAM, team_roles
from training.progress.queries.lesson_feedback import (
    MIN_TRIES,
    note_of,
    notes_to_read,
    question_statistics,
    votes_by_lesson,
)
from training.progress.queries.record import AttemptRecord, attempts_of, module_records
from training.progress.queries.team_totals import team_totals
from training.progress.services import CannotNote, finish_note, send_note

COLUMNS = (
    "answered_at",
    "module",
    "lesson",
    "question",
    "version",
    "try",
    "prompt",
    "answer",
    "result",
)


@require_GET
def own_record(request: HttpRequest) -> HttpResponse:
    """Show what one's answers came to, and the latest of them."""
    learner = actor_of(request)
    page = {
        "modules": module_records(learner),
        "latest": list(attempts_of(learner, latest=True)),
        "now": clock.now_of(request),
    }
    return render_page(request, "training/progress/record.html", page)


@require_GET
def record_csv(request: HttpRequest) -> HttpResponse:
    """Hand out all of one's own answers as CSV."""
    rows = [list(_values_of(attempt).values()) for attempt in attempts_of(actor_of(request))]
    return _file(request, csv_bytes(COLUMNS, rows), "text/csv; charset=utf-8", "csv")


@require_GET
def record_json(request: HttpRequest) -> HttpResponse:
    """Hand out all of one's own answers as JSON."""
    learner = actor_of(request)
    document = {
        "person": learner.email,
        "exported_at": _moment(clock.now_of(request)),
        "attempts": [_values_of(attempt) for attempt in attempts_of(learner)],
    }
    data = json.dumps(document, ensure_ascii=False, indent=1).encode()
    return _file(request, data, "application/json", "json")


def _values_of(attempt: AttemptRecord) -> dict[str, Any]:
    result = "right" if attempt.is_correct else "wrong"
    values = (
        _moment(attempt.answered_at),
        attempt.module,
        attempt.lesson,
        attempt.question,
        attempt.version,
        attempt.number,
        attempt.prompt,
        attempt.answer,
        result,
    )
    return dict(zip(COLUMNS, values, strict=True))


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _file(request: HttpRequest, data: bytes, content_type: str, suffix: str) -> HttpResponse:
    day = clock.now_of(request).date().isoformat()
    disposition = f'attachment; filename="training-record-{day}.{suffix}"'
    headers = {"Content-Disposition": disposition, "Cache-Control": "no-store"}
    return HttpResponse(data, content_type=content_type, headers=headers)


@require_GET
def totals(request: HttpRequest) -> HttpResponse:
    """Show how many people began and finished each module, and what was right at the first try."""
    viewer = actor_of(request)
    roles = team_roles(viewer)
    page = {
        "totals": team_totals(viewer, now=clock.now()),
        "has_ot": not roles.isdisjoint(OT_ROLES),
        "has_soc": not roles.isdisjoint(SOC_ROLES),
        "least": MIN_TEAM,
        "may_learn": may_use(request, roles_for_page("training:module")),
    }
    return render_page(request, "training/progress/totals.html", page)


def _lesson_address(module: str, lesson: str) -> str:
    return f"{reverse('training:lesson', args=[module, lesson])}#lesson-note"


@post_only(otherwise=_lesson_address)
def send_report(request: HttpRequest, module: str, lesson: str) -> HttpResponse:
    """Store the reader's note on a lesson."""
    reader, row = actor_of(request), lesson_at(module, lesson)
    if row is None:
        raise Http404(gettext("There is no such lesson."))
    is_clear, text = request.POST.get("clear") == "yes", request.POST.get("text", "")
    problems: tuple[str, ...] = ()
    if "clear" not in request.POST:
        problems = (gettext("Choose Yes or No."),)
    else:
        try:
            send_note(lesson=row, is_clear=is_clear, text=text, by=reader, now=clock.now())
        except CannotNote as refusal:
            problems = refusal.reasons
    if not problems and not is_part_request(request):
        return HttpResponseRedirect(_lesson_address(module, lesson))
    page = {
        "lesson": row,
        "note": note_of(reader, row),
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


@require_GET
def statistics(request: HttpRequest) -> HttpResponse:
    """Show the share of right first tries of each wording, hardest first."""
    page = {"statistics": question_statistics(), "least": MIN_TRIES}
    return render_page(request, "training/progress/statistics.html", page)
