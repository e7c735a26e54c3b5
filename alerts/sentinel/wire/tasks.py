"""Tasks of an incident on the wire (`…/incidents/{id}/tasks`)."""

from datetime import datetime
from typing import Any

from msgspec import UNSET, Struct, UnsetType

from alerts.sentinel.wire.incidents import usable_name
from alerts.sentinel.wire.records import (
    Reader,
    Text,
    Unfit,
    UnreadableRecord,
    WireRecord,
    WireStruct,
)
from alerts.sentinel.wire.values import moment_field, read_bag, text_field

NEW, COMPLETED = "New", "Completed"


class WireTask(Struct, frozen=True, gc=False, kw_only=True):
    """One task; an unrecognised status is kept as it came."""

    name: str
    etag: str | None
    title: str
    description: str
    status: str
    author: str
    created_at: datetime | None
    modified_at: datetime | None


class TaskPage(Struct, frozen=True):
    """One page of an incident's tasks."""

    items: list[WireTask | UnreadableRecord]
    next_link: str | None


class _TaskProperties(WireStruct):
    title: Text = UNSET
    description: Text = UNSET
    status: Text = UNSET
    createdBy: dict[str, str | None] | UnsetType | None = UNSET
    createdTimeUtc: Text = UNSET
    lastModifiedTimeUtc: Text = UNSET


class _Task(WireStruct):
    parts = {"properties": _TaskProperties}

    id: Text = UNSET
    name: Text = UNSET
    etag: Text = UNSET
    type: Text = UNSET
    properties: _TaskProperties | UnsetType | None = UNSET


_TASKS = Reader(_Task)


def read_tasks(body: bytes) -> TaskPage:
    """Read one page of tasks; raises NotAPage when the answer is none."""
    envelope, records = _TASKS.read(body)
    return TaskPage(_TASKS.read_records(body, records, _read_task), envelope.next_link)


def read_task(body: bytes) -> WireTask | UnreadableRecord:
    """Read the answer to a question about one task."""
    return _TASKS.read_only(body, _read_task)


def task_body(
    *, title: str, description: str, status: str, etag: str | None = None
) -> dict[str, Any]:
    """A task as Sentinel takes it: always whole, with the etag that was read where it is there."""
    properties = {"title": title, "description": description, "status": status}
    return {"properties": properties} | ({"etag": etag} if etag else {})


def _read_task(record: WireRecord[_Task]) -> WireTask:
    task, flags = record.value, list(record.oddities)
    name, props = usable_name(task.name), task.properties
    if not isinstance(props, _TaskProperties):
        raise Unfit("its properties are no object")
    author = read_bag(props.createdBy, "created_by", flags)
    names = [author.get(member) for member in ("name", "email", "userPrincipalName")]
    return WireTask(
        name=name,
        etag=text_field(task.etag, "etag", flags),
        title=text_field(props.title, "title", flags) or "",
        description=text_field(props.description, "description", flags) or "",
        status=text_field(props.status, "status", flags) or "",
        author=next((text for text in names if isinstance(text, str) and text), ""),
        created_at=moment_field(props.createdTimeUtc, "created_at", flags),
        modified_at=moment_field(props.lastModifiedTimeUtc, "modified_at", flags),
    )
