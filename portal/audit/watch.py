"""What the auditor watches of the record: it is whole, and its head never goes back."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from portal.audit.queries import head_of_record, latest_proof
from portal.jobs.queries import notes_of
from portal.jobs.services import keep_note

HEAD = "audit.latest-head"  # the kind of the note of the head at the latest look
PROVED_WITHIN = timedelta(hours=1)


def faults_of_record(_now: datetime, unshifted: datetime) -> Iterable[str]:
    """Return what is at fault with the record."""
    proof = latest_proof()
    if proof is not None and proof.payload.get("broken_at") is not None:
        yield "The audit record is broken."
    if proof is not None and proof.at and unshifted - proof.at > PROVED_WITHIN:
        yield "The audit record was not checked for an hour."
    before = next(iter(notes_of(HEAD)), None)
    seq, digest = head_of_record()
    if before is not None:
        old_seq, old_digest = before.payload["seq"], before.payload["hash"]
        if seq < old_seq or (seq == old_seq and digest != old_digest):
            yield "The head of the audit record went back."
            return
    keep_note(kind=HEAD, key="record", now=unshifted, payload={"seq": seq, "hash": digest})
