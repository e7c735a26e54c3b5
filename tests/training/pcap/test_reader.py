"""Formats, link layers, fragments and streams: one message is found wherever it stands."""

import os
import struct
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

import pytest

from tools.capture_writer.exchanges import Modbus
from tools.capture_writer.hosts import FW_GD_01, HMI_WTP_01, PLC_WTP_01
from tools.capture_writer.tape import Tape, Tcp
from training.pcap.dissector import dissect_file
from training.pcap.messages import CaptureError, ExchangeSide, Limits, OperationKind
from training.pcap.summary import summarize

WRITE = bytes.fromhex("000100000006010600280384")  # register 40 becomes 900
BEGAN = 1_795_000_000


def tape():
    return Tape(BEGAN, ("10.20.31.",), FW_GD_01)


def segments(*pieces):
    """Frames of a Modbus connection whose client sends these pieces, in this order."""
    recording = tape()
    tcp = Tcp(recording, HMI_WTP_01, PLC_WTP_01, 50000, 502)
    tcp.open(0)
    for place, piece in enumerate(pieces, 1):
        tcp.send(place, HMI_WTP_01, piece)
    return recording


def frames_of(recording):
    return [frame for _, _, frame in sorted(recording.frames)]


def pcap(frames, link_type=1, order="<", magic=0xA1B2C3D4):
    parts = [struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 65535, link_type)]
    for number, frame in enumerate(frames):
        parts += [struct.pack(order + "IIII", BEGAN + number, 7, len(frame), len(frame)), frame]
    return b"".join(parts)


def ip_packet(payload, *, protocol=6, offset=0, more=False):
    head = struct.pack(
        ">BBHHHBBH", 0x45, 0, 20 + len(payload), 7, offset // 8 | more << 13, 64, protocol, 0
    )
    return head + IPv4Address("10.0.0.1").packed + IPv4Address("10.0.0.2").packed + payload


def tcp_segment(data):
    return struct.pack(">HHIIBBHHH", 50000, 502, 1, 1, 0x50, 0x18, 8192, 0, 0) + data


def ip6_packet(payload, protocol=6):
    head = struct.pack(">IHBB", 6 << 28, len(payload), protocol, 64)
    return head + IPv6Address("::1").packed + IPv6Address("fe80::2").packed + payload


@pytest.fixture
def read(tmp_path):
    def read_capture(content, **limits):
        path = tmp_path / "named-wrongly.txt"
        path.write_bytes(content)
        return summarize(path, Limits(**limits))

    return read_capture


def writes(summary):
    return sum(row.count for row in summary.operations.values() if row.kind is OperationKind.WRITE)


PACKET = ip_packet(tcp_segment(WRITE))
ETHERNET = bytes(12)


@pytest.mark.parametrize(
    ("link_type", "frame"),
    [
        (1, ETHERNET + b"\x08\x00" + PACKET),
        (1, ETHERNET + b"\x81\x00\x00\x1f\x08\x00" + PACKET),
        (1, ETHERNET + b"\x88\xa8\x00\x05\x81\x00\x00\x1f\x08\x00" + PACKET),
        (1, ETHERNET + b"\x86\xdd" + ip6_packet(tcp_segment(WRITE))),
        (1, ETHERNET + b"\x86\xdd" + ip6_packet(b"\x06" + bytes(7) + tcp_segment(WRITE), 0)),
        (0, b"\x02\0\0\0" + PACKET),
        (0, b"\0\0\0\x02" + PACKET),
        (0, b"\x1e\0\0\0" + ip6_packet(tcp_segment(WRITE))),
        (108, b"\0\0\0\x02" + PACKET),
        (113, b"\0\0\0\x01\0\x06" + bytes(8) + b"\x08\x00" + PACKET),
        (276, b"\x08\x00\0\0" + bytes(16) + PACKET),
        (101, PACKET),
        (101, ip6_packet(tcp_segment(WRITE))),
        (228, PACKET),
    ],
)
def test_a_write_is_found_in_every_link_layer(read, link_type, frame):
    summary = read(pcap([frame], link_type))
    assert (writes(summary), summary.malformed) == (1, 0)
    assert summary.decoded == {"modbus_function_codes": {"6": 1}}


def test_the_format_is_told_by_the_bytes(read):
    recording = segments(WRITE)
    frames = frames_of(recording)
    formats = {
        "pcap little-endian us": pcap(frames),
        "pcap big-endian us": pcap(frames, order=">"),
        "pcap little-endian ns": pcap(frames, magic=0xA1B23C4D),
        "pcap big-endian ns": pcap(frames, order=">", magic=0xA1B23C4D),
        "pcapng": recording.pcapng(),
    }
    for name, content in formats.items():
        summary = read(content)
        assert (summary.format, writes(summary)) == (name, 1)
    assert read(formats["pcap little-endian ns"]).first_ns == BEGAN * 10**9 + 7
    assert read(formats["pcap little-endian us"]).first_ns == BEGAN * 10**9 + 7000


def test_a_message_over_several_segments_counts_once_where_it_ends(read, tmp_path):
    content = segments(WRITE[:3], WRITE[3:9], WRITE[9:] + WRITE, b"").pcap()
    assert writes(read(content)) == 2
    path = tmp_path / "named-wrongly.txt"
    ended = [frame.number for frame, result in dissect_file(path) if result.messages]
    assert ended == [6]


def test_segments_are_put_in_order_and_repeated_ones_dropped(read):
    frames = frames_of(segments(WRITE[:5], WRITE[5:], WRITE))
    assert writes(read(pcap([frames[at] for at in (0, 1, 2, 4, 3, 5)]))) == 2
    assert writes(read(pcap([frames[at] for at in (0, 1, 2, 3, 3, 4, 4, 5, 5)]))) == 2
    assert writes(read(pcap([frames[at] for at in (0, 1, 2, 5)]))) == 1  # the first two are lost


def test_fragments_of_a_datagram_are_joined_in_any_order(read):
    whole = tcp_segment(WRITE)
    parts = [
        ETHERNET + b"\x08\x00" + ip_packet(whole[16:], offset=16),
        ETHERNET + b"\x08\x00" + ip_packet(whole[:16], more=True),
    ]
    assert writes(read(pcap(parts))) == 1
    assert writes(read(pcap(parts[::-1]))) == 1
    assert writes(read(pcap(parts[:1]))) == 0


def test_who_is_asked_and_who_answers_is_told_by_the_opening(read):
    recording = tape()
    modbus = Modbus(recording, HMI_WTP_01, PLC_WTP_01, 50000)
    modbus.tcp.open(0)
    modbus.write(1, 40, 900)
    modbus.call_with_exception(2, "060063ffff", 2)
    (row,) = read(recording.pcap()).operations.values()
    assert (row.name, row.kind) == ("Write single register", OperationKind.WRITE)
    assert (row.count, row.responses, row.errors) == (2, 2, 1)


def test_process_values_are_marked_as_hidden(tmp_path):
    path = tmp_path / "capture"
    path.write_bytes(segments(WRITE).pcap())
    (message,) = [result for _, result in dissect_file(path) if result.messages]
    assert message.messages[0].role is ExchangeSide.REQUEST
    assert "900" not in message.messages[0].detail
    fields = {field.label: field for layer in message.layers for field in layer.fields}
    assert fields["Value"].hidden and fields["Value"].text == "900"
    assert not fields["Address"].hidden
    assert fields["Value"].start == 54 + 10 and fields["Value"].length == 2


BROKEN = {
    "empty": (b"", "The file is empty"),
    "no capture": (b"MZ\x90\x00" * 9, "it begins with 4d 5a 90 00"),
    "cut in the header": (pcap([])[:11], "at byte 11 of 24"),
    "unknown link type": (pcap([PACKET], 147), "Link type 147, at byte 20"),
}


@pytest.mark.parametrize(("content", "sentence"), BROKEN.values(), ids=BROKEN)
def test_what_is_no_capture_is_refused_in_one_sentence(read, content, sentence):
    with pytest.raises(CaptureError, match=sentence):
        read(content)


def test_what_never_ends_or_is_no_file_is_refused(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (pipe, Path("/dev/zero"), tmp_path):
        with pytest.raises(CaptureError, match=r"not a regular file|Is a directory"):
            summarize(path)
    with pytest.raises(CaptureError, match="No such file"):
        summarize(tmp_path / "absent")


def test_a_broken_capture_is_read_as_far_as_it_goes_and_says_where_it_broke(read):
    frames = frames_of(segments(WRITE))
    good = pcap(frames)
    lying = good + struct.pack("<IIII", 1, 1, 0x7FFFFFFF, 60)
    long_block = segments(WRITE).pcapng() + struct.pack("<II", 6, 0xFFFFFFF0)
    for content, limits, sentence in (
        (good[:-3], {}, f"The file ends inside frame 4, at byte {len(good) - 3}."),
        (good + b"\1\2", {}, f"The file ends inside frame 5, at byte {len(good) + 2}."),
        (lying, {}, f"Frame 5 says, at byte {len(good) + 8}, that it is 2147483647 bytes long"),
        (long_block, {}, "says it is 4294967280 bytes long"),
        (good, {"frames": 2}, "Reading stopped before frame 3, at byte 176: only the first 2"),
        (good, {"seconds": 0}, "reading takes at most 0 seconds"),
        (good, {"bytes": 30}, "Reading stopped before frame 2"),
        (good, {"conversations": 0}, "Only the first 0 conversations are listed; the next begins"),
        (good, {"operations": 0}, "Only the first 0 operations are listed; the next begins in fr"),
    ):
        summary = read(content, **limits)
        assert len(summary.problems) == 1
        assert sentence in summary.problems[0]


def test_a_message_whose_length_lies_is_counted_as_malformed(read):
    short = b"\0\1\0\0\0\4\1\x10\0\x28"  # function 16 without its values
    summary = read(segments(short).pcap())
    assert summary.malformed == 1
    assert summary.problems == ["Frame 4: the Modbus message at byte 54 ends before its fields do."]
