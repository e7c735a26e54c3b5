"""Change which incidents of a workspace are taken in, and bring what is stored in line: the command
`workspace scope`, and what `retention apply` does for it. Workers do neither: they remove nothing.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from django.db.models import Q

from alerts.incidents.ingest.removal import Removed, remove_incidents
from alerts.incidents.models import LEFT_SCOPE, UNNAMED, Incident, IncidentRaw
from alerts.intake.models import OutsideCount, Quarantined
from alerts.intake.services.backfill_requests import reread_past
from alerts.intake.services.quarantine import drop_outside
from alerts.intake.services.sweep import schedule_comparison
from alerts.sentinel.models import DefenderIncident, Workspace, WorkspaceScope
from alerts.sentinel.services.scope import set_scope
from alerts.sentinel.wire.records import UnreadableRecord
from alerts.sentinel.wire.values import UNDECIDED, OtScope
from alerts.suppression.enforcing.held_incidents import incidents_that_hold
from portal.audit.services import Actor, record
from portal.jobs.models import Job
from portal.jobs.services import keep_note

_CHUNK = 2000
HOLDS = "intake.outside-holds"  # the note of one that stays until it holds nothing any more
BY = "command line"
ALL_WARNING = (
    "From now on Tagout stores every incident of this workspace, also of mail, endpoints and"
    " sign-ins: names of people, accounts and subjects of mails. Make sure that you may do so, and"
    " that everybody with a grant there may see it."
)


def change_scope(*, workspace: Workspace, kind: str, by: Actor, now: datetime) -> Removed:
    """Set the scope of a workspace and remove what is stored and outside of it. What is in and not
    stored yet comes with the next comparison of everything, which is due at once; the logs are
    read anew.
    """
    changed = set_scope(name=workspace.name, kind=kind, by=by, now=now)
    removed = _remove_outside(changed, only_unnamed=False, by=by, now=now)
    _clean_quarantine(changed.pk, changed.scope)
    if kind == WorkspaceScope.ALL:
        OutsideCount.objects.filter(workspace=changed).delete()
    schedule_comparison(workspace_id=changed.pk)
    reread_past(workspace_id=changed.pk, now=now)
    return removed


def remove_unnamed_outside(*, now: datetime, is_dry_run: bool) -> int:
    """Remove incidents that were let in before they named a product, and name only others by now;
    and those outside that stayed because others were held open by them, when nothing is. Returns
    how many those are.
    """
    total = 0
    for workspace in Workspace.objects.exclude(ot_scope=WorkspaceScope.ALL):
        if is_dry_run:
            total += len(_removable(workspace, only_unnamed=True, now=now)[0])
        else:
            removed = _remove_outside(workspace, only_unnamed=True, by="retention", now=now)
            total += removed.removed + removed.emptied
    return total


def _remove_outside(
    workspace: Workspace, *, only_unnamed: bool, by: Actor, now: datetime
) -> Removed:
    ids, waiting = _removable(workspace, only_unnamed=only_unnamed, now=now)
    names = list(Incident.objects.filter(pk__in=ids).values_list("name", flat=True))
    removed = remove_incidents(incident_ids=ids, now=now)._replace(waiting=len(waiting))
    for pk in waiting:
        keep_note(kind=HOLDS, key=str(pk), now=now)
    if ids:
        DefenderIncident.objects.filter(workspace=workspace, name__in=names).delete()
        Job.objects.filter(kind=HOLDS, key__in=list(map(str, ids))).delete()
    if ids or (waiting and not only_unnamed):
        record("intake.scope.applied", on=workspace, by=by, at=now, **removed._asdict())
    return removed


def _removable(
    workspace: Workspace, *, only_unnamed: bool, now: datetime
) -> tuple[list[int], list[int]]:
    """Return what is outside of the scope: what can be removed now, and those true positives and
    suspicions by which others stay open. A narrower scope releases no device.
    """
    outside = list(_outside_of(workspace, only_unnamed=only_unnamed))
    holding = incidents_that_hold(Incident.objects.filter(pk__in=outside), now=now)
    return [pk for pk in outside if pk not in holding], sorted(holding)


def _outside_of(workspace: Workspace, *, only_unnamed: bool) -> Iterator[int]:
    """The incidents of a workspace that are stored and outside of its scope beyond doubt."""
    scope = workspace.scope
    rows = IncidentRaw.objects.filter(incident__workspace=workspace)
    rows = rows.exclude(incident__flags__contains=[LEFT_SCOPE])
    if only_unnamed:
        stayed = Job.objects.filter(kind=HOLDS).values_list("key", flat=True)
        is_due = Q(incident__in=list(map(int, stayed)))
        rows = rows.filter(Q(incident__flags__contains=[UNNAMED]) | is_due)
    members: Any = rows.values_list(
        "incident",
        "incident__title",
        "incident__product_names",
        "body__properties__relatedAnalyticRuleIds",
        "incident__created_at",
    )
    for pk, title, products, rules, created_at in members.iterator(chunk_size=_CHUNK):
        found = scope.outside(title=title, products=products, rules=rules, created=created_at)
        if found and found.reason not in UNDECIDED:
            yield pk


def _clean_quarantine(workspace_id: int, scope: OtScope) -> None:
    """Take out of the quarantine what is outside of the scope."""
    for row in Quarantined.objects.filter(workspace=workspace_id).iterator(chunk_size=100):
        item = UnreadableRecord(row.reason, row.raw.encode(), row.name or None)
        kept, _ = drop_outside(unreadable=[item], scope=scope)
        if not kept:
            row.delete()
        elif kept[0].raw != item.raw:
            Quarantined.objects.filter(pk=row.pk).update(raw=kept[0].raw.decode())


def scope_of_workspace(
    workspace: Workspace, now: datetime, options: Mapping[str, Any]
) -> dict[str, Any]:
    """Set the scope where one is named; return what it is, and what became of stored incidents."""
    found: dict[str, Any] = {"workspace": workspace.name, "scope": str(workspace.ot_scope)}
    if not options["value"]:
        return found
    removed = change_scope(workspace=workspace, kind=options["value"], by=BY, now=now)
    found |= {"was": found["scope"], "scope": options["value"], **removed._asdict()}
    if options["value"] == WorkspaceScope.ALL:
        found["warning"] = ALL_WARNING
    return found
