"""Lines of the inbox, as rooms write them."""

from django.utils.translation import gettext_lazy

from portal.notifications.kind import NotificationKind
from portal.notifications.services import notify_people


def notify(
    person, subject="OT was asked", *, now, body="Please look.", path="/", mail=True, **more
):
    """Put one line into the person's inbox, and owe a mail with it unless `mail` is false."""
    reason = gettext_lazy("You get this because you asked.")
    kind = NotificationKind("tests.line", "a person", "A test runs.", reason, is_mailed=mail)
    more |= {"path": path, "now": now}
    return notify_people([person], kind=kind, wording=lambda: (subject, [body]), **more)[0]
