"""Incidents in Sentinel's own words, read so that no odd member can lose one."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any

import orjson
from msgspec import UNSET, Struct, UnsetType

from alerts.sentinel.wire.records import (
    Bag,
    Count,
    ListAnswer,
    Reader,
    Text,
    Unfit,
    UnreadableRecord,
    WireRecord,
    WireStruct,
    Words,
)
from alerts.sentinel.wire.values import (
    CLASSIFICATION,
    CLASSIFICATION_REASON,
    D4IOT_PRODUCTS,
    INCIDENT_STATUS,
    LABEL_KIND,
    MAX_COMMENT_LENGTH,
    OWNER_KIND,
    SEVERITY,
    OtScope,
    Outside,
    is_missing,
    moment_field,
    read_choice,
    read_count,
    read_moments,
    read_words,
    text_field,
)

_FIRST_ID = re.compile(rb'"id"\s*:\s*"[^"\\]*/incidents/([0-9a-z_.~-]+)"', re.IGNORECASE)
USABLE_NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z_.~-]{0,127}")


class WireLabel(Struct, frozen=True, gc=False):
    """One label; those of kind AutoAssigned cannot be removed by us."""

    name: str
    kind: str | None


class WireOwner(Struct, frozen=True, gc=False):
    """Who owns an incident in Sentinel: a person, a group or an app."""

    object_id: str | None
    email: str | None
    assigned_to: str | None
    user_principal_name: str | None
    kind: str | None


class WireIncident(Struct, frozen=True, gc=False, kw_only=True):
    """One incident as listed, as far as anybody asks; `raw_json` is all of it as compact JSON."""

    name: str
    etag: str | None
    title: str | None
    classification: str | None
    classification_reason: str | None
    number: int | None
    severity: str | None
    status: str | None
    owner: WireOwner | None
    labels: tuple[WireLabel, ...]
    created_at: datetime | None
    modified_at: datetime | None
    latest_activity_at: datetime | None
    created_text: str | None
    modified_text: str | None
    latest_activity_text: str | None
    tactics: tuple[str, ...]
    techniques: tuple[str, ...]
    product_names: tuple[str, ...]
    rule_ids: tuple[str, ...]
    alerts_count: int | None
    comments_count: int | None
    merged_into_number: int | None
    merged_into_url: str | None
    flags: tuple[str, ...]
    raw_json: bytes

    @property
    def raw(self) -> Bag:
        """All of it, parsed anew."""
        whole: Bag = orjson.loads(self.raw_json)
        return whole

    @property
    def is_merged_away(self) -> bool:
        """Whether correlation moved this incident into another one."""
        if self.merged_into_number is not None or self.merged_into_url:
            return True
        return "redirected" in [label.name.casefold() for label in self.labels]

    @property
    def is_from_d4iot(self) -> bool:
        """Whether Defender for IoT is among the products behind this incident."""
        return any(name.strip().casefold() in D4IOT_PRODUCTS for name in self.product_names)

    def outside_of(self, scope: OtScope) -> Outside | None:
        """Why it is outside of a workspace's scope; None where it is in."""
        return scope.outside(
            title=self.title,
            products=self.product_names,
            rules=self.rule_ids,
            created=self.created_at,
            alerts_count=self.alerts_count,
        )


class _Label(WireStruct):
    labelName: Text = UNSET
    labelType: Text = UNSET


class _Owner(WireStruct):
    objectId: Text = UNSET
    email: Text = UNSET
    assignedTo: Text = UNSET
    userPrincipalName: Text = UNSET
    ownerType: Text = UNSET


class _AdditionalData(WireStruct):
    alertsCount: Count = UNSET
    bookmarksCount: Count = UNSET
    commentsCount: Count = UNSET
    alertProductNames: Words = UNSET
    tactics: Words = UNSET
    techniques: Words = UNSET
    providerIncidentUrl: Text = UNSET
    mergedIncidentNumber: Count = UNSET
    mergedIncidentUrl: Text = UNSET


class _Properties(WireStruct):
    parts = {"owner": _Owner, "labels": _Label, "additionalData": _AdditionalData}

    title: Text = UNSET
    description: Text = UNSET
    severity: Text = UNSET
    status: Text = UNSET
    classification: Text = UNSET
    classificationReason: Text = UNSET
    classificationComment: Text = UNSET
    owner: _Owner | UnsetType | None = UNSET
    labels: list[_Label] | UnsetType | None = UNSET
    firstActivityTimeUtc: Text = UNSET
    lastActivityTimeUtc: Text = UNSET
    lastModifiedTimeUtc: Text = UNSET
    createdTimeUtc: Text = UNSET
    incidentNumber: Count = UNSET
    additionalData: _AdditionalData | UnsetType | None = UNSET
    relatedAnalyticRuleIds: Words = UNSET
    incidentUrl: Text = UNSET
    providerName: Text = UNSET
    providerIncidentId: Text = UNSET


class _Incident(WireStruct):
    parts = {"properties": _Properties}

    name: Text = UNSET
    etag: Text = UNSET
    id: Text = UNSET
    type: Text = UNSET
    properties: _Properties | UnsetType | None = UNSET
    oddities: Words = UNSET  # what a translation into Sentinel's words could not make out


_READER = Reader(_Incident)
_NO_DATA = _AdditionalData()


class IncidentPage:
    """One page of incidents. `heads` shows what changed, `picked` reads those, `items` all."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._answer: ListAnswer[_Incident] | None = _READER.answer(body)
        self._records: Sequence[WireRecord[_Incident] | UnreadableRecord] | None = None
        self._values: Sequence[_Incident | None]
        if self._answer is None:
            envelope = self._read_records()
        else:
            envelope, self._values = self._answer, self._answer.value or []
        self.next_link = envelope.next_link

    def __len__(self) -> int:
        return len(self._values)

    @cached_property
    def heads(self) -> Sequence[tuple[str | None, str | None]]:
        """Name and etag of each record, in the page's order; a part that is not there is None."""
        return [_head_of(value) for value in self._values]

    def latest_modified(self, *, until: datetime) -> datetime | None:
        """The latest time of change the page names, later ones than `until` left out: those are
        mistakes, and nobody may take them for how far the list was read.
        """
        texts = [_modified_in(value) for value in self._values]
        moments: Sequence[datetime | None]
        try:
            moments = read_moments(texts)
        except (TypeError, ValueError):  # one of them is odd
            moments = [moment_field(text, "", []) for text in texts]
        return max((moment for moment in moments if moment and moment <= until), default=None)

    @property
    def items(self) -> list[WireIncident | UnreadableRecord]:
        """Every record of the page, in its order."""
        return self.picked(range(len(self)))

    def picked(self, places: Sequence[int]) -> list[WireIncident | UnreadableRecord]:
        """The records at these places of the page."""
        if self._records is None:
            self._read_records()
        return _READER.read_records(self._body, self._records or (), _read, places=places)

    def outside(self, places: Sequence[int], scope: OtScope) -> dict[int, Outside]:
        """Those of these places whose records are outside of a scope, each with the reason. None of
        them is read for that; one that cannot be read is not among them.
        """
        found = {}
        for place in places:
            value = self._values[place]
            if value is None or not isinstance(props := value.properties, _Properties):
                continue
            data = props.additionalData
            outside = scope.outside(
                title=props.title,
                products=data.alertProductNames if isinstance(data, _AdditionalData) else (),
                rules=props.relatedAnalyticRuleIds,
                created=props.createdTimeUtc,
                alerts_count=data.alertsCount if isinstance(data, _AdditionalData) else None,
            )
            if outside:
                found[place] = outside
        return found

    def _read_records(self) -> ListAnswer[Any]:
        envelope, self._records = _READER.records_of(self._body, self._answer)
        self._values = [None if isinstance(r, UnreadableRecord) else r.value for r in self._records]
        return envelope


def read_incident_page(body: bytes) -> IncidentPage:
    """Read one page of the list; raises NotAPage when the answer is none."""
    return IncidentPage(body)


def read_incident(body: bytes) -> WireIncident | UnreadableRecord:
    """Read the answer to a question about one incident."""
    return _READER.read_only(body, _read)


def name_in_beginning(answer: bytes) -> str:
    """Return the name of the first incident of an answer that was cut off; empty where the cut part
    lacks it.
    """
    found = _FIRST_ID.search(answer)
    name = found.group(1).decode() if found else ""
    return name.lower() if USABLE_NAME.fullmatch(name) else ""


def parse_incident(raw: Bag, raw_json: bytes) -> WireIncident:
    """Read one incident from its parsed JSON; raises Unfit where there is none to be read."""
    return _read(WireRecord(_Incident.of(raw), raw_json))


def usable_name(value: object) -> str:
    """The lower-cased name of a record in addresses; refuses what could not be one."""
    if value.__class__ is not str or not USABLE_NAME.fullmatch(value):
        raise Unfit("it has no usable name")
    return value.lower()


def _read(record: WireRecord[_Incident]) -> WireIncident:
    incident, flags = record.value, list(record.oddities)
    if incident.oddities:
        flags += read_words(incident.oddities, "oddities", flags)
    name, props = usable_name(incident.name), incident.properties
    if not isinstance(props, _Properties):
        raise Unfit("its properties are no object")
    data = props.additionalData
    if not isinstance(data, _AdditionalData):
        if not is_missing(data):
            flags.append("additional_data:not_an_object")
        data = _NO_DATA
    etag = text_field(incident.etag, "etag", flags)
    if not etag:
        flags.append("etag:missing")
    title = text_field(props.title, "title", flags)
    created, modified = props.createdTimeUtc, props.lastModifiedTimeUtc
    activity, number = props.lastActivityTimeUtc, props.incidentNumber
    if not (title and created and modified and number):
        flags += _missing(title=title, created_at=created, modified_at=modified, number=number)
    merged = data.mergedIncidentNumber
    return WireIncident(  # flags stand in the order in which these are read
        name=name,
        etag=etag,
        title=title,
        classification=read_choice(
            props.classification or None, CLASSIFICATION, "classification", flags
        ),
        classification_reason=read_choice(
            props.classificationReason or None,
            CLASSIFICATION_REASON,
            "classification_reason",
            flags,
        ),
        number=read_count(number, "number", flags),
        severity=read_choice(props.severity, SEVERITY, "severity", flags, required=True),
        status=read_choice(props.status, INCIDENT_STATUS, "status", flags, required=True),
        owner=_owner_of(props.owner, flags),
        labels=_labels_of(props.labels, flags),
        created_at=moment_field(created, "created_at", flags),
        modified_at=moment_field(modified, "modified_at", flags),
        latest_activity_at=moment_field(activity, "latest_activity_at", flags),
        created_text=created if created.__class__ is str else None,
        modified_text=modified if modified.__class__ is str else None,
        latest_activity_text=activity if activity.__class__ is str else None,
        tactics=read_words(data.tactics, "tactics", flags),
        techniques=read_words(data.techniques, "techniques", flags),
        product_names=read_words(data.alertProductNames, "product_names", flags),
        rule_ids=read_words(props.relatedAnalyticRuleIds, "rule_ids", flags),
        alerts_count=read_count(data.alertsCount, "alerts_count", flags),
        comments_count=read_count(data.commentsCount, "comments_count", flags),
        merged_into_number=read_count(merged, "merged_into_number", flags) if merged else None,
        merged_into_url=text_field(data.mergedIncidentUrl, "merged_into_url", flags),
        flags=tuple(flags),
        raw_json=record.raw_json,
    )


def _missing(**members: object) -> list[str]:
    return [f"{name}:missing" for name, value in members.items() if is_missing(value)]


def _owner_of(value: object, flags: list[str]) -> WireOwner | None:
    """The owner, or None where every member is empty."""
    if not isinstance(value, _Owner):
        if not is_missing(value):
            flags.append("owner:not_an_object")
        return None
    object_id = text_field(value.objectId, "owner.object_id", flags)
    email = text_field(value.email, "owner.email", flags)
    assigned_to = text_field(value.assignedTo, "owner.assigned_to", flags)
    principal = text_field(value.userPrincipalName, "owner.user_principal_name", flags)
    if not (object_id or email or assigned_to or principal):
        return None
    kind = read_choice(value.ownerType, OWNER_KIND, "owner.kind", flags)
    return WireOwner(object_id, email, assigned_to, principal, kind)


def _labels_of(value: object, flags: list[str]) -> tuple[WireLabel, ...]:
    """The labels that have a name."""
    if value.__class__ is not list:
        if not is_missing(value):
            flags.append("labels:not_a_list")
        return ()
    labels = []
    for label in value:
        name = label.labelName if isinstance(label, _Label) else None
        if isinstance(name, str) and name:
            kind = read_choice(label.labelType, LABEL_KIND, "labels.kind", flags)
            labels.append(WireLabel(name, kind))
        else:
            flags.append("labels:without_name")
    return tuple(labels)


def _head_of(value: _Incident | None) -> tuple[str | None, str | None]:
    if value is None:
        return None, None
    name, etag = value.name, value.etag
    return (
        name.lower() if isinstance(name, str) else None,
        etag if isinstance(etag, str) else None,
    )


def _modified_in(value: _Incident | None) -> object:
    properties = value.properties if value is not None else None
    return properties.lastModifiedTimeUtc if isinstance(properties, _Properties) else None


_READ_ONLY = frozenset(
    {
        "additionaldata",
        "createdtimeutc",
        "incidentnumber",
        "incidenturl",
        "lastmodifiedtimeutc",
        "providerincidentid",
        "providername",
        "relatedanalyticruleids",
        "teaminformation",
    }
)
_CHANGEABLE = frozenset(
    {
        "classification",
        "classificationComment",
        "classificationReason",
        "description",
        "owner",
        "severity",
        "status",
        "title",
    }
)


def incident_put_body(
    raw: Bag,
    changes: dict[str, Any],
    *,
    add_labels: Iterable[str] = (),
    remove_labels: Iterable[str] = (),
) -> dict[str, Any]:
    """The whole incident as read, with our changes: a PUT clears whatever it leaves out.

    A change of None takes a member out. The etag goes back exactly as it came, so that an edit
    made meanwhile refuses ours; without one nothing may be sent.
    """
    etag, properties = raw.get("etag"), raw.get("properties")
    if not isinstance(etag, str) or not etag:
        raise Unfit("it has no etag, so a newer edit could be overwritten")
    if not isinstance(properties, dict):
        raise Unfit("its properties are no object")
    if unknown := set(changes) - _CHANGEABLE:
        raise ValueError(f"Tagout does not change {', '.join(sorted(unknown))} of an incident.")
    members = {
        name: value
        for name, value in properties.items()
        if name.casefold() not in _READ_ONLY and changes.get(name, ...) is not None
    }
    members |= {name: value for name, value in changes.items() if value is not None}
    members["labels"] = merged_labels(
        properties.get("labels"), add=add_labels, remove=remove_labels
    )
    return {"etag": etag, "properties": members}


def merged_labels(
    labels: object, *, add: Iterable[str] = (), remove: Iterable[str] = ()
) -> list[dict[str, str]]:
    """The labels that are there and ours, each once; the kind of a label is never sent."""
    gone = {name.casefold() for name in remove}
    names = [
        label["labelName"]
        for label in (labels if isinstance(labels, list) else [])
        if isinstance(label, dict)
        and isinstance(label.get("labelName"), str)
        and (label.get("labelType") == "AutoAssigned" or label["labelName"].casefold() not in gone)
    ]
    once: dict[str, str] = {}
    for name in (*names, *add):
        once.setdefault(name.casefold(), name)
    return [{"labelName": name} for name in once.values()]


def comment_body(message: str) -> dict[str, Any]:
    """A comment as Sentinel takes it; what is too long ends with a sign that it was cut."""
    if len(message) > MAX_COMMENT_LENGTH:
        message = message[: MAX_COMMENT_LENGTH - 2] + " …"
    return {"properties": {"message": message}}
