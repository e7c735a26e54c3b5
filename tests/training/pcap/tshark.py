"""What tshark counts in a capture, in the words of our summary."""

import shutil
import subprocess
from collections import Counter
from dataclasses import dataclass

import pytest

TSHARK = shutil.which("tshark")
needs_tshark = pytest.mark.skipif(not TSHARK, reason="tshark is not installed")
FIELDS = {
    "modbus.func_code": "modbus_function_codes",
    "modbus.exception_code": "modbus_exceptions",
    "s7comm.param.func": "s7_functions",
    "dnp3.al.func": "dnp3_functions",
    "cip.service": "cip_services",
    "enip.command": "enip_commands",
    "bacapp.confirmed_service": "bacnet_confirmed_services",
    "bacapp.unconfirmed_service": "bacnet_unconfirmed_services",
    "iec60870_asdu.typeid": "iec104_asdu_types",
    "opcua.servicenodeid.numeric": "opcua_service_node_ids",
    "pn_dcp.service_id": "dcp_service_ids",
    "goose.gocbRef": "goose_control_blocks",
}
# A value in one of these is a fault of the capture; the checksums hold 0 where they are wrong.
_FAULTS = (
    "_ws.malformed",
    "tcp.analysis.retransmission",
    "tcp.analysis.lost_segment",
    "tcp.analysis.out_of_order",
)
_CHECKSUMS = ("ip.checksum.status", "tcp.checksum.status", "udp.checksum.status")


@dataclass
class Counts:
    """Frames by protocol, codes by member, (frames, bytes) by both ends, frames with a fault."""

    protocols: Counter
    decoded: dict
    conversations: dict
    faults: list


def count(path):
    """Let tshark count everything in one go."""
    fields = ("frame.protocols", *FIELDS, *_FAULTS, *_CHECKSUMS)
    command = [TSHARK, "-r", str(path), "-T", "fields", "-E", "occurrence=a"]
    command += [word for field in fields for word in ("-e", field)]
    command += [word for table in ("tcp", "udp") for word in ("-z", f"conv,{table}")]
    command += [
        word for layer in ("tcp", "ip", "udp") for word in ("-o", f"{layer}.check_checksum:TRUE")
    ]
    answer = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    counts = Counts(Counter(), {}, {}, [])
    for number, line in enumerate(answer.splitlines(), 1):
        if "\t" in line:
            _count_frame(counts, number, line.split("\t"))
        elif "<->" in line:
            first, _, second, *words = line.split()
            numbers = [int(word) for word in words if word.isdigit()]
            counts.conversations[frozenset((first, second))] = (numbers[4], numbers[5])
    return counts


def _count_frame(counts, number, values):
    names, values = values[0], values[1:]
    counts.protocols.update(set(names.split(":")) - {"ethertype", ""})
    for member, codes in zip(FIELDS.values(), values, strict=False):
        for code in filter(None, codes.split(",")):
            key = str(int(code, 0)) if member == "dcp_service_ids" else code
            counts.decoded.setdefault(member, Counter())[key] += 1
    faults = values[len(FIELDS) : len(FIELDS) + len(_FAULTS)]
    checksums = values[len(FIELDS) + len(_FAULTS) :]
    if any(faults) or any("0" in status.split(",") for status in checksums):
        counts.faults.append(number)
