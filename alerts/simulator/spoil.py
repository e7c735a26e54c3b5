"""What a fault does to a good answer: other links, older versions, damaged incidents and bodies."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

import orjson

from alerts.simulator.faults import Fault
from alerts.simulator.mangle import mangled
from alerts.simulator.words import Reply

Json = dict[str, Any]
FOREIGN = "https://pages.elsewhere.example"
_PAGE = "<!DOCTYPE html><html><head><title>Sign in</title></head><body>Please wait</body></html>"


def spoil_list(reply: Reply, fault: Fault, *, address: str, older: Iterable[bytes]) -> None:
    """Change a good page of a list as the fault asks."""
    if reply.status != 200 or not (fault.next_link or fault.older_versions or fault.mangle):
        return
    content = reply.content()
    if fault.older_versions:
        content = _append(content, b",".join(older))
    if fault.next_link:
        content = _relink(content, fault.next_link, address)
    if fault.mangle:
        content = _damage(content, fault.mangle)
    reply.body = content


def _append(content: bytes, extra: bytes) -> bytes:
    told = orjson.loads(content)
    told["value"] += orjson.loads(b"[" + extra + b"]")
    return orjson.dumps(told)


def _relink(content: bytes, how: str, address: str) -> bytes:
    told = orjson.loads(content)
    if how == "foreign":
        parts = urlsplit(told.get("nextLink") or address)
        told["nextLink"] = f"{FOREIGN}{parts.path}?{parts.query}"
    elif how in {"loop", "duplicate"}:
        told["nextLink"] = address
    else:
        told["nextLink"] = how
    return orjson.dumps(told)


def _damage(content: bytes, how: str) -> bytes:
    told = json.loads(content)
    pieces = [json.dumps(one).encode() for one in told["value"]]
    if pieces:
        pieces[0] = mangled(told["value"][0], how)
    link = b',"nextLink":' + orjson.dumps(told["nextLink"]) if told.get("nextLink") else b""
    return b'{"value":[%s]%s}' % (b",".join(pieces), link)


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
        reply.body = gzip.compress(b'{"value":[' + b" " * size + b"]}")
        reply.headers["content-encoding"] = "gzip"


def refusal_of(fault: Fault) -> Reply:
    """The answer that the fault gives instead of Azure's."""
    body = fault.answer
    if body is None:
        body = {"error": {"code": fault.code, "message": "A scripted fault answered this call."}}
    if isinstance(body, str):
        body = body.encode()
    return Reply(fault.status or 500, body, dict(fault.headers), effect="scripted fault")
