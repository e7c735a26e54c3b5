"""Incidents of the Defender portal as Graph lists them, and as Sentinel would have sent them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import orjson
from msgspec import UNSET

from alerts.sentinel.wire.graph.alerts import is_from_d4iot
from alerts.sentinel.wire.graph.values import (
    DETERMINATIONS,
    SENTINEL_CLASSIFICATION,
    SENTINEL_SEVERITY,
    SENTINEL_STATUS,
    UNSET_WORDS,
    bags_of,
    graph_text,
    texts_of,
)
from alerts.sentinel.wire.records import (
    Bag,
    NotAPage,
    ODataList,
    Reader,
    Text,
    Unfit,
    UnreadableRecord,
    WireRecord,
    WireStruct,
)
from alerts.sentinel.wire.values import moment_field

D4IOT_PRODUCT: Final = "Azure Security Center for IoT"  # as Sentinel's interface has always said
PROVIDER: Final = "Microsoft XDR"
MAX_ID_LENGTH: Final = 20
GRAPH_VERSION: Final = "graph:"  # a version of Graph's; no etag of the resource manager begins so


_AGGREGATES: Final = ("alertsCount", "alertProductNames", "tactics", "techniques")
_RULES: Final = "relatedAnalyticRuleIds"
_ACTIVITY: Final = ("firstActivityTimeUtc", "lastActivityTimeUtc")


@dataclass(frozen=True, slots=True)
class Counterpart:
    """What Sentinel calls an incident of the Defender portal: its name (a GUID) and number there.
    `listed` is what Sentinel's list returned last of what Graph lacks: the owner's object id, and
    all that follows from alerts, because raw alerts of Defender for IoT are not in Graph.
    """

    graph_id: str
    name: str
    number: int | None = None
    listed: Bag | None = None

    @property
    def owner(self) -> Bag | None:
        """Return the owner as Sentinel listed it."""
        owner = (self.listed or {}).get("owner")
        return owner if isinstance(owner, dict) else None

    @property
    def alerts_count(self) -> int:
        """Return how many alerts Sentinel counted."""
        count = self._data.get("alertsCount")
        return count if isinstance(count, int) else 0

    @property
    def _data(self) -> Bag:
        data = (self.listed or {}).get("additionalData")
        return data if isinstance(data, dict) else {}

    def words(self, member: str) -> list[str]:
        """Return the words that Sentinel listed under a name: products, tactics or techniques."""
        return texts_of(self._data.get(member))

    def moment(self, member: str) -> str:
        """Return a time of activity as Sentinel listed it; empty where it did not."""
        return graph_text((self.listed or {}).get(member))


def listed_of(properties: Bag) -> Bag:
    """What to keep of Sentinel's word on an incident, because Graph lacks it."""
    data = properties.get("additionalData")
    aggregates = {name: data.get(name) for name in _AGGREGATES} if isinstance(data, dict) else {}
    kept = {name: properties.get(name) for name in ("owner", _RULES, *_ACTIVITY)}
    return kept | {"additionalData": aggregates}


@dataclass(frozen=True, slots=True)
class GraphIncident:
    """One incident as Graph sent it: `raw` is all of it, `modified_at` None where it is odd."""

    id: str
    raw: Bag
    modified_at: datetime | None
    created_at: datetime | None

    @property
    def redirected_to(self) -> str:
        """Return the id of the incident that it was merged into; empty where it was not."""
        is_redirected = graph_text(self.raw.get("status")).casefold() == "redirected"
        return graph_text(self.raw.get("redirectIncidentId")) if is_redirected else ""

    @property
    def alerts(self) -> list[Bag] | None:
        """Return the alerts that came with it; None where the list did not bring them."""
        found = self.raw.get("alerts")
        return bags_of(found) if isinstance(found, list) else None

    @property
    def comments(self) -> list[Bag]:
        """Return its comments, which every answer about one incident holds."""
        return bags_of(self.raw.get("comments"))


@dataclass(frozen=True, slots=True)
class GraphPage:
    """One page of Graph's list. `unreadable` are the records that could not be made out."""

    incidents: list[GraphIncident]
    unreadable: list[UnreadableRecord]
    next_link: str | None

    def __len__(self) -> int:
        return len(self.incidents) + len(self.unreadable)


class _Incident(WireStruct):
    id: Text = UNSET


_INCIDENTS = Reader(_Incident, ODataList)


def read_graph_page(body: bytes) -> GraphPage:
    """Read one page of incidents; raises NotAPage where the answer is none."""
    envelope, records = _INCIDENTS.read(body)
    items = _INCIDENTS.read_records(body, records, _read)
    return GraphPage(
        [item for item in items if isinstance(item, GraphIncident)],
        [item for item in items if isinstance(item, UnreadableRecord)],
        envelope.next_link,
    )


def read_graph_incident(body: bytes) -> GraphIncident:
    """Read the answer to a question about one incident; raises NotAPage where it is none."""
    item = _INCIDENTS.read_only(body, _read)
    if isinstance(item, UnreadableRecord):
        raise NotAPage(f"The incident cannot be read: {item.reason}.")
    return item


def read_graph_alerts(body: bytes) -> tuple[list[Bag], str | None]:
    """The alerts of one page as they came, and where the next one is; raises NotAPage."""
    envelope, records = _INCIDENTS.read(body)
    found = [orjson.loads(r.raw_json) for r in records if not isinstance(r, UnreadableRecord)]
    return found, envelope.next_link


def _read(record: WireRecord[_Incident]) -> GraphIncident:
    raw, found = orjson.loads(record.raw_json), record.value.id
    graph_id = str(found) if isinstance(found, str | int) and not isinstance(found, bool) else ""
    if not (graph_id.isascii() and graph_id.isdigit() and len(graph_id) <= MAX_ID_LENGTH):
        raise Unfit("it has no usable id")
    return GraphIncident(
        graph_id,
        raw,
        moment_field(raw.get("lastUpdateDateTime"), "", []),
        moment_field(raw.get("createdDateTime"), "", []),
    )


def version_of(incident: GraphIncident) -> str:
    """The substitute for an etag, which Graph lacks: the time of the last change, as text."""
    return GRAPH_VERSION + graph_text(incident.raw.get("lastUpdateDateTime"))


def is_graph_version(etag: str) -> bool:
    """Whether an etag is such a version: times of the two sides are never compared."""
    return etag.startswith(GRAPH_VERSION)


def incident_document(
    incident: GraphIncident,
    counterpart: Counterpart,
    *,
    alerts: Sequence[Bag],
    survivor: Counterpart | None = None,
) -> Bag:
    """The incident as Sentinel would have sent it, with all of Graph's under `graph`. `survivor` is
    the incident that it was merged into, where that is placed here.
    """
    raw, oddities = incident.raw, list[str]()
    properties: Bag = {
        "title": raw.get("displayName"),
        "description": raw.get("description"),
        "severity": _word(raw.get("severity"), SENTINEL_SEVERITY),
        "status": _word(raw.get("status"), SENTINEL_STATUS),
        "owner": _owner_of(raw.get("assignedTo"), counterpart.owner),
        "labels": _labels_of(raw, is_merged=bool(incident.redirected_to)),
        "createdTimeUtc": raw.get("createdDateTime"),
        "lastModifiedTimeUtc": raw.get("lastUpdateDateTime"),
        "incidentNumber": counterpart.number,
        "providerName": PROVIDER,
        "providerIncidentId": incident.id,
        "incidentUrl": raw.get("incidentWebUrl"),
        _RULES: _rules_of(alerts, counterpart),
        "additionalData": _additional_data(raw, alerts, counterpart)
        | _merged_into(incident.redirected_to, survivor),
        **_activity_of(alerts, counterpart),
        **_classification_of(raw, oddities),
    }
    kept = {name: value for name, value in raw.items() if name not in ("alerts", "comments")}
    return {
        "name": counterpart.name,
        # Whom it was merged into may become known later, without any change of its own.
        "etag": version_of(incident) + (f"/{survivor.number}" if survivor else ""),
        "type": "Microsoft.SecurityInsights/Incidents",
        "properties": {name: value for name, value in properties.items() if value is not None},
        "oddities": oddities,
        "graph": kept,
    }


def _rules_of(alerts: Sequence[Bag], counterpart: Counterpart) -> list[str]:
    """The analytics rules behind an incident: by their full ids where Sentinel's list named them,
    else by the name alone, which is all that Graph has.
    """
    listed = texts_of((counterpart.listed or {}).get(_RULES))
    names = {rule.rsplit("/", 1)[-1].casefold() for rule in listed}
    detectors = {graph_text(alert.get("detectorId")) for alert in alerts} - {""}
    return sorted({*listed, *(rule for rule in detectors if rule.casefold() not in names)})


def _word(value: Any, words: dict[str, str]) -> Any:
    """Sentinel's word; one that it does not have stays as it came, and the reader flags it."""
    return words.get(graph_text(value).casefold(), value)


def _owner_of(assigned_to: Any, listed: Bag | None) -> Bag:
    """Return the owner by Graph's name, with the object id that Sentinel lists for it."""
    name = graph_text(assigned_to).strip()
    names = ("userPrincipalName", "email", "assignedTo")
    if listed and name.casefold() in {graph_text(listed.get(k)).casefold() for k in names} - {""}:
        return listed
    owner: Bag = dict.fromkeys(("objectId", *names))
    if name:
        owner["userPrincipalName" if "@" in name else "assignedTo"] = name
    return owner


def _labels_of(raw: Bag, *, is_merged: bool) -> list[Bag]:
    labels = [{"labelName": tag, "labelType": "User"} for tag in texts_of(raw.get("customTags"))]
    names = {label["labelName"].casefold() for label in labels}
    automatic = [*texts_of(raw.get("systemTags")), *(["Redirected"] if is_merged else [])]
    labels += [
        {"labelName": tag, "labelType": "AutoAssigned"}
        for tag in automatic
        if tag.casefold() not in names
    ]
    return labels


def _classification_of(raw: Bag, oddities: list[str]) -> Bag:
    word = graph_text(raw.get("classification"))
    determination = graph_text(raw.get("determination")).casefold()
    if determination and determination not in DETERMINATIONS:
        oddities.append("determination:unknown")
    comment = raw.get("resolvingComment")
    found: Bag = {"classificationComment": comment} if graph_text(comment) else {}
    if word.casefold() in UNSET_WORDS:
        is_closed = graph_text(raw.get("status")).casefold() == "resolved"
        return found | ({"classification": "Undetermined"} if is_closed else {})
    classification, reason = SENTINEL_CLASSIFICATION.get(word.casefold(), (word, None))
    return found | {"classification": classification, "classificationReason": reason}


def _additional_data(raw: Bag, alerts: Sequence[Bag], counterpart: Counterpart) -> Bag:
    products = [product_of(alert) for alert in alerts]
    tactics = [graph_text(alert.get("category")) for alert in alerts]
    techniques = [word for alert in alerts for word in texts_of(alert.get("mitreTechniques"))]
    return {
        "alertsCount": max(len(alerts), counterpart.alerts_count),
        "commentsCount": len(bags_of(raw.get("comments"))),
        "alertProductNames": _distinct([*counterpart.words("alertProductNames"), *products]),
        "tactics": _distinct([*counterpart.words("tactics"), *tactics]),
        "techniques": _distinct([*counterpart.words("techniques"), *techniques]),
        "providerIncidentUrl": raw.get("incidentWebUrl"),
    }


def _merged_into(survivor_id: str, survivor: Counterpart | None) -> Bag:
    if not survivor_id:
        return {}
    merged: Bag = {"mergedIncidentUrl": survivor_id}
    if survivor is not None and survivor.number is not None:
        merged["mergedIncidentNumber"] = survivor.number
    return merged


def _activity_of(alerts: Sequence[Bag], counterpart: Counterpart) -> Bag:
    """Return when the alerts were active, by Graph's alerts."""
    found: Bag = {}
    for name, member, choose in (
        ("firstActivityTimeUtc", "firstActivityDateTime", min),
        ("lastActivityTimeUtc", "lastActivityDateTime", max),
    ):
        texts = [counterpart.moment(name), *(graph_text(alert.get(member)) for alert in alerts)]
        moments = {at: text for text in texts if (at := moment_field(text or None, "", []))}
        if moments:
            found[name] = moments[choose(moments)]
    return found


def product_of(alert: Bag) -> str:
    """The product behind an alert by the name that Sentinel gives it."""
    return D4IOT_PRODUCT if is_from_d4iot(alert) else graph_text(alert.get("productName"))


def _distinct(words: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(word for word in words if word))
