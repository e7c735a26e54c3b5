"""Start a playbook on an incident, at most once.

Azure gives a run no id of ours, so a second call would be a second run. Therefore the runs that are
there already are noted before the one call. If its answer is lost, the runs are read until a new
one names the incident; it is never called again by itself, and a person hears of it.

What runs is what is in Azure at the time of the call. Therefore its definition is the last thing
that is read before, and whoever allowed the run is asked about exactly that.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from alerts.outbox.models import Change
from alerts.sentinel.client.connections import ConnectionReader
from alerts.sentinel.client.port import (
    SentinelClient,
    SentinelDenied,
    SentinelError,
    SentinelNotFound,
    SentinelRefused,
    SentinelUnavailable,
)
from alerts.sentinel.wire.playbooks import WirePlaybook, WireRun, read_playbook, read_runs
from alerts.sentinel.wire.records import NotAPage
from portal.jobs.services import claimed

LOOK_FOR: Final = timedelta(seconds=60)  # how long a run may take to show up in its history
UNCLEAR: Final = (
    "Azure did not say whether the playbook started, and shows no run of it for this incident."
    " Look at its runs in Azure before you retry."
)
PLAYBOOK_GONE: Final = "The playbook is no longer in Azure."
PLAYBOOK_UNREADABLE: Final = (
    "What the playbook does could not be read just before its start, so it was not started."
)


type MayStart = Callable[[WirePlaybook], str]  # why not; "" for yes


class RunNotFound(Exception):
    """The answer was lost, and the run is not in the history, or not yet."""


class ChangeTakenOver(Exception):
    """Another worker has the change by now: it will find what was sent."""


class NotAllowed(Exception):
    """The playbook must not be started as it is in Azure now; nothing was called."""


def start_playbook(
    change: Change, *, client: SentinelClient, now: datetime, may_start: MayStart
) -> str:
    """Start the playbook of a change, or find out whether that was done before; return the name of
    the run where it is known. `now` is `clock.unshifted()`; `may_start` is asked about what was
    just read. Raises SentinelError where the far end did not let us, NotAllowed, NotSeenYet where
    it is worth looking again.
    """
    if change.sent_at is not None:
        return _look_for_run(change, client=client, now=now)
    runs = _runs_of(change, client=client)
    if reason := may_start(_definition_of(change, client=client)):
        raise NotAllowed(reason)
    _mark_sent(change, runs=[run.name for run in runs], now=now)
    try:
        client.run_playbook(change.incident_name, playbook=change.playbook)
    except SentinelUnavailable as error:
        if error.was_not_sent:
            _mark_unsent(change)
        raise
    except SentinelError as error:  # it was understood, and not done
        _mark_unsent(change)
        raise _of_the_playbook(error) from error
    return ""


def _look_for_run(change: Change, *, client: SentinelClient, now: datetime) -> str:
    earlier = set(change.base.get("runs", ()))
    for run in _runs_of(change, client=client):
        if run.name not in earlier and change.incident_name in run.about:
            return run.name
    if change.sent_at is not None and now - change.sent_at < LOOK_FOR:
        raise RunNotFound("The answer was lost; the runs of the playbook are read again.")
    raise SentinelRefused(UNCLEAR, code="Unclear")


def _definition_of(change: Change, *, client: SentinelClient) -> WirePlaybook:
    try:
        playbook = read_playbook(client.get_playbook(change.playbook))
        return ConnectionReader(client).complete(playbook)
    except NotAPage:
        raise NotAllowed(PLAYBOOK_UNREADABLE) from None
    except SentinelDenied as error:
        if error.status != 403:  # of the sign-in, not of this playbook
            raise
        raise NotAllowed(f"{PLAYBOOK_UNREADABLE} {error.message}") from error
    except SentinelNotFound as error:
        if error.is_of_the_workspace and error.code != "ResourceNotFound":
            raise
        raise NotAllowed(PLAYBOOK_GONE) from error


def _runs_of(change: Change, *, client: SentinelClient) -> list[WireRun]:
    """The newest page of runs: what started a minute ago is on it."""
    try:
        runs, _ = read_runs(client.list_playbook_runs(change.playbook))
    except SentinelNotFound as error:
        if error.is_of_the_workspace and error.code != "ResourceNotFound":
            raise
        raise SentinelRefused(PLAYBOOK_GONE, status=404, code=error.code) from error
    except SentinelDenied as error:
        raise _of_the_playbook(error) from error
    except NotAPage as broken:
        raise SentinelUnavailable(f"The runs cannot be read: {broken}.", code="NotAList") from None
    return runs


def _of_the_playbook(error: SentinelError) -> SentinelError:
    """A right that is missing on a playbook must not stop what is owed to incidents."""
    if isinstance(error, SentinelDenied) and error.status == 403:
        return SentinelRefused(error.message, status=403, code=error.code)
    return error


def _mark_sent(change: Change, *, runs: list[str], now: datetime) -> None:
    """Before the call, so that a worker that dies in it leaves word of it."""
    base = {**change.base, "runs": runs}
    if not claimed(change).update(sent_at=now, base=base):
        raise ChangeTakenOver("Another worker has taken it over.")
    change.sent_at, change.base = now, base


def _mark_unsent(change: Change) -> None:
    claimed(change).update(sent_at=None)
    change.sent_at = None
