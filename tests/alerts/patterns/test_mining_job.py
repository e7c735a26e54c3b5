"""Mining runs once a day, and when somebody asks."""

import json
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command

from alerts.patterns.models import Mining
from alerts.patterns.queries import standing
from alerts.patterns.services.daily import CannotAskForMining, ask_for_mining, run_due_mining
from portal.jobs.models import Job
from tests.conftest import NOON

pytestmark = pytest.mark.django_db


def test_it_runs_once_until_the_next_night(programming):
    assert run_due_mining(unshifted=NOON, now=NOON)
    assert not run_due_mining(unshifted=NOON + timedelta(hours=13), now=NOON)
    assert run_due_mining(unshifted=NOON + timedelta(hours=14), now=NOON)
    assert Mining.objects.count() == 2
    assert Job.objects.get(kind="patterns.mine").attempts == 0


def test_asked_for_it_runs_at_once_and_says_so(programming, oda):
    run_due_mining(unshifted=NOON, now=NOON)
    ask_for_mining(by=oda, unshifted=NOON, now=NOON)
    assert standing(now=NOON).is_under_way
    assert run_due_mining(unshifted=NOON, now=NOON)
    assert not standing(now=NOON).is_under_way


def test_who_only_reads_does_not_ask(mia):
    with pytest.raises(CannotAskForMining):
        ask_for_mining(by=mia, unshifted=NOON, now=NOON)


def test_a_run_that_fails_is_tried_again_soon(programming, monkeypatch):
    def fail(**given):
        raise RuntimeError("The disk is full.")

    monkeypatch.setattr("alerts.patterns.services.daily.mine_patterns", fail)
    with pytest.raises(RuntimeError):
        run_due_mining(unshifted=NOON, now=NOON)
    job = Job.objects.get(kind="patterns.mine")
    assert (job.state, job.latest_error) == ("waiting", "The disk is full.")
    assert job.due_at == NOON + timedelta(seconds=10)


def test_the_command_mines_and_prints_one_document(programming, judged, noon, capsys):
    call_command("patterns", "mine", "--days", "60", "--json")
    told = json.loads(capsys.readouterr().out)
    assert (told["days"], told["alerts"], told["verdicts"]) == (60, 30, 12)
    (row,) = told["candidates"]
    assert (row["source"], row["incidents"], row["judged"]) == ("ENG-WS-04", 30, 12)
    assert len(row["rhythm"]) == 168
    call_command("patterns", "mine")
    assert "30 incidents, 12 judged" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [((), "knows mine"), (("mine", "--days", "x"), "number of days"),
     (("mine", "--days", "9999"), "1 to 400")],
)  # fmt: skip
def test_wrong_words_are_one_sentence(words, said):
    with pytest.raises(CommandError, match=said):
        call_command("patterns", *words)


def test_how_far_there_is_enough_to_mine_from(programming, judged):
    told = standing(now=NOON)
    assert (told.days, told.verdicts, told.is_ready, told.latest) == (30, 12, True, None)
