"""The captures of the lessons: made by the writer, true to the plant, and read alike by tshark."""

import hashlib
from pathlib import Path

import pytest
import yaml

from simulator.plant.plant import Plant
from tests.training.pcap import tshark
from tools.capture_writer.__main__ import write_all
from training.pcap.dissector import dissect_file
from training.pcap.messages import ExchangeSide, OperationKind
from training.pcap.summary import summarize

FOLDER = Path(__file__).resolve().parents[3] / "training" / "content" / "captures"
LIST = yaml.safe_load((FOLDER / "captures.yaml").read_text())


def test_the_writer_makes_the_same_captures_every_time(tmp_path):
    write_all(tmp_path)
    written = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert written == {path.name: path.read_bytes() for path in FOLDER.iterdir()}
    assert len(LIST) >= 12
    for row in LIST:
        assert hashlib.sha256(written[row["file"]]).hexdigest() == row["sha256"]
        assert row["description"].count(". ") == 2, "a description has three sentences"


def test_a_copy_beside_a_lesson_is_the_capture_of_the_list():
    sums = {row["file"]: row["sha256"] for row in LIST}
    copies = [path for path in FOLDER.parent.glob("modules/*/pcap/*") if path.name in sums]
    for path in copies:
        assert hashlib.sha256(path.read_bytes()).hexdigest() == sums[path.name], path


def test_the_captures_speak_of_the_demos_plant():
    plant = {device.name: device for device in Plant(7).devices}
    devices = [device for row in LIST for device in row["devices"] if device["name"] in plant]
    assert len(devices) > 30
    for device in devices:
        twin = plant[device["name"]]
        assert (device["ip"], device["mac"]) == (twin.ip, twin.mac)
    strangers = {
        device["mac"] for row in LIST for device in row["devices"] if not device["in_inventory"]
    }
    assert not strangers & {device.mac for device in plant.values()}


@pytest.mark.parametrize(
    ("file", "label", "kind"),
    [
        ("water-two-writers.pcap", "odd master writes the set point", OperationKind.WRITE),
        ("line2-upload-download.pcap", "backup begins to upload OB1", OperationKind.UPLOAD),
        ("line2-upload-download.pcap", "download of DB10 is requested", OperationKind.PROGRAM),
        ("lines-four-stops.pcap", "stop without a start", OperationKind.STOP),
        ("lines-four-stops.pcap", "start after the second stop", OperationKind.START),
        ("lines-four-stops.pcap", "stop of another make", OperationKind.STOP),
        ("pump-two-restarts.pcap", "cold restart", OperationKind.RESTART),
        ("line2-two-new-names.pcap", "stranger resets a device to factory", OperationKind.RESTART),
        ("operations-historian.pcap", "second client writes a set point", OperationKind.WRITE),
        ("building-asset-scan.pcap", "stranger silences the controller", OperationKind.STOP),
        ("water-change-of-masters.pcap", "third master writes", OperationKind.WRITE),
    ],
)
def test_a_key_frame_holds_what_its_label_says(file, label, kind):
    row = next(row for row in LIST if row["file"] == file)
    number = row["key_frames"][label]
    (result,) = [result for frame, result in dissect_file(FOLDER / file) if frame.number == number]
    assert [(message.kind, message.role) for message in result.messages] == [
        (kind, ExchangeSide.REQUEST)
    ]


@tshark.needs_tshark
@pytest.mark.parametrize("row", LIST, ids=lambda row: row["file"])
def test_tshark_counts_the_same_and_finds_no_fault(row):
    path = FOLDER / row["file"]
    summary, theirs = summarize(path), tshark.count(path)
    ours = dict(summary.protocol_frames)
    ours.pop("ber.encoding_boiler_plate", None)  # tshark's tree has it, its list of protocols not
    assert ours == theirs.protocols
    assert summary.decoded == theirs.decoded
    assert not theirs.faults
    flows = {}
    for talk in summary.conversations.values():
        if talk.transport in {"tcp", "udp"}:
            ends = f"{talk.client}:{talk.client_port}", f"{talk.server}:{talk.server_port}"
            flows[frozenset(ends)] = (talk.frames, talk.bytes)
    assert flows == theirs.conversations
