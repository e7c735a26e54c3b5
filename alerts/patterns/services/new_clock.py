"""When the plant hours of a site have moved, its patterns have other hours too."""

from datetime import datetime

from alerts.patterns.queries.patterns import JOB, KEY
from alerts.sites.models import Site
from portal.jobs.models import Job, State
from portal.jobs.services import ensure_job


def mine_by_new_clock(site: Site, *, unshifted: datetime) -> None:
    """Have history mined again at once: rhythms and hours are counted in plant time."""
    job = ensure_job(kind=JOB, key=KEY, now=unshifted)
    Job.objects.filter(pk=job.pk, state=State.WAITING).update(due_at=unshifted)
