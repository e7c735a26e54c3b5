"""Mutated captures: every one ends in a summary or in one sentence, soon, in little memory.

`pytest tests/training/pcap/test_fuzz.py --long-fuzz` tries 100,000 of them.
"""

import random
import resource
import struct
import time
from pathlib import Path

import pytest

from training.pcap.capture_file import CaptureFile
from training.pcap.messages import CaptureError
from training.pcap.summary import summarize

FOLDER = Path(__file__).resolve().parents[3] / "training" / "content" / "captures"
SECONDS_EACH = 5
MEBIBYTES_MORE = 100
EDGES = (0, 1, 0x7F, 0x80, 0xFF)


def seeds():
    """All frames of our own captures, in the order of each conversation's file."""
    return [list(CaptureFile(path).frames()) for path in sorted(FOLDER.glob("*.pcap"))]


def mutate(draw, captures):
    """Return one file: a run of frames, damaged in one to four ways."""
    frames = draw.choice(captures)
    start = draw.randrange(len(frames))
    chosen = [bytearray(frame.data) for frame in frames[start : start + draw.randint(1, 14)]]
    for _ in range(draw.randint(1, 4)):
        frame = draw.choice(chosen)
        damage(draw, frame, draw.choice(draw.choice(captures)).data)
    if draw.random() < 0.2:
        draw.shuffle(chosen)
    content = bytearray(file_of(draw, chosen))
    if draw.random() < 0.25:
        damage(draw, content, b"")
    return bytes(content)


def damage(draw, raw, other):
    """Flip, overwrite, cut, double or replace some bytes."""
    if not raw:
        return
    at = draw.randrange(len(raw))
    match draw.randrange(7):
        case 0:
            raw[at] ^= 1 << draw.randrange(8)
        case 1:
            raw[at] = draw.choice(EDGES)
        case 2:
            raw[at : at + 2] = struct.pack(">H", draw.choice((0, 1, 4, 0x7FFF, 0x8000, 0xFFFF)))
        case 3:
            raw[at : at + 4] = draw.randbytes(4)
        case 4:
            del raw[at:]
        case 5:
            raw[at:at] = raw[at : at + draw.randint(1, 40)] * draw.randint(1, 30)
        case _:
            raw[at:] = other[draw.randrange(len(other) + 1) :]


def file_of(draw, frames):
    """Write the frames as pcap or pcapng."""
    link_type = draw.choice((1, 1, 1, 1, 1, 0, 101, 113, 276))
    if draw.random() < 0.7:
        order = draw.choice("<>")
        magic = draw.choice((0xA1B2C3D4, 0xA1B23C4D))
        head = struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 65535, link_type)
        rows = [struct.pack(order + "IIII", 1, 2, len(raw), len(raw)) + raw for raw in frames]
        return head + b"".join(rows)
    blocks = [(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))]
    blocks.append((1, struct.pack("<HHI", link_type, 0, 0) + bytes([9, 0, 1, 0, 9, 0, 0, 0])))
    for raw in frames:
        body = struct.pack("<IIIII", 0, 0, 9, len(raw), len(raw)) + raw + bytes(-len(raw) % 4)
        blocks.append((6, body))
    return b"".join(
        struct.pack("<II", kind, len(body) + 12) + body + struct.pack("<I", len(body) + 12)
        for kind, body in blocks
    )


def peak_mebibytes():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def test_no_mutated_capture_brings_the_reader_down(tmp_path, pytestconfig):
    count = 100_000 if pytestconfig.getoption("--long-fuzz") else 400
    before = peak_mebibytes()
    draw, captures, path = random.Random(20261127), seeds(), tmp_path / "mutated"
    outcomes = {"read": 0, "refused": 0, "with problems": 0}
    for number in range(count):
        content = mutate(draw, captures)
        path.write_bytes(content)
        began = time.process_time()
        try:
            summary = summarize(path)
            summary.as_json()
            outcomes["with problems" if summary.problems else "read"] += 1
        except CaptureError as refusal:
            assert str(refusal).endswith(".") and "\n" not in str(refusal)
            outcomes["refused"] += 1
        except Exception as error:
            pytest.fail(f"mutation {number}: {error!r}, bytes {content.hex()}")
        assert time.process_time() - began < SECONDS_EACH, f"mutation {number} took too long"
    assert all(outcomes.values()), outcomes
    grown = peak_mebibytes() - before
    assert grown < MEBIBYTES_MORE
    print(outcomes, f"{grown:.0f} MiB more")
