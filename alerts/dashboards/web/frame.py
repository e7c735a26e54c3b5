"""What the frame of every page shows about the data: how fresh it is, how much of it, and on the
page itself what of it is late.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from django.http import HttpRequest
from django.utils.translation import gettext, ngettext

from alerts.dashboards.queries.sync import Sync, sites_of, syncs_visible_to, with_health, worst
from alerts.dashboards.web.links import address_of_link
from alerts.dashboards.web.wording import age_words, cause_of
from alerts.intake.queries import AMBER_AFTER
from portal import clock
from portal.accounts.models import User
from portal.jobs.queries import latest_heartbeat
from portal.ui.shell import FooterLine, Level
from portal.ui.words import number

# A job may keep the only worker of a queue for 75 s, and workers are asked every 20 s. Open pages
# read this line once a minute: three minutes after beat has stopped, everybody is told.
BEAT_STOPPED = timedelta(minutes=2)


def syncs_of(request: HttpRequest) -> list[Sync]:
    """The workspaces that the signed-in person gets data from; none for strangers."""
    if not isinstance(request.user, User):
        return []
    syncs: list[Sync] | None = getattr(request, "tagout_syncs", None)
    if syncs is None:
        syncs = syncs_visible_to(request.user, now=clock.now_of(request))
        if any(sync.level not in ("", "ok") for sync in syncs):
            syncs = with_health(syncs, unshifted=clock.unshifted())
        setattr(request, "tagout_syncs", syncs)  # noqa: B010  (requests have no such field)
    return syncs


def freshness_line(request: HttpRequest) -> FooterLine | None:
    """The age of the oldest sync, amber and red with its cause."""
    now = clock.now_of(request)
    syncs = [sync for sync in syncs_of(request) if not sync.is_paused]
    if not syncs:
        return None
    level = worst(sync.level for sync in syncs)
    oldest = min(syncs, key=lambda sync: (sync.fresh_at is not None, sync.fresh_at or now))
    if oldest.fresh_at is None and level == "ok":
        return FooterLine(gettext("First Sentinel sync under way"), "ok", _status())
    if level == "ok":
        age = age_words(oldest.fresh_at, now)
        return FooterLine(gettext("Sentinel sync %(age)s") % {"age": age}, level, _status())
    return _age_line(oldest, level, now)


def late_lines(request: HttpRequest) -> list[FooterLine]:
    """What the page shows may be older than it looks: each late workspace, the worst first, and
    work that has stopped. Nobody waits for a paused workspace, so only its own pages show it.
    """
    now = clock.now_of(request)
    late = [sync for sync in syncs_of(request) if sync.level in ("warn", "bad")]
    late.sort(key=lambda sync: (sync.fresh_at is not None, sync.fresh_at or now))
    standstill = beat_line(request)
    lines = [replace(_age_line(sync, sync.level, now), about=sync.name) for sync in late]
    lines += [
        _paused_line(sync, now) for sync in syncs_of(request) if _is_paused_and_old(sync, now)
    ]
    return [standstill, *lines] if standstill else lines


def beat_line(request: HttpRequest) -> FooterLine | None:
    """A red line while workers of all queues are silent: beat, broker or all workers are away."""
    if not isinstance(request.user, User):
        return None
    kept = vars(request)  # both the foot and the banner of a page ask
    if "tagout_heartbeat" not in kept:
        kept["tagout_heartbeat"] = latest_heartbeat()
    latest: datetime | None = kept["tagout_heartbeat"]
    if latest is None:
        return None
    now = clock.unshifted()
    if now - latest <= BEAT_STOPPED:
        return None
    text = gettext("Background work stopped %(age)s") % {"age": age_words(latest, now)}
    cause = gettext("Decisions wait in the database and go out once workers and beat run again.")
    return FooterLine(text, "bad", _status(), cause=cause)


def data_amount(request: HttpRequest) -> FooterLine | None:
    """How many workspaces and plants the person sees."""
    if not isinstance(request.user, User):
        return None
    n, plants = len(syncs_of(request)), sites_of(request.user)
    if not n and not plants:
        return None
    workspaces = ngettext("%(n)s workspace", "%(n)s workspaces", n) % {"n": number(n)}
    if not plants:
        return FooterLine(workspaces)
    sites = ngettext("%(n)s plant", "%(n)s plants", plants) % {"n": number(plants)}
    return FooterLine(f"{workspaces} · {sites}")


def _age_line(sync: Sync, level: Level, now: datetime) -> FooterLine:
    age = age_words(sync.fresh_at, now)
    text = gettext("Sentinel sync of %(name)s: %(age)s") % {"name": sync.name, "age": age}
    return FooterLine(text, level, _status(), cause=_cause(sync))


def _is_paused_and_old(sync: Sync, now: datetime) -> bool:
    return sync.is_paused and (sync.fresh_at is None or now - sync.fresh_at > AMBER_AFTER)


def _paused_line(sync: Sync, now: datetime) -> FooterLine:
    names = {"name": sync.name, "age": age_words(sync.fresh_at, now)}
    text = gettext("%(name)s is paused. Sentinel sync: %(age)s") % names
    return FooterLine(text, "warn", _status(), about=sync.name, only_there=True)


def _cause(sync: Sync) -> str:
    code = sync.standing.error_code
    return f"{cause_of(sync)} ({code})" if code else cause_of(sync)


def _status() -> str:
    return address_of_link("dashboards:status")
