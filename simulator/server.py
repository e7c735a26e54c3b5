"""The network side: an ASGI application that answers, or fails in the way a script wants."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qsl

from simulator.arm.gate import Answered
from simulator.arm.listing import read_slice
from simulator.control import control_application, is_loopback
from simulator.faults import Fault
from simulator.simulator import Simulator
from simulator.spoil import refusal_of, spoil_body, spoil_list
from simulator.tokens import answer_sign_in, is_sign_in
from simulator.wire import drop, send_reply, send_spoilt
from simulator.words import ArmRefusal, Reply

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
TICK_SECONDS = 5.0
LOG = logging.getLogger(__name__)


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
                self.simulator.life.catch_up()
            except Exception:
                LOG.exception("the plant stumbled; it goes on with the next tick")

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await _read_body(receive)
        method, path = scope["method"], scope["path"]
        query = scope["query_string"].decode("ascii", "replace")
        now = self.simulator.azure.clock.now()
        fault = self.simulator.faults.meet(method, f"{path}?{query}" if query else path, now)
        if fault is not None and fault.delay:
            await asyncio.sleep(fault.delay)
        if fault is None:
            await send_reply(send, self._work(scope, body).reply)
        elif fault.drop == "before":
            await drop(send, receive)
        elif fault.status is not None and not fault.applied:
            reply = refusal_of(fault)
            reply.headers |= fault.waiting_header(now)
            await send_reply(send, reply)
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
            await send_reply(send, reply)

    def _older(self, scope: Scope, fault: Fault) -> list[bytes]:
        if not fault.older_versions or not scope["path"].lower().endswith("/incidents"):
            return []
        parts = scope["path"].split("/")
        try:
            place = self.simulator.azure.workspace_at(parts[2], parts[4], parts[8])
            asked = read_slice(_query(scope))
        except ArmRefusal:
            return []
        rows = self.simulator.store.incidents.listed(place.key, asked)
        return [row.previous for row in rows if row.previous is not None]

    def _work(self, scope: Scope, body: bytes) -> Answered:
        method, path = scope["method"], scope["path"]
        if is_sign_in(path):
            reply = answer_sign_in(self.simulator.azure, method=method, path=path, body=body)
            return Answered(reply)
        headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        }
        return self.simulator.gate.answer(
            method=method, path=path, query=_query(scope), headers=headers, body=body
        )


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
