"""Which api-versions a workspace accepted, kept as rows that every process reads."""

from collections.abc import Callable
from datetime import datetime, timedelta

from alerts.sentinel.client.versions import AcceptedVersion, ApiEndpoint
from alerts.sentinel.models import ApiVersion, Workspace

ASKED_AGAIN_AFTER = timedelta(days=1)  # a workspace that refused a version may have it by then

type Clock = Callable[[], datetime]


class StoredVersions:
    """The rows of one workspace, as its client asks for them."""

    def __init__(self, workspace: str, *, clock: Clock) -> None:
        self._workspace, self._clock = workspace, clock

    def load(self) -> dict[ApiEndpoint, str]:
        """Return those of the last day, by endpoint."""
        rows = ApiVersion.objects.filter(
            workspace__name=self._workspace, accepted_at__gt=self._clock() - ASKED_AGAIN_AFTER
        )
        return {
            ApiEndpoint(endpoint): version
            for endpoint, version in rows.values_list("endpoint", "version")
            if endpoint in set(ApiEndpoint)
        }

    def keep(self, accepted: AcceptedVersion) -> None:
        """Store what was accepted, if the workspace is one of ours."""
        workspace = Workspace.objects.filter(name=self._workspace).first()
        if workspace is not None:
            values = {
                "version": accepted.version,
                "refused": accepted.refused,
                "accepted_at": self._clock(),
            }
            ApiVersion.objects.update_or_create(
                workspace=workspace, endpoint=accepted.endpoint.value, defaults=values
            )
