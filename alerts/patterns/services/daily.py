"""Mining as a job: once a day, and when somebody asks."""

from datetime import UTC, datetime, timedelta
from functools import partial

from django.db import transaction
from django.utils.translation import gettext as _

from alerts.patterns.queries.patterns import JOB, KEY
from alerts.patterns.services.mine import mine_patterns
from alerts.suppression.policies import PROPOSING
from portal.accounts.models import User
from portal.accounts.queries import roles_of
from portal.audit.services import record
from portal.errors import Refused
from portal.jobs.models import Job
from portal.jobs.services import back_off, claim_due, ensure_job, put_back

HOUR = 2  # UTC: plants are asleep, or at least the SOC's lists are short
LEASE = timedelta(minutes=10)


class CannotAskForMining(Refused):
    """Nobody will look at history because of this."""


def run_due_mining(*, unshifted: datetime, now: datetime) -> bool:
    """Mine if it is due; False where it is not. Any number of workers may ask at once. `unshifted`
    is the time by which work is due, `now` the business time that history is read up to.
    """
    Job.objects.get_or_create(
        kind=JOB, key=KEY, defaults={"made_at": unshifted, "due_at": unshifted}
    )
    row = claim_due(Job.objects.filter(kind=JOB), now=unshifted, lease=LEASE, max_attempts=None)
    if row is None:
        return False
    try:
        mine_patterns(now=now, report=partial(_note_progress, row))
    except Exception as error:
        put_back(row, due_at=unshifted + back_off(row.attempts), error=str(error))
        raise
    Job.objects.filter(pk=row.pk, fence=row.fence).update(payload={})
    put_back(row, due_at=_next_night(unshifted), free=True)
    return True


def _note_progress(row: Job, done: int, total: int) -> None:
    """Write where pages look how many sites are done."""
    progress = {**row.payload, "done": done, "total": total}
    Job.objects.filter(pk=row.pk, fence=row.fence).update(payload=progress)


@transaction.atomic
def ask_for_mining(*, by: User, unshifted: datetime, now: datetime) -> Job:
    """Make it due at once; asked twice, it runs once."""
    if roles_of(by).isdisjoint(PROPOSING):
        raise CannotAskForMining(_("Only OT and the SOC can have history analysed."))
    job = ensure_job(kind=JOB, key=KEY, now=unshifted)
    Job.objects.filter(pk=job.pk, state="waiting").update(due_at=unshifted, payload={"asked": True})
    record("patterns.mining.asked", on=job, by=by, at=now)
    return job


def _next_night(now: datetime) -> datetime:
    tonight = now.astimezone(UTC).replace(hour=HOUR, minute=0, second=0, microsecond=0)
    return tonight if tonight > now else tonight + timedelta(days=1)
