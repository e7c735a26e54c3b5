"""What the parts of the client call; `azure.py` has it. Parts are protocols, so that whoever names
one needs no SDK, which costs 40 MB.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from alerts.sentinel.client.port import Receipt


class AzureCalls(Protocol):
    """Addresses of one workspace, and calls to them."""

    _endpoint: str
    _workspace_path: str
    _subscription: str
    _tenant: str

    def _call(self, method: str, url: str, content: bytes | None = None) -> bytes: ...

    def _call_whole(self, method: str, url: str, content: bytes | None = None) -> bytes: ...

    def _start(self, url: str, body: dict[str, Any]) -> None: ...

    def _put(self, name: str, url: str, body: dict[str, Any]) -> Receipt: ...

    def _delete(self, url: str, *, etag: str = "") -> None: ...

    def _url(self, *parts: str, **query: str) -> str: ...

    def _arm_url(self, path: str, *, version: str) -> str: ...

    def _followed(self, link: str) -> str: ...
