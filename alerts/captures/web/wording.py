"""What a capture contains, in plain words: who talks with whom, and what changed a controller.

Reads the summary of `capture summary --json` as the reader keeps it.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy, ngettext

from portal.ui.words import number

MAX_PAIRS = 8
MAX_OPERATIONS = 15

# What a conversation counts → its word and the colour of its mark, the gravest first.
_MARKS: dict[str, tuple[Callable[[int], str], str]] = {
    "stops": (lambda n: ngettext("%(n)s stop", "%(n)s stops", n), "high"),
    "restarts": (lambda n: ngettext("%(n)s restart", "%(n)s restarts", n), "high"),
    "downloads": (lambda n: ngettext("%(n)s download", "%(n)s downloads", n), "maint"),
    "writes": (lambda n: ngettext("%(n)s write", "%(n)s writes", n), "medium"),
    "starts": (lambda n: ngettext("%(n)s start", "%(n)s starts", n), "ok"),
    "uploads": (lambda n: ngettext("%(n)s upload", "%(n)s uploads", n), "info"),
}
_WHY: dict[str, Promise] = {
    "stops": gettext_lazy(
        "A stop ends the program in a controller: what it moves stands still or runs on unwatched. "
        "Ask OT whether somebody meant it."
    ),
    "restarts": gettext_lazy(
        "A restart takes a device away for seconds to minutes. Ask OT whether somebody meant it."
    ),
    "downloads": gettext_lazy(
        "A download replaces what a controller does. Ask OT for the work order behind it."
    ),
    "writes": gettext_lazy(
        "Writes change values in a controller. That is daily work for a control station, and "
        "unusual for anybody else."
    ),
    "starts": gettext_lazy("A start lets a controller run its program again."),
    "uploads": gettext_lazy(
        "An upload copies a program out of a controller: a backup, or somebody who wants to know."
    ),
}
# Kinds of operations that change something, for the list by name.
_KIND_LOOKS = {
    "stop": "high",
    "restart": "high",
    "program": "maint",
    "write": "medium",
    "start": "ok",
    "upload": "info",
}
_PROTOCOLS = {
    "modbus": "Modbus",
    "s7comm": "S7comm",
    "dnp3": "DNP3",
    "cip": "CIP",
    "enip": "EtherNet/IP",
    "bacnet": "BACnet",
    "bacapp": "BACnet",
    "iec60870_104": "IEC 104",
    "iec60870_asdu": "IEC 104",
    "iec104": "IEC 104",
    "opcua": "OPC UA",
    "pn_dcp": "PROFINET DCP",
    "goose": "GOOSE",
    "profinet": "PROFINET",
    "dns": "DNS",
    "dhcp": "DHCP",
    "ntp": "NTP",
    "snmp": "SNMP",
    "arp": "ARP",
    "icmp": "ICMP",
    "lldp": "LLDP",
    "nbns": "NetBIOS",
}


@dataclass(slots=True)
class PairWords:
    """Two devices, who began first, and what was done between them."""

    client: str
    server: str
    frames: int = 0
    protocols: set[str] = field(default_factory=set)
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def marks(self) -> list[tuple[str, str]]:
        """What changed or copied something: words and colour, the gravest first."""
        return [
            (words(self.counts[name]) % {"n": number(self.counts[name])}, look)
            for name, (words, look) in _MARKS.items()
            if self.counts.get(name)
        ]

    @property
    def protocol_words(self) -> str:
        """What they spoke."""
        return ", ".join(sorted(protocol_name(name) for name in self.protocols))


@dataclass(frozen=True, slots=True)
class OperationWords:
    """One operation by its name, and how often."""

    name: str
    protocol: str
    look: str
    count: int
    errors: int


@dataclass(frozen=True, slots=True)
class CaptureWords:
    """A capture in plain words. `ends`: whether the alert's two ends are in it."""

    sentence: str
    began_at: datetime | None
    why: str
    ends: str
    pairs: list[PairWords]
    pairs_left: int
    operations: list[OperationWords]
    operations_left: int
    problems: list[str]


def protocol_name(name: str) -> str:
    """Return what people call a protocol."""
    return _PROTOCOLS.get(name, name)


def summary_words(
    summary: Mapping[str, Any], *, names: Mapping[str, str], alert_addresses: Collection[str]
) -> CaptureWords:
    """Put a summary into words. `names` has the device of each address."""
    pairs = _pairs(summary["conversations"], names)
    addresses = {row[end] for row in summary["conversations"] for end in ("client", "server")}
    operations = [
        OperationWords(
            row["name"],
            protocol_name(row["protocol"]),
            _KIND_LOOKS.get(row["kind"], ""),
            max(row["count"], row["responses"]),
            row["errors"],
        )
        for row in summary["operations"]
    ]
    gravest = next((name for name in _MARKS if any(p.counts.get(name) for p in pairs)), None)
    began = summary.get("started_at")
    return CaptureWords(
        sentence=_sentence(summary, pairs, addresses),
        began_at=datetime.fromisoformat(began) if began else None,
        why=str(_WHY[gravest])
        if gravest
        else gettext(
            "Nothing in it changes a controller, as far as this reader knows the protocols."
        ),
        ends=_ends(addresses, alert_addresses),
        pairs=pairs[:MAX_PAIRS],
        pairs_left=max(len(pairs) - MAX_PAIRS, 0),
        operations=operations[:MAX_OPERATIONS],
        operations_left=max(summary.get("operation_count", 0) - MAX_OPERATIONS, 0),
        problems=list(summary["problems"])[:3],
    )


def _pairs(conversations: list[dict[str, Any]], names: Mapping[str, str]) -> list[PairWords]:
    found: dict[tuple[str, str], PairWords] = {}
    for row in conversations:
        key = (row["client"], row["server"])
        pair = found.setdefault(key, PairWords(*(names.get(address, address) for address in key)))
        pair.frames += row["frames"]
        pair.protocols.update(row["protocols"])
        for name in _MARKS:
            pair.counts[name] = pair.counts.get(name, 0) + row.get(name, 0)
    order = [*_MARKS]
    return sorted(
        found.values(),
        key=lambda pair: (
            *(-pair.counts[name] for name in order),
            not pair.protocols,
            -pair.frames,
        ),
    )


def _sentence(
    summary: Mapping[str, Any], pairs: Collection[PairWords], addresses: Collection[str]
) -> str:
    protocols = sorted({protocol_name(name) for pair in pairs for name in pair.protocols})
    details = {
        "frames": number(summary["packets"]),
        "span": _span(summary["duration_s"]),
        "devices": number(len(addresses)),
        "protocols": ", ".join(protocols),
    }
    if not summary["packets"]:
        return gettext("It holds no frames.")
    if not protocols:
        return (
            gettext(
                "%(frames)s frames in %(span)s between %(devices)s addresses, in no OT protocol"
                " that this reader knows."
            )
            % details
        )
    return (
        gettext("%(frames)s frames in %(span)s between %(devices)s addresses: %(protocols)s.")
        % details
    )


def _span(seconds: float) -> str:
    if seconds < 120:
        return gettext("%(n)s s") % {"n": number(seconds, 1)}
    if seconds < 7200:
        return gettext("%(n)s min") % {"n": number(seconds / 60)}
    return gettext("%(n)s h") % {"n": number(seconds / 3600, 1)}


def _ends(addresses: Collection[str], alert_addresses: Collection[str]) -> str:
    """Return whether this is likely to be the capture of this alert, in words."""
    if not alert_addresses:
        return ""
    lowered = {addresse.lower() for addresse in addresses}
    present = [address for address in alert_addresses if address.lower() in lowered]
    if len(present) == len(set(alert_addresses)):
        return gettext("All addresses that the alerts name are in it.")
    if present:
        return gettext("Of the addresses that the alerts name it holds %(there)s.") % {
            "there": ", ".join(sorted(present)[:4])
        }
    return gettext("It holds none of the addresses that the alerts name. Is it the right file?")
