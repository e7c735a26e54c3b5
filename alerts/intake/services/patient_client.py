"""A client for who waits in the foreground: where Azure names a time it waits, and asks again."""

import math
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, cast

from alerts.sentinel.client.port import (
    SentinelClient,
    SentinelError,
    SentinelThrottled,
    SentinelUnavailable,
)
from alerts.sentinel.models import Workspace
from alerts.sentinel.queries import callable_at
from alerts.sentinel.services import note_error
from portal import clock

PATIENCE = timedelta(minutes=10)  # without progress; then a person is told instead

type Tell = Callable[[str], None]


class Patience:
    """How long one run has waited for a workspace since something last came of it."""

    def __init__(self, workspace: Workspace, tell: Tell) -> None:
        self._workspace, self._tell = workspace, tell
        self._progress_at = time.monotonic()

    def note_progress(self) -> None:
        """Something was read."""
        self._progress_at = time.monotonic()

    @property
    def is_over(self) -> bool:
        """Whether nothing came of it for too long."""
        return time.monotonic() - self._progress_at > PATIENCE.total_seconds()

    def silence(self) -> tuple[float, datetime | None]:
        """Return for how many seconds, and until when, Azure wants to be left alone."""
        until = callable_at(self._workspace.pk)
        left = (until - clock.unshifted()).total_seconds() if until else 0.0
        return max(left, 0.0), until

    def wait(self) -> bool:
        """Keep the silence and say so. False, at once, where it would outlast the patience."""
        seconds, _ = self.silence()
        waited = time.monotonic() - self._progress_at
        if waited + seconds > PATIENCE.total_seconds():
            return False
        if seconds:
            self._tell(f"{self._workspace.name}: Azure asks for {math.ceil(seconds)} s of silence.")
            time.sleep(seconds)
        return True


def patient_client(
    *, client: SentinelClient, workspace: Workspace, patience: Patience
) -> SentinelClient:
    """Return the client, each call of which waits as Azure asks and then asks again. A call that
    fails otherwise, or for too long, raises as before.
    """
    return cast(SentinelClient, _Patient(client, workspace, patience))


class _Patient:
    def __init__(self, client: SentinelClient, workspace: Workspace, patience: Patience) -> None:
        self._client, self._workspace, self._patience = client, workspace, patience

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._client, name)
        if not callable(call):
            return call

        def ask(*args: Any, **given: Any) -> Any:
            while True:
                try:
                    answer = call(*args, **given)
                except (SentinelThrottled, SentinelUnavailable) as error:
                    if not _names_a_time(error):
                        raise
                    note_error(workspace_id=self._workspace.pk, error=error, now=clock.unshifted())
                    if not self._patience.wait():
                        raise
                else:
                    self._patience.note_progress()
                    return answer

        return ask


def _names_a_time(error: SentinelError) -> bool:
    """Whether to wait: a 429 without a time has one of ours."""
    return isinstance(error, SentinelThrottled) or bool(getattr(error, "retry_after", None))
