"""A40 and A41: files that are sent to be kept, and captures made to break who reads them."""

import random
import struct
import subprocess
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from alerts.captures.models import Capture, CapturePart
from alerts.captures.registry import UnreadableCaptureError
from portal.accounts.models import User
from tests.abuse.world import the_world
from training.labs import capture_reader, reading_process

CAPTURE = Path(__file__).resolve().parents[2] / "training/content/captures/water-two-writers.pcap"
needs_bubblewrap = pytest.mark.skipif(
    not capture_reader.can_use_bubblewrap(), reason="bubblewrap cannot be run here"
)


@pytest.mark.django_db
@pytest.mark.usefixtures("noon")
def test_a40_what_is_no_capture_or_too_large_is_refused_and_nothing_is_kept(make_person, settings):
    _workspace, _site, ids = the_world(make_person, "gdansk")
    page = Client(raise_request_exception=False)
    page.force_login(User.objects.get(email="lead@gdansk.example"))
    address = f"/incidents/{ids['incidents']}/captures/"
    before = Capture.objects.count(), CapturePart.objects.count()
    data = CAPTURE.read_bytes()
    settings.CAPTURES_TOTAL_MB = 0
    sent = {
        "page.pcap": b"<html><script>alert(1)</script>",
        "bomb.pcap.gz": b"\x1f\x8b\x08" + bytes(1000),
        "slip.pcap": b"PK\x03\x04../../etc/passwd",
        "program.pcapng": b"MZ\x90\x00",
        "empty.pcap": b"",
        "beyond-the-quota.pcap": data,
    }
    answers = {
        name: page.post(address, {"file": SimpleUploadedFile(name, body)}).status_code
        for name, body in sent.items()
    }
    assert answers == dict.fromkeys(sent, 422)
    for place in (address, "/login/", "/devices/import/"):  # two gigabytes, by what the head says
        huge = page.generic(
            "POST", place, b"x", "multipart/form-data; boundary=x", CONTENT_LENGTH=str(2 << 30)
        )
        assert huge.status_code == 413, place
    assert (Capture.objects.count(), CapturePart.objects.count()) == before


@needs_bubblewrap
def test_a41_the_reader_has_one_file_no_network_no_secrets_and_bounded_memory():
    python = capture_reader.command_for(CAPTURE)[:-3]  # without the program and its file

    def run(code: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*python, "-c", code], capture_output=True, text=True, check=False, timeout=60
        )

    bound = f"import {reading_process.__name__} as r; r._bound({256 << 20}, 20); "
    for code in (
        "open('/etc/passwd')",
        "open('/reader/manage.py')",
        "open('/capture', 'ab')",
        "open('/reader/training/x', 'w')",
        "import socket; socket.create_connection(('127.0.0.1', 22), 1)",
        bound + "bytearray(512 << 20)",
        bound + "open('/tmp/x', 'w').write('x')",
    ):
        assert run(code).returncode, code
    harmless = run(bound + "import os; print(len(open('/capture', 'rb').read()), dict(os.environ))")
    assert harmless.stdout.startswith(str(CAPTURE.stat().st_size)), harmless.stderr
    assert "SECRET" not in harmless.stdout and "DATABASE" not in harmless.stdout


def test_a41_whatever_the_bytes_are_the_reader_ends_with_an_answer(tmp_path):
    data, dice = CAPTURE.read_bytes(), random.Random(7)
    head = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 0xFFFFFFFF, 1)
    corpus = [b"", head, head + b"\xff" * 64, b"\x0a\x0d\x0d\x0a" + b"\xff" * 64]
    for _ in range(3):
        mutated = bytearray(data)
        for _ in range(60):
            mutated[dice.randrange(24, len(data))] = dice.randrange(256)
        corpus.append(bytes(mutated))
    file, answers = tmp_path / "a.pcap", []
    for body in corpus:
        file.write_bytes(body)
        try:
            answers.append(list(capture_reader.ProcessReader().read(file))[-1].kind)
        except UnreadableCaptureError as error:
            answers.append(str(error))
    assert answers[0].startswith("The file is empty")
    assert answers[1:3] == ["summary", "summary"]
    assert not [answer for answer in answers if "reader ended" in answer]
