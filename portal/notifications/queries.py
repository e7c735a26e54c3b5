"""Read a person's inbox."""

from django.db.models import QuerySet

from portal.accounts.models import User
from portal.notifications.models import Notification


def inbox_of(user: User) -> QuerySet[Notification]:
    """What the person was told, newest first."""
    return Notification.objects.filter(to=user).order_by("-made_at", "-pk")


def unread_count(user: User) -> int:
    """How many lines were not read yet; counts no further than 100."""
    return Notification.objects.filter(to=user, read_at=None)[:100].count()
