"""Operations in Gdańsk: the historian, and scans by night."""

from tools.capture_writer import hosts as h
from tools.capture_writer.exchanges import S7, Enip, Modbus
from tools.capture_writer.opcua import OpcUa
from tools.capture_writer.scenario import Scenario, november
from tools.capture_writer.tape import Tape

_OPS = "10.20.10."
_UNIT = (
    "2b0e010100000300"
    + "12"
    + b"Schneider Electric".hex()
    + "010a"
    + b"BMEP584040".hex()
    + "0205"
    + b"v3.20".hex()
)
_MODULE = "ff09002c" + "00110001001c0001" + "0001" + b"6ES7 315-2EH14-0AB0 ".hex() + "00c000030303"


def historian_and_notebook() -> Scenario:
    """The historian reads; somebody browses, writes and calls a method."""
    tape = Tape(november(17, 12, 30), (_OPS,), h.FW_GD_01)
    historian = OpcUa(tape, h.HIST_GD_01, h.SCADA_GD_01, 53010)
    historian.open(0.4, "PI-Collector")
    values = {"Line2.Tank1.Level": 51.2, "Line2.Tank1.Temp": 64.8, "Line2.Pump3.Speed": 1480.0}
    for index in range(10):
        historian.read(2 + index * 6, {name: value + index / 10 for name, value in values.items()})
    odd = OpcUa(tape, h.ENG_WS_03, h.SCADA_GD_01, 60777)
    odd.open(21.0, "ua-browser")
    tape.mark("second client has a session")
    for index, name in enumerate(("Line2", "Line2.Tank1", "Line2.Pump3", "Line2.Pump3.Methods")):
        odd.browse(22 + index * 0.8, name, "" if index else "second client browses")
    odd.read(26.0, {"Line2.Pump3.Speed": 1480.2, "Line2.Pump3.Setpoint": 1500.0})
    odd.write(29.5, "Line2.Pump3.Setpoint", 2950.0, "second client writes a set point")
    odd.read(30.0, {"Line2.Pump3.Setpoint": 2950.0})
    odd.method(33.0, "Line2.Pump3", "Line2.Pump3.Methods.AckAlarms", "second client calls a method")
    odd.close(35.0)
    return Scenario(
        name="operations-historian",
        title="The historian and the browser",
        text="""
            HIST-GD-01 reads three values from the OPC UA server of SCADA-GD-01 every six
            seconds. Then ENG-WS-03 opens a session for anybody, browses the tree, writes a set
            point and calls a method that acknowledges alarms. The server asks neither of them
            who they are: the policy is None, the user anonymous.
        """,
        odd="ENG-WS-03: Browse 527, Write 673 and Call 712; the historian only reads.",
        tape=tape,
        hosts=(h.SCADA_GD_01, h.HIST_GD_01, h.ENG_WS_03),
        protocols=("OPC UA",),
    )


def night_scans() -> Scenario:
    """The asset scanner reads identities by night; a second scan looks alike, and writes."""
    tape = Tape(november(20, 0, 30), (_OPS,), h.FW_GD_01)
    _scan(tape, h.SCAN_GD_01, 1.0, 42000, 3.0)
    tape.mark("asset scanner is done")
    at = _scan(tape, h.ENG_WS_03, 60.0, 61500, 0.5)
    tape.mark("second scan is done")
    last = Modbus(tape, h.ENG_WS_03, h.PLC_WTP_03, 61555)
    last.tcp.open(at + 2)
    last.read(at + 2.3, 0, [0] * 16)
    last.call(at + 4, "0f000000080100", "0f00000008", "second scanner writes eight coils")
    last.tcp.close(at + 5)
    return Scenario(
        name="operations-night-scans",
        title="Two scans by night",
        text="""
            At half past one SCAN-GD-01 asks controllers of three makes who they are, slowly, as
            in every week. A minute later ENG-WS-03 asks the same questions six times as fast,
            and then writes eight coils of PLC-WTP-03. The questions are the same; the asker,
            the pace and the last request are not.
        """,
        odd="ENG-WS-03: the same identity requests at half-second intervals, then function 15.",
        tape=tape,
        hosts=(h.SCAN_GD_01, h.ENG_WS_03, h.PLC_WTP_01, h.PLC_WTP_03, h.PLC_PL2_04, h.PLC_PL1_02),
        protocols=("Modbus/TCP", "S7comm", "EtherNet/IP CIP"),
    )


def _scan(tape: Tape, scanner: h.Host, at: float, port: int, pause: float) -> float:
    """Ask controllers of three makes for their identity; return when the last has answered."""
    for index, plc in enumerate((h.PLC_WTP_01, h.PLC_WTP_03)):
        modbus = Modbus(tape, scanner, plc, port + index)
        modbus.tcp.open(at)
        modbus.call(at + 0.1, "2b0e0100", _UNIT)
        modbus.tcp.close(at + 0.3)
        at += pause
    siemens = S7(tape, scanner, h.PLC_PL2_04, port + 10)
    siemens.open(at)
    siemens.user_data(at + 0.1, 4, 1, "ff09000400110000", _MODULE)
    siemens.tcp.close(at + 0.3)
    at += pause
    rockwell = Enip(tape, scanner, h.PLC_PL1_02, port + 20)
    rockwell.open(at)
    identity = "01000e00a600210b6030d3c2b100" + "0b" + b"1756-L83E/B".hex()
    rockwell.call(at + 0.1, 0x01, "20012401", reply=identity)
    rockwell.tcp.close(at + 0.3)
    return at + 0.3
