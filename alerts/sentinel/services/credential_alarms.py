"""Notify administrators of certificates and client secrets that end soon, and of refused
sign-ins.
"""

from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import Q
from django.utils.formats import date_format
from django.utils.translation import gettext, gettext_lazy, ngettext

from alerts import notification_kinds as kinds
from alerts.sentinel.models import ClientPurpose, CredentialKind, Reachability, Workspace
from alerts.sentinel.queries import WARN_DAYS
from portal.accounts.queries import people_with_roles
from portal.accounts.rights import roles_for
from portal.jobs.models import Job, JobState
from portal.notifications.kind import NotificationKind
from portal.notifications.services import Wording, notify_people

_STATUS: Final = "/status/"
_PURPOSES: Final = {
    ClientPurpose.READ: gettext_lazy("Reading incidents"),
    ClientPurpose.INCIDENTS: gettext_lazy("Writing incidents and comments"),
    ClientPurpose.RULES: gettext_lazy("Deploying automation rules"),
}


def warn_about_credentials(*, now: datetime, unshifted: datetime) -> int:
    """Send what is due and was not sent yet; returns how many alarms. Certificates end
    by the real time (`clock.unshifted()`), inboxes show business time.
    """
    rows = Reachability.objects.select_related("workspace").exclude(
        workspace__state=Workspace.State.REMOVED
    )
    ends_soon = Q(credential_ends_at__lte=unshifted + timedelta(days=max(WARN_DAYS)))
    alarms = 0
    for row in rows.filter(ends_soon).order_by("pk"):
        alarms += _warn_of_end(row, now=now, unshifted=unshifted)
    for row in rows.filter(denied_since__isnull=False).order_by("pk"):
        alarms += _notify_of_refusal(row, now=now)
    return alarms


def _warn_of_end(row: Reachability, *, now: datetime, unshifted: datetime) -> bool:
    ends_at = row.credential_ends_at
    if ends_at is None:
        return False
    left = ends_at - unshifted
    stage = min(days for days in WARN_DAYS if left <= timedelta(days=days))
    names = {"workspace": row.workspace.name, "purpose": _PURPOSES[ClientPurpose(row.purpose)]}
    is_secret = row.workspace.connection_for(row.purpose).credential == CredentialKind.CLIENT_SECRET

    def wording() -> tuple[str, list[str]]:
        subject = _words_of_secret(left, names) if is_secret else _words_of_certificate(left, names)
        day = {"date": date_format(ends_at, "DATE_FORMAT")}
        if is_secret:
            body = gettext(
                "%(purpose)s: it ends on %(date)s. Make a new one in Entra, put it in its place, "
                "and say when that ends: workspace secret %(workspace)s --secret-ends DATE."
            )
        else:
            body = gettext(
                "%(purpose)s: it ends on %(date)s. Renew it in Entra and put the new file in its "
                "place."
            )
        return subject, [body % (names | day)]

    key = f"{row.pk}:{ends_at:%Y-%m-%dT%H:%M}:{stage if left > timedelta() else 'ended'}"
    return notify_administrators_once(
        row.workspace, kind=kinds.CREDENTIAL_ENDING, key=key, wording=wording, now=now
    )


def _words_of_certificate(left: timedelta, names: dict[str, Any]) -> str:
    if left <= timedelta():
        return gettext("A certificate for %(workspace)s has ended") % names
    days = max(1, left.days)
    return ngettext(
        "A certificate for %(workspace)s ends in %(days)s day",
        "A certificate for %(workspace)s ends in %(days)s days",
        days,
    ) % (names | {"days": days})


def _words_of_secret(left: timedelta, names: dict[str, Any]) -> str:
    if left <= timedelta():
        return gettext("A client secret for %(workspace)s has ended") % names
    days = max(1, left.days)
    return ngettext(
        "A client secret for %(workspace)s ends in %(days)s day",
        "A client secret for %(workspace)s ends in %(days)s days",
        days,
    ) % (names | {"days": days})


def _notify_of_refusal(row: Reachability, *, now: datetime) -> bool:
    names = {"workspace": row.workspace.name, "purpose": _PURPOSES[ClientPurpose(row.purpose)]}

    def wording() -> tuple[str, list[str]]:
        subject = gettext("Azure refuses Tagout in %(workspace)s") % names
        return subject, [f"{names['purpose']}: {row.latest_error}"]

    key = f"{row.pk}:{row.denied_since:%Y-%m-%dT%H:%M:%S}"
    return notify_administrators_once(
        row.workspace, kind=kinds.CREDENTIAL_REFUSED, key=key, wording=wording, now=now
    )


@transaction.atomic
def notify_administrators_once(
    workspace: Workspace, *, kind: NotificationKind, key: str, wording: Wording, now: datetime
) -> bool:
    """Notify the administrators of a workspace, unless they were before; `key` names the alarm."""
    _, is_new = Job.objects.get_or_create(
        kind=kind.name,
        key=key,
        defaults={"state": JobState.DONE, "settled_at": now, "made_at": now, "due_at": now},
    )
    if not is_new:
        return False
    organisation = workspace.organisation
    people = people_with_roles(
        roles_for("sentinel.administer"),
        workspaces=[workspace.uuid],
        organisations=[organisation.uuid] if organisation else [],
    )
    notify_people(people, kind=kind, wording=wording, path=_STATUS, now=now)
    return True
