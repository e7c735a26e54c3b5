"""Notify administrators where more than one in a hundred incidents cannot be read: Sentinel
writes something that Tagout cannot parse. Sent once, and again only after it was well in between.
"""

from datetime import datetime
from typing import Final

from django.utils.translation import gettext

from alerts.intake.queries import UnreadableCount, unreadable_by_workspace
from alerts.notification_kinds import INCIDENTS_UNREADABLE
from alerts.sentinel.models import Workspace
from alerts.sentinel.queries import workspaces_to_read
from alerts.sentinel.services.credential_alarms import notify_administrators_once
from portal.jobs.failures import RoundFailures
from portal.jobs.models import Job
from portal.jobs.services import keep_note
from portal.ui.words import number, percent

NOTED: Final = INCIDENTS_UNREADABLE.name  # the kind of the note that an alarm holds


def warn_about_unreadable(*, now: datetime) -> int:
    """Send the alarms that are due and were not sent yet; return how many."""
    found = unreadable_by_workspace(now=now)
    noted = dict(Job.objects.filter(kind=NOTED).values_list("key", "payload"))
    alarms, failures = 0, RoundFailures()
    for workspace in workspaces_to_read().filter(pk__in=found):
        key = str(workspace.uuid)
        unreadable, since = found[workspace.pk], noted.get(key, {}).get("since")
        with failures.isolate(workspace):
            if unreadable.is_alarming and not since:
                keep_note(kind=NOTED, key=key, now=now, payload={"since": now.isoformat()})
                alarms += _notify(workspace, unreadable, now=now)
            elif since and not unreadable.is_alarming:
                keep_note(kind=NOTED, key=key, now=now, payload={})
    return alarms


def _notify(workspace: Workspace, unreadable: UnreadableCount, *, now: datetime) -> bool:
    def wording() -> tuple[str, list[str]]:
        subject = gettext("Incidents of %(workspace)s cannot be read")
        body = gettext(
            "In the last hour %(aside)s of %(listed)s (%(share)s). They are kept as they came, the "
            "others are stored. Look at them on System status."
        )
        counts = {
            "aside": number(unreadable.aside),
            "listed": number(unreadable.listed),
            "share": percent(unreadable.aside / unreadable.listed),
        }
        return subject % {"workspace": workspace.name}, [body % counts]

    key = f"{workspace.uuid}:{now:%Y-%m-%dT%H:%M:%S}"
    return notify_administrators_once(
        workspace, kind=INCIDENTS_UNREADABLE, key=key, wording=wording, now=now
    )
