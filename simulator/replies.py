"""What handlers answer, and refusals in Azure's own envelope."""

from dataclasses import dataclass, field
from typing import Any

import orjson


@dataclass
class Reply:
    """What a handler answers, and what the journal records of it."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    effect: str = ""
    before: str | None = None
    after: str | None = None

    def content(self) -> bytes:
        """The bytes of the body; ready-made bytes pass unchanged."""
        if self.body is None:
            return b""
        return self.body if isinstance(self.body, bytes) else orjson.dumps(self.body)


class ArmRefusal(Exception):
    """A refusal of Azure: a status, a code and a sentence in Azure's own envelope."""

    def __init__(
        self, status: int, code: str, message: str, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message
        self.headers = headers or {}

    def reply(self) -> Reply:
        """The refusal as an answer."""
        body = {"error": {"code": self.code, "message": self.message}}
        return Reply(self.status, body, dict(self.headers), effect=f"refused: {self.code}")


def bad_request(message: str) -> ArmRefusal:
    """The request itself is wrong."""
    return ArmRefusal(400, "BadRequest", message)


def not_found(thing: str) -> ArmRefusal:
    """The thing asked for does not exist."""
    return ArmRefusal(404, "NotFound", f"{thing} was not found")


def conflict() -> ArmRefusal:
    """Somebody else wrote in between."""
    return ArmRefusal(409, "Conflict", "Newer instance of resource exists. Data was not saved")
