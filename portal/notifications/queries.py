"""Read a person's inbox."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import Count, Exists, Min, OuterRef, Q, QuerySet

from portal.accounts.models import User
from portal.jobs.models import CircuitBreaker, JobState
from portal.notifications.models import Mail, Notification

MAIL_SERVER = "mail"  # as a far end


@dataclass(frozen=True, slots=True)
class MailBacklog:
    """Mails that are owed, since when the oldest is due, and those given up."""

    waiting: int
    oldest_due_at: datetime | None
    given_up: int
    failing_since: datetime | None = None  # the mail server, if it does not answer
    error: str = ""


def inbox_of(user: User) -> QuerySet[Notification]:
    """Return the person's notifications, newest first."""
    return Notification.objects.filter(to=user).order_by("-made_at", "-pk")


def has_notification_about(user: User, *, act: UUID) -> bool:
    """Return whether the person has a line about this act."""
    return Notification.objects.filter(to=user, act=act).exists()


def people_notified_of(acts: Collection[UUID]) -> set[int]:
    """Return the ids of those who have a line about one of these acts."""
    rows = Notification.objects.filter(act__in=acts)
    return set(rows.values_list("to", flat=True))


def unread_count(user: User) -> int:
    """How many lines were not read yet; counts no further than 100."""
    with connection.cursor() as cursor:  # on every page: building the query would cost more than it
        cursor.execute(_UNREAD, [user.pk])
        return int(cursor.fetchone()[0])


_UNREAD = """
SELECT count(*) FROM (
    SELECT FROM notifications_notification WHERE to_id = %s AND read_at IS NULL LIMIT 100
) unread"""


def mail_backlog() -> MailBacklog:
    """How many mails wait to be sent, and how many were given up at addresses that have taken no
    mail since: once one arrives there, what was wrong is repaired.
    """
    waiting = Q(state__in=[JobState.WAITING, JobState.RUNNING])
    later = Mail.objects.filter(
        address=OuterRef("address"),
        state=JobState.DONE,
        latest_error="",
        settled_at__gt=OuterRef("settled_at"),
    )
    given_up = Q(~Exists(later), state=JobState.DEAD)
    found = Mail.objects.filter(waiting | given_up).aggregate(
        n=Count("pk", filter=waiting),
        oldest=Min("due_at", filter=waiting),
        dead=Count("pk", filter=given_up),
    )
    server = CircuitBreaker.objects.filter(name=MAIL_SERVER, failures__gt=0).first()
    return MailBacklog(
        found["n"],
        found["oldest"],
        found["dead"],
        failing_since=server.failing_since if server else None,
        error=server.latest_error if server else "",
    )
