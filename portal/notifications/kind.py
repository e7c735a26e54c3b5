"""What a kind of notification is. `alerts/notification_kinds.py` lists all of them."""

from dataclasses import dataclass
from datetime import timedelta

from django.utils.functional import Promise


@dataclass(frozen=True, slots=True)
class NotificationKind:
    """One kind of line in the inbox. `name` is `room.thing`, at most 40 characters; `recipients`
    and `about` are English, for docs/notifications.md. A mail waits as long as `gathers_for` for
    others of its kind to the same person, which join it.
    """

    name: str
    recipients: str
    about: str
    reason: Promise  # why the reader gets it; may have %(named)s places
    is_mailed: bool = True
    gathers_for: timedelta = timedelta()
