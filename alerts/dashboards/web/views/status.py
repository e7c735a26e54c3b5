"""System status: works when the broker or Azure is down, and shows that."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_GET

from alerts.dashboards.policies import can_see_details, can_see_everything
from alerts.dashboards.queries.status import (
    OperatorDetails,
    PendingWork,
    RunFacts,
    Suppression,
    operator_details,
)
from alerts.dashboards.queries.sync import Sync, with_health, worst
from alerts.dashboards.web.auditor_wording import auditor_card
from alerts.dashboards.web.frame import syncs_of
from alerts.dashboards.web.links import fingerprint
from alerts.dashboards.web.wording import (
    HOSTS,
    QUEUES,
    RECORD_BREAKS,
    RUN_COUNTS,
    RUN_KINDS,
    WRITES,
    age_words,
    cause_of,
    certificate_words,
    findings_in_words,
    size_words,
    unreadable_words,
)
from alerts.intake.wording import reading_words
from alerts.outbox.policies import RESOLVERS
from alerts.outbox.wording import note_words
from portal import clock
from portal.accounts.models import User
from portal.accounts.queries import roles_of
from portal.accounts.sessions import actor_of
from portal.backup.queries import restore_facts
from portal.ui.navigation import address_of, roles_for_page
from portal.ui.responses import is_part_request, nothing_new, render_page
from portal.ui.words import number, percent


@require_GET
def status(request: HttpRequest) -> HttpResponse:
    """The page, its live part, or 204 when nothing changed since."""
    person, now, unshifted = actor_of(request), clock.now(), clock.unshifted()
    syncs = with_health(syncs_of(request), unshifted=unshifted)
    details = None
    if can_see_details(person):
        details = operator_details(
            [sync.workspace_id for sync in syncs],
            everywhere=can_see_everything(person),
            now=now,
            unshifted=unshifted,
        )
    restore = restore_facts()
    mark = fingerprint(syncs, details, restore)
    if is_part_request(request) and request.GET.get("seen") == mark:
        return nothing_new()
    context = {
        "seen": mark,
        "cards": [card_of(sync, details, now, unshifted) for sync in syncs],
        "readiness_url": readiness_url(person),
        "level": worst(sync.level for sync in syncs),
        "is_troubled": any(sync.is_troubled for sync in syncs),
        "it": details,
        "restore": restore,
        "restore_findings": findings_in_words(restore, places={sync.name for sync in syncs})
        if restore and details
        else [],
        "may_mend": bool(roles_of(person) & RESOLVERS),
        "now": now,
        **(_details(details, unshifted) if details else {}),
    }
    return render_page(request, "alerts/dashboards/status.html", context, part="live")


def readiness_url(person: User) -> str:
    """Return the address of the list of readiness; empty for a person who may not see it."""
    may_open = not roles_of(person).isdisjoint(roles_for_page("readiness:list") or ())
    return (address_of("readiness:list") or "") if may_open else ""


def card_of(
    sync: Sync, details: OperatorDetails | None, now: datetime, unshifted: datetime
) -> dict[str, Any]:
    """One workspace as a card."""
    owing = details.owing.get(sync.workspace_id, PendingWork()) if details else None
    run = details.runs.get(sync.workspace_id) if details else None
    return {
        "sync": sync,
        "age": age_words(sync.fresh_at, now),
        "cause": cause_of(sync) if sync.is_troubled else "",
        "unreadable": unreadable_words(details.unreadable_lately.get(sync.workspace_id))
        if details
        else "",
        "certificate": certificate_words(sync.standing.credential_ends_at, unshifted),
        "owing": owing,
        "oldest": age_words(owing.oldest_due_at, unshifted)
        if owing and owing.oldest_due_at and owing.oldest_due_at <= unshifted
        else "",
        "run": run,
        "run_words": _run_words(run) if run else "",
        "run_error": reading_words(run.error) if run else "",
        "azure_words": reading_words(sync.standing.error),
        "history": gettext("History read: %(share)s")
        % {"share": percent(sync.history_percent / 100, 0)}
        if sync.history_percent is not None
        else "",
    }


def status_checks(details: OperatorDetails) -> list[tuple[bool | None, str]]:
    """Return the reasons for and against all being well, each with a sentence; None where it was
    not checked yet.
    """
    silent = [
        str(QUEUES.get(worker.queue, worker.queue)) for worker in details.alive if worker.is_silent
    ]
    are_workers_reporting = bool(details.alive) and not silent
    idle = [worker.node for worker in details.workers if worker.is_silent]
    return [
        (
            details.broker,
            gettext("The broker answers")
            if details.broker
            else gettext("The broker does not answer. Work waits in the database"),
        ),
        (
            are_workers_reporting,
            gettext("All workers have reported in the last minute")
            if are_workers_reporting
            else gettext("Workers that have gone silent: %(names)s")
            % {"names": ", ".join(silent) or gettext("all")},
        ),
        (
            not idle,
            gettext("Workers that do no work: %(names)s") % {"names": ", ".join(idle)}
            if idle
            else gettext("Every worker does work"),
        ),
        _none(
            details.given_up_in_all,
            ngettext(
                "%(n)s change never reached Sentinel",
                "%(n)s changes never reached Sentinel",
                details.given_up_in_all,
            ),
            gettext("No change to Sentinel has failed"),
        ),
        _none(
            details.unreadable_in_all,
            ngettext(
                "%(n)s incident could not be read",
                "%(n)s incidents could not be read",
                details.unreadable_in_all,
            ),
            gettext("Every incident could be read"),
        ),
        _none(
            details.mails.given_up,
            ngettext(
                "%(n)s mail could not be sent",
                "%(n)s mails could not be sent",
                details.mails.given_up,
            ),
            gettext("No mail has failed"),
        ),
        _none(
            len(details.dead),
            ngettext("%(n)s job has failed", "%(n)s jobs have failed", len(details.dead)),
            gettext("No job has failed"),
        ),
        _comparison(details.suppression),
    ]


def _comparison(facts: Suppression) -> tuple[bool | None, str]:
    if facts.compared_at is None:
        return None, gettext("Ledger and Sentinel: not compared yet")
    return _none(
        facts.differences,
        ngettext(
            "Ledger and Sentinel disagree on %(n)s incident",
            "Ledger and Sentinel disagree on %(n)s incidents",
            facts.differences,
        ),
        gettext("Ledger and Sentinel agree"),
    )


def _none(n: int, some: str, none: str) -> tuple[bool, str]:
    return (False, some % {"n": number(n)}) if n else (True, none)


def _run_words(run: RunFacts) -> str:
    counts = ", ".join(
        f"{number(n)} {RUN_COUNTS[name]}" for name, n in run.counts if n or name in ("seen", "new")
    )
    return f"{RUN_KINDS.get(run.kind, run.kind)}: {counts}"


def _details(details: OperatorDetails, unshifted: datetime) -> dict[str, Any]:
    oldest_mail = details.mails.oldest_due_at
    return {
        "size": size_words(details.database.size),
        "alive": [
            (QUEUES.get(beat.queue, beat.queue), age_words(beat.at, unshifted), beat.is_silent)
            for beat in details.alive
        ],
        "workers": [
            (worker.node, age_words(worker.at, unshifted), worker.is_silent)
            for worker in details.workers
        ],
        "hosts": [
            (
                HOSTS.get(host.kind, host.kind),
                host,
                age_words(host.failing_since or host.answered_at, unshifted),
            )
            for host in details.hosts
        ],
        "oldest_mail": age_words(oldest_mail, unshifted) if oldest_mail else "",
        "mail_server_silent": age_words(details.mails.failing_since, unshifted)
        if details.mails.failing_since
        else "",
        "compared": age_words(details.suppression.compared_at, unshifted),
        "checked": age_words(details.record.checked_at, unshifted),
        "auditor": auditor_card(details.auditor, unshifted=unshifted),
        "broken": str(RECORD_BREAKS.get(details.record.reason, details.record.reason)),
        "given_up": [
            (change, str(WRITES.get(change.kind, change.kind)), note_words(change.note))
            for change in details.given_up
        ],
    }
