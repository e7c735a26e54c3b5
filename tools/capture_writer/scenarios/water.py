"""Water treatment in Gdańsk: Modbus controllers, and pumping stations that speak DNP3."""

from collections.abc import Callable

from tools.capture_writer import hosts as h
from tools.capture_writer.exchanges import Dnp3, Modbus
from tools.capture_writer.scenario import Scenario, Step, november, steps_in_order
from tools.capture_writer.tape import Tape, jitter

_SEGMENT = "10.20.31."
_CLASSES = "3c02063c03063c0406"  # all of the event classes 1, 2 and 3
_POLL = "1e0501" + "00000000" + "01" + "cdcc4c42"  # an analogue input: 51.2
_LEVELS = [512, 498, 730, 655, 640, 620, 0, 1, 118, 77]
_IDENTITY = (
    "2b0e010100000300"
    + "12"
    + b"Schneider Electric".hex()
    + "010d"
    + b"BMEP584040   ".hex()
    + "0205"
    + b"v3.20".hex()
)


def _poll(panel: Modbus, values: list[int]) -> Callable[[float], float]:
    return lambda at: panel.read(at, 0, values)


def two_writers() -> Scenario:
    """An operator changes a set point, and an engineering station does too."""
    tape = Tape(november(18, 9, 12), (_SEGMENT,), h.FW_GD_01)
    panel = Modbus(tape, h.HMI_WTP_01, h.PLC_WTP_01, 50112)
    scada = Modbus(tape, h.SCADA_GD_01, h.PLC_WTP_01, 49820)
    panel.tcp.open(0.2)
    scada.tcp.open(0.6)
    steps: list[Step] = []
    for round_number in range(30):
        wobble = [
            value + round(jitter("level", round_number * 10 + index, 9))
            for index, value in enumerate(_LEVELS)
        ]
        steps.append((1.0 + round_number * 4, _poll(panel, wobble)))
        if round_number % 5 == 0:
            scada.read(2.5 + round_number * 4, 0, wobble[:6])
    steps += [
        (42.3, lambda at: panel.read(at, 40, [620])),
        (44.1, lambda at: panel.write(at, 40, 650, "operator writes the set point")),
        (44.6, lambda at: panel.read(at, 40, [650])),
    ]
    steps_in_order(*steps)
    odd = Modbus(tape, h.ENG_WS_03, h.PLC_WTP_01, 61044)
    odd.tcp.open(79.2)
    odd.call(79.4, "2b0e0100", _IDENTITY, "odd master asks what the device is")
    odd.read(79.9, 0, [*_LEVELS, *([0] * 90)])
    odd.call_with_exception(80.3, "03006400c8", 2, "first refusal")
    odd.call_with_exception(80.7, "03012c0064", 2)
    odd.write(86.2, 40, 900, "odd master writes the set point")
    odd.switch(87.0, 3, False, "odd master switches a coil off")
    odd.write(88.4, 41, 0)
    odd.tcp.reset(91.0, h.ENG_WS_03)
    return Scenario(
        name="water-two-writers",
        title="Two writers at the water works",
        text="""
            HMI-WTP-01 polls PLC-WTP-01 every four seconds, and at 10:12:44 its operator raises
            the set point in register 40 from 620 to 650. Half a minute later another station
            opens its own connection, asks what the device is, tries registers that do not exist
            and writes register 40 as well. Both use function 6; what differs is who speaks, and
            what came before.
        """,
        odd="ENG-WS-03: device identification, two refused reads, then three writes and a reset.",
        tape=tape,
        hosts=(h.PLC_WTP_01, h.HMI_WTP_01, h.SCADA_GD_01, h.ENG_WS_03),
        protocols=("Modbus/TCP",),
    )


def _operate(rtu: Dnp3, at: float, point: int, mark: str) -> None:
    """Select a relay output, then operate it."""
    index = point.to_bytes(2, "little").hex()
    block = "0c0128" + "0100" + index + "4101" + "64000000" + "64000000" + "00"
    rtu.call(at, 3, block, reply=block)
    rtu.call(at + 0.12, 4, block, reply=block, mark=mark)


def _milliseconds(seconds: int) -> str:
    """Return a moment as DNP3 writes it: milliseconds since 1970 in six bytes."""
    return (seconds * 1000).to_bytes(6, "little").hex()


def two_restarts() -> Scenario:
    """A warm restart after a change, and a station that is silenced and stopped."""
    tape = Tape(november(19, 13, 30), (_SEGMENT,), h.FW_GD_01)
    first = Dnp3(tape, h.SCADA_GD_01, h.RTU_PMP_11, 49911, (1, 11))
    second = Dnp3(tape, h.SCADA_GD_01, h.RTU_PMP_12, 49912, (1, 12))
    first.tcp.open(0.1)
    second.tcp.open(0.3)
    for index in range(6):
        first.call(1 + index * 5, 1, _CLASSES, reply=_POLL)
        second.call(2 + index * 5, 1, _CLASSES, reply=_POLL)
    _operate(first, 33, 2, "routine operate of a pump")
    work = Dnp3(tape, h.ENG_WS_02, h.RTU_PMP_11, 58230, (3, 11))
    work.tcp.open(40)
    work.call(
        40.3, 2, "320107" + "01" + _milliseconds(tape.began + 40), mark="engineer sets the time"
    )
    work.call(44.0, 14, reply="340207" + "01" + "b80b", mark="engineer asks for a warm restart")
    work.tcp.close(44.4)
    first.tcp.reset(44.9, h.RTU_PMP_11)
    again = Dnp3(tape, h.SCADA_GD_01, h.RTU_PMP_11, 49931, (1, 11))
    again.tcp.open(48.6)
    again.report_restart(48.8, "station reports that it is back")
    again.call(49.2, 2, "5001000707" + "00", mark="master clears the restart bit")
    again.call(49.6, 20, _CLASSES)
    for index in range(4):
        again.call(52 + index * 5, 1, _CLASSES, reply=_POLL)
        second.call(53 + index * 5, 1, _CLASSES, reply=_POLL)
    odd = Dnp3(tape, h.JUMP_GD_01, h.RTU_PMP_12, 51377, (1, 12))
    odd.tcp.open(74)
    odd.call(74.3, 21, _CLASSES, mark="unsolicited messages are disabled")
    odd.call(75.1, 18, "5a0106", mark="application is stopped")
    odd.call(76.0, 13, reply="340207" + "01" + "d007", mark="cold restart")
    odd.tcp.close(76.5)
    second.tcp.reset(77.1, h.RTU_PMP_12)
    for index in range(3):
        again.call(79 + index * 5, 1, _CLASSES, reply=_POLL)
    return Scenario(
        name="pump-two-restarts",
        title="Two restarts of pumping stations",
        text="""
            After setting the time, ENG-WS-02 asks RTU-PMP-11 for a warm restart; the station
            comes back in four seconds, reports itself and is polled on. Half a minute later a
            session through the jump host disables the unsolicited messages of RTU-PMP-12, stops
            its application and restarts it cold. One restart ends with a station that talks,
            the other with one that does not.
        """,
        odd="JUMP-GD-01 on RTU-PMP-12, with the link address of the master: 21, 18, then 13.",
        tape=tape,
        hosts=(h.RTU_PMP_11, h.RTU_PMP_12, h.SCADA_GD_01, h.ENG_WS_02, h.JUMP_GD_01),
        protocols=("DNP3",),
    )


def change_of_masters() -> Scenario:
    """One control server takes over from the other; later a third master joins."""
    tape = Tape(november(20, 5, 0), (_SEGMENT,), h.FW_GD_01, vlan=31)
    old = Modbus(tape, h.SCADA_GD_01, h.PLC_WTP_02, 49620)
    radio = Dnp3(tape, h.SCADA_GD_01, h.RTU_PMP_11, 49622, (1, 11))
    old.tcp.open(0.2)
    radio.tcp.open(0.4)
    for index in range(8):
        old.read(1 + index * 2, 0, _LEVELS[:6])
    for index in range(3):
        radio.call(2.2 + index * 5, 1, _CLASSES, reply=_POLL)
    old.tcp.close(18)
    tape.mark("first server has closed")
    radio.tcp.close(18.2)
    new = Modbus(tape, h.SCADA_GD_02, h.PLC_WTP_02, 49710)
    line = Dnp3(tape, h.SCADA_GD_02, h.RTU_PMP_11, 49712, (1, 11))
    new.tcp.open(20.1)
    tape.mark("second server has connected")
    line.tcp.open(20.4)
    line.call(20.8, 1, "3c0106" + _CLASSES, reply=_POLL)
    steps: list[Step] = [
        (21.0 + index * 2, lambda at: new.read(at, 0, _LEVELS[:6])) for index in range(16)
    ]
    steps.append((30.5, lambda at: new.write(at, 12, 455, "second server writes, as it may")))
    steps_in_order(*steps)
    for index in range(6):
        line.call(24.2 + index * 5, 1, _CLASSES, reply=_POLL)
    third = Modbus(tape, h.EDGE_GD_02, h.PLC_WTP_02, 40918)
    third.tcp.open(36.4)
    tape.mark("third master has connected")
    for index in range(4):
        third.read(36.9 + index * 1.5, 0, _LEVELS)
    third.call(43.6, "10000c0002" + "04" + "00000000", "10000c0002", "third master writes")
    third.read(44.4, 12, [0, 0])
    third.tcp.close(46)
    return Scenario(
        name="water-change-of-masters",
        title="Change of masters at the water works",
        text="""
            At 06:00:18 SCADA-GD-01 closes its connections, and two seconds later SCADA-GD-02
            opens the same ones and goes on polling: the monthly change of servers. At 06:00:36
            one more device connects to PLC-WTP-02 while SCADA-GD-02 is still polling. A change
            of masters leaves one master; a third one makes two.
        """,
        odd="EDGE-GD-02: four reads, then function 16 writes zeros to registers 12 and 13.",
        tape=tape,
        hosts=(h.PLC_WTP_02, h.RTU_PMP_11, h.SCADA_GD_01, h.SCADA_GD_02, h.EDGE_GD_02),
        protocols=("Modbus/TCP", "DNP3"),
        is_pcapng=True,
    )
