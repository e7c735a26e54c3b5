"""Have analytics rules read at once that alerts name before a look has found them: until then the
titles that these rules write prove nothing.
"""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from alerts.readiness.models import Finding
from alerts.sentinel.client.prerequisites import Prerequisite
from alerts.sentinel.models import Workspace
from portal.jobs.services import bring_forward

UNREAD: str = "unread rules"  # a part: when alerts first named each rule, by its name
PAUSE = timedelta(minutes=10)  # between two looks for which such rules are the reason
MAX_RULES, MAX_AGE = 100, timedelta(days=1)


def note_unread_rules(*, workspace_id: int, rules: Collection[str], now: datetime) -> None:
    """Note which of these rules no look has found. One that is noted is looked for once a day: it
    may have been deleted.
    """
    parts = Finding.objects.filter(workspace=workspace_id)
    facts = parts.filter(part=Prerequisite.ANALYTICS_RULES).values_list("facts", flat=True).first()
    unknown = {*rules} - {str(rule["name"]).lower() for rule in facts or ()}
    if not unknown:
        return
    row, _ = Finding.objects.select_for_update().get_or_create(
        workspace_id=workspace_id, part=UNREAD, defaults={"facts": {}, "tried_at": now}
    )
    earliest = (now - MAX_AGE).isoformat()
    noted = {name: at for name, at in (row.facts or {}).items() if at > earliest}
    if unknown <= noted.keys():
        return
    noted |= dict.fromkeys(sorted(unknown - noted.keys()), now.isoformat())
    row.facts = dict(sorted(noted.items(), key=lambda item: item[1])[-MAX_RULES:])
    row.tried_at = now
    row.save(update_fields=["facts", "tried_at"])


def bring_checks_forward(
    workspaces: Mapping[str, Workspace], *, kind: str, now: datetime, unshifted: datetime
) -> None:
    """Make the looks due of workspaces (by the keys of their jobs) where a rule was noted since the
    rules were read. Where they could not be read, the next look is soon enough.
    """
    ids = {workspace.pk: key for key, workspace in workspaces.items()}
    rows = Finding.objects.filter(workspace__in=ids, part=UNREAD)
    noted_at = dict(rows.values_list("workspace", "tried_at"))
    if not noted_at:
        return
    lists = Finding.objects.filter(
        workspace__in=noted_at,
        part=Prerequisite.ANALYTICS_RULES,
        tried_at__lte=now - PAUSE,
        error="",
    )
    for workspace_id, read_at in lists.values_list("workspace", "read_at"):
        if read_at is None or read_at < noted_at[workspace_id]:
            bring_forward(kind=kind, key=ids[workspace_id], now=unshifted)
