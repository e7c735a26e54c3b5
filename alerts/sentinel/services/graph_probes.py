"""What is documented nowhere about Graph, found out on the tenant: a finding for each question.

Most only read. Those that write do so on an incident that a person names for it, and put back what
they changed of it; its alerts stay resolved. Nothing here is needed for work: Tagout takes the
careful way until a probe says more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from alerts.sentinel.client.errors import SentinelError, SentinelNotFound
from alerts.sentinel.client.graph_calls import INCIDENTS, GraphApi
from alerts.sentinel.client.port import SentinelClient
from alerts.sentinel.wire import (
    NotAPage,
    WireIncident,
    read_incident,
    read_incident_page,
    ticks_of,
    write_moment,
)
from alerts.sentinel.wire.graph import (
    GraphIncident,
    GraphPage,
    evidence_type,
    read_graph_alerts,
    read_graph_incident,
    read_graph_page,
)
from alerts.sentinel.wire.graph.values import bags_of, graph_text, texts_of

_LOOK_BACK: Final = timedelta(days=30)
_ALERTS: Final = "alerts_v2"


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """What one probe found: yes, no or unknown, and by what."""

    probe: str
    found: str
    evidence: str

    def as_json(self) -> dict[str, str]:
        """For the command."""
        return asdict(self)


def probe_graph(
    *, graph: GraphApi, resource_manager: SentinelClient, now: datetime
) -> list[ProbeResult]:
    """Return, by reading alone, what Graph does on this tenant. Raises SentinelError where there is
    no token: that is nothing about the tenant.
    """
    since = write_moment(now - _LOOK_BACK)
    findings = [
        _permission("incidents can be read", lambda: graph.get(INCIDENTS, top="1")),
        _permission("alerts can be read", lambda: graph.get(_ALERTS, top="1")),
        _permission("hunting is allowed", lambda: graph.post("runHuntingQuery", body=_HUNT)),
        _asked("lists can be ordered", lambda: _is_ordered(graph, since)),
        _asked(
            "filters can be joined",
            lambda: _answers(
                graph, filter=f"lastUpdateDateTime ge {since} and status ne 'redirected'"
            ),
        ),
        _asked(
            "lists bring alerts",
            lambda: _answers(graph, expand="alerts", filter=f"lastUpdateDateTime ge {since}"),
        ),
        _asked("answers carry an etag", lambda: _has_etag(graph)),
        _asked("alerts of rules bring devices of the plant", lambda: _evidence_in(graph)),
        _asked("raw alerts of Defender for IoT are there", lambda: _raw_alerts_in(graph)),
        ProbeResult("a throttled call says how long to wait", "unknown", "No call was throttled."),
    ]
    return findings + _compared(graph, resource_manager, now)


def _permission(probe: str, call: Callable[[], bytes]) -> ProbeResult:
    try:
        call()
    except SentinelError as error:
        if error.is_of_sign_in:
            raise
        is_refusal = error.status in (401, 403)
        return ProbeResult(probe, "no" if is_refusal else "unknown", error.message)
    return ProbeResult(probe, "yes", "It answered.")


def _asked(probe: str, ask: Callable[[], tuple[str, str]]) -> ProbeResult:
    try:
        found, evidence = ask()
    except SentinelError as error:
        if error.is_of_sign_in:
            raise
        is_no = error.status is not None and (error.status == 400 or error.status >= 500)
        return ProbeResult(probe, "no" if is_no else "unknown", error.message)
    except NotAPage as broken:
        return ProbeResult(probe, "unknown", str(broken))
    return ProbeResult(probe, found, evidence)


_HUNT: Final = {"Query": "AlertInfo | take 1"}


def _page(graph: GraphApi, **options: str) -> GraphPage:
    return read_graph_page(graph.get(INCIDENTS, **{"top": "20", **options}))


def _answers(graph: GraphApi, **options: str) -> tuple[str, str]:
    return "yes", f"{len(_page(graph, **options))} incidents were listed."


def _is_ordered(graph: GraphApi, since: str) -> tuple[str, str]:
    order = {"orderby": "lastUpdateDateTime asc", "filter": f"lastUpdateDateTime ge {since}"}
    texts = [row.raw.get("lastUpdateDateTime") for row in _page(graph, **order).incidents]
    moments = [ticks for text in texts if (ticks := ticks_of(text))]
    if len(set(moments)) < 2:
        return "unknown", "There are too few incidents to tell."
    return ("yes" if moments == sorted(moments) else "no"), f"{len(moments)} incidents were listed."


def _has_etag(graph: GraphApi) -> tuple[str, str]:
    for row in _page(graph).incidents:
        raw = read_graph_incident(graph.get(INCIDENTS, row.id)).raw
        return ("yes" if "@odata.etag" in raw else "no"), f"Incident {row.id} was read."
    return "unknown", "There is no incident."


def _alerts_of_rules(graph: GraphApi) -> list[dict[str, Any]]:
    found, _ = read_graph_alerts(
        graph.get(_ALERTS, top="50", filter="serviceSource eq 'microsoftSentinel'")
    )
    return found


def _evidence_in(graph: GraphApi) -> tuple[str, str]:
    alerts = _alerts_of_rules(graph)
    if not alerts:
        return "unknown", "There is no alert of Sentinel's rules."
    kinds = {evidence_type(part) for alert in alerts for part in bags_of(alert.get("evidence"))}
    products = {graph_text(alert.get("productName")) for alert in alerts}
    sources = {graph_text(alert.get("detectionSource")) for alert in alerts}
    evidence = (
        f"Evidence: {_words(kinds)}. Products: {_words(products)}. Sources: {_words(sources)}."
    )
    return ("yes" if "ioTDeviceEvidence" in kinds else "no"), evidence


def _raw_alerts_in(graph: GraphApi) -> tuple[str, str]:
    found, _ = read_graph_alerts(graph.get(_ALERTS, top="50"))
    raw = [a for a in found if graph_text(a.get("detectionSource")) == "microsoftDefenderForIoT"]
    return ("yes" if raw else "no"), f"{len(raw)} of {len(found)} alerts."


def _compared(
    graph: GraphApi, resource_manager: SentinelClient, now: datetime
) -> list[ProbeResult]:
    """What can be said where one incident is read on both sides."""
    probes = (
        "incidents of this workspace are in Graph",
        "both sides name an incident by the same address",
        "labels and tags are alike",
        "detectors are analytics rules",
    )
    try:
        page = read_incident_page(resource_manager.list_incidents(since=now - _LOOK_BACK))
        own = [item for item in page.items if isinstance(item, WireIncident) and _portal_id(item)]
        if not own:
            return [
                ProbeResult(probe, "unknown", "No incident is in the portal.") for probe in probes
            ]
        incident = own[-1]
        try:
            found = read_graph_incident(graph.get(INCIDENTS, _portal_id(incident)))
        except SentinelNotFound as error:
            rest = [ProbeResult(probe, "unknown", error.message) for probe in probes[1:]]
            return [ProbeResult(probes[0], "no", error.message), *rest]
        alerts, _ = read_graph_alerts(graph.get(INCIDENTS, found.id, "alerts"))
    except (SentinelError, NotAPage) as error:
        return [ProbeResult(probe, "unknown", str(error)) for probe in probes]
    return [
        ProbeResult(probes[0], "yes", f"#{incident.number} is {found.id} there."),
        _same_address(probes[1], incident, found),
        _same_labels(probes[2], incident, found),
        _same_rules(probes[3], incident, alerts),
    ]


def _portal_id(incident: WireIncident) -> str:
    properties = incident.raw.get("properties") or {}
    is_there = graph_text(properties.get("providerName")).casefold() == "microsoft xdr"
    return graph_text(properties.get("providerIncidentId")) if is_there else ""


def _same_address(probe: str, incident: WireIncident, found: GraphIncident) -> ProbeResult:
    data = incident.raw["properties"].get("additionalData") or {}
    addresses = (
        graph_text(data.get("providerIncidentUrl")),
        graph_text(found.raw.get("incidentWebUrl")),
    )
    is_same = all(f"/{found.id}/" in address for address in addresses)
    return ProbeResult(probe, "yes" if is_same else "no", " and ".join(addresses))


def _same_labels(probe: str, incident: WireIncident, found: GraphIncident) -> ProbeResult:
    labels = sorted(label.name for label in incident.labels)
    tags = sorted(texts_of(found.raw.get("customTags")) + texts_of(found.raw.get("systemTags")))
    if not labels and not tags:
        return ProbeResult(probe, "unknown", "It has neither.")
    return ProbeResult(
        probe, "yes" if labels == tags else "no", f"Labels: {_words(labels)}. Tags: {_words(tags)}."
    )


def _same_rules(probe: str, incident: WireIncident, alerts: list[dict[str, Any]]) -> ProbeResult:
    rules = {
        name.rsplit("/", 1)[-1].casefold()
        for name in texts_of(incident.raw["properties"].get("relatedAnalyticRuleIds"))
    }
    detectors = {graph_text(alert.get("detectorId")).casefold() for alert in alerts} - {""}
    if not rules or not detectors:
        return ProbeResult(probe, "unknown", "It names no rule, or its alerts no detector.")
    evidence = f"Rules: {_words(rules)}. Detectors: {_words(detectors)}."
    return ProbeResult(probe, "yes" if detectors <= rules else "no", evidence)


def _words(words: Any) -> str:
    return ", ".join(sorted(word for word in words if word)) or "none"


def probe_writes(
    *, graph: GraphApi, resource_manager: SentinelClient, name: str, graph_id: str
) -> list[ProbeResult]:
    """Find out what writes do, on one incident that was made for it. What was there before is put
    back, but its alerts stay resolved; comments cannot be taken away, so none is written.
    """
    before = read_graph_incident(graph.get(INCIDENTS, graph_id)).raw
    kept = {member: before.get(member) for member in ("status", "assignedTo", "determination")}
    kept["classification"] = before.get("classification")

    def patch(match: str = "", **members: Any) -> Mapping[str, Any]:
        body = graph.patch(INCIDENTS, graph_id, body=members, match=match)
        return read_graph_incident(body).raw

    try:
        return [
            _asked(
                "an incident can be set in progress",
                lambda: _became(patch(status="inProgress"), "status", "inProgress"),
            ),
            _asked(
                "an owner can be taken away",
                lambda: _became(patch(assignedTo=None), "assignedTo", None),
            ),
            _asked(
                "a stale If-Match is refused",
                lambda: _stale_match(lambda: patch(match='"stale"', status="active")),
            ),
            _asked(
                "an application is named as who changed it",
                lambda: (
                    "yes",
                    graph_text(patch(status="active").get("lastModifiedBy")) or "nobody",
                ),
            ),
            _asked(
                "resolving an incident resolves its alerts",
                lambda: _resolving(graph, graph_id, patch),
            ),
            _asked(
                "a close reaches Sentinel with its classification",
                lambda: _close_in_sentinel(resource_manager, name),
            ),
        ]
    finally:
        graph.patch(INCIDENTS, graph_id, body=kept)


def _became(raw: Mapping[str, Any], member: str, value: Any) -> tuple[str, str]:
    found = raw.get(member)
    return ("yes" if (found or None) == value else "no"), f"{member} is {found!r} now."


def _stale_match(call: Callable[[], Mapping[str, Any]]) -> tuple[str, str]:
    try:
        call()
    except SentinelError as error:
        return ("yes" if error.status in (409, 412) else "unknown"), error.message
    return "no", "It was written."


def _resolving(
    graph: GraphApi, graph_id: str, patch: Callable[..., Mapping[str, Any]]
) -> tuple[str, str]:
    expected = "informationalExpectedActivity"
    patch(status="resolved", classification=expected, determination="confirmedActivity")
    alerts, _ = read_graph_alerts(graph.get(INCIDENTS, graph_id, "alerts"))
    states = {graph_text(alert.get("status")) for alert in alerts}
    if not states:
        return "unknown", "It has no alert."
    return ("yes" if states == {"resolved"} else "no"), f"Its alerts are {_words(states)}."


def _close_in_sentinel(resource_manager: SentinelClient, name: str) -> tuple[str, str]:
    item = read_incident(resource_manager.get_incident(name))
    if not isinstance(item, WireIncident):
        return "unknown", item.reason
    state = f"{item.status}, {item.classification} ({item.classification_reason})"
    is_there = (item.status, item.classification) == ("Closed", "BenignPositive")
    return ("yes" if is_there else "unknown"), f"Sentinel says {state} right after."


def as_capability(findings: list[ProbeResult], *, now: datetime) -> dict[str, Any]:
    """The findings as a workspace keeps them."""
    return {
        "probed_at": now.isoformat(),
        "found": {finding.probe: finding.found for finding in findings},
    }
