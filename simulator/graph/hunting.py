"""Advanced hunting: questions in KQL over the log tables of one workspace and the alerts of the
portal. A workspace that is not there is answered for the primary one, without an error.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import orjson

from simulator.graph.call import CONTEXT, GraphCall, GraphRefusal, GraphRoute, bad_body, graph_route
from simulator.graph.render import Renderer
from simulator.identity import HUNT
from simulator.logs.api import LogLimits, execute_query, read_span
from simulator.plant import PlantWorkspace
from simulator.replies import ArmRefusal, Reply
from simulator.store.portal import PortalQuery

Json = dict[str, Any]
type Row = tuple[str, ...]
LIMITS = LogLimits(rows=100_000, bytes=50 * 1024 * 1024, seconds=180)
SPAN = timedelta(days=30)
_TYPES = {
    "string": "String",
    "datetime": "DateTime",
    "long": "Int64",
    "int": "Int32",
    "real": "Double",
    "bool": "Boolean",
    "timespan": "TimeSpan",
    "guid": "Guid",
    "decimal": "SqlDecimal",
}
_PORTAL_TABLES: dict[str, tuple[str, ...]] = {
    "AlertInfo": (
        *("Timestamp", "AlertId", "Title", "Category", "Severity", "ServiceSource"),
        *("DetectionSource", "AttackTechniques"),
    ),
    "AlertEvidence": (
        *("Timestamp", "AlertId", "Title", "EntityType", "EvidenceRole", "RemoteIP"),
        *("DeviceId", "DeviceName", "AdditionalFields"),
    ),
}
_PRODUCTS = {
    "microsoftSentinel": ("Microsoft Sentinel", "Scheduled alerts"),
    "microsoftDefenderForEndpoint": ("Microsoft Defender for Endpoint", "EDR"),
}


def run_query(call: GraphCall) -> Reply:
    """Answer a question in KQL."""
    question = {name.lower(): value for name, value in call.json().items()}
    text = question.get("query")
    if not isinstance(text, str) or not text.strip():
        raise bad_body("The query is missing.")
    workspace = _workspace(call, question.get("workspaceid"))
    now = call.azure.clock.now()
    try:
        since, until = read_span(question.get("timespan"), now)
    except ArmRefusal:
        raise bad_body(f"Invalid timespan '{question.get('timespan')}'.") from None
    since = max(since or now - SPAN, now - SPAN)
    connection = call.logs.connection(workspace, since=since, until=until)
    timer = threading.Timer(LIMITS.seconds, connection.interrupt)
    timer.start()
    try:
        with _portal_tables(call, connection, text):
            names, kinds, rows = execute_query(connection, text, now, LIMITS)
    except Exception as error:
        raise _refusal_of(error) from None
    finally:
        timer.cancel()
    results = [dict(zip(names, row, strict=True)) for row in rows[: LIMITS.rows]]
    if len(orjson.dumps(results)) > LIMITS.bytes:
        raise bad_body("The results of the query exceed the limit of 50 MB.")
    schema = [
        {"name": name, "type": _TYPES.get(kind, "Object")}
        for name, kind in zip(names, kinds, strict=True)
    ]
    context = f"{CONTEXT}microsoft.graph.security.huntingQueryResults"
    return Reply(body={"@odata.context": context, "schema": schema, "results": results})


def _workspace(call: GraphCall, wish: Any) -> PlantWorkspace:
    workspaces = call.workspaces
    primary = str(call.azure.store.fact("portal_primary"))
    for workspace in workspaces:
        if str(wish).lower() == workspace.uid("customer").lower():
            return workspace
    for workspace in workspaces:
        if workspace.key == primary:
            return workspace
    raise bad_body("No workspace of this tenant is in the Defender portal.")


def _refusal_of(error: Exception) -> GraphRefusal:
    """Why a question cannot be answered; a table that is not there is named as Kusto does it."""
    text = str(error)
    if (table := re.search(r"[Tt]able with name \"?(\w+)\"? does not exist", text)) is not None:
        return bad_body(f"Failed to resolve table or column expression named '{table[1]}'")
    return bad_body(text[:500] or type(error).__name__)


@contextmanager
def _portal_tables(call: GraphCall, connection: Any, text: str) -> Iterator[None]:
    """Beside the tables of the workspace those of the portal that a question names."""
    named = [name for name in _PORTAL_TABLES if re.search(rf"\b{name}\b", text)]
    for name in named:
        columns = [
            f'"{column}" {"TIMESTAMP" if column == "Timestamp" else "VARCHAR"}'
            for column in _PORTAL_TABLES[name]
        ]
        connection.execute(f'CREATE OR REPLACE TABLE "{name}" ({", ".join(columns)})')
        marks = ", ".join("?" * len(columns))
        rows = _info_rows(call) if name == "AlertInfo" else _evidence_rows(call)
        if rows:
            connection.executemany(f'INSERT INTO "{name}" VALUES ({marks})', rows)
    try:
        yield
    finally:
        for name in named:
            connection.execute(f'DROP TABLE IF EXISTS "{name}"')


def _alerts(call: GraphCall) -> list[Json]:
    store = call.azure.store.portal
    renderer = Renderer(call.azure, every_member=True)
    alerts = store.alerts_listed(call.workspace_keys, PortalQuery(limit=LIMITS.rows))
    rows = [(alert, store.get(alert.incident)) for alert in alerts]
    return [renderer.alert(alert, row) for alert, row in rows if row is not None]


def _info_rows(call: GraphCall) -> list[Row]:
    return [
        (
            _timestamp(alert),
            alert["id"],
            alert["title"],
            alert["category"],
            alert["severity"].capitalize(),
            *_PRODUCTS[alert["serviceSource"]],
            orjson.dumps(alert["mitreTechniques"]).decode(),
        )
        for alert in _alerts(call)
    ]


def _evidence_rows(call: GraphCall) -> list[Row]:
    rows: list[Row] = []
    for alert in _alerts(call):
        for evidence in alert["evidence"]:
            address = evidence.get("ipAddress") or {}
            ip = address if isinstance(address, str) else address.get("ipAddress")
            rows.append(
                (
                    _timestamp(alert),
                    alert["id"],
                    alert["title"],
                    "Ip" if evidence["@odata.type"].endswith("ipEvidence") else "Machine",
                    (evidence["roles"] or [""])[0].capitalize(),
                    ip or "",
                    evidence.get("deviceId") or "",
                    evidence.get("deviceName") or evidence.get("hostName") or "",
                    orjson.dumps(evidence).decode(),
                )
            )
    return rows


def _timestamp(alert: Json) -> str:
    return str(alert["createdDateTime"])[:26]  # DuckDB keeps six digits of a second


ROUTES: list[GraphRoute] = [
    graph_route("POST", "/runHuntingQuery", (HUNT,), run_query, limit="hunting", reads=True),
    graph_route(
        "POST",
        "/microsoft.graph.security.runHuntingQuery",
        (HUNT,),
        run_query,
        limit="hunting",
        reads=True,
    ),
]
