"""Process lines 1 and 2 in Gdańsk: Siemens controllers, Rockwell controllers, PROFINET."""

import struct

from tools.capture_writer import hosts as h
from tools.capture_writer.datagrams import Dcp
from tools.capture_writer.exchanges import S7, Enip
from tools.capture_writer.scenario import Scenario, november
from tools.capture_writer.tape import Tape

_LINE_1, _LINE_2 = "10.20.21.", "10.20.22."  # what a mirror port of each line sees
_IDENTITY, _FILE, _PROGRAM = "20012401", "203724c8", "208e2401"
_VALUES = ("41c80000", "41c9999a", "41ca6666", "41c66666")


def _poll_s7(panel: S7, times: list[float]) -> None:
    for index, at in enumerate(times):
        panel.read(at, 1, 0, _VALUES[index % 4])


def upload_and_download() -> Scenario:
    """The nightly backup copies blocks out, and later one block goes in."""
    tape = Tape(november(17, 1, 10), (_LINE_2,), h.FW_GD_01)
    panel = S7(tape, h.HMI_PL2_01, h.PLC_PL2_03, 49733)
    panel.open(0.3)
    _poll_s7(panel, [1 + index * 6 for index in range(16)])
    backup = S7(tape, h.BKP_GD_01, h.PLC_PL2_03, 52210)
    backup.open(8.0)
    backup.user_data(8.3, 3, 1, "0a000000", "ff09000c" + "303800013043000c3041000a")
    backup.upload(9.0, "0800001", 612, "backup begins to upload OB1")
    backup.upload(12.0, "0C00012", 388, "backup begins to upload FC12")
    backup.upload(15.0, "0A00010", 240, "backup begins to upload DB10")
    backup.tcp.close(17.5)
    work = S7(tape, h.ENG_WS_04, h.PLC_PL2_03, 57114)
    work.open(70.0)
    work.download(72.0, "0A00010", 240, "download of DB10 is requested")
    work.tcp.close(76.0)
    return Scenario(
        name="line2-upload-download",
        title="Out by night, in by night",
        text="""
            At ten past two the backup server uploads three blocks of PLC-PL2-03, as every
            night. A minute later ENG-WS-04 sends one of the same blocks, DB10, to the
            controller, which goes on running. Both look like a program on the wire; the
            function that begins them tells the direction.
        """,
        odd="ENG-WS-04: 0x1A to 0x1C for DB10 at night, without a stop.",
        tape=tape,
        hosts=(h.PLC_PL2_03, h.HMI_PL2_01, h.BKP_GD_01, h.ENG_WS_04),
        protocols=("S7comm",),
    )


def _identity(serial: int, minor: int) -> str:
    name = b"1756-L83E/B"
    head = struct.pack("<HHHBBHI", 1, 14, 166, 33, minor, 0x3060, serial)
    return (head + bytes([len(name)]) + name).hex()


def _transfer(enip: Enip, at: float, parts: int, marks: tuple[str, str]) -> float:
    """Send a file in parts through the file object."""
    name = b"update.bin"
    begin = struct.pack("<IHHB", parts * 400, 1, 1, len(name)) + name
    at = enip.call(at, 0x4C, _FILE, data=begin.hex(), reply="0000000000000190", mark=marks[0])
    for index in range(parts):
        piece = bytes((index * 31 + at_byte * 7) & 0xFF for at_byte in range(400))
        kind = 0 if index == 0 else 2 if index == parts - 1 else 1
        mark = marks[1] if kind == 2 else ""
        data = (bytes([index, kind]) + piece).hex()
        at = enip.call(at + 0.03, 0x50, _FILE, data=data, reply=f"{index:02x}", mark=mark)
    return at


def firmware_and_replacement() -> Scenario:
    """One controller gets new firmware, another one is replaced by a spare."""
    tape = Tape(november(18, 17, 5), (_LINE_1,), h.FW_GD_01)
    panel = Enip(tape, h.HMI_PL1_01, h.PLC_PL1_03, 50410)
    other = Enip(tape, h.HMI_PL1_01, h.PLC_PL1_04, 50412)
    panel.open(0.2)
    other.open(0.5)
    tag = "9105" + b"Level".hex() + "00"
    for index in range(4):
        panel.call(1 + index * 3, 0x4C, tag, data="0100", reply="ca00" + "0000c841")
        other.call(2 + index * 3, 0x4C, tag, data="0100", reply="ca00" + "00003442")
    panel.tcp.close(13.0)
    work = Enip(tape, h.ENG_WS_01, h.PLC_PL1_03, 56010)
    work.open(14.0)
    serial = 0x00B1C2D3
    work.call(14.4, 0x01, _IDENTITY, reply=_identity(serial, 11), mark="identity before the update")
    work.call(16.0, 0x07, _PROGRAM, mark="stop before the update")
    at = _transfer(work, 17.0, 8, ("update begins", "update ends"))
    work.call(at + 0.5, 0x05, _IDENTITY, data="00", mark="reset after the update")
    work.tcp.reset(at + 1.4, h.PLC_PL1_03)
    back = Enip(tape, h.ENG_WS_01, h.PLC_PL1_03, 56044)
    back.open(58.0)
    back.call(58.4, 0x01, _IDENTITY, reply=_identity(serial, 13), mark="identity after the update")
    back.call(60.0, 0x06, _PROGRAM, mark="start after the update")
    back.tcp.close(61.0)
    _replace(tape, other)
    return Scenario(
        name="line1-firmware-replacement",
        title="New firmware, new hardware",
        text="""
            ENG-WS-01 stops PLC-PL1-03, sends it a file and resets it; it comes back with the
            same serial number and a newer revision. Then PLC-PL1-04 falls silent, and a device
            with another hardware address and another serial number answers at its address and
            is loaded at once. Both end with a changed controller; identity and hardware address
            tell which was changed.
        """,
        odd="The device at 10.20.21.13 after frame 'new hardware announces itself' is another one.",
        tape=tape,
        hosts=(h.PLC_PL1_03, h.PLC_PL1_04, h.SPARE_PL1_04, h.HMI_PL1_01, h.ENG_WS_01),
        protocols=("EtherNet/IP CIP", "ARP"),
    )


def _replace(tape: Tape, panel: Enip) -> None:
    """The old controller is pulled, the spare announces itself and gets its program."""
    panel.tcp.reset(75.0, h.HMI_PL1_01)
    for index in range(3):
        tape.arp(76.0 + index, h.HMI_PL1_01, h.PLC_PL1_04)
    tape.mark("nobody answers for 10.20.21.13")
    tape.arp(108.0, h.SPARE_PL1_04, h.SPARE_PL1_04)
    tape.mark("new hardware announces itself")
    tape.arp(110.0, h.HMI_PL1_01, h.SPARE_PL1_04)
    tape.arp_answer(110.0004, h.SPARE_PL1_04, h.HMI_PL1_01)
    work = Enip(tape, h.ENG_WS_01, h.SPARE_PL1_04, 56101)
    work.open(114.0)
    work.call(
        114.4, 0x01, _IDENTITY, reply=_identity(0x00D40917, 11), mark="identity of the new hardware"
    )
    at = _transfer(work, 116.0, 5, ("program goes to the new hardware", "program is there"))
    work.call(at + 0.6, 0x06, _PROGRAM, mark="new hardware is started")
    work.tcp.close(at + 1.5)
    fresh = Enip(tape, h.HMI_PL1_01, h.SPARE_PL1_04, 50470)
    fresh.open(124.0)
    fresh.call(124.4, 0x4C, "9105" + b"Level".hex() + "00", data="0100", reply="ca00" + "00003442")


def two_new_names() -> Scenario:
    """A spare part gets its name from the controller; another device gets one from a stranger."""
    tape = Tape(november(19, 6, 45), (_LINE_2,), h.FW_GD_01)
    controller = Dcp(tape, h.PLC_PL2_03)
    spare = h.SPARE_IO_02
    for index in range(3):
        controller.identify(0.5 + index * 2, "io-pl2-02", [])
    tape.mark("controller looks for io-pl2-02 in vain")
    controller.identify(33.0, "", [(spare, "")], "controller looks around")
    controller.set_name(33.4, spare, "io-pl2-02", "controller names the spare part")
    controller.identify(34.0, "io-pl2-02", [(spare, "io-pl2-02")])
    controller.set_address(34.3, spare, "10.20.22.24", "controller gives it its address")
    tape.arp(34.6, spare, spare)
    stranger = Dcp(tape, h.NOTEBOOK_PL2)
    answers = [(spare, "io-pl2-02"), (h.IO_PL2_05, "io-pl2-05"), (h.PLC_PL2_03, "plc-pl2-03")]
    stranger.identify(61.0, "", answers, "stranger asks who is there")
    stranger.flash(63.0, h.IO_PL2_05, "stranger makes a device flash")
    stranger.reset(66.5, h.IO_PL2_05, "stranger resets a device to factory")
    stranger.set_name(68.2, h.IO_PL2_05, "io-pl2-99", "stranger gives it another name")
    stranger.set_address(68.9, h.IO_PL2_05, "10.20.22.199", "stranger gives it another address")
    tape.arp(69.2, h.IO_PL2_05, h.NOTEBOOK_PL2)
    for index in range(4):
        controller.identify(70.0 + index * 2, "io-pl2-05", [])
    tape.mark("controller looks for io-pl2-05 in vain")
    return Scenario(
        name="line2-two-new-names",
        title="Two devices get a name",
        text="""
            IO-PL2-02 is replaced: its controller looks for the name in vain, finds a part
            without one, names it and gives it the old address. A minute later a notebook that
            is in no inventory asks who is there, resets IO-PL2-05 to factory and gives it a new
            name and address. Both are DCP Set; the one restores what was, the other takes it
            away.
        """,
        odd="3c:e9:f7:42:18:d3 resets IO-PL2-05 and renames it; the controller then misses it.",
        tape=tape,
        hosts=(h.PLC_PL2_03, h.SPARE_IO_02, h.IO_PL2_05, h.NOTEBOOK_PL2),
        protocols=("PROFINET DCP", "ARP"),
    )


def four_stops() -> Scenario:
    """Four stops: with a download and a start, with a start only, and two with nothing."""
    tape = Tape(november(20, 8, 20), (_LINE_1, _LINE_2), h.FW_GD_01)
    for index, plc in enumerate((h.PLC_PL2_03, h.PLC_PL2_04, h.PLC_PL2_05)):
        panel = S7(tape, h.HMI_PL2_01, plc, 49800 + index)
        panel.open(0.2 + index * 0.3)
        _poll_s7(panel, [1 + index * 0.4 + at * 7 for at in range(14)])
    first = S7(tape, h.ENG_WS_04, h.PLC_PL2_03, 58001)
    first.open(12.0)
    first.stop(13.0, "stop with download and start")
    first.download(16.0, "0800001", 430, "download after the first stop")
    first.download(20.0, "0C00012", 260)
    first.start(24.0, "start after the first stop")
    first.tcp.close(25.0)
    second = S7(tape, h.ENG_WS_02, h.PLC_PL2_04, 58120)
    second.open(40.0)
    second.user_data(40.4, 7, 1, "0a000000", "ff09000a" + "00192611200921001205")
    second.stop(42.0, "stop with a start only")
    second.start(45.5, "start after the second stop")
    second.tcp.close(46.0)
    third = S7(tape, h.JUMP_GD_01, h.PLC_PL2_05, 51990)
    third.open(70.0)
    third.stop(70.6, "stop without a start")
    third.tcp.reset(70.8, h.JUMP_GD_01)
    cip = Enip(tape, h.JUMP_GD_01, h.PLC_PL1_02, 51994)
    cip.open(74.0)
    cip.call(74.5, 0x07, _PROGRAM, mark="stop of another make")
    cip.tcp.close(74.9)
    tape.arp(90.4, h.HMI_PL2_01, h.PLC_PL2_05)
    tape.arp_answer(90.4003, h.PLC_PL2_05, h.HMI_PL2_01)
    return Scenario(
        name="lines-four-stops",
        title="Four stops in two minutes",
        text="""
            ENG-WS-04 stops PLC-PL2-03, loads two blocks and starts it; ENG-WS-02 stops PLC-PL2-04
            and starts it four seconds later. Then a session through the jump host stops
            PLC-PL2-05 and breaks off, and stops a controller of line 1 that speaks CIP. Every
            stop looks alike on the wire; what follows it tells the story.
        """,
        odd="JUMP-GD-01: a stop without a start in S7, and one in CIP on PLC-PL1-02.",
        tape=tape,
        hosts=(
            h.PLC_PL2_03,
            h.PLC_PL2_04,
            h.PLC_PL2_05,
            h.PLC_PL1_02,
            h.HMI_PL2_01,
            h.ENG_WS_02,
            h.ENG_WS_04,
            h.JUMP_GD_01,
        ),
        protocols=("S7comm", "EtherNet/IP CIP", "ARP"),
    )
