"""What the auditor watches of each workspace: it is read, what is owed to it goes out, and its
rules are there as signed. Who administers a sick one is told once.
"""

from datetime import datetime, timedelta
from typing import Final

from django.utils.translation import gettext

from alerts.notification_kinds import SICK_WORKSPACE
from alerts.outbox.models import NOT_AS_DECIDED, Landing, RuleKind, WantedRule
from alerts.outbox.queries import backlog_by_workspace
from alerts.sentinel.models import Workspace
from alerts.sentinel.queries import Health, connection_health_by_workspace
from alerts.sentinel.services.credential_alarms import notify_administrators_once
from portal.jobs.auditor import OVERDUE, Audit, WatchedObject
from portal.jobs.queries import notes_of
from portal.jobs.services import keep_note

SICK: Final = SICK_WORKSPACE.name  # the kind of the note that an alarm holds
UNDECIDED: Final = "Something that nobody has decided was owed to Sentinel, and was not sent."
MAX_AGE = timedelta(minutes=15)


def audit_workspaces(now: datetime, unshifted: datetime) -> list[WatchedObject]:
    """Every workspace with what is at fault there, in a handful of questions. Removed ones rest:
    their jobs are overdue for ever, and nobody waits for them.
    """
    undecided = set(
        WantedRule.objects.filter(outcome=Landing.REFUSED, error_code=NOT_AS_DECIDED).values_list(
            "workspace_id", flat=True
        )
    )
    backlogs = {row.workspace_id: row for row in backlog_by_workspace()}
    rules = WantedRule.objects.filter(kind=RuleKind.RULE)
    unlike = dict.fromkeys(
        rules.filter(outcome__in=(Landing.CHANGED_BY_HAND, Landing.REFUSED)).values_list(
            "workspace_id", flat=True
        ),
        "Rules in Sentinel are not those that were signed.",
    )
    late = rules.filter(outcome=Landing.PENDING, due_at__lte=unshifted - OVERDUE)
    unlike |= dict.fromkeys(
        late.values_list("workspace_id", flat=True), "Rules have not been brought to Sentinel."
    )
    places = []
    for workspace in Workspace.objects.select_related("freshness").order_by("name"):
        fresh = getattr(workspace, "freshness", None)
        read_at = fresh.fresh_at if fresh else workspace.added_at
        faults = []
        if now - read_at > MAX_AGE:
            faults.append("It has not been read for 15 minutes.")
        backlog = backlogs.get(workspace.pk)
        oldest = backlog.oldest_due_at if backlog else None
        if oldest and unshifted - oldest > OVERDUE:
            faults.append("Changes have not been sent for five minutes.")
        if reason := unlike.get(workspace.pk):
            faults.append(reason)
        if workspace.pk in undecided:
            faults.append(UNDECIDED)
        is_resting = workspace.state != Workspace.State.ACTIVE
        places.append(WatchedObject(str(workspace.uuid), workspace.name, tuple(faults), is_resting))
    return places


def notify_of_sick_workspaces(audit: Audit, now: datetime) -> None:
    """Notify the administrators of a workspace that it is sick; again only after it was well. Of
    sign-ins that are refused they hear anyway.
    """
    noted = {note.key: note.payload.get("since") for note in notes_of(SICK)}
    sick = {place.key: place for place in audit.sick}
    for key in noted.keys() - sick.keys():
        if noted[key]:
            keep_note(kind=SICK, key=key, now=now, payload={})
    new = [key for key in sick if not noted.get(key)]
    if not new:
        return
    standings = connection_health_by_workspace(now=now)
    for workspace in Workspace.objects.filter(uuid__in=new):
        key, since = str(workspace.uuid), now.isoformat()
        keep_note(kind=SICK, key=key, now=now, payload={"since": since})
        standing = standings.get(workspace.pk)
        if standing is None or standing.health != Health.DENIED:
            _notify(workspace, sick[key], key=f"{key}:{since}", now=now)


def _notify(workspace: Workspace, place: WatchedObject, *, key: str, now: datetime) -> None:
    def wording() -> tuple[str, list[str]]:
        subject = gettext("Something is wrong with %(workspace)s") % {"workspace": workspace.name}
        return subject, [fault_words(fault) for fault in place.faults]

    notify_administrators_once(workspace, kind=SICK_WORKSPACE, key=key, wording=wording, now=now)


def fault_words(fault: str) -> str:
    """What is at fault, in the reader's language."""
    words = {
        "It has not been read for 15 minutes.": gettext("It has not been read for 15 minutes."),
        "Changes have not been sent for five minutes.": gettext(
            "Changes have not been sent for five minutes."
        ),
        "Rules in Sentinel are not those that were signed.": gettext(
            "Rules in Sentinel are not those that were signed."
        ),
        UNDECIDED: gettext(
            "Something that nobody has decided was owed to Sentinel, and was not sent."
        ),
        "Rules have not been brought to Sentinel.": gettext(
            "Rules have not been brought to Sentinel."
        ),
    }
    return words.get(fault, fault)
