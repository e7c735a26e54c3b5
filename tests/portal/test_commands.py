"""What all commands share: one sentence for what is wrong, moments as RFC 3339 says them."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import OperationalError
from django.db.backends.utils import CursorWrapper

from portal.command import TagoutCommand
from portal.jobs.management.commands.migrate import Command as Migrate
from tests.architecture.tree import HOME


class Answering(TagoutCommand):
    """Returns what it is given."""

    needs_database = False
    answer: object = None

    def run(self, **options):
        return self.answer


def test_moments_in_json_are_utc_as_rfc_3339_says_them(capsys):
    command = Answering()
    moment = datetime(2026, 11, 25, 12, tzinfo=timezone(timedelta(hours=2)))
    command.answer = {"at": moment, "in_utc": moment.astimezone(UTC)}
    call_command(command, "--json")
    assert json.loads(capsys.readouterr().out) == {
        "at": "2026-11-25T10:00:00Z",
        "in_utc": "2026-11-25T10:00:00Z",
    }


def test_a_word_that_is_no_text_is_refused_before_anything_is_done():
    with pytest.raises(CommandError, match="UTF-8"):
        call_command("workspace", "pause", "caf\udce9")


def test_a_database_that_does_not_answer_is_one_sentence(db, monkeypatch):
    def away(*args, **kwargs):
        raise OperationalError("connection failed:\n\tIs the server running?")

    with monkeypatch.context() as trouble:
        trouble.setattr(CursorWrapper, "execute", away)
        with pytest.raises(CommandError) as error:
            call_command("audit", "verify")
    assert str(error.value).startswith("The database that DATABASE_URL names does not answer:")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("file", ["/nowhere/api.json", "/"])
def test_a_file_that_cannot_be_written_is_one_sentence(file):
    with pytest.raises(CommandError, match="cannot be used"):
        call_command("openapi", file)


@pytest.mark.parametrize(
    ("module", "setting", "value"),
    [
        ("portal.wsgi", "LOG_FORMAT", "xml"),
        ("portal.celery", "REDIS_URL", "nowhere"),
        ("alerts.demo", "DEMO_PORT", "70000"),
        ("alerts.demo", "DEMO_SEED", "²"),
        ("alerts.demo", "DEMO_DATA", "/dev/null/demo"),
    ],
)
def test_a_process_that_cannot_start_says_why_in_one_line(module, setting, value):
    done = subprocess.run(
        [sys.executable, "-m", module],
        cwd=HOME,
        text=True,
        check=False,
        capture_output=True,
        env=os.environ | {setting: value},
    )
    assert done.returncode != 0
    assert done.stderr.startswith(f"{setting} ")
    assert len(done.stderr.splitlines()) == 1


def test_a_reader_who_has_seen_enough_is_no_traceback():
    """`patterns mine | head`: the pipe is closed while there is more to say."""
    reading, writing = os.pipe()
    os.close(reading)
    ended = subprocess.run(
        [sys.executable, "manage.py", "help"],
        cwd=HOME,
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(writing)
    assert (ended.returncode, ended.stderr) == (141, "")


def test_migrate_imports_no_pages_to_check_them(db, monkeypatch):
    monkeypatch.setattr("django.core.checks.run_checks", lambda **_: pytest.fail("It checks."))
    command = Migrate()
    command.execute(**vars(command.create_parser("manage.py", "migrate").parse_args(["--plan"])))
