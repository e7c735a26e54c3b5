"""What `restore --check` finds without a file of anchors: the backup's own head, what is owed."""

import pytest

from portal.audit.engine import Anchor
from portal.audit.queries import head_of_record
from portal.audit.services import record
from portal.backup.models import Restore
from portal.backup.services import resume
from portal.jobs.models import Job
from tests.conftest import NOON
from tests.factories.exports import make_export

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]


@pytest.fixture
def check(monkeypatch):
    """`check(seq, hash)`: compare with nothing outside, after a backup whose record ended so."""
    monkeypatch.setattr(resume, "run_comparisons", lambda **_: [])

    def compare(*head):
        restore = Restore.objects.create(
            backup_made_at=NOON,
            backup_version="0.1.0",
            record_seq=head[0],
            record_hash=head[1],
            restored_at=NOON,
            restored_by_label="command line",
        )
        return resume.compare_with_outside(restore=restore, against=None, now=NOON)

    return compare


@pytest.fixture
def entries(leo):
    """Two entries after those that made Leo; returns the head."""
    for n in (1, 2):
        record("accounts.person.enabled", on=leo, by="tests", at=NOON, n=n)
    return Anchor(*head_of_record())


def test_a_record_that_ends_as_its_backup_did_is_whole(check, entries):
    assert check(entries.seq, entries.hash).record.broken_at is None


def test_a_last_entry_that_differs_from_the_manifest_is_named(check, entries):
    found = check(entries.seq, "0" * 64).record
    assert (found.broken_at, found.anchors) == (entries.seq, 0)


def test_a_last_entry_of_the_manifest_that_is_not_there_is_named(check, entries):
    assert check(entries.seq + 1, entries.hash).record.broken_at == entries.seq + 1


def test_jobs_that_come_round_are_not_counted_as_owed(check, entries, sam):
    Job.objects.create(kind="tests.round", key="", due_at=NOON, made_at=NOON)
    assert check(entries.seq, entries.hash).waiting == {}
    make_export(sam)
    assert list(check(entries.seq, entries.hash).waiting.values()) == [1]
