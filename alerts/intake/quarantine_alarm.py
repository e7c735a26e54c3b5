"""Tell administrators where more than one in a hundred incidents cannot be read: Sentinel writes
something that Tagout does not know. Told once, and again only after it was well in between.
"""

from datetime import datetime
from typing import Final

from django.utils.translation import gettext

from alerts.intake.queries import UnreadableCount, unreadable_by_workspace
from alerts.sentinel.models import Workspace
from alerts.sentinel.queries import workspaces_to_read
from alerts.sentinel.services.credential_alarms import tell_administrators_once
from portal.jobs.failures import RoundFailures
from portal.jobs.models import Job
from portal.jobs.services import keep_note
from portal.ui.words import number, percent

UNREADABLE: Final = "intake.unreadable"  # of the notification, and of the note that it holds


def warn_about_unreadable(*, now: datetime) -> int:
    """Send what is to be told and was not told yet; returns how many alarms."""
    found = unreadable_by_workspace(now=now)
    noted = dict(Job.objects.filter(kind=UNREADABLE).values_list("key", "payload"))
    alarms, failures = 0, RoundFailures()
    for workspace in workspaces_to_read().filter(pk__in=found):
        key = str(workspace.uuid)
        unreadable, since = found[workspace.pk], noted.get(key, {}).get("since")
        with failures.isolate(workspace):
            if unreadable.is_alarming and not since:
                keep_note(kind=UNREADABLE, key=key, now=now, payload={"since": now.isoformat()})
                alarms += _notify(workspace, unreadable, now=now)
            elif since and not unreadable.is_alarming:
                keep_note(kind=UNREADABLE, key=key, now=now, payload={})
    return alarms


def _notify(workspace: Workspace, unreadable: UnreadableCount, *, now: datetime) -> bool:
    def words() -> tuple[str, str]:
        subject = gettext("Incidents of %(workspace)s cannot be read")
        body = gettext(
            "In the last hour %(aside)s of %(listed)s (%(share)s). They are kept as they came, the "
            "others are stored. Look at them on System status."
        )
        return subject % {"workspace": workspace.name}, body % {
            "aside": number(unreadable.aside),
            "listed": number(unreadable.listed),
            "share": percent(unreadable.aside / unreadable.listed),
        }

    key = f"{workspace.uuid}:{now:%Y-%m-%dT%H:%M:%S}"
    return tell_administrators_once(workspace, kind=UNREADABLE, key=key, words=words, now=now)
