"""The kill switch (S8): off by any right hand in one click, on again by the SOC lead only.

The stop itself is committed first and alone with the gates, so that nothing that comes after can
keep it from being in force.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext

from alerts import notification_kinds as kinds
from alerts.outbox.models import SUPPRESSING, RuleKind, WantedRule
from alerts.outbox.services.set_desired import clear_desired_rule
from alerts.sentinel.models import Workspace
from alerts.suppression.deploying.desired import OFF, bring_in_line, bring_rule_in_line, place_gate
from alerts.suppression.deploying.recipients import people_of_all_rules
from alerts.suppression.deploying.watchlist_gate import shut_list_gate
from alerts.suppression.models import ACTING, Rule, RuleVersion, Stop, VersionState
from alerts.suppression.policies import (
    STOPPING,
    reasons_against_switching_off,
    reasons_against_switching_on,
)
from alerts.suppression.queries import is_off, workspaces_reached_by
from alerts.suppression.signing.notify import notify_state, stop_in_words
from alerts.suppression.signing.people import concerned_by
from alerts.suppression.transitions import lock_version, move
from portal.accounts.models import User
from portal.accounts.queries import reach_of
from portal.audit.services import record
from portal.errors import Refused
from portal.notifications.kind import NotificationKind
from portal.notifications.services import Wording, notify_people
from portal.text import visible_text


def stops_in_force(user: User) -> list[Stop]:
    """Stops that hold now, that of everything first. Who sees the workspace sees its stop, with
    the reason in the language that is on.
    """
    stops = Stop.objects.filter(lifted_at=None)
    if not stops.exists():  # as on nearly every page
        return []
    found = list(stops.select_related("workspace", "stopped_by").order_by("workspace__name"))
    visible = set(workspaces_reached_by(user).values_list("pk", flat=True))
    shown = [stop for stop in found if stop.workspace_id is None or stop.workspace_id in visible]
    for stop in shown:
        stop.reason = stop_in_words(stop.reason)
    return sorted(shown, key=lambda stop: stop.workspace_id is not None)


PATH = "/deployments/"


class CannotSwitchOff(Refused):
    """Suppression is on again."""


class CannotSwitchOn(Refused):
    """Suppression stays off."""


def switch_off(
    *,
    by: User | None,
    by_label: str = "",
    workspace_id: int | None = None,
    reason: str = "",
    now: datetime,
) -> list[Stop]:
    """Switch suppression off everywhere, or in one workspace; for who does not see everything,
    everywhere is each workspace that they get data from. From the commit on Tagout closes
    nothing there; the gates are owed before all else, and our rules are owed away. Once more where
    it is off already is no harm. `by` None is a command, named by `by_label`.
    """
    if by is not None and (reasons := reasons_against_switching_off(by)):
        raise CannotSwitchOff(*reasons)
    stops = []
    for place in _reached(by, workspace_id):
        stop, is_new = _stop(by, by_label, place, reason, now)
        _take_rules_away(_places(place), now=now)
        if is_new:
            _notify_off(stop, now=now)
        stops.append(stop)
    return stops


@transaction.atomic
def switch_on(*, stop_id: int, by: User, reason: str, now: datetime) -> Stop:
    """Lift a stop. Where no other stop holds, the gates are disabled and the rules come back."""
    rows = Stop.objects.select_for_update(of=("self",)).select_related("workspace__organisation")
    stop = rows.get(pk=stop_id)
    if reasons := reasons_against_switching_on(by, stop.workspace):
        raise CannotSwitchOn(*reasons)
    if stop.lifted_at is not None:
        raise CannotSwitchOn(gettext("Suppression has already been switched on again here."))
    if not visible_text(reason):
        raise CannotSwitchOn(gettext("Say why. One line is enough."))
    stop.lifted_by, stop.lifted_at, stop.lifted_reason = by, now, visible_text(reason)
    stop.save(update_fields=["lifted_by", "lifted_at", "lifted_reason"])
    for place in _places(stop.workspace_id):
        place_gate(workspace=place, now=now)
    acting = RuleVersion.objects.filter(state__in=ACTING).values("rule")
    for rule in Rule.objects.filter(pk__in=acting).order_by("pk"):
        bring_rule_in_line(rule=rule, now=now)
    _notify_on(stop, now=now)
    record("suppression.switch.on", on=stop, by=by, at=now, reason=reason)
    return stop


@transaction.atomic
def switch_rule_off(*, rule_id: int, by_label: str, reason: str = "", now: datetime) -> None:
    """Pause all that acts of one rule, by a command that has no person behind it."""
    acting = RuleVersion.objects.filter(rule=rule_id, state__in=ACTING).values_list("pk", flat=True)
    versions = [lock_version(pk) for pk in list(acting)]
    if not versions:
        raise CannotSwitchOff(gettext("This rule is not active."))
    why = visible_text(reason) or gettext("Switched off by a command.")
    for version in versions:
        move(
            version,
            to=VersionState.PAUSED,
            by=None,
            by_label=by_label,
            now=now,
            reason=why,
            paused_from=version.state,
        )
        bring_in_line(version_id=version.pk, now=now)
        notify_state(version, people=concerned_by(version), reasons=[why], now=now)
    record("suppression.rule.paused", on=versions[0], by=by_label, at=now, reason=reason)


def _reached(by: User | None, workspace_id: int | None) -> Sequence[int | None]:
    """Return the workspaces to stop; None is all that there are and will be."""
    if by is None or reach_of(by, STOPPING).everywhere:
        return [workspace_id]
    reachable = set(workspaces_reached_by(by).values_list("pk", flat=True))
    if workspace_id is not None:
        reachable &= {workspace_id}
    if not reachable:
        raise CannotSwitchOff(gettext("You see no workspace in which suppression could be off."))
    return sorted(reachable)


@transaction.atomic(durable=True)
def _stop(
    by: User | None, by_label: str, workspace_id: int | None, reason: str, now: datetime
) -> tuple[Stop, bool]:
    place = Workspace.objects.get(pk=workspace_id) if workspace_id is not None else None
    stop, is_new = Stop.objects.get_or_create(
        workspace=place,
        lifted_at=None,
        defaults={
            "stopped_by": by,
            "stopped_by_label": (by.name if by else by_label)[:200],
            "stopped_at": now,
            "reason": visible_text(reason),
        },
    )
    for workspace in _places(workspace_id):
        shut_list_gate(workspace=workspace, reason=OFF, now=now)
        place_gate(workspace=workspace, now=now)
    if is_new:
        record("suppression.switch.off", on=stop, by=by or by_label, at=now, reason=reason)
    return stop, is_new


def _places(workspace_id: int | None) -> list[Workspace]:
    """Where something of ours stands or was wanted: elsewhere Sentinel closes nothing for us."""
    ours = WantedRule.objects.filter(kind__in=(*SUPPRESSING, RuleKind.LIST_GATE))
    owned = ours.values("workspace")
    found = Workspace.objects.filter(pk__in=owned).exclude(state=Workspace.State.REMOVED)
    if workspace_id is not None:
        found = found.filter(pk=workspace_id)
    return list(found.select_related("organisation").order_by("pk"))


@transaction.atomic
def _take_rules_away(places: Collection[Workspace], *, now: datetime) -> None:
    for place in places:
        if is_off(place.pk):
            rows = WantedRule.objects.filter(
                workspace=place, kind=RuleKind.RULE, wanted__isnull=False
            )
            for row in rows.order_by("pk"):
                clear_desired_rule(workspace_id=place.pk, name=row.name, now=now, reason=OFF)


def _notify_off(stop: Stop, *, now: datetime) -> None:
    def wording() -> tuple[str, list[str]]:
        subject = gettext("Suppression is off: %(place)s") % {"place": _place(stop)}
        sentence = gettext("%(name)s switched it off.") % {"name": stop.stopped_by_label}
        return subject, [line for line in (sentence, stop.reason) if line]

    _notify(stop, kinds.SUPPRESSION_OFF, wording, now)


def _notify_on(stop: Stop, *, now: datetime) -> None:
    def wording() -> tuple[str, list[str]]:
        subject = gettext("Suppression is on again: %(place)s") % {"place": _place(stop)}
        name = stop.lifted_by.name if stop.lifted_by else ""
        return subject, [
            gettext("%(name)s switched it on.") % {"name": name},
            stop.lifted_reason,
        ]

    _notify(stop, kinds.SUPPRESSION_ON, wording, now)


def _notify(stop: Stop, kind: NotificationKind, wording: Wording, now: datetime) -> None:
    places = (
        [stop.workspace]
        if stop.workspace
        else list(
            Workspace.objects.exclude(state=Workspace.State.REMOVED).select_related("organisation")
        )
    )
    notify_people(people_of_all_rules(places), kind=kind, wording=wording, path=PATH, now=now)


def _place(stop: Stop) -> str:
    return stop.workspace.name if stop.workspace else gettext("all workspaces")
