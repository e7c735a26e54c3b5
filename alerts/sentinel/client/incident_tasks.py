"""Tasks of incidents by the one pipeline of the client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from alerts.sentinel.client.azure_calls import AzureCalls

if TYPE_CHECKING:
    from alerts.sentinel.client.port import Receipt

_TASKS = "tasks"


class IncidentTasks(AzureCalls, Protocol):
    """The part of a client for tasks. A task is named by us, so that the same one written
    twice is there once.
    """

    def list_tasks(self, name: str, *, next_link: str | None = None) -> bytes:
        """One page of an incident's tasks."""
        url = self._followed(next_link) if next_link else self._url("incidents", name, _TASKS)
        return self._call("GET", url)

    def get_task(self, name: str, task: str) -> bytes:
        """One task of an incident as it is now."""
        return self._call("GET", self._url("incidents", name, _TASKS, task))

    def put_task(self, name: str, task: str, body: dict[str, Any]) -> Receipt:
        """Write a whole task; with an etag only over the version that was read."""
        return self._put(task, self._url("incidents", name, _TASKS, task), body)
