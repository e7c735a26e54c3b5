"""How often a workspace is polled and looked through, and how long one piece of that may last."""

from datetime import timedelta
from typing import Final

POLL_EVERY: Final = timedelta(seconds=20)
DETAILS_EVERY: Final = timedelta(seconds=5)
SWEEP_EVERY: Final = timedelta(hours=24)
MISSING_EVERY: Final = timedelta(minutes=5)
# Seconds in which a slice may begin calls, and a task slices. Polls never wait long for a worker,
# one last call of 30 s is still within a task's 60 s, and a worker that is told to stop has ended
# within the 30 s that a deployment grants it (F34).
SLICE_SECONDS: Final = 15.0
TURN_SECONDS: Final = 5.0
