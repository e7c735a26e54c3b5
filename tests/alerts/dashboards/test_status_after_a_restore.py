"""System status of a restored Tagout: that it waits, for everybody; what was found, for those who
can do something about it.
"""

import msgspec
import pytest
from django.conf import settings

from alerts.intake.models import Quarantined
from portal.backup.engine import ComparisonResult, RecordFound, RemoteDifference, RemoteRule
from portal.backup.models import Restore
from tests.bars import bar_faults_of_each
from tests.browser import change_person
from tests.conftest import NOON
from tests.program import Program

pytestmark = pytest.mark.usefixtures("fixed_clocks")
FINDINGS = ComparisonResult(
    record=RecordFound(entries=8, anchors=2, newest_anchor=10, lost=3),
    places=(
        RemoteDifference(
            place="gdansk",
            unknown=(RemoteRule("Tagout R-13 Scans", is_active=True, until=NOON),),
            changed=(RemoteRule("Tagout R-12 Polls"),),
            missing=("R-11",),
        ),
        RemoteDifference(place="porto", error="Azure does not answer."),
    ),
)


@pytest.fixture
def restored(db):
    return Restore.objects.create(
        backup_made_at=NOON,
        backup_version="0.1.0",
        record_seq=7,
        restored_at=NOON,
        restored_by_label="command line",
        compared_at=NOON,
        findings=msgspec.to_builtins(FINDINGS),
    )


@pytest.fixture
def opens(client):
    def opened(person, language="en"):
        client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
        client.force_login(person)
        return client.get("/status/").text

    return opened


def test_who_can_help_reads_what_was_found(opens, make, restored, ada):
    make()
    page = opens(ada)
    assert "Restored from a backup" in page
    for words in (
        "entries 8 to 10 were published outside and are not in the backup",
        "gdansk has a rule that Tagout does not know: Tagout R-13 Scans (acts until 2026-11-24 12",
        "gdansk has a rule that differs from the one in Tagout: Tagout R-12 Polls (disabled)",
        "gdansk no longer has a rule: R-11",
    ):
        assert words in page
    assert "eine Regel, die Tagout nicht kennt: Tagout R-13 Scans (wirkt bis" in opens(ada, "de")


def test_everybody_reads_that_it_waits_and_nobody_of_other_peoples_workspaces(
    opens, make, restored, sam, leo
):
    make()
    assert "Nothing is sent to Sentinel or by mail and no rule acts" in opens(sam)
    assert "R-13" not in opens(sam)
    assert "R-13" in opens(leo)
    assert "porto" not in opens(leo)


def test_it_is_gone_once_resumed_and_programs_are_told(opens, make, restored, ada):
    make()
    program = Program(ada)
    assert program.get("status/").json()["paused_after_restore"] is True
    Restore.objects.update(resumed_at=NOON)
    assert program.get("status/").json()["paused_after_restore"] is False
    assert "Restored from a backup" not in opens(ada)


def test_before_the_comparison_it_says_that_nothing_was_compared(opens, make, restored, ada):
    make()
    Restore.objects.update(compared_at=None, findings={})
    assert "Nothing has been compared with Sentinel yet" in opens(ada)


@pytest.mark.browser
def test_it_holds_the_bars(browse, transactional_db, make, restored, ada, workspace):
    make()
    Quarantined.objects.create(
        workspace=workspace,
        fingerprint="f" * 64,
        reason="It has no name.",
        raw="{}",
        first_seen_at=NOON,
        latest_seen_at=NOON,
    )
    page = browse("/login/")
    change_person(page, ada)
    assert bar_faults_of_each(page, "/status/") == []
