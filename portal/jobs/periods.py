"""Work that is done once in a period: when it is due is stored in PostgreSQL, so that beat, which
remembers nothing, may be started again as often as one likes.
"""

from datetime import datetime, timedelta

from portal.jobs.models import Job, JobState

PERIOD = "period"  # the kind of the rows
HOUR = timedelta(hours=1)


def begin_period(name: str, *, every: timedelta, now: datetime) -> bool:
    """Whether work of this name is due, and if so note that it begins now: of any number of workers
    that ask, one is told yes. `now` is `clock.unshifted()`.
    """
    rows = Job.objects.filter(kind=PERIOD, key=name)
    if rows.filter(settled_at__lte=now - every).update(settled_at=now):
        return True
    if rows.exists():
        return False
    values = {"state": JobState.DONE, "settled_at": now, "made_at": now, "due_at": now}
    return Job.objects.get_or_create(kind=PERIOD, key=name, defaults=values)[1]
