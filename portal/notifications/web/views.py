"""The inbox, and the demo's mailbox: mails that `EMAIL_URL=file:///folder` keeps, as receivers
would see them. Anybody who is signed in may read those; without such a folder they do not exist.
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
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from portal import clock
from portal.accounts.sessions import actor_of
from portal.notifications.queries import inbox_of, unread_count
from portal.notifications.services import mark_read
from portal.ui.responses import is_part_request, post_only, render_page

PAGE = 50
MAX_ID_DIGITS = 18  # digits of an id


@require_GET
def inbox(request: HttpRequest) -> HttpResponse:
    """Show the person's notifications, newest first."""
    return _page(request)


@post_only(otherwise=lambda: reverse("notifications:inbox"))
def mark_read_view(request: HttpRequest) -> HttpResponse:
    """Mark the named lines as read, or all of them."""
    ids = [int(value) for value in request.POST.getlist("line") if _is_id(value)]
    mark_read(user=actor_of(request), now=clock.now(), ids=None if "all" in request.POST else ids)
    return _page(request) if is_part_request(request) else redirect("notifications:inbox")


@require_GET
def follow(request: HttpRequest, line: int) -> HttpResponse:
    """Go where a line leads; it is read then."""
    person = actor_of(request)
    notification = get_object_or_404(inbox_of(person), pk=line)
    mark_read(user=person, now=clock.now(), ids=[notification.pk])
    inside = notification.path.startswith("/") and not notification.path.startswith(("//", "/\\"))
    return HttpResponseRedirect(notification.path if inside else "/")


def _page(request: HttpRequest) -> HttpResponse:
    person, after = actor_of(request), request.GET.get("after", "")
    notifications = inbox_of(person)
    mark = notifications.filter(pk=int(after)).first() if _is_id(after) else None
    if mark is not None:
        notifications = notifications.filter(
            Q(made_at__lt=mark.made_at) | Q(made_at=mark.made_at, pk__lt=mark.pk)
        )
    found = list(notifications[: PAGE + 1])
    page = {
        "lines": found[:PAGE],
        "more": str(found[PAGE - 1].pk) if len(found) > PAGE else "",
        "unread": unread_count(person),
        "now": clock.now(),
    }
    return render_page(request, "portal/notifications/inbox.html", page, part="lines")


def _is_id(text: str) -> bool:
    return text.isdecimal() and len(text) <= MAX_ID_DIGITS


BETWEEN = b"\n" + b"-" * 79 + b"\n"  # how Django's file backend parts its mails
MAX_FILES, MAX_MAILS = 300, 200
LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class StoredMail:
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
    newest = sorted(_all(_folder()), key=lambda mail: mail.sent_at, reverse=True)
    page = {"mails": newest[:MAX_MAILS], "now": clock.unshifted()}
    return render(request, "portal/notifications/mailbox.html", page)


@require_GET
def mail(request: HttpRequest, name: str, place: int) -> HttpResponse:
    """One mail; its links work."""
    for message in _all(_folder(), only=name):
        if message.place == place:
            page = {"mail": message, "now": clock.unshifted()}
            return render(request, "portal/notifications/mail.html", page)
    raise Http404


def _folder() -> Path:
    folder: Path | None = settings.MAIL_FOLDER
    if folder is None:
        raise Http404
    return folder


def _all(folder: Path, *, only: str = "") -> Iterator[StoredMail]:
    files = sorted(folder.glob("*.log"), reverse=True) if folder.is_dir() else []
    for file in files[:MAX_FILES]:
        if only in ("", file.name):
            pieces = (file.read_bytes() + b"\n").split(BETWEEN)
            for place, piece in enumerate(pieces):
                if piece.strip():
                    yield _read(file.name, place, piece)


def _read(name: str, place: int, piece: bytes) -> StoredMail:
    message = message_from_bytes(piece.lstrip(), policy=default)
    text = message.get_body(preferencelist=("plain",))
    return StoredMail(
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
