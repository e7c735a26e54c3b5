"""Playbooks (Logic Apps) and their runs as Azure Resource Manager shows them."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any, Final

import orjson

from alerts.sentinel.wire.records import Bag, NotAPage
from alerts.sentinel.wire.values import moment_field

MAX_STEPS: Final = 1000  # of one playbook
MAX_STEP_LENGTH: Final = 300
MAX_DEPTH: Final = 20  # of branches and loops in one another
INCIDENT_TRIGGER: Final = "incident-creation"  # part of the path that Sentinel's trigger listens at
SENTINEL_TRIGGERS: Final = (INCIDENT_TRIGGER, "/subscribe", "/entity/")  # alerts and entities, too
_OWN_TAGS: Final = re.compile(rb"workflow(?:\s|\\[bfnrt]|\\u[0-9a-f]{4})*\(")  # in JSON
_SITE_KIND: Final = "workflowapp"  # among the words that say what a site runs
_GROUP: Final = r"/subscriptions/[^/]+/resourceGroups/[^/]+/providers/"
_CONSUMPTION: Final = re.compile(_GROUP + r"Microsoft\.Logic/workflows/[^/]+", re.IGNORECASE)
_STANDARD: Final = re.compile(_GROUP + r"Microsoft\.Web/sites/[^/]+/workflows/[^/]+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class WirePlaybook:
    """One Logic App. `steps` are the names of its actions, of the inner ones too, each with the
    connector or type behind it. Without `has_all_steps` there are more, or some are nested deeper,
    than was read. `definition_digest` changes with anything in its definition and parameters; both
    are here as Azure has them. `connectors` are the connectors of its connections, "" of one that
    could not be read, by the id of the connection in lower case; they are read one by one
    (`connections.py`) and are part of the digest then.
    """

    resource_id: str  # lower case, as Azure compares them
    name: str
    location: str
    description: str
    is_enabled: bool
    has_incident_trigger: bool
    has_sentinel_trigger: bool
    steps: tuple[str, ...]
    has_all_steps: bool
    definition_digest: str
    definition: Any = field(default=None, repr=False)
    parameters: Any = field(default=None, repr=False)
    connectors: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class WireRun:
    """One run. `about` is what Azure ran it for, lower case: for Sentinel's own starts it
    names the incident.
    """

    name: str
    status: str
    started_at: datetime | None
    ended_at: datetime | None
    about: str
    error_code: str
    error: str


def read_playbooks(body: bytes) -> tuple[list[WirePlaybook], str | None]:
    """The playbooks of one page, and where the next one is. What is no Logic App is passed over.
    Raises NotAPage when it is no list.
    """
    items, link = _page(body)
    return [found for item in items if (found := _playbook(item)) is not None], link


def read_playbook(body: bytes) -> WirePlaybook:
    """One playbook. Raises NotAPage when it is none."""
    try:
        found = _playbook(orjson.loads(body))
    except orjson.JSONDecodeError:
        raise NotAPage("no JSON") from None
    if found is None:
        raise NotAPage("no Logic App")
    return found


def read_runs(body: bytes) -> tuple[list[WireRun], str | None]:
    """The runs of one page, newest first, and where the next one is. Raises NotAPage."""
    items, link = _page(body)
    return [found for item in items if (found := _run(item)) is not None], link


def is_playbook_id(text: str) -> bool:
    """Whether this is the address of a Logic App, and of nothing else."""
    return _CONSUMPTION.fullmatch(text) is not None or is_standard_playbook(text)


def is_standard_playbook(text: str) -> bool:
    """Whether this is the address of a workflow of a Standard Logic App."""
    return _STANDARD.fullmatch(text) is not None


def read_playbook_sites(body: bytes) -> tuple[list[str], str | None]:
    """The ids of the sites of one page that run Logic Apps, and where the next page is. Raises
    NotAPage when it is no list.
    """
    items, link = _page(body)
    sites = [site for site in map(_bag, items) if _SITE_KIND in _text(site.get("kind")).lower()]
    return [site_id for site in sites if (site_id := _text(site.get("id")))], link


def read_playbook_ids(body: bytes) -> tuple[list[str], str | None]:
    """The ids of the workflows of one page, and where the next one is. Raises NotAPage when it is
    no list.
    """
    items, link = _page(body)
    ids = [_text(_bag(item).get("id")) for item in items]
    return [found for found in ids if is_standard_playbook(found)], link


def _page(body: bytes) -> tuple[list[Any], str | None]:
    try:
        whole = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise NotAPage("no JSON") from None
    items = whole.get("value") if isinstance(whole, dict) else None
    if not isinstance(items, list):
        raise NotAPage("no list of playbooks or runs")
    link = whole.get("nextLink")
    return items, link if isinstance(link, str) and link else None


def _playbook(item: Any) -> WirePlaybook | None:
    whole = _in_consumption_words(_bag(item))
    resource_id, name = _text(whole.get("id")), _text(whole.get("name"))
    if not name or not is_playbook_id(resource_id):
        return None
    properties = _bag(whole.get("properties"))
    definition = _bag(properties.get("definition"))
    description = properties.get("description") or _bag(definition.get("metadata")).get("notes")
    digest = json_digest(_what_counts(whole, definition, properties.get("parameters")))
    steps, has_all_steps = _all_steps(_bag(definition.get("actions")))
    return WirePlaybook(
        resource_id=resource_id.lower(),
        name=name[:200],
        location=_text(whole.get("location"))[:60],
        description=_text(description)[:1000],
        is_enabled=_text(properties.get("state")).casefold() == "enabled",
        has_incident_trigger=_listens(definition, INCIDENT_TRIGGER),
        has_sentinel_trigger=_listens(definition, *SENTINEL_TRIGGERS),
        steps=steps,
        has_all_steps=has_all_steps and bool(digest) and bool(definition),
        definition_digest=digest,
        definition=properties.get("definition"),
        parameters=properties.get("parameters"),
    )


def _in_consumption_words(whole: Bag) -> Bag:
    """A workflow of a Standard Logic App as one of the other kind: what it does is in files of its
    site, and its connections and parameters count as its parameters.
    """
    if not is_standard_playbook(_text(whole.get("id"))):
        return whole
    properties = _bag(whole.get("properties"))
    files = dict(_bag(properties.get("files")))
    definition = _bag(files.pop("workflow.json", None)).get("definition")
    words = {
        "state": properties.get("flowState"),
        "definition": definition,
        "parameters": files or None,
    }
    return {**whole, "properties": words}


def _listens(definition: Bag, *places: str) -> bool:
    """Sentinel finds the trigger by where it listens, whatever people call it."""
    triggers = _bag(definition.get("triggers")).values()
    paths = [_text(_bag(_bag(found).get("inputs")).get("path")).casefold() for found in triggers]
    return any(place in path for place in places for path in paths)


def _what_counts(whole: Bag, definition: Bag, parameters: Any) -> list[Any]:
    """What a digest is made of: tags of the Logic App, too, where a step may read them."""
    try:
        text = orjson.dumps([definition, parameters]).lower()
    except orjson.JSONEncodeError:
        return [definition]  # has no digest either
    return [definition, parameters, *([whole.get("tags")] if _OWN_TAGS.search(text) else [])]


def _all_steps(actions: Bag) -> tuple[tuple[str, ...], bool]:
    """The steps in their order, and whether these are all."""
    found = list(islice(_steps(actions, depth=MAX_DEPTH), MAX_STEPS + 1))
    steps = tuple(step for step in found[:MAX_STEPS] if step is not None)
    return steps, len(found) <= MAX_STEPS and None not in found


def _steps(actions: Bag, *, depth: int) -> Iterator[str | None]:
    """Each action by its name and by what it calls; branches and loops hold more of them. None
    replaces those that are nested too deep.
    """
    if actions and not depth:
        yield None
        return
    for name, action in actions.items():
        body = _bag(action)
        yield _step(name, body)
        yield from _steps(_bag(body.get("actions")), depth=depth - 1)
        for branch in (_bag(body.get("else")), _bag(body.get("default"))):
            yield from _steps(_bag(branch.get("actions")), depth=depth - 1)
        for case in _bag(body.get("cases")).values():
            yield from _steps(_bag(_bag(case).get("actions")), depth=depth - 1)


def json_digest(value: Any) -> str:
    """Return a digest that does not depend on the order of members; empty where the value is nested
    too deep.
    """
    try:
        text = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError:
        return ""
    return hashlib.sha256(text).hexdigest()


def _step(name: str, body: Bag) -> str:
    """One action. Of a long text the end is replaced by a digest, so that no change is missed."""
    inputs = _bag(body.get("inputs"))
    host = _bag(inputs.get("host"))
    connection, called = _bag(host.get("connection")), _bag(host.get("workflow"))
    named = connection.get("name") or connection.get("referenceName")  # by what the plan calls it
    provider = _bag(inputs.get("serviceProviderConfiguration"))
    parts = [name, body.get("type"), named, inputs.get("path")]
    parts += [provider.get("serviceProviderId"), provider.get("operationId")]
    parts.append(_text(called.get("id")).rpartition("/")[2])  # another Logic App
    parts += [inputs.get("method"), inputs.get("uri"), _bag(inputs.get("function")).get("id")]
    text = " ".join(part for part in map(_text, parts) if part)
    if len(text) <= MAX_STEP_LENGTH:
        return text
    digest = hashlib.sha256(text.encode(errors="replace")).hexdigest()[:16]
    return f"{text[: MAX_STEP_LENGTH - 20]}… {digest}"


def _run(item: Any) -> WireRun | None:
    whole = _bag(item)
    name, properties = _text(whole.get("name")), _bag(whole.get("properties"))
    if not name:
        return None
    error = _bag(properties.get("error"))
    about = _bag(properties.get("correlation")).get("clientTrackingId")
    return WireRun(
        name=name[:100],
        status=_text(properties.get("status"))[:40] or "Unknown",
        started_at=moment_field(properties.get("startTime"), "startTime", []),
        ended_at=moment_field(properties.get("endTime"), "endTime", []),
        about=_text(about)[:500].lower(),
        error_code=(_text(properties.get("code")) or _text(error.get("code")))[:100],
        error=_text(error.get("message"))[:500],
    )


def _bag(value: Any) -> Bag:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    return value.replace("\x00", "\N{REPLACEMENT CHARACTER}") if isinstance(value, str) else ""
