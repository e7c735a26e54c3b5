"""The demo's mailbox: the mails that `EMAIL_URL=file:///folder` keeps, as their receivers would see
them. Anybody who is signed in may read all; without such a folder the pages do not exist.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from email.utils import parsedate_to_datetime
from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from portal import clock

BETWEEN = b"\n" + b"-" * 79 + b"\n"  # how Django's file backend parts its mails
MAX_FILES, MAX_MAILS = 300, 200
LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Kept:
    """One mail of the folder."""

    name: str
    place: int
    to: str
    subject: str
    sent_at: datetime
    body: str


@require_GET
def mails(request: HttpRequest) -> HttpResponse:
    """All mails, newest first."""
    kept = sorted(_all(_folder()), key=lambda each: each.sent_at, reverse=True)
    page = {"mails": kept[:MAX_MAILS], "now": clock.unshifted()}
    return render(request, "portal/notifications/mailbox.html", page)


@require_GET
def mail(request: HttpRequest, name: str, place: int) -> HttpResponse:
    """One mail; its links work."""
    for each in _all(_folder(), only=name):
        if each.place == place:
            page = {"mail": each, "now": clock.unshifted()}
            return render(request, "portal/notifications/mail.html", page)
    raise Http404


def _folder() -> Path:
    folder: Path | None = settings.MAIL_FOLDER
    if folder is None:
        raise Http404
    return folder


def _all(folder: Path, *, only: str = "") -> Iterator[Kept]:
    files = sorted(folder.glob("*.log"), reverse=True) if folder.is_dir() else []
    for file in files[:MAX_FILES]:
        if only in ("", file.name):
            pieces = (file.read_bytes() + b"\n").split(BETWEEN)
            for place, piece in enumerate(pieces):
                if piece.strip():
                    yield _read(file.name, place, piece)


def _read(name: str, place: int, piece: bytes) -> Kept:
    message = message_from_bytes(piece.lstrip(), policy=default)
    text = message.get_body(preferencelist=("plain",))
    return Kept(
        name,
        place,
        str(message["To"] or ""),
        str(message["Subject"] or ""),
        _sent_at(message),
        text.get_content() if text else "",
    )


def _sent_at(message: EmailMessage) -> datetime:
    try:
        moment = parsedate_to_datetime(str(message["Date"]))
    except (TypeError, ValueError):
        return LONG_AGO
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
