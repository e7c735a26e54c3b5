"""The query address of Log Analytics, its limits and its errors.

`POST /v1/workspaces/{id}/query` with `{"query": KQL}`. More rows or bytes than an answer may hold
come as a part, with the error beside it; a question that takes too long is 504; the 201st of a
principal within 30 seconds is 429.
"""

import logging
import math
import re
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from simulator.azure import Azure
from simulator.gates import AzureRequest
from simulator.identity import LOG_AUDIENCES, Application, unauthorised
from simulator.logs.rows import TABLES
from simulator.logs.tables import LogTables
from simulator.logs.translation import columns_of_tables, execute
from simulator.logs.watchlists import with_watchlists
from simulator.plant.records import PlantWorkspace
from simulator.replies import ArmRefusal, Reply

Json = dict[str, Any]
LOG = logging.getLogger(__name__)
_QUERY = "Microsoft.OperationalInsights/workspaces/query"
_PATH = re.compile(r"/v1/workspaces/(?P<workspace>[^/]+)/query", re.IGNORECASE)
_NAMES = re.compile(r"\b[A-Za-z]+\b")
_COLUMN_IF_EXISTS = re.compile(
    r"""column_ifexists\(\s*["'](?P<column>\w+)["']\s*,\s*(?P<otherwise>[^()]+?)\s*\)"""
)
_WAIT = re.compile(r"wait=(\d+)")
_DEFAULT_SECONDS, _MAX_SECONDS = 180, 600
_WINDOW_SECONDS = 30.0
_KUSTO_TYPES = {
    "BOOLEAN": "bool",
    "INTEGER": "int",
    "BIGINT": "long",
    "DOUBLE": "real",
    "FLOAT": "real",
    "UUID": "guid",
    "INTERVAL": "timespan",
    "JSON": "dynamic",
}


@dataclass
class LogLimits:
    """How much an answer holds, and how often one may ask. A test makes them smaller."""

    rows: int = 500_000
    bytes: int = 100 * 1024 * 1024
    seconds: int = _MAX_SECONDS
    calls: int = 200  # of one principal within 30 seconds


def is_log_query(path: str) -> bool:
    """Whether an address belongs to Log Analytics."""
    return _PATH.fullmatch(path) is not None


class LogAnalytics:
    """Answers questions in KQL about the workspaces of the pretend Azure."""

    def __init__(self, azure: Azure) -> None:
        self._azure = azure
        self.limits = LogLimits()
        self.tables = LogTables(azure)
        self._calls: dict[str, deque[float]] = {}

    def answer(self, request: AzureRequest) -> Reply:
        """Answer one call, refusals included."""
        try:
            reply = self._answer(request)
        except ArmRefusal as refusal:
            reply = refusal.reply()
        reply.headers = {"x-ms-request-id": str(uuid.uuid4()), **reply.headers}
        return reply

    def rows(self, workspace: PlantWorkspace, text: str) -> list[Json]:
        """What a question of a scheduled rule finds; nothing where it cannot be answered."""
        connection = self.tables.connection(workspace)
        text = with_watchlists(connection, self._azure, workspace.key, text)
        try:
            names, _kinds, rows = execute_query(
                connection, text, self._azure.clock.now(), self.limits
            )
        except Exception:
            LOG.exception("the query of a scheduled rule failed")
            return []
        return [dict(zip(names, row, strict=True)) for row in rows]

    def configure(self, values: Mapping[str, Any]) -> Json:
        """Change single limits; raises ValueError for unknown ones."""
        for name, value in values.items():
            if name not in vars(self.limits):
                raise ValueError(f"unknown limit {name!r}")
            setattr(self.limits, name, int(value))
        self._calls.clear()
        return dict(vars(self.limits))

    def _answer(self, request: AzureRequest) -> Reply:
        claims = self._azure.identities.claims(
            request.headers.get("authorization", ""),
            audiences={*LOG_AUDIENCES, self._azure.endpoint},
        )
        application = claims.application
        workspace = self._workspace(request.path, claims.tenant)
        _require_actions(application, f"{_QUERY}/read")
        self._count(application.client_id)
        if request.method != "POST":
            raise ArmRefusal(405, "MethodNotAllowed", "Ask by POST.")
        text = _object(request.body).get("query")
        if not isinstance(text, str) or not text.strip():
            raise _bad_argument("The request had some invalid properties", "NoQueryError", "")
        tables = set(_NAMES.findall(text)) & TABLES.keys()
        _require_actions(application, *(f"{_QUERY}/{table}/read" for table in tables))
        wait = _WAIT.search(request.headers.get("prefer", ""))
        seconds = min(int(wait[1]) if wait else _DEFAULT_SECONDS, self.limits.seconds)
        connection = self.tables.connection(workspace)
        text = with_watchlists(connection, self._azure, workspace.key, text)
        return Reply(body=self._run(connection, text, seconds))

    def _workspace(self, path: str, tenant: str) -> PlantWorkspace:
        found = _PATH.fullmatch(path)
        asked = found["workspace"].lower() if found else ""
        for workspace in self._azure.workspaces:
            if workspace.uid("customer") == asked:
                if workspace.tenant_id.lower() != tenant.lower():
                    raise unauthorised("InvalidTokenError", "The token is of another tenant.")
                return workspace
        raise ArmRefusal(
            404, "WorkspaceNotFoundError", f"The workspace '{asked}' could not be found"
        )

    def _count(self, principal: str) -> None:
        now = self._azure.clock.now().astimezone(UTC).timestamp()
        calls = self._calls.setdefault(principal, deque())
        while calls and calls[0] <= now - _WINDOW_SECONDS:
            calls.popleft()
        if self._azure.throttle.on and len(calls) >= self.limits.calls:
            wait = max(1, math.ceil(calls[0] + _WINDOW_SECONDS - now)) if calls else 30
            raise ArmRefusal(
                429,
                "ThrottledError",
                "Too many queries. Try again later.",
                {"Retry-After": str(wait)},
            )
        calls.append(now)

    def _run(self, connection: Any, text: str, seconds: int) -> Json:
        timer = threading.Timer(seconds, connection.interrupt)
        began = time.monotonic()
        timer.start()
        try:
            names, kinds, rows = execute_query(
                connection, text, self._azure.clock.now(), self.limits
            )
        except ArmRefusal:
            raise
        except Exception as error:
            if time.monotonic() - began >= seconds:
                raise ArmRefusal(
                    504, "GatewayTimeout", "The query took too long and was stopped."
                ) from None
            raise _refusal_of(error) from None
        finally:
            timer.cancel()
        columns = [{"name": n, "type": k} for n, k in zip(names, kinds, strict=True)]
        kept, problem = _within(rows, self.limits)
        table = {"name": "PrimaryResult", "columns": columns, "rows": kept}
        answer: Json = {"tables": [table]}
        if problem:
            answer["error"] = {
                "code": "PartialError",
                "message": "There were some errors when processing your query.",
                "details": [
                    {
                        "code": "EngineError",
                        "message": "Something went wrong processing your query on the server.",
                        "innererror": {
                            "code": "-2133196797",
                            "message": problem,
                            "severity": 2,
                            "severityName": "Error",
                        },
                    }
                ],
            }
        return answer


def _require_actions(application: Application, *actions: str) -> None:
    if not all(application.may(action) for action in actions):
        raise ArmRefusal(
            403,
            "InsufficientAccessError",
            "The provided credentials have insufficient access to perform the requested operation",
        )


def execute_query(
    connection: Any, text: str, now: datetime, limits: LogLimits
) -> tuple[list[str], list[str], list[list[Any]]]:
    """Return the names and Kusto types of the columns that a question in KQL is answered with, and
    the rows, one more than the limit where there are more.
    """
    text = _with_columns_resolved(connection, text)
    result = execute(connection, text, now.astimezone(UTC).replace(tzinfo=None))
    names = [column[0] for column in result.description]
    kinds = [_kusto_type(str(column[1])) for column in result.description]
    found = result.fetchmany(limits.rows + 1)
    spellers = [_SPELLERS.get(kind, _as_it_is) for kind in kinds]
    rows = [
        [
            None if value is None else spell(value)
            for spell, value in zip(spellers, row, strict=True)
        ]
        for row in found
    ]
    return names, kinds, rows


def _with_columns_resolved(connection: Any, text: str) -> str:
    """The text with each `column_ifexists` replaced, as the engine here lacks the function:
    by the column where the table that is named last before it has one, else by the other value.
    """

    def resolved(found: re.Match[str]) -> str:
        named = [table for table in _NAMES.findall(text[: found.start()]) if table in TABLES]
        columns = dict(columns_of_tables(connection))[named[-1]] if named else ()
        return found["column"] if found["column"] in columns else found["otherwise"]

    return _COLUMN_IF_EXISTS.sub(resolved, text)


def _within(rows: list[list[Any]], limits: LogLimits) -> tuple[list[list[Any]], str]:
    """The rows that an answer may hold, and the sentence where those are not all."""
    if len(rows) > limits.rows:
        return rows[: limits.rows], (
            f"The results of this query exceed the set limit of {limits.rows} records, so not all"
            " records were returned (E_QUERY_RESULT_SET_TOO_LARGE, 0x80DA0003)."
        )
    size = 0
    for place, row in enumerate(rows):
        size += len(orjson.dumps(row))
        if size > limits.bytes:
            return rows[:place], (
                f"The results of this query exceed the set limit of {limits.bytes} bytes, so not"
                " all records were returned (E_QUERY_RESULT_SET_TOO_LARGE, 0x80DA0003)."
            )
    return rows, ""


def _kusto_type(kind: str) -> str:
    if kind.startswith(("TIMESTAMP", "DATE")):
        return "datetime"
    if kind.startswith("DECIMAL"):
        return "decimal"
    if kind.endswith("]") or kind.startswith(("STRUCT", "MAP")):
        return "dynamic"
    if kind in ("HUGEINT", "UBIGINT", "UINTEGER", "SMALLINT", "TINYINT"):
        return "long"
    return _KUSTO_TYPES.get(kind, "string")


def _as_it_is(value: Any) -> Any:
    return value


def _moment(value: Any) -> str:
    return f"{value:%Y-%m-%dT%H:%M:%S}.{getattr(value, 'microsecond', 0):06d}0Z"


def _timespan(value: timedelta) -> str:
    days, rest = divmod(int(value.total_seconds()), 86_400)
    clock = f"{rest // 3600:02d}:{rest // 60 % 60:02d}:{rest % 60:02d}"
    return f"{days}.{clock}" if days else clock


def _dynamic(value: Any) -> str:
    """Return a nested value as JSON in a text, as answers have it."""
    return value if isinstance(value, str) else orjson.dumps(value, default=str).decode()


_SPELLERS: dict[str, Callable[[Any], Any]] = {
    "datetime": _moment,
    "timespan": _timespan,
    "dynamic": _dynamic,
    "decimal": str,
    "guid": str,
    "string": str,
}


def _refusal_of(error: Exception) -> ArmRefusal:
    """Why the question cannot be answered, in the envelope of Log Analytics."""
    kind = type(error).__name__
    if kind == "KqlSyntaxError":
        return _bad_argument(
            "The request had some invalid properties", "SyntaxError", f"SYN0002: {error}"
        )
    if kind.startswith("Kql"):
        # Not Azure's fault: this simulator's engine does not know the word.
        return _bad_argument(
            "The simulator cannot run this query", "NotSupportedBySimulator", str(error)
        )
    return _bad_argument(
        "The request had some invalid properties", "SemanticError", f"SEM0100: {error}"
    )


def _bad_argument(message: str, code: str, detail: str) -> ArmRefusal:
    return _LogRefusal(400, "BadArgumentError", message, code, detail[:500])


class _LogRefusal(ArmRefusal):
    """A refusal with an inner error about the query."""

    def __init__(self, status: int, code: str, message: str, inner: str, detail: str) -> None:
        super().__init__(status, code, message)
        self._inner = {"code": inner, "message": detail}

    def reply(self) -> Reply:
        error = {"message": self.message, "code": self.code, "innererror": self._inner}
        return Reply(self.status, {"error": error}, dict(self.headers))


def _object(body: bytes) -> Json:
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, dict):
        raise _bad_argument("The request body is no JSON object", "BadRequest", "")
    return found
