"""What the twin in memory knows of tasks of incidents."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

from alerts.sentinel.client.errors import SentinelConflict, SentinelNotFound
from tests.memory_sentinel.calls import MemoryCalls

if TYPE_CHECKING:
    from alerts.sentinel.client.port import Receipt


@dataclass
class MemoryTasks(MemoryCalls):
    """Tasks by incident and name; a person may edit or delete them behind our back."""

    tasks: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)

    def edit_task(self, name: str, task: str, **properties: Any) -> None:
        """Write a task as a person would: new etag."""
        tasks = self.tasks.setdefault(name.lower(), {})
        before = tasks.get(task.lower(), {}).get("properties", {"status": "New"})
        author = {"name": "Leo Hartmann", "email": "leo@demo.example"}
        tasks[task.lower()] = {
            "name": task.lower(),
            "etag": self._etag(),
            "properties": {"createdBy": author, **before, **properties},
        }

    def list_tasks(self, name: str, *, next_link: str | None = None) -> bytes:
        """All tasks of an incident, in one page."""
        self._called("list_tasks", name)
        self._incident(name)
        return orjson.dumps({"value": list(self.tasks.get(name.lower(), {}).values())})

    def get_task(self, name: str, task: str) -> bytes:
        """One task."""
        self._called("get_task", name)
        return orjson.dumps(self._task(name, task))

    def put_task(self, name: str, task: str, body: dict[str, Any]) -> Receipt:
        """Write a whole task if the etag is still the one it has."""
        from alerts.sentinel.client.port import Receipt

        self._called("put_task", name, body)
        self._incident(name)
        stored = self.tasks.get(name.lower(), {}).get(task.lower())
        if body.get("etag") and stored is None:
            raise SentinelNotFound("There is no such task.", status=404, code="NotFound")
        if body.get("etag") and stored and body["etag"] != stored["etag"]:
            raise SentinelConflict("Somebody changed it meanwhile.", status=409, code="Conflict")
        self.edit_task(name, task, **copy.deepcopy(body["properties"]))
        written = self.tasks[name.lower()][task.lower()]
        return Receipt(task.lower(), written["etag"], orjson.dumps(written))

    def _task(self, name: str, task: str) -> dict[str, Any]:
        stored = self.tasks.get(name.lower(), {}).get(task.lower())
        if stored is None:
            raise SentinelNotFound("There is no such task.", status=404, code="NotFound")
        return stored
