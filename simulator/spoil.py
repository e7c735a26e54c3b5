"""What a fault does to a good answer: other links, older versions, damaged incidents and bodies."""

from __future__ import annotations

import gzip
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

import orjson

from simulator.faults import Fault
from simulator.mangle import mangled
from simulator.words import Reply

Json = dict[str, Any]
FOREIGN = "https://pages.elsewhere.example"
_PAGE = "<!DOCTYPE html><html><head><title>Sign in</title></head><body>Please wait</body></html>"


def spoil_list(reply: Reply, fault: Fault, *, address: str, older: Iterable[bytes]) -> None:
    """Change a good page of a list as the fault asks; anything that is no page stays as it is."""
    if reply.status != 200 or not (fault.next_link or fault.older_versions or fault.mangle):
        return
    try:
        page = orjson.loads(reply.content())
    except orjson.JSONDecodeError:
        return  # an incident on it is damaged already
    if not isinstance(page, dict) or not isinstance(page.get("value"), list):
        return
    if fault.older_versions:
        page["value"] += [orjson.loads(one) for one in older]
    if fault.next_link:
        page["nextLink"] = _other_link(page.get("nextLink") or address, fault.next_link, address)
    reply.body = _damaged(page, fault.mangle) if fault.mangle else orjson.dumps(page)


def _other_link(link: str, how: str, address: str) -> str:
    if how == "foreign":
        parts = urlsplit(link)
        return f"{FOREIGN}{parts.path}?{parts.query}"
    return address if how in {"loop", "duplicate"} else how


def _damaged(page: Json, how: str) -> bytes:
    pieces = [orjson.dumps(one) for one in page["value"]]
    if pieces:
        pieces[0] = mangled(page["value"][0], how)
    link = b',"nextLink":' + orjson.dumps(page["nextLink"]) if page.get("nextLink") else b""
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
