"""Read the record and prove that it is whole."""

from collections.abc import Collection
from dataclasses import dataclass

from django.db import connection, transaction

from portal.audit.engine import Anchor
from portal.audit.models import Entry
from portal.jobs.queries import Note, notes_of

VERIFIED = "audit-verified"  # the kind of the row that notes the latest walk


@dataclass(frozen=True, slots=True)
class ChainReport:
    """What a walk along the chain found. `broken_at` is the first bad seq, None when whole."""

    entries: int
    head: str
    broken_at: int | None
    reason: str

    @property
    def whole(self) -> bool:
        """True when nothing was changed, removed or cut off."""
        return self.broken_at is None


WALK = """
SELECT seq, reason FROM (
    SELECT seq, CASE
        WHEN hash <> audit_hash_of(e) THEN 'its content was changed'
        WHEN seq <> coalesce(lag(seq) OVER w, 0) + 1 THEN 'entries before it are missing'
        WHEN prev_hash <> coalesce(lag(hash) OVER w, '') THEN 'it does not follow the one before it'
    END AS reason
    FROM audit_entry e WINDOW w AS (ORDER BY seq)
) walked WHERE reason IS NOT NULL ORDER BY seq LIMIT 1
"""
# One statement, so one moment: others write while we look.
ENDS = """
SELECT coalesce(newest.seq, 0), coalesce(newest.hash, ''), coalesce(h.seq, 0), coalesce(h.hash, '')
FROM (SELECT) nothing LEFT JOIN audit_head_now() h ON true
LEFT JOIN (SELECT seq, hash FROM audit_entry ORDER BY seq DESC LIMIT 1) newest ON true
"""


@transaction.atomic
def verify_chain(anchors: Collection[Anchor] = ()) -> ChainReport:
    """Recompute every hash, compare the end with the head row, and the anchors published outside
    with the stored entries.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")  # a long record takes its time
        cursor.execute(ENDS)
        *newest, head_seq, head_hash = cursor.fetchone()
        cursor.execute(WALK)
        found = cursor.fetchone()
    head = [head_seq, head_hash]
    broken, reason = found if found else (None, "")
    if broken is None and head != newest:
        broken, reason = newest[0] + 1, "the newest entries were cut off"
    if broken is None:
        broken, reason = _first_contradicted(anchors)
    return ChainReport(Entry.objects.count(), str(head_hash), broken, reason)


def latest_proof() -> Note | None:
    """Return the note of the latest walk along the chain: `at` by the server's own clock, `payload`
    with the members of ChainReport. None before the first walk.
    """
    return next(iter(notes_of(VERIFIED)), None)


def head_of_record() -> tuple[int, str]:
    """Return the number and the hash of the chain's newest entry."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT seq, hash FROM audit_head_now()")
        seq, digest = cursor.fetchone()
    return seq, digest


def _first_contradicted(anchors: Collection[Anchor]) -> tuple[int | None, str]:
    """Return the first entry that differs from its anchor outside, and how."""
    rows = Entry.objects.filter(seq__in=[anchor.seq for anchor in anchors]).values_list(
        "seq", "hash"
    )
    hashes = dict(rows)
    for anchor in sorted(anchors, key=lambda anchor: anchor.seq):
        if anchor.seq and hashes.get(anchor.seq) is None:
            return anchor.seq, "entries that were published outside are missing"
        if anchor.seq and hashes[anchor.seq] != anchor.hash:
            return anchor.seq, "the hash published outside is another"
    return None, ""
