"""Flows: streams of alerts at one site, compiled from the tables of processes and attacks, with the
templates that define what each alert looks like and on which protocol and port a sensor sees it.
"""

import random
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

from simulator.plant import rhythms
from simulator.plant.catalogue import USER_RULE, AlertType, alert_types
from simulator.plant.fleet import table, zone_rows
from simulator.plant.records import PlantDevice, PlantSite, Truth

PORTS: dict[str, int] = table("processes")["ports"]
_WSUS = ("HTTP", 8530)
_SEEN_IN_ALL = ("Address Scan", "Port Scan", "New Asset", "Illegal IP", "Multicast")
_SIGNED_IN_BY = {"database": "SQL (TDS/TNS)", "files": "SMB", "gateway": "SSH", "historian": "SMB"}
_PROGRAMMED_BY = {"plc-cip": "CIP", "skid": "CODESYS V3"}
_PROGRAMMING = ("PLC Program", "PLC Configuration")
_SIGNING_IN = ("Login Attempts", "Password Guessing")
SITE_FACTORS = {"gdansk": 0.55, "porto": 0.45}
ATTACK_SHARE = 0.003
"""What part of all incidents one attack is, where the plant is small or lives on."""
_ANSWERS = {"Modbus Exception"}
"""What such an alert reports is the answer: it runs from the device that was asked to the asker."""
_RULE_MADE_IN = {"gdansk": 15, "porto": 40, "central": 30}
_NEVER_RULE_MADE = {
    USER_RULE,
    "Unauthorized PLC Programming",
    "Unpermitted Usage of Modbus Function Code",
    "Modbus Address Range Violation",
}


@dataclass(frozen=True, slots=True)
class Side:
    """One side of an alert: a device we know, an address outside, or something that turns up."""

    name: str = ""
    address: str = ""
    device: PlantDevice | None = None
    passing: str = ""
    """`new:OUI@ZONE` or `mac:OUI@ZONE`: a device whose address the recipe's bits decide."""
    zone: str = ""


@dataclass(slots=True)
class Template:
    """Everything about an alert that does not depend on when it happens."""

    index: int
    flow: int
    type: AlertType
    source: Side
    destination: Side
    function: str
    user_title: str
    protocol: str
    port: int | None
    site: PlantSite
    zone: str
    sensor: str
    workspace: int
    rule_made: bool
    truth: Truth
    cause: str
    group: int
    endpoint: int
    companions: tuple[int, ...] = ()
    frame: dict[str, Any] = field(default_factory=dict)
    """What the casebook has worked out for this template already."""


@dataclass(slots=True)
class Flow:
    """One stream of alerts at one site with its rhythm and its share of all incidents."""

    index: int
    process: str
    attack: str | None
    site: str
    time_zone: str
    engine: str
    rhythm: tuple[float, ...]
    phase_key: str
    phase: rhythms.Phase
    minutes: tuple[int, int]
    share: float
    """What part of all incidents it is while it runs."""
    exact: bool
    lifetime: tuple[float, float]
    """From and to, as parts of a history; a plant that lives on is at the end of it."""
    templates: list[Template]
    cumulative: list[float]


def side_of(device: PlantDevice) -> Side:
    """Return the side of a device of the inventory."""
    return Side(device.name, device.address, device, zone=device.zone)


def wire_of(
    kind: AlertType, source: Side, destination: Side, *, function: str, protocol: str
) -> tuple[str, int | None]:
    """Return the protocol and the port of an alert: its type's, then its function where that is a
    protocol, then the table's (`protocol`), then what its devices speak.
    """
    if protocol == "WSUS":
        return _WSUS
    protocol_found = kind.protocol or (function if function in PORTS else "") or protocol
    protocol_found = protocol_found or _protocol_of(kind.title, source, destination)
    return protocol_found, PORTS.get(protocol_found)


def _protocol_of(title: str, source: Side, destination: Side) -> str:
    device = destination.device or source.device
    if device is None or any(word in title for word in _SEEN_IN_ALL):
        return ""
    if any(word in title for word in _SIGNING_IN):
        return _SIGNED_IN_BY.get(device.role, device.protocols[0])
    if any(word in title for word in _PROGRAMMING):
        return _PROGRAMMED_BY.get(device.role, device.protocols[0])
    return device.protocols[0]


class FlowBook:
    """All flows and all templates of a plant, in a fixed order."""

    def __init__(
        self, seed: int, sites: tuple[PlantSite, ...], devices: tuple[PlantDevice, ...]
    ) -> None:
        self.seed = seed
        self.sites = {site.key: site for site in sites}
        self.by_name = {device.name: device for device in devices}
        self.devices = devices
        self.flows: list[Flow] = []
        self.templates: list[Template] = []
        for process in table("processes")["process"]:
            for number, stream in enumerate(process["streams"]):
                self._add_stream(process, number, stream, attack=None)
        attacks = table("attacks")["attack"]
        for turn, attack in enumerate(attacks):
            phase = rhythms.attack_phase(turn, len(attacks), tuple(attack["window"]))
            for number, stream in enumerate(attack["streams"]):
                self._add_stream(attack, number, stream, attack=phase)
        self._scale_shares()

    def _add_stream(
        self, process: dict[str, Any], number: int, stream: dict[str, Any], *, attack: Any
    ) -> None:
        site_keys = stream.get("sites") or process.get("sites") or list(SITE_FACTORS)
        pairs_by_site = [
            (site, self._pairs(site, process["name"], number, stream)) for site in site_keys
        ]
        pairs_by_site = [(site, pairs) for site, pairs in pairs_by_site if pairs]
        whole = sum(SITE_FACTORS[site] for site, _ in pairs_by_site)
        for site, pairs in pairs_by_site:
            part = SITE_FACTORS[site] / whole
            share = ATTACK_SHARE * stream["part"] if attack else stream["share"] / 100
            phase_key = f"attack:{process['name']}" if attack else stream.get("phase", "")
            flow = Flow(
                index=len(self.flows),
                process=process["name"],
                attack=process["name"] if attack else None,
                site=site,
                time_zone=self.sites[site].time_zone,
                engine=alert_types()[stream["titles"][0].split("#")[0]].engine,
                rhythm=rhythms.RHYTHMS[stream["rhythm"]],
                phase_key=phase_key,
                phase=attack or rhythms.PHASES[phase_key],
                minutes=tuple(stream.get("minutes", (0, 60))),
                share=share * part,
                exact=bool(attack) or stream.get("exact", False),
                lifetime=tuple(stream.get("life", (0.0, 1.0))),
                templates=[],
                cumulative=[],
            )
            self._fill(flow, process, stream, pairs)
            self.flows.append(flow)

    def _fill(
        self,
        flow: Flow,
        process: dict[str, Any],
        stream: dict[str, Any],
        pairs: list[tuple[Side, Side]],
    ) -> None:
        weights: list[float] = []
        users = stream.get("user_title", [""])
        for rank, (source, destination) in enumerate(pairs):
            for place, spelled in enumerate(stream["titles"]):
                title, _, function = spelled.partition("#")
                ends = (destination, source) if title in _ANSWERS else (source, destination)
                flow.templates.append(
                    self.template(
                        flow,
                        alert_types()[title],
                        *ends,
                        function=function,
                        user_title=users[rank % len(users)],
                        protocol=stream.get("protocol", ""),
                        verdict=process.get("verdict", "suspicious"),
                        cause=process.get("cause", ""),
                        group=stream.get("group", 4),
                        endpoint=stream.get("endpoint", 0),
                    )
                )
                weights.append((1.0 if place == 0 else 0.55) / (1 + 0.3 * rank))
        for template in flow.templates:
            template.index = len(self.templates)
            self.templates.append(template)
        for template in flow.templates:
            template.companions = tuple(
                other.index
                for other in flow.templates
                if other.source == template.source and other.workspace == template.workspace
            )
        flow.cumulative = list(accumulate(weights))

    def template(
        self,
        flow: Flow,
        kind: AlertType,
        source: Side,
        destination: Side,
        *,
        function: str,
        user_title: str,
        protocol: str,
        verdict: Any,
        cause: str,
        group: int,
        endpoint: int,
    ) -> Template:
        """One alert between two sides, placed in the zone whose sensor sees it: that of the device
        which was spoken to.
        """
        near, far = (source, destination) if kind.title in _ANSWERS else (destination, source)
        device = near.device or far.device
        site = device.site if device else flow.site
        zone = near.zone or far.zone or next(iter(zone_rows(site)))
        row = zone_rows(site)[zone]
        workspace = "central" if row.central else site
        wire, port = wire_of(kind, source, destination, function=function, protocol=protocol)
        chance = sum(map(ord, kind.title + workspace)) * 37 % 100
        return Template(
            index=-1,
            flow=flow.index,
            type=kind,
            source=source,
            destination=destination,
            function=function,
            user_title=user_title,
            protocol=wire,
            port=port,
            site=self.sites[site],
            zone=zone,
            sensor=row.sensor,
            workspace=("gdansk", "porto", "central").index(workspace),
            rule_made=kind.rule is not None
            and chance < _RULE_MADE_IN[workspace]
            and kind.title not in _NEVER_RULE_MADE,
            truth=Truth(
                flow.process,
                verdict != "suspicious",
                flow.attack,
                verdict,
                site,
                cause,
            ),
            cause=cause,
            group=group,
            endpoint=endpoint,
        )

    def _pairs(
        self, site: str, process: str, number: int, stream: dict[str, Any]
    ) -> list[tuple[Side, Side]]:
        sources = [side for selector in stream["from"] for side in self.sides(site, selector)]
        targets = [side for selector in stream["to"] for side in self.sides(site, selector)]
        pairs = [(a, b) for a in sources for b in targets if a.name != b.name or not a.name]
        operator = [
            (a, b)
            for a, b in pairs
            if not (a.device and a.device.role == "hmi" and b.device) or a.zone == b.zone
        ]
        pairs = operator or pairs
        random.Random(f"{self.seed}/{site}/{process}/{number}").shuffle(pairs)
        return pairs[: stream.get("pairs", len(pairs))]

    def sides(self, site: str, selector: str) -> list[Side]:
        """Return the sides that a word of the tables selects at this site."""
        if selector == "":
            return [Side()]
        if selector.startswith("ext:"):
            return [Side(selector[4:], selector[4:])]
        if selector.startswith(("new:", "mac:")):
            key = selector.rpartition("@")[2]
            rows = [row for row in zone_rows(site).values() if row.key == key]
            return [Side(passing=selector, zone=row.name) for row in rows]
        if selector == "sensor:":
            return [Side(name=row.sensor, zone=row.name) for row in zone_rows(site).values()]
        if device := self.by_name.get(selector):
            return [side_of(device)] if device.site == site else []
        role, _, zone_key = selector.partition("/")
        return [
            side_of(device)
            for device in self.devices
            if device.site == site
            and device.role == role
            and (not zone_key or zone_rows(site)[device.zone].key == zone_key)
        ]

    def _scale_shares(self) -> None:
        """Bring each engine to its target; what is exact stays, attacks come on top."""
        routine = [flow for flow in self.flows if flow.attack is None]
        for engine, target in table("processes")["targets"].items():
            flows = [flow for flow in routine if flow.engine == engine]
            fixed = sum(flow.share for flow in flows if flow.exact)
            loose = sum(flow.share * lifetime_share(flow) for flow in flows if not flow.exact)
            for flow in flows:
                if not flow.exact:
                    flow.share *= (target / 100 - fixed) / loose
        parts: dict[str, float] = {}
        for flow in self.flows:
            if flow.attack:
                parts[flow.attack] = parts.get(flow.attack, 0.0) + flow.share
        for flow in self.flows:
            if flow.attack:
                flow.share *= ATTACK_SHARE / parts[flow.attack]


def lifetime_share(flow: Flow) -> float:
    """What part of a history the flow runs in."""
    return flow.lifetime[1] - flow.lifetime[0]
