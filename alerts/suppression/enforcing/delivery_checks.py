"""Asked again at the moment of delivery: is this close, or this label, still right?"""

from datetime import datetime

import orjson

from alerts.incidents.ingest.incident_rows import SEVERITIES, alert_type_of, row_of
from alerts.incidents.models import Alert, Incident
from alerts.outbox.models import Change
from alerts.outbox.registry import Fresh
from alerts.sentinel.wire import WireAlert, incident_of
from alerts.suppression.enforcing.acting_rules import ActingSet, load_acting
from alerts.suppression.enforcing.cover import facts_by_incident
from alerts.suppression.enforcing.judging import judge
from alerts.suppression.enforcing.scenes import incident_state_of
from alerts.suppression.models import ACTING, RuleVersion, State
from alerts.suppression.queries import is_off

OFF = "Suppression is switched off."


def reason_not_to_close(change: Change, *, fresh: Fresh, now: datetime) -> str:
    """Why the incident is not closed after all, judged by what Sentinel says this moment; ""
    where every alert in it is still covered and no guard keeps it open.
    """
    if is_off(change.workspace_id):
        return OFF
    acting, reason = _still_live(change, now)
    if reason := reason or _against_alerts(change, fresh):
        return reason
    incident = Incident.objects.get(pk=change.check_args["incident"])
    seen = incident_state_of(row_of(incident_of(fresh.raw, orjson.dumps(fresh.raw)), now=now))
    alerts = facts_by_incident([incident.pk])[incident.pk]
    judgement = judge(incident, alerts=alerts, acting=acting, now=now, seen=seen)
    if judgement.may_act and judgement.cover.is_live:
        return ""
    return " ".join(judgement.reasons[:5]) or "No live rule covers all of it any more."


def reason_not_to_tag(change: Change, *, now: datetime) -> str:
    """Why a label of a trial is not set after all."""
    if is_off(change.workspace_id):
        return OFF
    return _still(change, ACTING, now)[1]


def _still_live(change: Change, now: datetime) -> tuple[ActingSet, str]:
    return _still(change, (State.LIVE,), now)


def _still(change: Change, states: tuple[State, ...], now: datetime) -> tuple[ActingSet, str]:
    """The versions in whose name it is done, read anew, and what is the matter with them."""
    wanted: dict[str, str] = change.check_args["versions"]
    found = load_acting(RuleVersion.objects.filter(pk__in=list(wanted), state__in=states))
    for version_id, rule_hash in wanted.items():
        one = found.versions.get(int(version_id))
        if one is None:
            return found, "A rule that covered it does not act any more."
        if one.rule_hash != rule_hash:
            return found, f"{one.name} is not the rule that it was."
        if one.expires_at <= now:
            return found, f"{one.name} has ended."
    return found, ""


def _against_alerts(change: Change, fresh: Fresh) -> str:
    """The alerts that are there now must be those that were covered, and say what they said."""
    covered = set(change.check_args["alerts"])
    known = {
        row[0]: row[1:]
        for row in Alert.objects.filter(workspace=change.workspace_id, key__in=covered).values_list(
            "key", "severity", "alert_type"
        )
    }
    if not fresh.alerts:
        return "Sentinel lists no alert of the incident now."
    for alert in fresh.alerts:
        if not isinstance(alert, WireAlert):
            return "An alert of the incident cannot be read."
        key = (alert.vendor_original_id or alert.system_alert_id)[:120]
        if key not in covered:
            return f"An alert joined that no rule had covered: {alert.title or key}."
        kind = alert_type_of(alert.title or alert.alert_type or "")
        if known.get(key) != (SEVERITIES.get(alert.severity or "", 0), kind):
            return f"An alert has changed since it was covered: {alert.title or key}."
    return ""
