"""Ask for an export, make it in a worker, note who takes it, forget it."""

import logging
import tempfile
import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import BinaryIO, Final

import orjson
from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext, gettext_noop

from portal import clock
from portal.accounts.models import User
from portal.audit.services import record
from portal.errors import Refused
from portal.exports.engine.formats import open_writer
from portal.exports.lists import check_request, file_columns, list_for, pages_of
from portal.exports.models import Export, ExportPart
from portal.exports.queries import export_rights_of
from portal.jobs.models import JobState
from portal.jobs.services import (
    WORKER_DIED,
    WorkerDied,
    back_off,
    do_next,
    lock_claim,
    put_back,
    run_while_due,
    settle,
)

log = logging.getLogger(__name__)

MAX_ROWS, MAX_BYTES, MAX_SECONDS = 100_000, 32_000_000, 50.0  # of one file; bytes as JSON
MAX_FILES, MAX_WAITING = 5, 2
MAX_TOTAL_BYTES = 2_000_000_000  # of all files that are kept
EXPORT_LIFETIME = timedelta(hours=24)
MAX_ATTEMPTS = 3
PIECE = 1_000_000  # bytes
FAILED: Final = gettext_noop(
    "A fault in Tagout kept the file from being made. Ask for it again, or tell an administrator:"
    " the worker's log has the cause."
)
RIGHTS_CHANGED: Final = gettext_noop("Your rights have changed since you asked. Ask for it again.")
ERRORS: Final = (FAILED, RIGHTS_CHANGED, WORKER_DIED)  # what a row says of itself


class CannotExport(Refused):
    """No export is made."""


class _NoLongerAllowed(Exception):
    """The person sees something else by now, or has no account."""


@transaction.atomic
def request_export(
    *,
    list_name: str,
    file_format: str,
    filters: Mapping[str, str],
    columns: Sequence[str],
    by: User,
    now: datetime,
    unshifted: datetime,
) -> Export:
    """Owe a person a list as a file; a worker makes it. Older ones of theirs than the newest five
    go. Raises BadInput where the list does not have what is asked for.
    """
    check_request(list_for(list_name, user=by, now=now), filters=filters, columns=columns)
    User.objects.lock(by.pk)  # asked for twice at once, each would not see the other
    own = Export.objects.filter(by=by).order_by("-made_at", "-pk")
    if own.filter(state__in=[JobState.WAITING, JobState.RUNNING]).count() >= MAX_WAITING:
        raise CannotExport(gettext("Two exports are being made for you. Wait until one is ready."))
    stored_bytes = Export.objects.aggregate(total=Sum("size", default=0))["total"]
    if stored_bytes > MAX_TOTAL_BYTES:
        raise CannotExport(
            gettext("There is no room for another file now. Each goes a day after it was made.")
        )
    kept = list(own.values_list("pk", flat=True)[: MAX_FILES - 1])
    own.exclude(pk__in=kept).delete()
    export = Export.objects.create(
        by=by,
        rights=export_rights_of(by),
        list_name=list_name,
        format=file_format,
        filters=dict(filters),
        columns=list(columns),
        made_at=now,
        due_at=unshifted,
        expires_at=unshifted + EXPORT_LIFETIME,
    )
    record(
        "exports.export.requested",
        on=export,
        by=by,
        at=now,
        list=list_name,
        format=file_format,
        filters=dict(filters),
        columns=list(columns),
    )
    return export


@transaction.atomic
def note_download(export: Export, *, by: User, now: datetime) -> None:
    """Put on record, before it is sent, who takes which file away."""
    record(
        "exports.export.downloaded",
        on=export,
        by=by,
        at=now,
        list=export.list_name,
        filters=export.filters,
        rows=export.rows,
    )


def make_due_exports() -> None:
    """Forget files whose day is over, and make every export that is due."""
    Export.objects.filter(expires_at__lte=clock.unshifted()).delete()

    def step() -> bool:
        rows = Export.objects.select_related("by")
        return do_next(rows, work=_make, now=clock.unshifted(), on_error=_try_again)

    run_while_due(step)


def _make(export: Export) -> None:
    now = clock.now()
    if not export.by.is_active or export.rights != export_rights_of(export.by):
        raise _NoLongerAllowed(RIGHTS_CHANGED)
    with tempfile.TemporaryFile() as file:
        rows, is_whole = _write(export, file, now=now)
        size = file.tell()
        file.seek(0)
        with transaction.atomic():
            if not lock_claim(export):
                return
            number = 0
            while data := file.read(PIECE):
                ExportPart.objects.create(export=export, number=number, data=data)
                number += 1
            settle(export, now=clock.unshifted(), rows=rows, size=size, is_whole=is_whole)
            record(
                "exports.export.made",
                on=export,
                by="exports",
                at=now,
                rows=rows,
                size=size,
                is_whole=is_whole,
            )


def _write(export: Export, file: BinaryIO, *, now: datetime) -> tuple[int, bool]:
    """Write the file; return its rows, and whether these are all. A bound ends it early: rows,
    bytes (measured as JSON, whatever the format), or time, for others wait for the worker.
    """
    resource = list_for(export.list_name, user=export.by, now=now)
    columns = file_columns(resource, export.columns)
    writer = open_writer(export.format, columns, file, name=export.list_name)
    n, size, ends = 0, 0, time.monotonic() + MAX_SECONDS
    is_whole = True
    for page in pages_of(resource, filters=export.filters, columns=export.columns):
        if page and (size > MAX_BYTES or time.monotonic() > ends):
            is_whole = False
            break
        rows = page[: MAX_ROWS - n]
        writer.write(rows)
        n, size = n + len(rows), size + len(orjson.dumps(rows))
        if len(rows) < len(page):
            is_whole = False
            break
    writer.close()
    file.seek(0, 2)
    return n, is_whole


def _try_again(export: Export, error: Exception) -> None:
    now = clock.unshifted()
    if isinstance(error, (_NoLongerAllowed, WorkerDied)):
        _give_up(export, str(error), unshifted=now)
        return
    log.error("The export %s failed", export.pk, exc_info=error)
    if export.attempts >= MAX_ATTEMPTS:
        _give_up(export, FAILED, unshifted=now)
    else:
        put_back(export, due_at=now + back_off(export.attempts), error=FAILED)


@transaction.atomic
def _give_up(export: Export, error: str, *, unshifted: datetime) -> None:
    if settle(export, now=unshifted, state=JobState.DEAD, error=error):
        record("exports.export.failed", on=export, by="exports", at=clock.now(), error=error)
