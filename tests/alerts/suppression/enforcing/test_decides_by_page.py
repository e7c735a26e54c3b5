"""What one decision asks of the database is asked once for all incidents of a page."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from alerts.incidents.page.timeline import sentence_for
from alerts.suppression.enforcing import decide
from alerts.suppression.models import LedgerEntry
from alerts.suppression.watching.trials import trial_progress_of
from tests.factories import rules

pytestmark = pytest.mark.django_db
OWNER = {"objectId": "b1c9", "userPrincipalName": "leo@soc.example"}


def _questions_of(floor):
    with CaptureQueriesContext(connection) as asked:
        assert floor.decide() == 0
    return len(asked)


def test_many_incidents_are_judged_with_as_many_questions_as_few(floor):
    floor.rule()
    for _ in range(2):
        floor.incident(owner=OWNER)
    floor.decide()
    few = _questions_of(floor)
    for _ in range(10):
        floor.incident(owner=OWNER)
    assert _questions_of(floor) == few
    assert not LedgerEntry.objects.exists(), "somebody has taken each of them"


@pytest.fixture
def meanwhile(monkeypatch):
    """`meanwhile(act)` does something after a page of incidents was read and before rules act."""

    def arranged(act):
        tag = decide.tag_covered

        def late(**words):
            act()
            return tag(**words)

        monkeypatch.setattr(decide, "tag_covered", late)

    return arranged


def _called_suspicious(incident, floor):
    rules.judge([incident], by=floor.oda, verdict="suspicious")


def test_what_is_called_suspicious_while_its_page_is_worked_through_is_no_free_match(
    floor, meanwhile
):
    version, row = floor.rule(state="canary"), floor.incident()
    meanwhile(lambda: _called_suspicious(row, floor))
    assert floor.decide() == 1
    (line,) = floor.ledger
    assert [code for code, _ in line.kept_open] == ["never.touched"]
    label = row.timeline.get(code="labels")
    assert sentence_for(label)["words"] == "covers it in its trial, but something keeps it open"
    assert trial_progress_of(version).trial.matches == 0


def test_nor_is_what_shares_a_device_with_it(floor, meanwhile):
    version, other = floor.rule(state="canary"), floor.incident(status="Closed")
    floor.incident()
    meanwhile(lambda: _called_suspicious(other, floor))
    assert floor.decide() == 1
    (line,) = floor.ledger
    assert [code for code, _ in line.kept_open] == ["never.suspicion"]
    assert trial_progress_of(version).trial.matches == 0


def test_a_match_that_is_called_suspicious_afterwards_counts_no_more(floor):
    version, row = floor.rule(state="canary"), floor.incident()
    assert floor.decide() == 1
    assert trial_progress_of(version).trial.matches == 1
    _called_suspicious(row, floor)
    assert trial_progress_of(version).trial.matches == 0


def test_what_a_trial_has_a_line_about_is_not_decided_anew(floor):
    floor.rule(state="canary")
    floor.incident(owner=OWNER)
    floor.decide()
    few = _questions_of(floor)
    floor.incident(owner=OWNER)
    floor.decide()
    assert _questions_of(floor) == few + 1
