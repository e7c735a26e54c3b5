"""What rooms above contribute to this one: which status-sync playbooks were found."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from portal.rooms import Contribution


@dataclass(frozen=True, slots=True)
class StatusSyncPlaybook:
    """A playbook that looks as if it closed alerts at the source when incidents are closed."""

    name: str
    is_enabled: bool


@dataclass(frozen=True, slots=True)
class StatusSyncSource(Contribution):
    """Returns which such playbook was found in which workspace, by its id."""

    read: Callable[[], Mapping[int, StatusSyncPlaybook]]


def status_sync_playbooks() -> Mapping[int, StatusSyncPlaybook]:
    """Return the status-sync playbooks that were found, by workspace; none where nobody looks."""
    return StatusSyncSource.entries[0].read() if StatusSyncSource.entries else {}
