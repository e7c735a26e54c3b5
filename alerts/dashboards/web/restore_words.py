"""What a comparison after a restore found, in the reader's language."""

from collections.abc import Collection, Iterator

from django.utils.translation import gettext

from alerts.dashboards.web.words import RECORD_BREAKS
from portal.backup.engine import Found, FoundRule, RecordFound
from portal.backup.queries import RestoreFacts

UTC_MINUTE = "%Y-%m-%d %H:%M UTC"


def findings_in_words(restore: RestoreFacts, *, places: Collection[str]) -> list[tuple[bool, str]]:
    """Return one sentence for each finding in these workspaces, each with whether it is well."""
    found = restore.findings
    if found is None:
        return [(False, gettext("Nothing was compared with Sentinel yet: `restore --check`."))]
    lines = list(_record(found.record, restore.record_seq))
    for place in found.places:
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
                "The audit head has changed: entries %(first)s to %(last)s were told outside and"
                " are not in the backup."
            )
            % {"first": end + 1, "last": record.newest_anchor},
        )
    elif not record.anchors:
        yield False, gettext("No audit head told outside was at hand to compare with.")
    elif record.broken_at is None:
        yield True, gettext("The audit record is as it was told outside.")


def _place(found: Found) -> Iterator[tuple[bool, str]]:
    place = found.place
    if found.error:
        words = gettext("%(place)s was not compared: %(error)s")
        yield False, words % {"place": place, "error": found.error}
        return
    unknown = gettext("%(place)s holds a rule that is not known here: %(rule)s")
    changed = gettext("%(place)s holds a rule otherwise than known here: %(rule)s")
    missing = gettext("%(place)s does not hold a rule any more: %(rule)s")
    for words, rules in ((unknown, found.unknown), (changed, found.changed)):
        for rule in rules:
            yield False, words % {"place": place, "rule": _rule(rule)}
    for name in found.missing:
        yield False, missing % {"place": place, "rule": name}
    if not (found.unknown or found.changed or found.missing):
        yield True, gettext("%(place)s holds our rules as known here.") % {"place": place}


def _rule(rule: FoundRule) -> str:
    given = {"name": rule.name}
    if not rule.is_active:
        return gettext("%(name)s (disabled)") % given
    if rule.until is None:
        return gettext("%(name)s (acts without an end)") % given
    given["until"] = rule.until.strftime(UTC_MINUTE)
    return gettext("%(name)s (acts until %(until)s)") % given
