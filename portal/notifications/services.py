"""Notify people, in one line and mail where several things of a kind come together; mark as read;
send the mails that are owed.
"""

import logging
import smtplib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby, islice
from types import MappingProxyType
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMessage, mailers
from django.db import transaction
from django.db.models import Q
from django.utils import translation
from django.utils.translation import gettext, ngettext

from portal import clock
from portal.accounts.models import User
from portal.backup.queries import is_paused_after_restore
from portal.jobs.circuit_breakers import may_call, note_answer, note_failure
from portal.jobs.models import JobState
from portal.jobs.services import (
    WorkerDied,
    back_off,
    claim_due,
    do_next,
    due_jobs,
    put_back,
    settle,
)
from portal.notifications.kind import NotificationKind
from portal.notifications.models import Mail, Notification
from portal.notifications.queries import MAIL_SERVER
from portal.ui.moments import ReaderClock, active
from portal.ui.words import number

type Wording = Callable[[], tuple[str, list[str]]]  # subject and lines, in the language that is on

log = logging.getLogger(__name__)

MAIL_ATTEMPTS = 20
MAX_GATHERING = timedelta(minutes=30)  # then the mail goes out, whatever else may follow
MAX_TOGETHER = 20  # mails in one message
TICK = 15  # seconds; what can be taken back leaves at the next one, so that several leave together
RULER = "-" * 20
_AWAY = (smtplib.SMTPServerDisconnected, smtplib.SMTPConnectError, smtplib.SMTPAuthenticationError)


@dataclass(frozen=True, slots=True)
class Gathering:
    """How a thing is named among others that one notification is about: its `heading`, the subject
    for so many, in the language that is on, and the `path` of a page that lists them.
    """

    heading: str
    subject: Callable[[int], str]
    path: str


@transaction.atomic
def notify_people(
    people: Iterable[User],
    *,
    kind: NotificationKind,
    wording: Wording,
    path: str,
    now: datetime,
    names: Mapping[str, object] = MappingProxyType({}),
    act: UUID | None = None,
    hold: timedelta = timedelta(),
    gathering: Gathering | None = None,
) -> list[Notification]:
    """Put a line into each inbox in its reader's language, and owe each a mail where the kind is
    mailed, in the caller's transaction. `names` fill the kind's reason. The mail waits for `hold`:
    until people work, or with an `act`, which can be taken back, so that an undo comes before it.
    With `gathering` it joins the line of its kind whose mail still waits. Returns the lines that
    are new.
    """
    notifications = []
    due_at = clock.unshifted()
    if gathering:
        due_at += kind.gathers_for
    else:
        due_at = _next_tick(due_at + hold) if act else due_at + hold
    ordered = sorted(people, key=lambda person: (person.language, person.pk))
    for language, readers in groupby(ordered, key=lambda person: person.language):
        # Not by the clock of the person who acts: by the plant's, with its name beside it.
        with translation.override(language or "en"), active(ReaderClock()):
            subject, lines = wording()
            reason = str(kind.reason) % names
            parts = [{"heading": gathering.heading, "lines": lines}] if gathering else []
            new_readers = [
                person
                for person in readers
                if gathering is None
                or not _join(person, kind, gathering, parts=parts, due_at=due_at, now=now)
            ]
        notifications += Notification.objects.bulk_create(
            Notification(
                to=person,
                kind=kind.name,
                subject=subject[:200],
                body="\n".join(lines),
                path=path,
                reason=reason,
                made_at=now,
                act=act,
                parts=parts,
            )
            for person in new_readers
        )
    if kind.is_mailed:
        Mail.objects.bulk_create(
            Mail(notification=line, address=line.to.email, made_at=now, due_at=due_at)
            for line in notifications
        )
    return notifications


def _next_tick(moment: datetime) -> datetime:
    return moment + timedelta(seconds=-moment.timestamp() % TICK)


def _join(
    person: User,
    kind: NotificationKind,
    gathering: Gathering,
    *,
    parts: Sequence[Mapping[str, Any]],
    due_at: datetime,
    now: datetime,
) -> bool:
    """Add parts to the person's line of this kind whose mail still waits, and let it wait on. False
    where there is none; one that another transaction holds is left alone, because two mails are
    better than a deadlock.
    """
    waiting = Mail.objects.select_related("notification").filter(
        notification__to=person,
        notification__kind=kind.name,
        notification__act=None,
        state=JobState.WAITING,
        attempts=0,
        made_at__range=(now - MAX_GATHERING, now),
    )
    mail = waiting.select_for_update(of=("self",), skip_locked=True).order_by("-pk").first()
    if mail is None or not mail.notification.parts:
        return False
    line = mail.notification
    line.parts = [*line.parts, *parts]
    line.subject, line.body = gathering.subject(len(line.parts))[:200], _body_of(line.parts)
    line.path, line.made_at, line.read_at = gathering.path, now, None
    line.save(update_fields=["parts", "subject", "body", "path", "made_at", "read_at"])
    mail.due_at = due_at
    mail.save(update_fields=["due_at"])
    return True


def _body_of(parts: Sequence[Mapping[str, Any]]) -> str:
    """Return one line for each part, and once what all of them have in common."""
    common = [line for line in parts[0]["lines"] if all(line in part["lines"] for part in parts)]
    own = [[line for line in part["lines"] if line not in common] for part in parts]
    rows = [
        ": ".join(filter(None, [part["heading"], " ".join(lines)]))
        for part, lines in zip(parts, own, strict=True)
    ]
    return "\n".join([*rows, "", gettext("For each of them:"), *common] if common else rows)


@transaction.atomic
def withdraw_notifications(*, act: UUID) -> int:
    """Delete an act's notifications, except where a mail may have left; return how many."""
    mails = Mail.objects.filter(notification__act=act, state=JobState.WAITING, attempts=0)
    ids = [mail.notification_id for mail in mails.select_for_update(of=("self",))]
    notifications = Notification.objects.filter(Q(pk__in=ids) | Q(mail=None), act=act)
    Mail.objects.filter(notification__in=ids).delete()
    return notifications.delete()[1].get("notifications.Notification", 0)


def give_up_mail(*, reason: str, now: datetime) -> int:
    """Send none of the mails that are owed; the lines stay in the inboxes. Returns how many."""
    pending = Mail.objects.filter(state__in=[JobState.WAITING, JobState.RUNNING])
    return pending.update(
        state=JobState.DONE, settled_at=now, lease_until=None, latest_error=reason
    )


def mark_read(*, user: User, now: datetime, ids: Iterable[int] | None = None) -> int:
    """Mark some lines of the person's inbox, or all, as read; return how many changed."""
    notifications = Notification.objects.filter(to=user, read_at=None)
    if ids is not None:
        notifications = notifications.filter(pk__in=list(ids))
    return notifications.update(read_at=now)


def mark_acts_read(*, acts: Collection[UUID], now: datetime) -> int:
    """Mark the lines about these acts as read in every inbox: nothing is left to do about them."""
    return Notification.objects.filter(act__in=acts, read_at=None).update(read_at=now)


def send_one_mail(*, now: datetime) -> bool:
    """Send one mail that is due; False when none is, or the mail server is to be left alone. A
    broken mail server delays, never loses.
    """
    if is_paused_after_restore():
        return False
    rows = Mail.objects.select_related("notification__to")
    if not rows.filter(due_jobs(now)).exists() or not may_call(MAIL_SERVER, now=now):
        return False
    return do_next(
        rows, work=partial(_send, now=now), now=now, on_error=partial(_not_sent, now=now)
    )


def _send(mail: Mail, *, now: datetime) -> None:
    if not mail.notification.to.is_active:
        settle(mail, now=now, error="The account is not active any more.")  # nobody waits for it
        return
    others = _claim_alike(mail, now=now)
    try:
        mailers.default.send_messages([_message([mail, *others])])
    except Exception as error:
        for other in others:
            put_back(other, due_at=now + back_off(other.attempts), error=str(error))
        raise
    for sent in (mail, *others):
        settle(sent, now=now)
    note_answer(MAIL_SERVER, now=now)


def _claim_alike(mail: Mail, *, now: datetime) -> list[Mail]:
    """Claim the mails of the same kind to the same address that are due too: all leave as one. Not
    where one of them was tried before: what was refused once goes alone.
    """
    if mail.attempts > 1:
        return []
    alike = Mail.objects.select_related("notification__to").filter(
        address=mail.address,
        notification__to=mail.notification.to_id,
        notification__kind=mail.notification.kind,
        attempts=0,
    )
    claimed: Iterator[Mail] = iter(
        lambda: claim_due(alike, now=now, max_attempts=None),
        None,  # the end of it
    )
    return list(islice(claimed, MAX_TOGETHER - 1))


def _not_sent(mail: Mail, error: Exception, *, now: datetime) -> None:
    log.warning("Mail %s could not be sent: %r", mail.uuid, error)
    if _server_is_away(error):
        note_failure(MAIL_SERVER, error=str(error) or type(error).__name__, now=now)
    elif not isinstance(error, WorkerDied):
        note_answer(MAIL_SERVER, now=now)
    is_tried_enough = mail.attempts >= MAIL_ATTEMPTS and not _server_is_away(error)
    if is_tried_enough or isinstance(error, WorkerDied):
        settle(mail, now=now, state=JobState.DEAD, error=str(error))
    else:
        put_back(mail, due_at=now + back_off(mail.attempts), error=str(error))


def _server_is_away(error: Exception) -> bool:
    """Whether no mail would have gone out, so that this one is not to blame."""
    if isinstance(error, smtplib.SMTPException):  # these are OSErrors too
        return isinstance(error, _AWAY)
    return isinstance(error, OSError)


def _message(mails: Sequence[Mail]) -> EmailMessage:
    """Return the message of a mail, or one of several: its subject is the first one's."""
    first, lines = mails[0], [mail.notification for mail in mails]
    texts = [f"{line.body}\n\n{settings.PUBLIC_URL}{line.path}" for line in lines]
    subject = lines[0].subject
    if more := len(lines) - 1:
        texts = [f"{line.subject}\n\n{text}" for line, text in zip(lines, texts, strict=True)]
        with translation.override(lines[0].to.language or "en"):
            words = ngettext("%(subject)s, and %(n)s more", "%(subject)s, and %(n)s more", more)
            subject = words % {"subject": subject, "n": number(more)}
    reasons = dict.fromkeys(line.reason for line in lines if line.reason)
    return EmailMessage(
        subject=" ".join(subject.split()),  # a line break would be a header of its own
        body=f"\n\n{RULER}\n\n".join(texts) + "".join(f"\n\n{reason}" for reason in reasons) + "\n",
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[first.address],
        headers={"Message-ID": f"<{first.uuid}@tagout>", "Auto-Submitted": "auto-generated"},
    )
