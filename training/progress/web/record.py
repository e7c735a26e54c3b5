"""One's own record: a page, and the same as files. Nobody's address is in it, so nobody else's
record can be asked for.
"""

import json
from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from portal import clock
from portal.accounts.actor import actor_of
from portal.csv_files import csv_bytes
from portal.ui.htmx import render_page
from training.progress.queries import AttemptRecord, attempts_of, module_records

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
def record(request: HttpRequest) -> HttpResponse:
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
    rows = [list(_values(each).values()) for each in attempts_of(actor_of(request))]
    return _file(request, csv_bytes(COLUMNS, rows), "text/csv; charset=utf-8", "csv")


@require_GET
def record_json(request: HttpRequest) -> HttpResponse:
    """Hand out all of one's own answers as JSON."""
    learner = actor_of(request)
    document = {
        "person": learner.email,
        "exported_at": _moment(clock.now_of(request)),
        "attempts": [_values(each) for each in attempts_of(learner)],
    }
    data = json.dumps(document, ensure_ascii=False, indent=1).encode()
    return _file(request, data, "application/json", "json")


def _values(attempt: AttemptRecord) -> dict[str, Any]:
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
