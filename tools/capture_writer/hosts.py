"""The devices that take part in the scenarios: names and addresses of the demo's two plants."""

from dataclasses import dataclass

from training.pcap.network import mac


@dataclass(frozen=True, slots=True)
class Host:
    """One device. `ttl` is what its IP stack starts with: 128 on Windows, 64 elsewhere."""

    name: str
    ip: str
    mac: str
    ttl: int
    is_of_plant: bool = True  # False: it stands in no inventory


def _windows(name: str, ip: str, address: str) -> Host:
    return Host(name, ip, address, 128)


def _device(name: str, ip: str, address: str) -> Host:
    return Host(name, ip, address, 64)


FW_GD_01 = _device("FW-GD-01", "10.20.5.18", "94:f3:92:94:a7:2a")
ENG_WS_01 = _windows("ENG-WS-01", "10.20.10.10", "d0:8e:79:fd:84:57")
ENG_WS_02 = _windows("ENG-WS-02", "10.20.10.11", "d0:8e:79:54:d7:9e")
ENG_WS_03 = _windows("ENG-WS-03", "10.20.10.12", "d0:8e:79:3e:ed:cd")
ENG_WS_04 = _windows("ENG-WS-04", "10.20.10.13", "d0:8e:79:8d:39:28")
HIST_GD_01 = _windows("HIST-GD-01", "10.20.10.15", "00:50:56:b1:96:87")
SCADA_GD_01 = _windows("SCADA-GD-01", "10.20.10.16", "00:50:56:5e:6b:a0")
SCADA_GD_02 = _windows("SCADA-GD-02", "10.20.10.17", "00:50:56:75:ce:c8")
BKP_GD_01 = _windows("BKP-GD-01", "10.20.10.19", "18:66:da:fb:30:b0")
SCAN_GD_01 = _device("SCAN-GD-01", "10.20.10.22", "00:50:56:f4:88:e1")
JUMP_GD_01 = _windows("JUMP-GD-01", "10.20.5.10", "00:50:56:2b:c5:11")
EDGE_GD_02 = _device("EDGE-GD-02", "10.20.5.17", "00:0e:8c:5a:f1:e4")
PLC_PL1_02 = _device("PLC-PL1-02", "10.20.21.11", "00:00:bc:eb:5e:9f")
PLC_PL1_03 = _device("PLC-PL1-03", "10.20.21.12", "00:00:bc:a8:31:78")
PLC_PL1_04 = _device("PLC-PL1-04", "10.20.21.13", "00:00:bc:ad:bb:35")
HMI_PL1_01 = _windows("HMI-PL1-01", "10.20.21.18", "00:0e:8c:b6:f7:08")
PLC_PL2_03 = _device("PLC-PL2-03", "10.20.22.12", "00:1b:1b:90:42:bd")
PLC_PL2_04 = _device("PLC-PL2-04", "10.20.22.13", "00:1b:1b:a9:4f:5b")
PLC_PL2_05 = _device("PLC-PL2-05", "10.20.22.14", "00:1b:1b:c2:62:16")
HMI_PL2_01 = _windows("HMI-PL2-01", "10.20.22.20", "00:0e:8c:83:6a:95")
IO_PL2_05 = _device("IO-PL2-05", "10.20.22.27", "ac:64:17:38:8a:b5")
PLC_WTP_01 = _device("PLC-WTP-01", "10.20.31.10", "00:80:f4:62:1d:4d")
PLC_WTP_02 = _device("PLC-WTP-02", "10.20.31.11", "00:80:f4:a3:0f:3a")
PLC_WTP_03 = _device("PLC-WTP-03", "10.20.31.12", "00:80:f4:65:ce:d9")
HMI_WTP_01 = _windows("HMI-WTP-01", "10.20.31.17", "00:0e:8c:63:84:4e")
RTU_PMP_11 = _device("RTU-PMP-11", "10.20.31.19", "00:80:f4:82:7d:25")
RTU_PMP_12 = _device("RTU-PMP-12", "10.20.31.20", "00:80:f4:53:d0:e3")
REL_GD_01 = _device("REL-GD-01", "10.20.41.10", "00:09:8e:6c:c4:7c")
REL_GD_02 = _device("REL-GD-02", "10.20.41.11", "00:09:8e:0e:fa:a4")
BMS_GD_01 = _device("BMS-GD-01", "10.20.41.15", "00:a0:03:e8:06:7e")
BMS_GD_02 = _device("BMS-GD-02", "10.20.41.16", "00:a0:03:d8:48:09")
BMS_GD_03 = _device("BMS-GD-03", "10.20.41.17", "00:a0:03:de:ad:8c")
BMS_SRV_GD_01 = _windows("BMS-SRV-GD-01", "10.20.41.20", "18:66:da:39:54:a1")
RTU_SUB_01 = _device("RTU-SUB-01", "10.20.41.21", "00:0a:dc:06:67:72")

# What no inventory has: a spare controller out of its box, and somebody's notebooks.
SPARE_PL1_04 = Host("PLC-PL1-04 (new)", "10.20.21.13", "00:00:bc:3d:90:16", 64)
SPARE_IO_02 = Host("IO-PL2-02 (new)", "10.20.22.24", "ac:64:17:5e:02:91", 64)
NOTEBOOK_PL2 = Host("unknown notebook", "10.20.22.199", "3c:e9:f7:42:18:d3", 128, False)
NOTEBOOK_UTL = Host("unknown notebook", "10.20.41.180", "3c:e9:f7:42:18:d3", 128, False)
TEST_SET_UTL = Host("relay test set", "10.20.41.60", "00:13:d4:0b:77:a2", 64, False)


def hardware_address(text: str) -> bytes:
    """Return the bytes of a hardware address."""
    return bytes.fromhex(text.replace(":", ""))


__all__ = [name for name in dir() if name.isupper()] + ["Host", "hardware_address", "mac"]
