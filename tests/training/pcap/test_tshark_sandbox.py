"""tshark sees one capture and nothing else, and answers as our own dissector does."""

import subprocess
from pathlib import Path

import pytest

from training.pcap import dissect_file, tshark

CAPTURE = Path(__file__).resolve().parents[3] / "training/content/captures/water-two-writers.pcap"
pytestmark = pytest.mark.skipif(
    not tshark.is_available(), reason="tshark, bubblewrap or prlimit cannot be run here"
)


def frame(number):
    return next(result for found, result in dissect_file(CAPTURE) if found.number == number)


def test_it_names_the_same_layers_and_hides_the_same_values():
    own = frame(52)
    layers = tshark.layers_of_frame(CAPTURE, own)
    assert [(layer.name, layer.start) for layer in layers] == [
        (layer.name, layer.start) for layer in own.layers
    ]
    fields = [field for layer in layers for field in layer.fields]
    assert any(field.hidden for field in fields)
    assert not any("650" in field.text for field in fields if not field.hidden)


def test_it_has_no_files_no_network_and_bounded_memory():
    for command in (
        "cat /etc/passwd",
        f"cat {__file__}",
        "echo more > /capture",
        "python3 -c 'import socket; socket.create_connection((\"127.0.0.1\", 22), 1)'",
        "python3 -c 'bytearray(2 << 30)'",
    ):
        inside = tshark.sandboxed(CAPTURE, "sh", "-c", command)
        assert subprocess.run(inside, capture_output=True, check=False).returncode, command
    harmless = tshark.sandboxed(CAPTURE, "sh", "-c", "python3 -c 'bytearray(2 << 10)'")
    subprocess.run(harmless, check=True)  # so that the two above fail for what they ask
    inside = tshark.sandboxed(CAPTURE, "sh", "-c", "ls /capture && env")
    answer = subprocess.run(inside, capture_output=True, check=True, text=True).stdout
    assert "/capture" in answer and "SECRET" not in answer and "DATABASE" not in answer
