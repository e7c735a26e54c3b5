"""Facts of this room, and what a comparison after a restore found, in the reader's language."""

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta

from django.utils.translation import gettext, gettext_lazy, ngettext

from alerts.dashboards.engine.periods import SHIFT
from alerts.dashboards.measures import Share
from alerts.dashboards.queries.series import SeriesPoint
from alerts.dashboards.queries.sync import Sync
from alerts.incidents.wording import classification_words
from alerts.intake.queries import UnreadableCount
from alerts.intake.wording import reading_words
from alerts.sentinel.queries import WARN_DAYS, Health
from portal.backup.engine import RecordFound, RemoteDifference, RemoteRule
from portal.backup.queries import RestoreFacts
from portal.ui.moments import READER, date_of, reader_clock
from portal.ui.words import length, number, percent

CAUSES = {
    Health.UNKNOWN: gettext_lazy("Tagout has not reached this workspace yet."),
    Health.WELL: gettext_lazy("Azure answers, but Tagout has not finished reading yet."),
    Health.THROTTLED: gettext_lazy(
        "Azure asks Tagout to slow down. It carries on reading after a pause."
    ),
    Health.UNREACHABLE: gettext_lazy("Azure does not answer. Tagout keeps trying."),
    Health.DENIED: gettext_lazy(
        "Azure refuses Tagout's identity. It needs the role Microsoft Sentinel Responder here."
    ),
    Health.GONE: gettext_lazy("Azure no longer has this workspace."),
}
ACT_WORDS = {
    "owner": gettext_lazy("Assigned"),
    "severity": gettext_lazy("Changed severity"),
    "closed": gettext_lazy("Closed"),
    "reopened": gettext_lazy("Reopened"),
    "commented": gettext_lazy("Commented"),
    "escalated": gettext_lazy("Escalated"),
    "labels": gettext_lazy("Changed labels"),
    "aside": gettext_lazy("Put aside, or brought back"),
    "playbook": gettext_lazy("Ran a playbook"),
    "asked": gettext_lazy("Asked OT"),
    "answered": gettext_lazy("Gave a verdict"),
}
RUN_KINDS = {
    "poll": gettext_lazy("Changes"),
    "backfill": gettext_lazy("History"),
    "sweep": gettext_lazy("Full check"),
}
RUN_COUNTS = {
    "seen": gettext_lazy("read"),
    "new": gettext_lazy("new"),
    "changed": gettext_lazy("changed"),
    "quarantined": gettext_lazy("unreadable"),
    "merged": gettext_lazy("merged"),
    "deleted": gettext_lazy("deleted"),
    "flagged": gettext_lazy("flagged"),
}
WRITES = {
    "update": gettext_lazy("Change the incident"),
    "comment": gettext_lazy("Add a comment"),
    "playbook": gettext_lazy("Run a playbook"),
}
RECORD_BREAKS = {
    "its content was changed": gettext_lazy("its content was changed"),
    "entries before it are missing": gettext_lazy("entries before it are missing"),
    "it does not follow the one before it": gettext_lazy("it does not follow the one before it"),
    "the newest entries were cut off": gettext_lazy("the newest entries were cut off"),
    "entries that were published outside are missing": gettext_lazy(
        "entries that were published outside are missing"
    ),
    "the hash published outside is another": gettext_lazy("the hash published outside is another"),
}
HOSTS = {"graph": gettext_lazy("Microsoft Graph"), "logs": gettext_lazy("Log Analytics")}
QUEUES = {
    "intake": gettext_lazy("Reading from Sentinel"),
    "outbox": gettext_lazy("Writing to Sentinel"),
    "deployments": gettext_lazy("Rules in Sentinel"),
    "notify": gettext_lazy("Mail"),
    "bulk": gettext_lazy("Long work"),
    "captures": gettext_lazy("Captures"),
}


def cause_of(sync: Sync) -> str:
    """Why the data of a workspace is not fresher, in one sentence."""
    if sync.standing.health == Health.WELL and sync.error:
        return gettext("The latest sync failed: %(error)s") % {"error": reading_words(sync.error)}
    return str(CAUSES[sync.standing.health])


def certificate_words(ends_at: datetime | None, now: datetime) -> str:
    """Return that a certificate or secret of a workspace ends within 30 days; else nothing."""
    if ends_at is None or ends_at - now > timedelta(days=max(WARN_DAYS)):
        return ""
    if ends_at <= now:
        return gettext("A certificate or client secret that Tagout signs in with has ended.")
    days = max(1, (ends_at - now).days)
    return ngettext(
        "A certificate or client secret that Tagout signs in with ends in %(n)s day.",
        "A certificate or client secret that Tagout signs in with ends in %(n)s days.",
        days,
    ) % {"n": number(days)}


def unreadable_words(unreadable: UnreadableCount | None) -> str:
    """Return that too many incidents of a workspace could not be read in the last hour."""
    if unreadable is None or not unreadable.is_alarming:
        return ""
    return gettext("In the last hour %(aside)s of %(listed)s incidents could not be read.") % {
        "aside": number(unreadable.aside),
        "listed": number(unreadable.listed),
    }


def classification(word: str) -> str:
    """Sentinel's classification."""
    return classification_words(word) if word else gettext("No classification")


def share_words(share: Share) -> str:
    """A share as people write it; a dash where there is none."""
    return "–" if share.percent is None else percent(share.percent / 100, 0)


def span_words(span: timedelta | None) -> str:
    """A length of time; a dash where there is none."""
    return "–" if span is None else length(span)


def age_words(since: datetime | None, now: datetime) -> str:
    """How old something is, to the second while it is young."""
    if since is None:
        return gettext("never")
    seconds = max(0, int((now - since).total_seconds()))
    if seconds < 60:
        return gettext("%(n)s s ago") % {"n": number(seconds)}
    return gettext("%(span)s ago") % {"span": length(timedelta(seconds=seconds))}


def size_words(size: int) -> str:
    """How many megabytes or gigabytes."""
    megabytes = size / 1024**2
    if megabytes >= 1024:
        return gettext("%(n)s GB") % {"n": number(megabytes / 1024, 1)}
    return gettext("%(n)s MB") % {"n": number(megabytes)}


UTC_MINUTE = "%Y-%m-%d %H:%M UTC"


def findings_in_words(restore: RestoreFacts, *, places: Collection[str]) -> list[tuple[bool, str]]:
    """Return one sentence for each finding in these workspaces, each with whether it is well."""
    findings = restore.findings
    if findings is None:
        return [
            (False, gettext("Nothing has been compared with Sentinel yet. Run `restore --check`."))
        ]
    lines = list(_record(findings.record, restore.record_seq))
    for place in findings.places:
        if place.place in places:
            lines += _place(place)
    return lines


def _record(record: RecordFound, end: int) -> Iterator[tuple[bool, str]]:
    if record.broken_at is not None:
        yield (
            False,
            gettext("The audit record is broken at entry %(seq)s: %(reason)s.")
            % {
                "seq": record.broken_at,
                "reason": RECORD_BREAKS.get(record.reason, record.reason),
            },
        )
    if record.lost:
        yield (
            False,
            gettext(
                "The audit head has changed: entries %(first)s to %(last)s were published outside"
                " and are not in the backup."
            )
            % {"first": end + 1, "last": record.newest_anchor},
        )
    elif not record.anchors:
        yield False, gettext("No published audit head was available to compare with.")
    elif record.broken_at is None:
        yield True, gettext("The audit record matches the published audit heads.")


def _place(finding: RemoteDifference) -> Iterator[tuple[bool, str]]:
    place = finding.place
    if finding.error:
        words = gettext("%(place)s was not compared: %(error)s")
        yield False, words % {"place": place, "error": finding.error}
        return
    unknown = gettext("%(place)s has a rule that Tagout does not know: %(rule)s")
    changed = gettext("%(place)s has a rule that differs from the one in Tagout: %(rule)s")
    missing = gettext("%(place)s no longer has a rule: %(rule)s")
    for words, rules in ((unknown, finding.unknown), (changed, finding.changed)):
        for rule in rules:
            yield False, words % {"place": place, "rule": _rule(rule)}
    for name in finding.missing:
        yield False, missing % {"place": place, "rule": name}
    if not (finding.unknown or finding.changed or finding.missing):
        yield (
            True,
            gettext("%(place)s has our rules exactly as Tagout knows them.") % {"place": place},
        )


def _rule(rule: RemoteRule) -> str:
    words = {"name": rule.name}
    if not rule.is_active:
        return gettext("%(name)s (disabled)") % words
    if rule.until is None:
        return gettext("%(name)s (acts without an end)") % words
    words["until"] = rule.until.strftime(UTC_MINUTE)
    return gettext("%(name)s (acts until %(until)s)") % words


def decision_rates(point: SeriesPoint, *, a_thousand: float | None) -> str:
    """Return how many decisions that is a shift and a thousand incidents, and since when they are
    counted where that is not the whole period.
    """
    if point.number.value is None:
        return gettext("not counted yet")
    counted = point.period.end - point.period.start - point.missing
    parts = []
    if counted >= SHIFT:  # of less there is no rate
        a_shift = point.number.value * (SHIFT / counted)
        parts.append(gettext("%(n)s a shift") % {"n": number(a_shift, 1)})
    if a_thousand is not None:
        parts.append(gettext("%(n)s per thousand incidents") % {"n": number(a_thousand)})
    if point.missing:
        since = date_of((point.period.end - counted).astimezone(reader_clock().zone(READER)))
        parts.append(gettext("counted since %(date)s") % {"date": since})
    return " · ".join(parts)
