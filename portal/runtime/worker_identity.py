"""Which instance of a worker this process belongs to."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import uuid4


@dataclass(frozen=True, slots=True)
class InstanceIdentity:
    """A worker from its start to its end: `node` is Celery's name for it (queue@host), which
    another start has too; `name` is of this start alone.
    """

    name: str
    node: str
    queues: tuple[str, ...]


_identity: InstanceIdentity | None = None


def assume(node: str, queues: Iterable[str]) -> InstanceIdentity:
    """Make this process, and the children that it forks, a new instance."""
    global _identity  # noqa: PLW0603  # a process is one instance
    node = node[:150]
    name = f"{node} {os.getpid()} {uuid4().hex[:8]}"
    _identity = InstanceIdentity(name, node, tuple(sorted(queues)))
    return _identity


def identity() -> InstanceIdentity | None:
    """Return the instance that this process, or the parent of this child, is; None elsewhere."""
    return _identity
