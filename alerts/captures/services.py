"""Attach a capture, keep what was read of it, note who opened it, remove it."""

import hashlib
import zlib
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from pathlib import Path, PurePath
from tempfile import NamedTemporaryFile
from typing import BinaryIO

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from alerts.captures.models import Capture, CaptureAccess, CapturePart
from alerts.captures.policies import (
    MAX_PER_INCIDENT,
    reasons_against_attaching,
    reasons_against_opening,
    reasons_against_removing_capture,
)
from alerts.captures.queries import bytes_of, stored_bytes
from alerts.captures.registry import MAX_READING_SECONDS, UnreadableCaptureError, capture_reader
from alerts.incidents.acts.apply import write_timeline
from alerts.incidents.models import Incident, IncidentStatus, TimelineItem
from portal.accounts.models import User
from portal.audit.services import record
from portal.errors import Refused
from portal.jobs.models import JobState
from portal.jobs.services import claim_due, settle
from portal.text import visible_text
from portal.ui.words import number

PIECE = 1024 * 1024
BATCH = 50
MEGABYTE = 1024 * 1024
SAME_VISIT = timedelta(hours=1)
LEASE = timedelta(seconds=2 * MAX_READING_SECONDS)


class CannotAttachCapture(Refused):
    """The file was not taken."""


class CannotOpenCapture(Refused):
    """Nothing of the capture was shown."""


class CannotRemoveCapture(Refused):
    """The capture stays."""


@transaction.atomic
def attach_capture(
    *,
    incident_id: int,
    file: BinaryIO,
    name: str,
    note: str,
    by: User,
    now: datetime,
    unshifted: datetime,
) -> Capture:
    """Take a file into quarantine. Its name does not count: the first bytes must be a capture's."""
    incident = Incident.objects.select_for_update(of=("self",)).get(pk=incident_id)
    if reasons := reasons_against_attaching(incident, by=by):
        raise CannotAttachCapture(*reasons)
    captures = Capture.objects.filter(incident=incident, removed_at=None)
    if captures.count() >= MAX_PER_INCIDENT:
        raise CannotAttachCapture(
            _("An incident has at most %(n)s captures. Remove one first.")
            % {"n": number(MAX_PER_INCIDENT)}
        )
    size, digest, format_ = _examine(file)
    if same_file := captures.filter(sha256=digest).first():
        raise CannotAttachCapture(
            _("This file is already attached as %(name)s.") % {"name": same_file.name}
        )
    capture = Capture.objects.create(
        incident=incident,
        name=_one_line(PurePath(name).name, 120) or f"capture.{format_}",
        note=_one_line(" ".join(note.split()), 200),
        format=format_,
        size=size,
        sha256=digest,
        by=by,
        attached_at=now,
        due_at=unshifted,
    )
    file.seek(0)
    for at, piece in enumerate(_pieces(file)):
        CapturePart.objects.create(
            capture=capture, kind=CapturePart.Kind.FILE, number=at, data=piece
        )
    write_timeline(
        incident_ids=[incident.pk],
        code="capture",
        side=TimelineItem.Side.SOC,
        by=by,
        now=now,
        details={"name": capture.name},
    )
    record(
        "captures.capture.attached",
        on=capture,
        by=by,
        at=now,
        incident=incident.pk,
        bytes=size,
        sha256=digest,
    )
    return capture


def _examine(file: BinaryIO) -> tuple[int, str, str]:
    """Return the size, the SHA-256 and the format of a file that may be taken."""
    limit, size, digest, format_ = settings.CAPTURE_MAX_MB * MEGABYTE, 0, hashlib.sha256(), ""
    file.seek(0)
    for piece in _pieces(file):
        if not size:
            format_ = capture_reader().format_of(piece[:4])
        size += len(piece)
        digest.update(piece)
        if size > limit:
            raise CannotAttachCapture(
                _("The file is larger than %(n)s MB. Cut it to the minutes around the alert.")
                % {"n": number(settings.CAPTURE_MAX_MB)}
            )
    if not size:
        raise CannotAttachCapture(_("The file is empty. Choose another one."))
    if not format_:
        raise CannotAttachCapture(
            _(
                "This is no capture: its first bytes are neither those of pcap nor of pcapng. "
                "Unpack it first if it is compressed."
            )
        )
    if stored_bytes() + size > settings.CAPTURES_TOTAL_MB * MEGABYTE:
        raise CannotAttachCapture(
            _("All captures together would be larger than %(n)s MB. Remove old ones first.")
            % {"n": number(settings.CAPTURES_TOTAL_MB)}
        )
    return size, digest.hexdigest(), format_


def _pieces(file: BinaryIO) -> Iterable[bytes]:
    return iter(lambda: file.read(PIECE), b"")


def _one_line(text: str, length: int) -> str:
    """Return one line of text without what no file name and no sentence has."""
    return "".join(c for c in text if c.isprintable())[:length].strip()


def read_next_capture(*, unshifted: datetime, now: datetime) -> bool:
    """Read one capture that is due; False where none waits. After four deaths it is given up."""
    rows = Capture.objects.filter(removed_at=None)
    capture = claim_due(rows, now=unshifted, lease=LEASE)
    if capture is None:
        return False
    with NamedTemporaryFile(prefix="tagout-capture-") as copy:
        for piece in bytes_of(capture):
            copy.write(piece)
        copy.flush()
        try:
            parts = [
                CapturePart(
                    capture=capture,
                    kind=part.kind,
                    number=part.number,
                    data=zlib.compress(part.document),
                )
                for part in capture_reader().read(Path(copy.name))
            ]
        except UnreadableCaptureError as error:
            _note_unreadable(capture, str(error)[:500], now)
        else:
            _keep_parts(capture, parts, now)
    return True


@transaction.atomic
def _keep_parts(capture: Capture, parts: Collection[CapturePart], now: datetime) -> None:
    """Keep what was read and let the capture out of quarantine, unless another worker did."""
    if settle(capture, now=now):
        CapturePart.objects.bulk_create(parts, batch_size=50)
        record("captures.capture.read", on=capture, by="captures", at=now)


@transaction.atomic
def _note_unreadable(capture: Capture, trouble: str, now: datetime) -> None:
    """Keep a file that cannot be read, with the reason in one sentence."""
    if settle(capture, now=now, trouble=trouble):
        record("captures.capture.unreadable", on=capture, by="captures", at=now, trouble=trouble)


@transaction.atomic
def note_access(*, capture: Capture, kind: CaptureAccess.Kind, by: User, now: datetime) -> None:
    """Record a view or download before it happens; one entry an hour. Raises CannotOpenCapture."""
    if reasons := reasons_against_opening(capture, by=by):
        raise CannotOpenCapture(*reasons)
    if kind != CaptureAccess.Kind.DOWNLOADED and CaptureAccess.objects.filter(
        capture=capture, by=by, kind=kind, at__gt=now - SAME_VISIT
    ):
        return
    CaptureAccess.objects.create(capture=capture, by=by, kind=kind, at=now)
    record(f"captures.capture.{_PAST[kind]}", on=capture, by=by, at=now, sha256=capture.sha256)


_PAST = {
    CaptureAccess.Kind.OPENED: "opened",
    CaptureAccess.Kind.VALUES: "uncovered",
    CaptureAccess.Kind.DOWNLOADED: "downloaded",
}


@transaction.atomic
def remove_capture(*, capture_id: int, reason: str, by: User, now: datetime) -> Capture:
    """Remove the bytes of a capture and what was read of them; its name and SHA-256 stay."""
    capture = Capture.objects.select_for_update(of=("self",)).get(pk=capture_id)
    reasons = reasons_against_removing_capture(capture, by=by)
    words = " ".join(visible_text(reason).split())
    if not reasons and not words:
        reasons = [_("Say why it is removed.")]
    if reasons:
        raise CannotRemoveCapture(*reasons)
    _remove(capture, reason=words, by=by, now=now)
    write_timeline(
        incident_ids=[capture.incident_id],
        code="capture-removed",
        side=TimelineItem.Side.SOC,
        by=by,
        now=now,
        details={"name": capture.name},
    )
    record("captures.capture.removed", on=capture, by=by, at=now, reason=words)
    return capture


def remove_old_captures(*, now: datetime, is_dry_run: bool = False) -> int:
    """Remove captures whose days are over and whose incident is closed. Returns how many."""
    if not settings.CAPTURE_DAYS:
        return 0
    ended = now - timedelta(days=settings.CAPTURE_DAYS)
    old = Capture.objects.filter(
        removed_at=None, attached_at__lt=ended, incident__status=IncidentStatus.CLOSED
    )
    if is_dry_run:
        return old.count()
    removed = 0
    while batch := _remove_batch(old, now):
        removed += batch
    return removed


@transaction.atomic
def _remove_batch(old: QuerySet[Capture], now: datetime) -> int:
    """Remove some of these captures; others may remove theirs at the same time."""
    rows = list(old.select_for_update(of=("self",), skip_locked=True).order_by("pk")[:BATCH])
    for capture in rows:
        _remove(capture, reason="", by=None, now=now)
        record(
            "captures.capture.expired",
            on=capture,
            by="retention",
            at=now,
            days=settings.CAPTURE_DAYS,
        )
    return len(rows)


def _remove(capture: Capture, *, reason: str, by: User | None, now: datetime) -> None:
    capture.parts.all().delete()
    capture.removed_at, capture.removed_by, capture.removal_reason = now, by, reason[:200]
    capture.state, capture.lease_until = JobState.DONE, None
    capture.fence += 1  # a worker that reads it keeps nothing
    capture.save(
        update_fields=[
            "removed_at",
            "removed_by",
            "removal_reason",
            "state",
            "lease_until",
            "fence",
        ]
    )
