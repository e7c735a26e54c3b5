"""What the adapter to Graph needs of Sentinel's side, and keep of what it cannot place.

Graph is tenant-wide and names no workspace. An incident belongs to the workspace whose own list
named it; whatever no list has named yet waits, and is shown to nobody.
"""

from collections.abc import Callable, Collection, Sequence
from typing import Protocol

from alerts.sentinel.wire.graph.incidents import Counterpart, GraphIncident


class Counterparts(Protocol):
    """The incidents of one workspace that Graph lists, too."""

    def by_graph_id(self, graph_ids: Collection[str]) -> dict[str, Counterpart]:
        """Those of these that belong to the workspace, by Graph's id."""

    def by_name(self, name: str) -> Counterpart | None:
        """The one that Sentinel calls so; None where Graph does not have it."""

    def keep_waiting(self, incidents: Sequence[GraphIncident]) -> None:
        """Remember these as not placed, until the workspace's own list names them."""

    def keep_survivor(self, graph_id: str, *, survivor: str) -> None:
        """Remember that an incident was merged into one that is not placed yet."""


type MakeCounterparts = Callable[[str], Counterparts]
_make: list[MakeCounterparts] = []


def provide_counterparts(make: MakeCounterparts) -> None:
    """Have this function return, by a workspace's name, what is known of its counterparts."""
    _make[:] = [make]


def counterparts_of(workspace: str) -> Counterparts:
    """What is known of a workspace's counterparts."""
    return _make[0](workspace)
