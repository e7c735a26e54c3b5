"""The published captures are read in place, where the folder exists, and agree with their truth."""

import json
import os
from pathlib import Path

import pytest

from tests.training.pcap import tshark
from training.pcap.summary import summarize

_BESIDE = Path(__file__).resolve().parents[3] / "shared" / "reference"
CAPTURES = Path(os.environ.get("TAGOUT_REFERENCE") or _BESIDE) / "data" / "pcap"
TRUTH = (
    json.loads((CAPTURES / "index.json").read_text())["captures"]
    if (CAPTURES / "index.json").is_file()
    else []
)

pytestmark = [
    pytest.mark.contract,
    pytest.mark.skipif(
        not TRUTH,
        reason="the published captures are not here (TAGOUT_REFERENCE, or shared/reference beside)",
    ),
]
MEMBERS = {
    "format",
    "packets",
    "duration_s",
    "link_type",
    "protocol_frames",
    "ip_hosts",
    "ip_host_count",
    "decoded",
}


@pytest.mark.parametrize("truth", TRUTH, ids=lambda truth: truth["file"])
def test_a_published_capture_holds_what_its_index_says(truth):
    summary = summarize(CAPTURES / truth["file"]).as_json()
    assert {name: summary[name] for name in MEMBERS} == {name: truth[name] for name in MEMBERS}
    assert sum(row["frames"] for row in summary["conversations"]) == truth["packets"]


@tshark.needs_tshark
@pytest.mark.parametrize("truth", TRUTH, ids=lambda truth: truth["file"])
def test_tshark_finds_the_same_conversations(truth):
    ours = {}
    for talk in summarize(CAPTURES / truth["file"]).conversations.values():
        if talk.transport in {"tcp", "udp"}:
            ends = f"{talk.client}:{talk.client_port}", f"{talk.server}:{talk.server_port}"
            ours[frozenset(ends)] = talk.frames
    theirs = tshark.count(CAPTURES / truth["file"]).conversations
    assert ours == {ends: frames for ends, (frames, _bytes) in theirs.items()}


def test_the_operations_of_the_published_captures_are_named_and_marked():
    rows = {
        (row["protocol"], row["name"], row["kind"]): row["count"]
        for truth in TRUTH
        for row in summarize(CAPTURES / truth["file"]).as_json()["operations"]
    }
    for wanted in (
        ("s7comm", "PLC stop", "stop"),
        ("s7comm", "Request download", "program"),
        ("s7comm", "Set the clock", "write"),
        ("dnp3", "Operate", "write"),
        ("iec104", "Set-point, short float", "write"),
        ("profinet-dcp", "Set the IP address", "write"),
        ("cip", "Stop", "stop"),
        ("modbus", "Write single coil", "write"),
    ):
        assert rows[wanted] > 0, wanted
