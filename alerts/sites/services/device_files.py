"""Keep a file between the look at what it would change and the word to take it over."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext

from alerts.sites.models import DeviceFile
from portal.accounts.models import OT_ROLES, User
from portal.accounts.queries import roles_of
from portal.audit.services import record
from portal.errors import Refused

MAX_BYTES = 10 * 1024 * 1024
KEPT = timedelta(days=1)


class CannotKeepFile(Refused):
    """The file was not taken."""


@transaction.atomic
def keep_device_file(*, data: bytes, name: str, by: User, now: datetime) -> DeviceFile:
    """Keep a file of a person for a day, instead of the one they looked at before."""
    if roles_of(by).isdisjoint(OT_ROLES):
        raise CannotKeepFile(gettext("Only OT can import devices."))
    if not data:
        raise CannotKeepFile(gettext("Choose a file. This one is empty."))
    if len(data) > MAX_BYTES:
        raise CannotKeepFile(
            gettext("The file is larger than 10 MB. Split it, or use the command.")
        )
    DeviceFile.objects.filter(by=by).delete()
    DeviceFile.objects.filter(made_at__lt=now - KEPT).delete()
    kept = DeviceFile.objects.create(
        name=name.replace("\x00", "")[:120] or "devices.csv", data=data, by=by, made_at=now
    )
    record("sites.device_file.kept", on=kept, by=by, at=now, bytes=len(data))
    return kept


@transaction.atomic
def discard_device_file(*, file_id: int, by: User) -> None:
    """Forget a file that was taken over; what it changed is on record by itself."""
    DeviceFile.objects.filter(pk=file_id, by=by).delete()
