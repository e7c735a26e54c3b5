"""Find the processes of the plants in history, put them in the order of a plan, and have OT asked
what rules no longer fit: every night, when somebody asks, and when the clock of a site has changed.
"""

import gc
import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from time import perf_counter
from typing import Final

from django.db import transaction
from django.utils.translation import gettext
from django.utils.translation import gettext as _

from alerts.patterns.engine.mining import form_patterns
from alerts.patterns.models import Mining, Pattern, PatternState, SiteMining
from alerts.patterns.queries.patterns import JOB, KEY
from alerts.patterns.services.drift import ask_about_changes
from alerts.patterns.services.history_tables import history_tables
from alerts.patterns.services.site_history import read_site
from alerts.patterns.services.store import store_patterns
from alerts.rules.fields import FieldValues
from alerts.sites.models import Site
from alerts.suppression.backtesting.history import history_length
from alerts.suppression.backtesting.history_sql import TimeSpan, days_begun, days_counted
from alerts.suppression.backtesting.stops import stopping_alerts
from alerts.suppression.backtesting.time_to_close import measure_time_to_close, usual_minutes
from alerts.suppression.models import RuleVersion
from alerts.suppression.models.rules import ENDED
from alerts.suppression.policies import PROPOSING
from alerts.suppression.watching.site_days import count_site_days
from portal.accounts.models import User
from portal.accounts.queries import roles_of
from portal.audit.services import record
from portal.errors import Refused
from portal.jobs.models import Job, JobState
from portal.jobs.services import back_off, claim_due, ensure_job, put_back, save_payload
from portal.ui.words import number

log = logging.getLogger(__name__)
DAYS: Final = 90
MAX_DAYS: Final = 400
MAX_PATTERNS: Final = 2_000  # of a site; the largest are kept

type Report = Callable[[int, int], None]  # sites that are done, of how many
HOUR = 2  # UTC: plants are asleep, or at least the SOC's lists are short
LEASE = timedelta(minutes=10)


class CannotMinePatterns(Refused):
    """History was not looked at."""


def mine_patterns(*, days: int = DAYS, now: datetime, report: Report | None = None) -> Mining:
    """Look at the last days of history, find the patterns of each site and plan them. What people
    made of a pattern stays; an open one that is not found any more goes.

    `report` is told after each site how far it is. Sites are kept one by one, so that a long run
    holds no locks.
    """
    if not 1 <= days <= MAX_DAYS:
        raise CannotMinePatterns(
            gettext("Patterns can be looked for in 1 to %(most)s days of history, not %(days)s.")
            % {"most": number(MAX_DAYS), "days": number(days)}
        )
    began = perf_counter()
    measure_time_to_close(now=now)
    count_site_days(now=now)
    _reopen_without_rule()
    site_minings: list[SiteMining] = []
    period = TimeSpan(now - timedelta(days=days), now)
    with history_tables(period) as size, _without_collection():
        sites, stops = Site.objects.in_bulk(size.sites), stopping_alerts(period)
        for done, pk in enumerate(size.sites):
            if report is not None:
                report(done, len(size.sites))
            site_stops = stops.get(sites[pk].name, ())
            site_minings.append(_mine_site(sites[pk], stops=site_stops, period=period, now=now))
    with transaction.atomic():
        _drop_what_has_no_history(now=now)
        mining = Mining.objects.create(
            ran_at=now,
            days=days,
            history_days=days_begun(now - size.first_at) if size.first_at else 0,
            alerts=size.alerts,
            verdicts=size.verdicts,
            patterns=sum(site.patterns for site in site_minings),
            seconds=round(perf_counter() - began, 2),
        )
        for site in site_minings:
            site.mining = mining
        SiteMining.objects.bulk_create(site_minings)
    return mining


def _mine_site(
    site: Site, *, stops: Iterable[FieldValues], period: TimeSpan, now: datetime
) -> SiteMining:
    history = read_site(site, stops=stops, now=now)
    mined = form_patterns(history.cells, history.inventory, history.device_names)
    mined = mined[:MAX_PATTERNS]
    patterns = [pattern for pattern in mined if pattern.alerts]
    length = history_length([site.pk], end=now)
    days_known = days_begun(length)
    with transaction.atomic():
        plan_incidents = store_patterns(
            patterns,
            history=history,
            days=max(min(period.days, length.days), 1),
            max_days_seen=days_counted(period.days, history_days=days_known),
            usual_minutes=usual_minutes(),
            period=period,
            now=now,
        )
    try:
        with transaction.atomic():
            ask_about_changes(history, now=now)
    except Exception:  # of whatever kind: the plan and the other sites go on without the question
        log.exception("no question about changes at site %s", site.pk)
    return SiteMining(
        site=site,
        history_days=days_known,
        alerts=sum(history.workspaces.values()),
        incidents=history.incidents,
        verdicts=history.sure_verdicts,
        patterns=len(patterns),
        living_incidents=history.living_incidents,
        live_incidents=history.live_incidents,
        plan_incidents=plan_incidents,
    )


@contextmanager
def _without_collection() -> Iterator[None]:
    """A million cells hold no cycles; looking for some again and again takes most of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _drop_what_has_no_history(*, now: datetime) -> None:
    """Open patterns of sites that had no alert in the period."""
    Pattern.objects.filter(state=PatternState.OPEN).exclude(mined_at=now).delete()
    Pattern.objects.exclude(mined_at=now).exclude(plan_order=None).update(
        plan_order=None, plan_gain=0, plan_share=0
    )


def _reopen_without_rule() -> None:
    """A pattern whose rule has ended is open again."""
    alive = RuleVersion.objects.exclude(state__in=ENDED).values("rule")
    Pattern.objects.filter(state=PatternState.HAS_RULE).exclude(rule__in=alive).update(
        state=PatternState.OPEN, rule=None, state_by=None, state_at=None, state_reason=""
    )


class CannotRequestMining(Refused):
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
    put_back(row, due_at=_next_night(unshifted), free=True, payload={})
    return True


def _note_progress(row: Job, done: int, total: int) -> None:
    """Write where pages look how many sites are done."""
    save_payload(row, payload={**row.payload, "done": done, "total": total})


@transaction.atomic
def request_mining(*, by: User, unshifted: datetime, now: datetime) -> Job:
    """Make it due at once; asked twice, it runs once."""
    if roles_of(by).isdisjoint(PROPOSING):
        raise CannotRequestMining(_("Only OT and the SOC can have history analysed."))
    job = ensure_job(kind=JOB, key=KEY, now=unshifted)
    Job.objects.filter(pk=job.pk, state="waiting").update(due_at=unshifted, payload={"asked": True})
    record("patterns.mining.asked", on=job, by=by, at=now)
    return job


def _next_night(now: datetime) -> datetime:
    tonight = now.astimezone(UTC).replace(hour=HOUR, minute=0, second=0, microsecond=0)
    return tonight if tonight > now else tonight + timedelta(days=1)


def restart_mining(site: Site, *, unshifted: datetime) -> None:
    """Have history mined again at once: rhythms and hours are counted in plant time."""
    job = ensure_job(kind=JOB, key=KEY, now=unshifted)
    Job.objects.filter(pk=job.pk, state=JobState.WAITING).update(due_at=unshifted)
