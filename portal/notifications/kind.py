"""What a kind of notification is. `alerts/notification_kinds.py` lists all of them."""

from dataclasses import dataclass

from django.utils.functional import Promise


@dataclass(frozen=True, slots=True)
class NotificationKind:
    """One kind of line in the inbox, `room.thing`; `recipients` and `about` are for the docs."""

    name: str
    recipients: str
    about: str
    reason: Promise  # why the reader gets it; may have %(named)s places
    is_mailed: bool = True
