"""Kinds of operations in words, with their signs."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from training.pcap import Kind


@dataclass(frozen=True, slots=True)
class KindWords:
    """How one kind of operation is shown: its word, its icon and its colour."""

    label: str | Promise
    icon: str
    look: str = ""


KIND_WORDS = {
    Kind.STOP: KindWords(pgettext_lazy("operation", "Stop"), "octagon-x", "stop"),
    Kind.RESTART: KindWords(_("Restart"), "refresh-cw", "stop"),
    Kind.PROGRAM: KindWords(pgettext_lazy("operation", "Download"), "download", "load"),
    Kind.START: KindWords(pgettext_lazy("operation", "Start"), "play", "start"),
    Kind.WRITE: KindWords(pgettext_lazy("operation", "Write"), "pencil", "write"),
    Kind.UPLOAD: KindWords(_("Upload"), "arrow-up", "copy"),
    Kind.READ: KindWords(pgettext_lazy("operation", "Read"), "eye"),
    Kind.DISCOVERY: KindWords(_("Discovery"), "search"),
    Kind.REPORT: KindWords(_("Report"), "radio-tower"),
    Kind.SESSION: KindWords(_("Session"), "link"),
    Kind.OTHER: KindWords(pgettext_lazy("operation", "Other"), "ellipsis"),
}
# What tshark calls a layer → what people call it. Names of protocols are the same everywhere.
LAYER_WORDS = {
    "eth": "Ethernet",
    "vlan": "VLAN",
    "arp": "ARP",
    "ip": "IPv4",
    "ipv6": "IPv6",
    "tcp": "TCP",
    "udp": "UDP",
    "mbtcp": "Modbus/TCP",
    "modbus": "Modbus",
    "tpkt": "TPKT",
    "cotp": "COTP",
    "s7comm": "S7comm",
    "dnp3": "DNP3",
    "enip": "EtherNet/IP",
    "cip": "CIP",
    "cipcm": "CIP, connection manager",
    "cipcls": "CIP, service of a class",
    "bvlc": "BACnet, virtual link",
    "bacnet": "BACnet, network",
    "bacapp": "BACnet, application",
    "iec60870_104": "IEC 104",
    "iec60870_asdu": "IEC 104, ASDU",
    "opcua": "OPC UA",
    "pn_rt": "PROFINET",
    "pn_dcp": "PROFINET DCP",
    "goose": "GOOSE",
}
