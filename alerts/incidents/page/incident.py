"""The incident page: its head, and what each tab shows."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any

from django.db.models import FETCH_RAISE, F, UUIDField, Value
from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy

from alerts.incidents.engine.catalogue import bare_title
from alerts.incidents.hidden_verdicts import hidden_from
from alerts.incidents.models import (
    ACTIVE_FROM,
    ACTIVE_UNTIL,
    LEFT_SCOPE,
    UNNAMED,
    Alert,
    AlertRaw,
    Incident,
    IncidentAlert,
    IncidentRaw,
    IncidentStatus,
)
from alerts.incidents.page.pattern_history import DAYS, recent_similar
from alerts.incidents.queries import incidents_visible_to
from alerts.incidents.queue.columns import (
    COLUMNS,
    STATE_OF_ONE,
    IncidentListRow,
    RowFormat,
    list_rows,
)
from alerts.incidents.queue.queries import owner_ids_of
from alerts.incidents.wording import STATUS_WORDS, Chip, outcome_words
from alerts.outbox.models import ChangeOutcome, WriteKind
from alerts.outbox.queries import changes_of
from alerts.sites.models import Site
from portal.accounts.models import User
from portal.ui.moments import reader_clock

SENTINEL_ADDRESS = {"sentinel_address": F("raw__body__properties__incidentUrl")}
MAX_ALIKE = 1001
MAX_ALERTS = 200
MAX_SIMILAR = 50
MAX_RAW_RECORDS = 20


@dataclass(frozen=True, slots=True)
class Similar:
    """Another incident and why it is like this one."""

    row: IncidentListRow
    reason: str


@dataclass(frozen=True, slots=True)
class AlertPage:
    """The page of one alert in Defender for IoT, as the alert itself names it."""

    title: str
    at: datetime
    address: str


def alerts_of(incident: Incident) -> list[Alert]:
    """Its alerts, the newest first."""
    rows = Alert.objects.filter(incidents=incident).order_by("-at", "-pk")
    return list(rows.select_related("site", "zone").fetch_mode(FETCH_RAISE)[:MAX_ALERTS])


def count_hidden_alerts(incident: Incident, alerts: Sequence[Alert]) -> int:
    """How many alerts of the incident `alerts_of` has left out."""
    if len(alerts) < MAX_ALERTS:
        return 0
    return IncidentAlert.objects.filter(incident=incident).count() - len(alerts)


def survivor_of(incident: Incident, user: User) -> Incident | None:
    """The incident that this one was merged into, where the person may see it."""
    if not incident.merged_into:
        return None
    rows = incidents_visible_to(user).filter(
        workspace_id=incident.workspace_id, number=incident.merged_into
    )
    return rows.first()


def frame_for(user: User, now: datetime) -> RowFormat:
    """How rows of other incidents are formatted."""
    zones = dict(Site.objects.values_list("pk", "time_zone"))
    return RowFormat(
        now=now, zones=zones, my_owner_ids=owner_ids_of(user), hidden=hidden_from(user)
    )


def similar_to(incident: Incident, user: User, *, now: datetime) -> list[Similar]:
    """Incidents of the same pattern in ninety days, then of the same type at the same site."""
    frame, visible = frame_for(user, now), incidents_visible_to(user).exclude(pk=incident.pk)
    same = visible.filter(pk__in=recent_similar(incident, now=now).values("pk"))
    rows = _rows(same.order_by("-created_at", "-pk"), frame)
    similar = [Similar(row, gettext("Same pattern: type, both ends and protocol")) for row in rows]
    if len(similar) < MAX_SIMILAR and incident.site_ids:
        ids = (
            Alert.objects.filter(alert_type=incident.alert_type, site_id__in=incident.site_ids)
            .order_by("-at", "-pk")
            .values_list("pk", flat=True)[:MAX_SIMILAR]
        )
        parents = IncidentAlert.objects.filter(alert__in=list(ids)).values("incident")
        like = visible.filter(pk__in=parents).exclude(pattern=incident.pattern)
        more = _rows(like.order_by("-created_at", "-pk"), frame)
        reason = gettext("Same type at the same site, between other devices")
        similar += [Similar(row, reason) for row in more[: MAX_SIMILAR - len(similar)]]
    return similar


def count_similar(incident: Incident, user: User, *, now: datetime) -> int:
    """How many others of the same pattern came in ninety days, as far as it is worth counting."""
    if incident.pattern is None:
        return 0
    visible = incidents_visible_to(user).filter(pattern=incident.pattern)
    alike = visible.filter(created_at__gt=now - timedelta(days=DAYS)).exclude(pk=incident.pk)
    return alike.values("pk")[:MAX_ALIKE].count()


def _rows(incidents: Any, frame: RowFormat) -> list[IncidentListRow]:
    own: dict[str, Any] = {
        "key": Value(None, output_field=UUIDField()),
        "lead_id": F("pk"),
        "latest_id": F("pk"),
        "n": Value(1),
        "first_at": ACTIVE_FROM,
        "latest_at": ACTIVE_UNTIL,
        **STATE_OF_ONE,
    }
    columns = [own.get(name, name) for name in COLUMNS]
    return list_rows(incidents.values_list(*columns)[:MAX_SIMILAR], frame)


def raw_of(incident: Incident) -> list[tuple[str, str]]:
    """Return what Sentinel sent: the incident, unless its verdict is hidden, and newest alerts."""
    own = IncidentRaw.objects.filter(pk=incident.pk)
    raw = None if incident.hidden_verdict else own.values_list("body", flat=True).first()
    bodies = [(gettext("Incident"), raw)] if raw is not None else []
    rows = AlertRaw.objects.filter(alert__incidents=incident).order_by("-alert__at", "-alert")
    alerts = rows.values_list("alert__key", "body")[:MAX_RAW_RECORDS]
    bodies += [(gettext("Alert %(key)s") % {"key": key}, body) for key, body in alerts]
    return [(name, json.dumps(body, indent=2, ensure_ascii=False)) for name, body in bodies]


def sentinel_address_of(incident: Incident) -> str:
    """Return the https address of an incident in Sentinel, as Sentinel sent it."""
    found = incident.__dict__["sentinel_address"]
    return found if isinstance(found, str) and found.startswith("https://") else ""


def alert_pages_of(incident: Incident) -> list[AlertPage]:
    """Where alerts of an incident open at their source, the newest first; https only, each once."""
    links = ("body__properties__alertLink", "body__properties__additionalData__AlertManagementUri")
    rows = AlertRaw.objects.filter(alert__incidents=incident).order_by("-alert__at", "-alert")
    pages: dict[str, AlertPage] = {}
    for alert_type, at, *found in rows.values_list("alert__alert_type", "alert__at", *links)[
        :MAX_RAW_RECORDS
    ]:
        for address in found:
            if isinstance(address, str) and address.startswith("https://"):
                pages.setdefault(address, AlertPage(bare_title(alert_type), at, address))
                break
    return list(pages.values())


def pending_change_chips(incident: Incident) -> list[Chip]:
    """What is on its way to Sentinel, a chip for each kind of change."""
    if not incident.owed:
        return []
    rows = changes_of(incident.workspace_id, incident.name).filter(outcome=ChangeOutcome.OPEN)
    kinds: dict[str, None] = {}
    for kind, patch in rows.values_list("kind", "patch"):
        for word in _change_words(kind, patch):
            kinds[word] = None
    words = gettext("Sending to Sentinel: %(what)s")
    return [Chip(words % {"what": what}, "accent", "send") for what in kinds]


def _change_words(kind: str, patch: dict[str, Any]) -> list[str]:
    if kind == WriteKind.COMMENT:
        return [gettext("comment")]
    if kind == WriteKind.PLAYBOOK:
        return [gettext("playbook")]
    return [gettext("task")] if kind == WriteKind.TASK else _patch_words(patch)


def _patch_words(patch: dict[str, Any]) -> list[str]:
    words = []
    if "status" in patch:
        closing = patch["status"] == "Closed"
        words.append(gettext("closing") if closing else gettext("reopening"))
    if "owner" in patch:
        words.append(gettext("owner"))
    if "severity" in patch:
        words.append(gettext("severity"))
    if "labels_add" in patch or "labels_remove" in patch:
        words.append(gettext("labels"))
    return words or [gettext("a change")]


def status_chip(incident: Incident) -> Chip:
    """New, active or closed, with the classification of a close."""
    status = IncidentStatus(incident.status)
    label = str(STATUS_WORDS[status])
    if status == IncidentStatus.CLOSED:
        outcome = outcome_words(incident.classification, incident.classification_reason)
        terms = filter(None, (label, outcome, incident.closed_by))
        return Chip(" · ".join(terms), "info", "circle-check")
    return Chip(label, "accent" if status == IncidentStatus.NEW else "", "circle-dot")


def sensors_of(alerts: Sequence[Alert]) -> str:
    """The sensors that saw it."""
    return ", ".join(dict.fromkeys(alert.sensor for alert in alerts if alert.sensor))


def zone_of_page(incident: Incident) -> tzinfo:
    """The zone in which the page's times are shown."""
    clock = reader_clock()
    return clock.zone(clock.zone_of_plants(incident.site_ids))


_PROBLEMS: dict[str, Promise] = {
    "not_a_date": gettext_lazy("“%(name)s” could not be read as a date."),
    "out_of_range": gettext_lazy("“%(name)s” is an impossible date."),
    "no_zone": gettext_lazy("“%(name)s” names no time zone; it was read as UTC."),
    "unknown": gettext_lazy(
        "“%(name)s” has a value that is not known here; it was kept as it came."
    ),
    "missing": gettext_lazy("“%(name)s” is missing."),
    "empty": gettext_lazy("“%(name)s” is empty."),
    "not_text": gettext_lazy("“%(name)s” is not text."),
    "not_a_list": gettext_lazy("“%(name)s” is not a list."),
    "not_all_text": gettext_lazy("“%(name)s” holds more than text."),
    "not_a_count": gettext_lazy("“%(name)s” is not a number."),
    "not_yes_or_no": gettext_lazy("“%(name)s” is neither yes nor no."),
    "not_an_object": gettext_lazy("“%(name)s” has no parts where it should have some."),
    "no_json": gettext_lazy("“%(name)s” could not be read."),
    "without_name": gettext_lazy("An entry of “%(name)s” has no name."),
    "cut": gettext_lazy("“%(name)s” was too long and was cut; the raw text is whole."),
    "odd_characters": gettext_lazy("“%(name)s” had characters that no page can show."),
}


def flag_sentences(flags: Iterable[str]) -> list[str]:
    """One sentence for each thing that was odd."""
    return [_sentence(flag) for flag in flags if flag != LEFT_SCOPE]


def _sentence(flag: str) -> str:
    if flag == UNNAMED:
        return gettext("It named neither a product nor an analytics rule when it came.")
    name, _, problem = flag.partition(":")
    sentence = _PROBLEMS.get(problem)
    if sentence is None:
        return gettext("“%(name)s” was odd: %(problem)s.") % {
            "name": name,
            "problem": problem.replace("_", " ") or "?",
        }
    return str(sentence) % {"name": name}
