"""Sending answers over the connection, whole or broken."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from http import HTTPStatus
from typing import Any

from simulator.words import Reply

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


def _headers(reply: Reply, length: int) -> list[tuple[bytes, bytes]]:
    kept = {name.lower(): value for name, value in reply.headers.items()}
    if length:
        kept.setdefault("content-type", "application/json; charset=utf-8")
    if reply.status != HTTPStatus.NO_CONTENT:
        kept["content-length"] = str(length)
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in kept.items()]


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
        raise TypeError("this server does not show its connection")
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
        shown = content[: len(content) // 2] if how == "truncated" else content
        transport.write(shown)
    while transport.get_write_buffer_size() and not transport.is_closing():
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.01)
    await drop(send, receive)
