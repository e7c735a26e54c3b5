"""Scripted faults: which calls they meet, how often, and what happens instead of a good answer:
refusals, broken bodies and links, and incidents as no healthy service would send them.
"""

import gzip
import json
import random
import re
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import orjson

from simulator.clock import TICKS_PER_SECOND, iso, parse_time, to_moment
from simulator.replies import Reply

Json = dict[str, Any]
HUGE = 10**4_300 - 1  # the largest number of digits that Python itself still prints
_DATES = {
    "date_year_one": "0001-01-01T00:00:00Z",
    "date_no_such_day": "2026-02-30T10:00:00Z",
    "date_far_future": "12026-01-01T00:00:00Z",
    "date_no_fraction": "2026-11-01T10:00:00Z",
    "date_no_zone": "2026-11-01T10:00:00.1234567",
    "date_text": "yesterday",
    "date_empty": "",
}
_TIMES = ("createdTimeUtc", "lastModifiedTimeUtc", "firstActivityTimeUtc")
BODIES = ("truncated", "wrong_length", "html", "empty", "not_json", "gzip_bomb", "drip")
FOREIGN = "https://pages.elsewhere.example"
_PAGE = "<!DOCTYPE html><html><head><title>Sign in</title></head><body>Please wait</body></html>"


def mangle(resource: Json, how: str) -> bytes:
    """The bytes of an incident after one kind of damage; raises KeyError for unknown kinds."""
    return MANGLERS[how](resource)


def _as_bytes(resource: Any) -> bytes:
    return json.dumps(resource).encode()


# Members of an incident in Azure Resource Manager -> the same in Graph, which has no `properties`.
_GRAPH_MEMBERS = {
    "title": "displayName",
    "owner": "assignedTo",
    "labels": "customTags",
    "incidentNumber": "priorityScore",
    "additionalData": "comments",
    "createdTimeUtc": "createdDateTime",
    "lastModifiedTimeUtc": "lastUpdateDateTime",
    "classificationReason": "determination",
    "firstActivityTimeUtc": "createdDateTime",
}


def _is_of_graph(resource: Json) -> bool:
    return "properties" not in resource


def _with(resource: Json, **changed: Any) -> bytes:
    if _is_of_graph(resource):
        members = {_GRAPH_MEMBERS.get(member, member): changed[member] for member in changed}
        return _as_bytes({**resource, **members})
    return _as_bytes({**resource, "properties": {**resource["properties"], **changed}})


def _without(resource: Json, *members: str) -> Json:
    if _is_of_graph(resource):
        gone = {_GRAPH_MEMBERS.get(member, member) for member in members}
        return {key: value for key, value in resource.items() if key not in gone}
    rest = {key: value for key, value in resource["properties"].items() if key not in members}
    return {**resource, "properties": rest}


def _with_literal(resource: Json, member: str, literal: str) -> bytes:
    mark = "@@here@@"
    return _with(resource, **{member: mark}).replace(f'"{mark}"'.encode(), literal.encode())


def _with_other_names(resource: Json) -> bytes:
    if _is_of_graph(resource):
        rest = _without(resource, "title", "status")
        return _as_bytes({**rest, "incidentTitle": "x", "incident_status": resource.get("status")})
    properties = dict(resource["properties"])
    properties["incidentTitle"] = properties.pop("title", None)
    properties["incident_status"] = properties.pop("status", None)
    return _as_bytes({**resource, "properties": properties})


def _duplicate_keys(resource: Json) -> bytes:
    if _is_of_graph(resource):
        return _as_bytes(resource).replace(b"{", b'{"displayName": "first",', 1)
    return _as_bytes(resource).replace(b'"properties": {', b'"properties": {"title": "first",', 1)


def _with_dates(text: str) -> Callable[[Json], bytes]:
    def damage(resource: Json) -> bytes:
        return _with(resource, **dict.fromkeys(_TIMES, text))

    return damage


def _in_three_days(resource: Json) -> bytes:
    members = resource if _is_of_graph(resource) else resource["properties"]
    created = parse_time(str(members.get("createdTimeUtc") or members["createdDateTime"]))
    return _with_dates(iso(created + 3 * 86_400 * TICKS_PER_SECOND))(resource)


MANGLERS: dict[str, Callable[[Json], bytes]] = {
    "no_name": lambda one: _as_bytes({key: one[key] for key in one if key not in {"name", "id"}}),
    "properties_list": lambda one: _as_bytes(
        ["not", "an", "object"]
        if _is_of_graph(one)
        else {**one, "properties": ["not", "an", "object"]}
    ),
    "properties_null": lambda one: _as_bytes(
        None if _is_of_graph(one) else {**one, "properties": None}
    ),
    "no_object": lambda _: b'"an incident that is only text"',
    "null_members": lambda one: _with(
        one, title=None, owner=None, labels=None, additionalData=None
    ),
    "missing_members": lambda one: _as_bytes(
        _without(one, "title", "severity", "status", "additionalData", "incidentNumber")
    ),
    "renamed_members": _with_other_names,
    "wrong_types": lambda one: _with(
        one,
        title=17,
        labels="none",
        owner=[],
        incidentNumber="x",
        additionalData="text",
        severity={"is": "High"},
    ),
    "odd_status": lambda one: _with(one, status="Pondering"),
    "odd_severity": lambda one: _with(one, severity="Apocalyptic"),
    "odd_classification": lambda one: _with(
        one, status="Closed", classification="Perhaps", classificationReason="Mood"
    ),
    "nul": lambda one: _with(one, title="before\x00after"),
    "lone_surrogate": lambda one: _with_literal(one, "title", '"half \\ud83d a smile"'),
    "nan": lambda one: _with_literal(one, "incidentNumber", "NaN"),
    "huge_int": lambda one: _with_literal(one, "incidentNumber", str(HUGE) + "9" * 700),
    "deep": lambda one: _with_literal(one, "additionalData", "[" * 100_000 + "]" * 100_000),
    "duplicate_keys": _duplicate_keys,
    "date_in_three_days": _in_three_days,
    **{name: _with_dates(text) for name, text in _DATES.items()},
}


@dataclass
class Fault:
    """One scripted fault. Without count, probability and until it meets every matching call."""

    path: str = ".*"
    method: str = ".*"
    count: int | None = None
    skip: int = 0
    probability: float = 1.0
    until: str | None = None
    status: int | None = None
    code: str = "ServiceUnavailable"
    headers: dict[str, str] = field(default_factory=dict)
    retry_after: int | str | None = None
    answer: Any = None
    applied: bool = False
    delay: float = 0.0
    body: str | None = None
    size: int = 64 * 1024 * 1024
    drop: str | None = None
    next_link: str | None = None
    older_versions: bool = False
    mangle: str | None = None
    name: str = ""
    hits: int = 0

    def check(self) -> None:
        """Raise ValueError for what would never do anything, with a sentence."""
        try:
            re.compile(self.path), re.compile(self.method)
        except re.PatternError as wrong:
            raise ValueError(f"invalid regular expression: {wrong}") from None
        for member, allowed in (
            ("body", BODIES),
            ("drop", ("before", "after")),
            ("mangle", tuple(MANGLERS)),
        ):
            if getattr(self, member) not in {None, *allowed}:
                raise ValueError(f"{member} must be one of {', '.join(allowed)}")
        if self.until is not None:
            parse_time(self.until)
        if not any(
            (
                self.status,
                self.delay,
                self.body,
                self.drop,
                self.next_link,
                self.older_versions,
                self.mangle,
            )
        ):
            raise ValueError("the fault has no effect")

    def meets(self, method: str, path: str, now: datetime) -> bool:
        """Whether this call is one that the fault is about, counting aside."""
        if self.until is not None and now >= to_moment(parse_time(self.until)):
            return False
        if self.count is not None and self.count <= 0:
            return False
        return bool(
            re.fullmatch(self.method, method, re.IGNORECASE)
            and re.search(self.path, path, re.IGNORECASE)
        )

    def waiting_header(self, now: datetime) -> dict[str, str]:
        """Retry-After in the form that was asked for: seconds, a date, or nonsense."""
        if self.retry_after is None:
            return {}
        text = str(self.retry_after)
        if text.startswith("date:"):
            then = now + timedelta(seconds=float(text.removeprefix("date:")))
            text = format_datetime(then, usegmt=True)
        return {"Retry-After": text}


class Faults:
    """The faults in force. The first that meets a call has it."""

    def __init__(self, seed: int = 0) -> None:
        self._dice = random.Random(seed)
        self._faults: list[Fault] = []
        self._made = 0

    def add(self, values: dict[str, Any], *, now: datetime) -> Fault:
        """Put a fault in force; raises ValueError or TypeError when it makes no sense."""
        values = dict(values)
        if "for_seconds" in values:
            until = now + timedelta(seconds=float(values.pop("for_seconds")))
            values["until"] = f"{until:%Y-%m-%dT%H:%M:%S.%f}Z"
        fault = Fault(**values)
        fault.check()
        self._made += 1
        fault.name = fault.name or f"fault-{self._made}"
        self._faults.append(fault)
        return fault

    def clear(self, name: str = "") -> int:
        """Take faults out of force, all or those of one name; returns how many."""
        rest = [fault for fault in self._faults if name and fault.name != name]
        cleared = len(self._faults) - len(rest)
        self._faults = rest
        return cleared

    def meet(self, method: str, path: str, now: datetime) -> Fault | None:
        """The fault that this call runs into, if any; counts it."""
        for fault in self._faults:
            if not fault.meets(method, path, now):
                continue
            if fault.skip > 0:
                fault.skip -= 1
                continue
            if self._dice.random() >= fault.probability:
                continue
            if fault.count is not None:
                fault.count -= 1
            fault.hits += 1
            return fault
        return None

    def describe(self) -> list[dict[str, Any]]:
        """The faults in force, with how often each was met."""
        return [asdict(fault) for fault in self._faults]


def spoil_list(reply: Reply, fault: Fault, *, address: str, older: Iterable[bytes]) -> None:
    """Change a good page of a list as the fault asks; anything that is no page stays as it is."""
    wishes = (fault.next_link, fault.older_versions, fault.mangle)
    if reply.status != 200 or not any(wishes):
        return
    try:
        page = orjson.loads(reply.content())
    except orjson.JSONDecodeError:
        return  # an incident on it is damaged already
    if not isinstance(page, dict) or not isinstance(page.get("value"), list):
        return
    if fault.older_versions:
        page["value"] += [orjson.loads(body) for body in older]
    link = "@odata.nextLink" if "@odata.context" in page else "nextLink"
    if fault.next_link:
        page[link] = _other_link(page.get(link) or address, fault.next_link, address)
    reply.body = _damage_first(page, fault.mangle) if fault.mangle else orjson.dumps(page)


def _other_link(link: str, how: str, address: str) -> str:
    if how == "foreign":
        parts = urlsplit(link)
        return f"{FOREIGN}{parts.path}?{parts.query}"
    return address if how in {"loop", "duplicate"} else how


def _damage_first(page: Json, how: str) -> bytes:
    pieces = [orjson.dumps(resource) for resource in page["value"]]
    if pieces:
        pieces[0] = mangle(page["value"][0], how)
    rest = orjson.dumps({key: value for key, value in page.items() if key != "value"})[1:]
    return b'{"value":[%s]%s%s' % (b",".join(pieces), b"," if len(rest) > 1 else b"", rest)


@lru_cache(maxsize=4)
def _bomb(size: int) -> bytes:
    """A small body that unpacks to so many bytes. Made once: others are answered meanwhile."""
    return gzip.compress(b'{"value":[' + b" " * size + b"]}")


def spoil_body(reply: Reply, how: str, size: int) -> None:
    """Put another body in the place of the good one; `truncated` and such happen on the wire."""
    if how == "html":
        reply.body = _PAGE.encode()
        reply.headers["content-type"] = "text/html; charset=utf-8"
    elif how == "empty":
        reply.body = None
    elif how == "not_json":
        reply.body = b'{"value": [{"name": }'
    elif how == "gzip_bomb":
        reply.body = _bomb(size)
        reply.headers["content-encoding"] = "gzip"


def refusal_of(fault: Fault) -> Reply:
    """The answer that the fault gives instead of Azure's."""
    body = fault.answer
    if body is None:
        body = {"error": {"code": fault.code, "message": "A scripted fault answered this call."}}
    if isinstance(body, str):
        body = body.encode()
    return Reply(fault.status or 500, body, dict(fault.headers), effect="scripted fault")
