"""The head of the chain goes outside, and the record is held to what was told there."""

import io
import json
import logging
import socket

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from portal.accounts.services.people import add_organisation
from portal.audit.anchors import _key
from portal.audit.engine import Anchor
from portal.audit.models import Entry
from portal.audit.services import publish_anchor, publish_restore_anchor
from portal.audit.tasks import anchor_record, verify_record
from portal.errors import Misconfigured
from portal.jobs.models import Job
from portal.runtime import service_urls

pytestmark = pytest.mark.django_db
AT = 1_795_780_800_000_000  # microseconds


@pytest.fixture
def entries(noon):
    for name in ("Alpha", "Beta", "Gamma"):
        add_organisation(name=name, by="tests", now=noon)
    return list(Entry.objects.order_by("seq"))


@pytest.fixture
def anchor_to(settings, monkeypatch):
    def anchor(value):
        monkeypatch.setenv("AUDIT_ANCHOR", value)
        settings.AUDIT_ANCHOR = service_urls.audit_anchor()

    return anchor


def line_of(entry):
    return Anchor(entry.seq, entry.hash).line(_key(), at=AT)


def rewrite_all():
    """What an owner can do: another history, whole in itself."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("DELETE FROM audit_entry WHERE seq = 3")
        cursor.execute("UPDATE audit_entry SET details = '{}', object_label = 'x' WHERE seq = 2")
        cursor.execute("UPDATE audit_entry e SET hash = audit_hash_of(e) WHERE seq = 2")
        cursor.execute(
            "UPDATE audit_head h SET seq = e.seq, hash = e.hash FROM audit_entry e WHERE e.seq = 2"
        )
        cursor.execute("SET LOCAL session_replication_role = origin")


@pytest.fixture(autouse=True)
def heard(monkeypatch):
    """The line has a handler of its own; caplog hears what goes up."""
    monkeypatch.setattr(logging.getLogger("portal.audit.anchors"), "propagate", True)


def test_by_default_it_is_a_line_of_the_log(entries, caplog):
    anchor_record(of_tomorrow=1)
    (line,) = caplog.messages
    assert line.startswith(f"tagout audit head seq=3 hash={entries[-1].hash} at=")
    assert caplog.records[0].levelno == logging.INFO


def test_a_file_gets_a_line_each_time_and_is_read_by_verify(entries, anchor_to, tmp_path, noon):
    anchor_to(f"file://{tmp_path}/heads")
    publish_anchor()
    add_organisation(name="Delta", by="tests", now=noon)
    publish_anchor()
    assert len((tmp_path / "heads").read_text().splitlines()) == 2
    call_command("audit", "verify")


@pytest.mark.abuse("A42")
@pytest.mark.parametrize("upto", [3, 2])
def test_a_history_that_was_rewritten_whole_is_found_by_what_was_told(
    entries, anchor_to, tmp_path, upto
):
    anchor_to(f"file://{tmp_path}/heads")
    publish_anchor()
    if upto == 2:
        (tmp_path / "heads").write_text(line_of(entries[1]) + "\n")
    rewrite_all()
    words = "missing" if upto == 3 else "published outside is another"
    with pytest.raises(CommandError, match=f"broken at entry {upto}: .*{words}"):
        call_command("audit", "verify")
    verify_record()
    assert Job.objects.get(kind="audit-verified").payload["broken_at"] == upto


def test_a_log_that_was_kept_elsewhere_is_enough(entries, tmp_path):
    log = tmp_path / "worker.log"
    line = line_of(entries[1])
    log.write_text(f'{{"level": "INFO", "message": "other"}}\n{{"message": "{line}"}}\n')
    call_command("audit", "verify", "--against", str(log))
    rewrite_all()
    call_command("audit", "verify")
    with pytest.raises(CommandError, match="broken at entry 2"):
        call_command("audit", "verify", "--against", str(log))


def test_heads_of_what_a_restore_lost_are_held_against_nobody_once_it_is_told(
    entries, anchor_to, tmp_path, noon
):
    heads = tmp_path / "heads"
    anchor_to(f"file://{heads}")
    publish_anchor()
    end = Anchor(2, entries[1].hash)
    end_record_at(end.seq)
    add_organisation(name="Another history", by="tests", now=noon)
    with pytest.raises(CommandError, match="broken at entry 3"):
        call_command("audit", "verify")
    mark_of_a_head = end.line(_key(), at=AT).replace("head", "restored")
    heads.write_text(heads.read_text() + mark_of_a_head + "\n")
    with pytest.raises(CommandError, match="broken at entry 3"):
        call_command("audit", "verify")
    publish_restore_anchor(end)
    call_command("audit", "verify")
    end_record_at(1)
    with pytest.raises(CommandError, match="broken at entry 2"):
        call_command("audit", "verify")


def end_record_at(seq):
    """As the record of a restored backup, which ends earlier."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("DELETE FROM audit_entry WHERE seq > %s", [seq])
        cursor.execute(
            "UPDATE audit_head h SET seq = e.seq, hash = e.hash FROM audit_entry e"
            " WHERE e.seq = %s",
            [seq],
        )
        cursor.execute("SET LOCAL session_replication_role = origin")


def test_a_restore_that_is_told_again_later_excuses_nothing(entries, anchor_to, tmp_path):
    """Whoever owns the database saw the line when they restored, and can have a log repeat it."""
    heads = tmp_path / "heads"
    anchor_to(f"file://{heads}")
    restored = publish_restore_anchor(Anchor(1, entries[0].hash))
    publish_anchor()
    heads.write_text(f"{heads.read_text()}GET /{restored} 404\n")
    call_command("audit", "verify")
    rewrite_all()
    with pytest.raises(CommandError, match="broken at entry 3"):
        call_command("audit", "verify")


def test_a_file_that_tells_no_head_proves_nothing_and_says_so(entries, tmp_path):
    (tmp_path / "empty").write_text("")
    with pytest.raises(CommandError, match="contains no head of the record"):
        call_command("audit", "verify", "--against", str(tmp_path / "empty"))
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("audit", "verify", "--against", str(tmp_path / "none"))


def test_what_a_stranger_has_a_log_say_raises_no_alarm(entries, tmp_path, capsys):
    log = tmp_path / "all.log"
    forged = [
        Anchor(2, "0" * 64).line(b"a key of theirs", at=AT),
        f"tagout audit head seq=2 hash={'0' * 64}",
        line_of(entries[1]).replace(entries[1].hash, "0" * 64),
        line_of(entries[1]).replace(f"at={AT}", f"at={AT + 1}"),
    ]
    agents = [f'192.0.2.7 - - "GET / HTTP/1.1" 302 0 "-" "{line}"\n' for line in forged]
    log.write_text("".join(agents))
    with pytest.raises(CommandError, match="another SECRET_KEY"):
        call_command("audit", "verify", "--against", str(log))
    log.write_text("".join([f"{forged[0]} {line_of(entries[2])}\n", *agents]))
    call_command("audit", "verify", "--against", str(log), "--json")
    report = json.loads(capsys.readouterr().out)
    assert (report["whole"], report["anchors"], report["ignored"]) == (True, 1, 4)
    rewrite_all()
    with pytest.raises(CommandError, match="broken at entry 3"):
        call_command("audit", "verify", "--against", str(log))


def test_a_log_may_come_by_standard_input(entries, monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin", io.StringIO(line_of(entries[1]) + "\n"))
    call_command("audit", "verify", "--against", "-", "--json")
    assert json.loads(capsys.readouterr().out)["anchors"] == 1


def test_syslog_gets_a_datagram(entries, anchor_to):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(5)
        anchor_to(f"syslog://127.0.0.1:{server.getsockname()[1]}")
        publish_anchor()
        datagram = server.recv(500).decode()
        assert datagram.startswith(f"<38>tagout audit head seq=3 hash={entries[-1].hash} at=")


def test_what_cannot_be_kept_there_stands_in_the_log(entries, anchor_to, caplog):
    anchor_to("file:///nowhere/heads")
    publish_anchor()
    assert f"seq=3 hash={entries[-1].hash}" in caplog.text
    assert "could not be kept" in caplog.text


@pytest.mark.parametrize("value", ["syslog", "http://x", "syslog://", "file:///", "ftp://x/y"])
def test_a_place_that_is_none_is_one_sentence(monkeypatch, value):
    monkeypatch.setenv("AUDIT_ANCHOR", value)
    with pytest.raises(Misconfigured, match="AUDIT_ANCHOR"):
        service_urls.audit_anchor()
