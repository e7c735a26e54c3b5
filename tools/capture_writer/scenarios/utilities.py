"""Utilities in Gdańsk: the building, the substation and its relays."""

import struct
from collections.abc import Callable

from tools.capture_writer import datagrams as b
from tools.capture_writer import hosts as h
from tools.capture_writer.datagrams import Bacnet, Goose
from tools.capture_writer.exchanges import Iec104
from tools.capture_writer.scenario import Scenario, Step, november, steps_in_order
from tools.capture_writer.tape import Tape

_SEGMENT = "10.20.41."
_ALL = h.Host("everybody", "10.20.41.255", "ff:ff:ff:ff:ff:ff", 64)
_STATIONS = ((h.BMS_GD_01, 4101), (h.BMS_GD_02, 4102), (h.BMS_GD_03, 4103))


def building_scan() -> Scenario:
    """The asset scanner asks for names; a stranger asks too, and then writes."""
    tape = Tape(november(17, 10, 0), (_SEGMENT,), h.FW_GD_01)
    server, scanner = Bacnet(tape, h.BMS_SRV_GD_01), Bacnet(tape, h.SCAN_GD_01)
    stranger = Bacnet(tape, h.NOTEBOOK_UTL)
    for index in range(8):
        for at, (station, _) in enumerate(_STATIONS):
            if index >= 6 and station is h.BMS_GD_02:
                reference = (b.ANALOG_INPUT, 1, b.PRESENT_VALUE)
                server.read_without_answer(1 + index * 15 + at * 0.8, station, reference)
                tape.mark("server asks in vain")
                continue
            value = b.real(20.5 + at + index * 0.1)
            server.read(
                1 + index * 15 + at * 0.8, station, (b.ANALOG_INPUT, 1, b.PRESENT_VALUE), value
            )
    words = {b.NAME: "BMS-GD", b.VENDOR: "Siemens", b.MODEL: "Desigo PXC4", b.FIRMWARE: "01.20"}
    for index, (station, number) in enumerate(_STATIONS):
        begin = 20 + index * 6.0
        scanner.who_is(begin, station, mark="" if index else "asset scanner begins")
        scanner.i_am(begin + 0.01, station, h.SCAN_GD_01, number)
        for step, (property_id, word) in enumerate(words.items(), 1):
            scanner.read(
                begin + step * 0.9,
                station,
                (b.DEVICE, number, property_id),
                b.application_text(word),
            )
    stranger.who_is(70.0, _ALL, mark="stranger calls everybody")
    for index, (station, number) in enumerate(_STATIONS):
        stranger.i_am(70.008 + index * 0.006, station, h.NOTEBOOK_UTL, number)
    outputs = b.objects((b.DEVICE, 4102), (b.ANALOG_INPUT, 1), (b.ANALOG_OUTPUT, 3))
    stranger.read(70.3, h.BMS_GD_02, (b.DEVICE, 4102, b.OBJECTS), outputs)
    reference = (b.ANALOG_OUTPUT, 3, b.PRESENT_VALUE)
    stranger.read(70.6, h.BMS_GD_02, reference, b.real(35.0))
    stranger.write(73.1, h.BMS_GD_02, reference, b.real(0.0), mark="stranger writes an output")
    stranger.silence(75.4, h.BMS_GD_02, 60, mark="stranger silences the controller")
    return Scenario(
        name="building-asset-scan",
        title="Who asks in the building",
        text="""
            SCAN-GD-01, the asset scanner, asks three building controllers for name, vendor,
            model and firmware, one after the other. Half a minute later a notebook that is in
            no inventory calls everybody, lists the objects of BMS-GD-02, writes an output and
            tells the controller to be silent for an hour. Both begin with Who-Is; only one of
            them changes something.
        """,
        odd="10.20.41.180 writes an analogue output (service 15) and silences BMS-GD-02 (17).",
        tape=tape,
        hosts=(
            *(station for station, _ in _STATIONS),
            h.BMS_SRV_GD_01,
            h.SCAN_GD_01,
            h.NOTEBOOK_UTL,
        ),
        protocols=("BACnet/IP",),
    )


def _command(link: Iec104, at: float, quality: int, address: str, mark: str = "") -> float:
    """A double command with its confirmation; 0x80 in the quality selects."""
    objects = address + f"{quality:02x}"
    link.information(at, link.client, (46, 6, objects), mark=mark)
    return link.information(at + 0.03, link.server, (46, 7, objects))


def _measured(centre: Iec104, objects: str) -> Callable[[float], float]:
    return lambda at: centre.information(at, centre.server, (13, 3, objects))


def select_and_execute() -> Scenario:
    """The control centre selects and executes; somebody else executes at once."""
    tape = Tape(november(18, 21, 15), (_SEGMENT,), h.FW_GD_01)
    centre = Iec104(tape, h.SCADA_GD_01, h.RTU_SUB_01, 49555)
    centre.tcp.open(0.1)
    centre.control(0.3, 0x07)
    centre.information(0.6, h.SCADA_GD_01, (100, 6, "00000014"))
    centre.information(0.64, h.RTU_SUB_01, (100, 7, "00000014"))
    for index, address in enumerate(("d10700", "d20700", "d30700")):
        centre.information(0.66 + index * 0.01, h.RTU_SUB_01, (3, 20, address + "02"))
    centre.information(0.7, h.RTU_SUB_01, (100, 10, "00000014"))
    steps: list[Step] = []
    for index in range(9):
        objects = "e90300" + struct.pack("<f", 100 + index / 16).hex() + "00"
        steps += [
            (
                4.0 + index * 5,
                _measured(centre, objects),
            ),
            (4.2 + index * 5, lambda at: centre.supervise(at, h.SCADA_GD_01)),
        ]
    steps += [
        (22.0, lambda at: _command(centre, at, 0x81, "b90b00", "control centre selects")),
        (22.6, lambda at: _command(centre, at, 0x01, "b90b00", "control centre executes")),
        (23.0, lambda at: centre.information(at, h.RTU_SUB_01, (3, 11, "d10700" + "01"))),
        (23.2, lambda at: centre.information(at, h.RTU_SUB_01, (46, 10, "b90b00" + "01"))),
    ]
    steps_in_order(*steps)
    odd = Iec104(tape, h.JUMP_GD_01, h.RTU_SUB_01, 51201)
    odd.tcp.open(31.0)
    odd.control(31.2, 0x07)
    odd.information(31.6, h.JUMP_GD_01, (100, 6, "00000014"), mark="second master interrogates")
    odd.information(31.64, h.RTU_SUB_01, (100, 7, "00000014"))
    for index, address in enumerate(("d10700", "d20700", "d30700")):
        odd.information(31.66 + index * 0.01, h.RTU_SUB_01, (3, 20, address + "02"))
    odd.information(31.7, h.RTU_SUB_01, (100, 10, "00000014"))
    for index in range(3):
        address = (3001 + 100 + index).to_bytes(3, "little").hex()
        odd.information(
            34 + index,
            h.JUMP_GD_01,
            (46, 6, address + "02"),
            mark="" if index else "second master tries addresses",
        )
        odd.information(34.04 + index, h.RTU_SUB_01, (46, 0x40 | 47, address + "02"))
    _command(odd, 38.0, 0x01, "ba0b00", "second master executes without a select")
    odd.information(38.4, h.RTU_SUB_01, (3, 11, "d20700" + "01"))
    odd.information(38.6, h.RTU_SUB_01, (46, 10, "ba0b00" + "01"))
    odd.tcp.reset(40.0, h.JUMP_GD_01)
    return Scenario(
        name="substation-select-execute",
        title="Two breakers open",
        text="""
            The control centre opens a breaker of RTU-SUB-01 as it should: select, confirmed,
            then execute, confirmed and terminated. Eight seconds later a second master
            connects, interrogates the station, tries three addresses that do not exist and
            opens another breaker without a select. The station obeys both; the qualifier of the
            command tells them apart.
        """,
        odd="JUMP-GD-01: three commands refused with cause 47, then object 3002 executed directly.",
        tape=tape,
        hosts=(h.RTU_SUB_01, h.SCADA_GD_01, h.JUMP_GD_01),
        protocols=("IEC 60870-5-104",),
    )


def two_trips() -> Scenario:
    """A relay test with the simulation bit, and a trip that another device reports."""
    tape = Tape(november(19, 8, 0), (_SEGMENT,), h.FW_GD_01)
    relay = Goose(tape, "REL_GD_01", h.REL_GD_01, 1)
    other = Goose(tape, "REL_GD_02", h.REL_GD_02, 2)
    calm = (False, False)
    for index in range(44):
        relay.publish(0.5 + index, calm)
        other.publish(0.8 + index, calm)
    bench = Goose(tape, "REL_GD_01", h.TEST_SET_UTL, 1)
    bench.state = 41
    bench.changed_at = 12.0
    at = bench.change(12.2, (True, False), test=True, mark="test set tells a trip, simulated")
    bench.change(at + 2.3, calm, test=True, mark="test set tells the end")
    forged = Goose(tape, "REL_GD_01", h.NOTEBOOK_UTL, 1)
    forged.state = 98
    at = forged.change(31.1, (True, True), mark="trip from another hardware address")
    forged.publish(at + 0.6, (True, True))
    forged.publish(at + 1.6, (True, True))
    return Scenario(
        name="relay-two-trips",
        title="A trip is tested, a trip is told",
        text="""
            Two relays publish their calm state every second. At 09:00:12 the test set publishes
            a trip for REL-GD-01 with the simulation bit set, as the work order says; at
            09:00:31 the same trip comes from another hardware address, without that bit and
            with a state number far ahead. A subscriber in normal operation must ignore the
            first, and cannot tell the second from the relay's own.
        """,
        odd="3c:e9:f7:42:18:d3 publishes state 99, not simulated; the relay stays in state 1.",
        tape=tape,
        hosts=(h.REL_GD_01, h.REL_GD_02, h.TEST_SET_UTL, h.NOTEBOOK_UTL),
        protocols=("IEC 61850 GOOSE",),
    )
