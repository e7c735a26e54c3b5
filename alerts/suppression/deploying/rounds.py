"""The round in which what should be in Sentinel is thought about again, and how to hasten it."""

from typing import Final

from portal import clock
from portal.jobs.models import Job, JobState

RENEWAL: Final = "suppression.leases"


def renew_soon() -> None:
    """Have the next round come at once: something has changed."""
    jobs = Job.objects.filter(kind=RENEWAL, key="all", state=JobState.WAITING)
    jobs.update(due_at=clock.unshifted())
