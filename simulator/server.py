"""The network side: the ASGI application, the control addresses under `/_control/` (loopback only),
and answers that go out whole or broken.
"""

import asyncio
import ipaddress
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from email.utils import format_datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from simulator.arm.incidents import read_slice
from simulator.clock import parse_time
from simulator.faults import Fault, refusal_of, spoil_body, spoil_list
from simulator.gates import Answered, AzureRequest
from simulator.graph.gate import is_graph
from simulator.logs.api import is_log_query
from simulator.operations import OPERATIONS
from simulator.replies import ArmRefusal, Reply
from simulator.sign_in import answer_sign_in, is_sign_in
from simulator.simulator import Simulator

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Json = dict[str, Any]
Endpoint = Callable[[Request], Awaitable[Response]]
Scope = MutableMapping[str, Any]
TICK_SECONDS = 5.0
LOG = logging.getLogger(__name__)


def _headers(reply: Reply, length: int) -> list[tuple[bytes, bytes]]:
    headers = {name.lower(): value for name, value in reply.headers.items()}
    if length:
        headers.setdefault("content-type", "application/json; charset=utf-8")
    if reply.status != HTTPStatus.NO_CONTENT:
        headers["content-length"] = str(length)
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]


async def send_reply(send: Send, reply: Reply) -> None:
    """Send an answer as it should be."""
    content = reply.content()
    await send(
        {
            "type": "http.response.start",
            "status": reply.status,
            "headers": _headers(reply, len(content)),
        }
    )
    await send({"type": "http.response.body", "body": content})


def _transport(send: Send) -> asyncio.Transport:
    """The connection itself; the server hands `send` out as a method of one request's cycle."""
    cycle = getattr(send, "__self__", None)
    transport = getattr(cycle, "transport", None)
    if not isinstance(transport, asyncio.Transport):
        raise TypeError("this server gives no access to its connection")
    return transport


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def drop(send: Send, receive: Receive) -> None:
    """Cut the connection without a word."""
    _transport(send).abort()
    await _until_gone(receive)


async def send_spoilt(send: Send, receive: Receive, reply: Reply, how: str) -> None:
    """Send an answer that ends too early, lies about its length, or drips."""
    transport, content = _transport(send), reply.content()
    claimed = len(content) * 2 if how == "wrong_length" else len(content)
    reason = HTTPStatus(reply.status).phrase
    head = [f"HTTP/1.1 {reply.status} {reason}".encode()]
    head += [b"%s: %s" % pair for pair in _headers(reply, claimed)]
    transport.write(b"\r\n".join(head) + b"\r\n\r\n")
    if how == "drip":
        for place in range(len(content)):
            if transport.is_closing():
                break
            transport.write(content[place : place + 1])
            await asyncio.sleep(1)
    else:
        sent = content[: len(content) // 2] if how == "truncated" else content
        transport.write(sent)
    while transport.get_write_buffer_size() and not transport.is_closing():
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.01)
    await drop(send, receive)


def is_loopback(scope: MutableMapping[str, Any]) -> bool:
    """Whether a request comes from this machine."""
    client = scope.get("client")
    try:
        return client is not None and ipaddress.ip_address(client[0]).is_loopback
    except ValueError:
        return False


def _json_response(payload: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(payload), status, media_type="application/json")


async def _read_json(request: Request) -> Json:
    content = await request.body()
    body = orjson.loads(content) if content else {}
    if not isinstance(body, dict):
        raise ValueError("the body must be an object")
    return body


def _guarded(work: Callable[[Request], Awaitable[Any]]) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        try:
            return _json_response(await work(request))
        except ArmRefusal as refusal:
            return _json_response({"error": refusal.message}, refusal.status)
        except KeyError as missing:
            return _json_response({"error": f"missing or unknown: {missing.args[0]}"}, 400)
        except (TypeError, ValueError) as wrong:
            return _json_response({"error": str(wrong)}, 400)

    return endpoint


def _operation(simulator: Simulator, name: str) -> Endpoint:
    async def work(request: Request) -> Any:
        return simulator.carry_out(name, await _read_json(request))

    return _guarded(work)


def control_application(simulator: Simulator) -> Starlette:
    """All control addresses of one simulator."""

    async def state(_request: Request) -> Any:
        return simulator.state()

    async def advance(request: Request) -> Any:
        body = await _read_json(request)
        return simulator.advance(float(body["seconds"]))

    async def journal(request: Request) -> Any:
        since = request.query_params.get("since", "")
        return {
            "entries": simulator.store.journal.read(
                since=parse_time(since) if since else 0,
                path=request.query_params.get("path", ""),
                after_id=int(request.query_params.get("after_id", 0)),
            )
        }

    async def plant(_request: Request) -> Any:
        return simulator.describe()

    async def portal(_request: Request) -> Any:
        return {"incidents": simulator.describe_portal()}

    async def truth(_request: Request) -> Any:
        return {
            "incidents": [
                {"workspace": workspace, "name": name, "truth": orjson.loads(truth_json)}
                for workspace, name, truth_json in simulator.store.incidents.truths()
            ]
        }

    async def logs(request: Request) -> Any:
        return simulator.logs.configure(await _read_json(request))

    async def clear_faults(request: Request) -> Any:
        return {"cleared": simulator.azure.faults.clear(request.query_params.get("name", ""))}

    async def runs(_request: Request) -> Any:
        return {kind: simulator.store.journal.runs(kind=kind) for kind in ("rule", "playbook")}

    reads = {
        "state": state,
        "journal": journal,
        "plant": plant,
        "truth": truth,
        "portal": portal,
        "runs": runs,
    }
    routes = [Route(f"/_control/{name}", _guarded(work)) for name, work in reads.items()]
    routes.append(Route("/_control/advance", _guarded(advance), methods=["POST"]))
    routes.append(Route("/_control/logs", _guarded(logs), methods=["POST"]))
    routes.append(Route("/_control/faults", _guarded(clear_faults), methods=["DELETE"]))
    routes += [
        Route(f"/_control/{name}", _operation(simulator, name), methods=["POST"])
        for name in OPERATIONS
    ]
    return Starlette(routes=routes)


class Server:
    """One simulator behind one address. All work happens on the event loop, one call at a time."""

    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator
        self._control = control_application(simulator)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection's request, or run the life of the plant."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            if scope["path"].startswith("/_control/"):
                if is_loopback(scope):
                    await self._control(scope, receive, send)
                else:
                    await send_reply(send, Reply(403))
            else:
                await self._answer(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "lifespan.startup.complete"})
        ticking = asyncio.create_task(self._tick())
        await receive()
        ticking.cancel()
        await send({"type": "lifespan.shutdown.complete"})

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_SECONDS)
            try:
                self.simulator.plant_clock.catch_up()
            except Exception:
                LOG.exception("the plant stumbled; it goes on with the next tick")

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await _read_body(receive)
        method, path = scope["method"], scope["path"]
        query = scope["query_string"].decode("ascii", "replace")
        now = self.simulator.azure.clock.now()
        fault = self.simulator.azure.faults.meet(method, f"{path}?{query}" if query else path, now)
        if fault is not None and fault.delay:
            await asyncio.sleep(fault.delay)
        if fault is None:
            await self._send(send, self._work(scope, body).reply)
        elif fault.drop == "before":
            await drop(send, receive)
        elif fault.status is not None and not fault.applied:
            reply = refusal_of(fault)
            reply.headers |= fault.waiting_header(now)
            await self._send(send, reply)
        else:
            await self._answer_spoilt(scope, receive, send, body, fault)

    async def _answer_spoilt(
        self, scope: Scope, receive: Receive, send: Send, body: bytes, fault: Fault
    ) -> None:
        answered = self._work(scope, body)
        reply = answered.reply
        if answered.entry is not None:
            with self.simulator.store.transaction():
                self.simulator.store.journal.amend(answered.entry, f"answer met {fault.name}")
        if fault.drop == "after":
            await drop(send, receive)
            return
        if fault.status is not None:
            reply = refusal_of(fault)
            reply.headers |= fault.waiting_header(self.simulator.azure.clock.now())
        query = scope["query_string"].decode("ascii", "replace")
        address = f"{self.simulator.azure.endpoint}{scope['path']}?{query}"
        spoil_list(reply, fault, address=address, older=self._older(scope, fault))
        if fault.body is not None:
            spoil_body(reply, fault.body, fault.size)
        if fault.body in {"truncated", "wrong_length", "drip"}:
            await send_spoilt(send, receive, reply, fault.body)
        else:
            await self._send(send, reply)

    async def _send(self, send: Send, reply: Reply) -> None:
        """Send an answer with the date of Azure's clock, by which Retry-After is read."""
        reply.headers["date"] = format_datetime(self.simulator.azure.clock.now(), usegmt=True)
        await send_reply(send, reply)

    def _older(self, scope: Scope, fault: Fault) -> list[bytes]:
        path = scope["path"].lower()
        if not fault.older_versions or is_graph(path) or not path.endswith("/incidents"):
            return []
        parts = scope["path"].split("/")
        try:
            place = self.simulator.azure.workspace_at(parts[2], parts[4], parts[8])
            page = read_slice(_query(scope))
        except ArmRefusal:
            return []
        rows = self.simulator.store.incidents.listed(place.key, page)
        return [row.previous for row in rows if row.previous is not None]

    def _work(self, scope: Scope, body: bytes) -> Answered:
        method, path = scope["method"], scope["path"]
        if is_sign_in(path):
            reply = answer_sign_in(self.simulator.azure, method=method, path=path, body=body)
            return Answered(reply)
        headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        }
        request = AzureRequest(
            method=method, path=path, query=_query(scope), headers=headers, body=body
        )
        if is_log_query(path):
            return Answered(self.simulator.logs.answer(request))
        gate = self.simulator.graph_gate if is_graph(path) else self.simulator.gate
        return gate.answer(request)


def _query(scope: Scope) -> dict[str, str]:
    pairs = parse_qsl(scope["query_string"].decode("ascii", "replace"), keep_blank_values=True)
    return {name.lower(): value for name, value in pairs}


async def _read_body(receive: Receive) -> bytes:
    pieces = []
    while True:
        message = await receive()
        pieces.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(pieces)
