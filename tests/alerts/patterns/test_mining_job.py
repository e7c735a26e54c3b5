"""Mining runs once a day, and when somebody asks."""

import json
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command

from alerts.patterns.models import Mining
from alerts.patterns.queries.patterns import mining_status
from alerts.patterns.services.mine_patterns import (
    CannotRequestMining,
    request_mining,
    run_due_mining,
)
from alerts.patterns.services.store import store_patterns
from portal.jobs.models import Job
from tests.alerts.suppression.past import routine
from tests.conftest import NOON
from tests.factories.incidents import make_site

pytestmark = pytest.mark.django_db


def test_it_runs_once_until_the_next_night(programming):
    assert run_due_mining(unshifted=NOON, now=NOON)
    assert not run_due_mining(unshifted=NOON + timedelta(hours=13), now=NOON)
    assert run_due_mining(unshifted=NOON + timedelta(hours=14), now=NOON)
    assert Mining.objects.count() == 2
    assert Job.objects.get(kind="patterns.mine").attempts == 0


def test_asked_for_it_runs_at_once_and_says_so(programming, oda):
    run_due_mining(unshifted=NOON, now=NOON)
    request_mining(by=oda, unshifted=NOON, now=NOON)
    assert mining_status(now=NOON).is_running
    assert run_due_mining(unshifted=NOON, now=NOON)
    assert not mining_status(now=NOON).is_running


def test_its_progress_is_seen_while_it_runs(programming, workspace, monkeypatch):
    routine(workspace, make_site("Ulm"))
    progress = []

    def look(*args, **options):
        progress.append((mining_status(now=NOON).done, mining_status(now=NOON).total))
        return store_patterns(*args, **options)

    monkeypatch.setattr("alerts.patterns.services.mine_patterns.store_patterns", look)
    run_due_mining(unshifted=NOON, now=NOON)
    assert progress == [(0, 2), (1, 2)]
    assert mining_status(now=NOON).total == 0


def test_who_only_reads_does_not_ask(mia):
    with pytest.raises(CannotRequestMining):
        request_mining(by=mia, unshifted=NOON, now=NOON)


def test_a_run_that_fails_is_tried_again_soon(programming, monkeypatch):
    def fail(**options):
        raise RuntimeError("The disk is full.")

    monkeypatch.setattr("alerts.patterns.services.mine_patterns.mine_patterns", fail)
    with pytest.raises(RuntimeError):
        run_due_mining(unshifted=NOON, now=NOON)
    job = Job.objects.get(kind="patterns.mine")
    assert (job.state, job.latest_error) == ("waiting", "The disk is full.")
    assert job.due_at == NOON + timedelta(seconds=10)


def test_the_command_mines_and_prints_one_document(programming, judged, noon, capsys):
    call_command("patterns", "mine", "--days", "60", "--json")
    result = json.loads(capsys.readouterr().out)
    assert (result["days"], result["alerts"], result["verdicts"]) == (60, 280, 12)
    (row,) = result["patterns"]
    assert row["pattern"]["source"]["members"] == ["ENG-WS-04"]
    assert (row["incidents"], row["judged"], row["plan_order"]) == (30, 12, 1)
    assert len(row["rhythm"]) == 168
    (site,) = result["sites"]
    assert (site["site"], site["incidents"], site["plan_share"]) == ("Gdańsk", 280, 0.1071)
    call_command("patterns", "mine")
    out = capsys.readouterr().out
    assert "Gdańsk: 1 patterns, 280 incidents; 0.0 % covered by rules, 10.7 % with the plan" in out
    assert "30 incidents, 12 judged" in out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "Unknown action"),
        (("mine", "--days", "x"), "number of days"),
        (("mine", "--days", "9999"), "1 to 400"),
    ],
)
def test_wrong_words_are_one_sentence(words, message):
    with pytest.raises(CommandError, match=message):
        call_command("patterns", *words)


def test_how_far_there_is_enough_to_mine_from(programming, judged):
    status = mining_status(now=NOON)
    assert (status.days, status.verdicts, status.is_ready, status.latest) == (30, 12, True, None)
