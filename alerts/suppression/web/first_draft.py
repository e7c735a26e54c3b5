"""What a draft states before anybody has written in it: by hand, or from an incident."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from alerts.incidents.models import Incident
from alerts.reviews.models import VerdictKind
from alerts.reviews.queries.questions import evidence_in_force
from alerts.reviews.queries.second_opinions import without_hidden
from alerts.rules.lifetime import DEFAULT_DAYS, default_end
from alerts.rules.rule import from_json, instant
from alerts.sites.models import Site
from alerts.suppression.drafting.suggestions import MAX_EVIDENCE
from alerts.suppression.signing.people import usual_owners
from alerts.suppression.web.forms import Body, clause_body, empty_body
from alerts.suppression.web.wording import routine_cause
from portal.accounts.models import User
from portal.accounts.queries import roles_of
from portal.accounts.rights import OT_ROLES, roles_for

_ENDS = ("source_device", "source_address", "destination_device", "destination_address")


def first_body(user: User, *, now: datetime) -> Body:
    """Return an empty rule, owned by its author on the author's side."""
    body = empty_body() | {"expires_at": instant(now + timedelta(days=DEFAULT_DAYS))}
    roles = roles_of(user)
    if roles & OT_ROLES:
        body["owner_ot"] = user.email
    elif roles & roles_for("suppression.sign_for_soc"):
        body["owner_soc"] = user.email
    return body


def body_of_incident(
    incident: Incident, user: User, *, now: datetime
) -> tuple[Body, tuple[int, ...]]:
    """Return a rule about the incident's type, place and devices, and verdicts on its pattern."""
    body = first_body(user, now=now)
    alerts = list(incident.alerts.order_by("pk"))
    lines = [clause_body("alert_type", *_distinct(row.alert_type for row in alerts))]
    if not alerts:
        lines = [clause_body("alert_type", incident.alert_type)]
    sites = Site.objects.filter(pk__in=incident.site_ids).order_by("name")
    lines.append(clause_body("site", *sites.values_list("name", flat=True)))
    for end in ("source", "destination"):
        names = _distinct(getattr(row, f"{end}_device") for row in alerts)
        addresses = _distinct(getattr(row, f"{end}_address") for row in alerts)
        if names:
            lines.append(clause_body(f"{end}_device", *names))
        elif addresses:
            lines.append(clause_body(f"{end}_address", *addresses))
    if not any(row["field"] in _ENDS for row in lines):
        devices = _distinct(name for row in alerts for name in row.any_device)
        lines += [clause_body("any_device", *devices)] if devices else []
    body["all_of"] = [row for row in lines if row["values"]]
    ends = " → ".join(end for end in (incident.source, incident.destination) if end)
    body["title"] = (
        " ".join(f"{incident.alert_type}: {ends}"[:200].split())
        if ends
        else (incident.alert_type[:200])
    )
    evidence = _verdicts_on(incident, user)
    body["reason"] = _reason(evidence)
    rule = from_json(body)
    body["expires_at"] = instant(default_end(rule, now=now))
    body |= usual_owners(rule, by=user)
    return body, tuple(pk for pk, _cause in evidence)


def _verdicts_on(incident: Incident, user: User) -> list[tuple[int, str]]:
    verdicts = without_hidden(user, evidence_in_force()).filter(
        kind__in=(VerdictKind.ROUTINE, VerdictKind.MAINTENANCE)
    )
    if incident.pattern is None:
        verdicts = verdicts.filter(incidents=incident.pk)
    else:
        verdicts = verdicts.filter(
            incidents__pattern=incident.pattern, incidents__workspace=incident.workspace_id
        )
    rows = verdicts.order_by("-given_at", "-pk").values_list("pk", "cause").distinct()
    return list(dict(rows[:MAX_EVIDENCE]).items())


def _reason(evidence: list[tuple[int, str]]) -> str:
    causes = [cause for _pk, cause in evidence if cause and cause != "other"]
    return routine_cause(max(set(causes), key=causes.count)) if causes else ""


def _distinct(texts: Iterable[str]) -> list[str]:
    return sorted({text for text in texts if text})
