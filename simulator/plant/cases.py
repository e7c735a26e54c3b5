"""Writes a case: the incident's ARM properties from a recipe and its template, and what the
analysts at the SOC desk had done with it by the end of a history.
"""

import hashlib
from typing import Any

from simulator.plant.catalogue import MDIOT, SEVERITIES
from simulator.plant.fleet import guid
from simulator.plant.flows import Side, Template
from simulator.plant.recipes import Recipe, moment_of, stamp
from simulator.plant.records import Case, PlantWorkspace, Truth

PRODUCT = "Azure Security Center for IoT"
ENDPOINT_PRODUCT = "Microsoft Defender for Endpoint"
PORTAL = "https://portal.azure.com/#asset/Microsoft_Azure_Security_Insights/Incident"
DAY_US = 86_400_000_000
CLOSED_SOON = 955  # of 1,000 incidents
_ANALYSTS = ("Jonas Brandt", "Marta Kowalczyk", "Tiago Nunes", "Elif Demir", "Henrik Sand")
_EXPECTED = ("BenignPositive", "SuspiciousButExpected")
_BAD_DATA = ("FalsePositive", "InaccurateData")
_BAD_LOGIC = ("FalsePositive", "IncorrectAlertLogic")
_OPEN_END = ("Undetermined", None)
_BAD_NEWS = ("TruePositive", "SuspiciousActivity")
# Per cent of closings, by what was really behind the incident.
_BENIGN = ((72, _EXPECTED), (86, _BAD_DATA), (91, _BAD_LOGIC), (100, _OPEN_END))
_STRAY = ((58, _BAD_NEWS), (76, _EXPECTED), (82, _BAD_DATA), (100, _OPEN_END))
_ATTACK = ((20, _BAD_NEWS), (78, _EXPECTED), (100, _OPEN_END))
_COMMENTS = {
    "BenignPositive": ("Known traffic, checked with the plant.", "Planned work.", ""),
    "FalsePositive": ("Inventory on the sensor is out of date.", "Noise.", ""),
    "Undetermined": ("No answer from the plant.", "", ""),
    "TruePositive": ("Host isolated by OT IT, ticket open.", "Handed to incident response.", ""),
}


def chance_of_bits(bits: int, shift: int, outcomes: int) -> int:
    """A small number that these bits decide."""
    return (bits >> shift & 0xFFFF) * outcomes >> 16


def guids(seed: int, recipe: Recipe, part: str, count: int = 1) -> list[str]:
    """Up to four GUIDs that belong to a recipe."""
    text_to_hash = (
        f"{seed}/{recipe.template}/{recipe.began_us}/{recipe.bits}/{recipe.changes}/{part}"
    )
    text = hashlib.blake2b(text_to_hash.encode(), digest_size=16 * count).hexdigest()
    return [
        f"{h[:8]}-{h[8:12]}-4{h[13:16]}-a{h[17:20]}-{h[20:]}"
        for h in (text[at : at + 32] for at in range(0, 32 * count, 32))
    ]


def address_of(side: Side, template: Template, bits: int) -> tuple[str, str, str]:
    """Name, address and MAC of one side; of a passing device the bits decide."""
    if not side.passing:
        return side.name, side.address, side.device.mac if side.device else ""
    oui = side.passing[4:].partition("@")[0]
    which = chance_of_bits(bits, 44, 40)
    mac = f"{oui}:{which * 5 % 256:02x}:{template.flow % 256:02x}:{which * 11 % 256:02x}"
    if side.passing.startswith("mac:"):
        return mac, mac, mac
    zone = next(zone for zone in template.site.zones if zone.name == side.zone)
    address = f"{zone.subnet.rpartition('.')[0]}.{200 + which}"
    return address, address, mac


def alerts_of(template: Template, recipe: Recipe, templates: list[Template]) -> list[Template]:
    """The templates of all alerts in the incident, the one that named it first."""
    if not template.group or chance_of_bits(recipe.bits, 0, 100) >= template.group:
        return [template]
    others, more = template.companions, 1 + chance_of_bits(recipe.bits, 8, 4)
    indexes = (others[(recipe.bits >> (16 + 3 * place)) % len(others)] for place in range(more))
    return [template, *(templates[index] for index in indexes)]


def has_endpoint_alert(template: Template, recipe: Recipe) -> bool:
    """Whether a second product saw something too."""
    return bool(template.endpoint) and chance_of_bits(recipe.bits, 24, 100) < template.endpoint


def alert_times(recipe: Recipe, place: int, count: int) -> tuple[int, int]:
    """First and last detection of the alert at this place."""
    step = recipe.lag_us // (count + 1)
    began = recipe.began_us + place * step
    return began, began + step * chance_of_bits(recipe.bits, 32, 100) // 128


def description_of(template: Template) -> str:
    """Return the description of the alert in words."""
    named = [side.name or side.passing[:3] for side in (template.source, template.destination)]
    parts = [template.type.text]
    if template.user_title:
        parts.append(f"Rule: {template.user_title}.")
    if template.source.name:
        parts.append(f"Source: {named[0]}.")
    if template.destination.name:
        parts.append(f"Destination: {named[1]}.")
    if template.function:
        parts.append(f"Function: {template.function}.")
    return " ".join(parts)


def prefixed(template: Template, text: str) -> str:
    """The text as the analytics rule passes it on, where one made the alert."""
    return MDIOT + text if template.rule_made else text


class Casebook:
    """Writes cases for one plant."""

    def __init__(
        self, seed: int, workspaces: tuple[PlantWorkspace, ...], templates: list[Template]
    ) -> None:
        self.seed = seed
        self.workspaces = workspaces
        self.templates = templates

    def frame_of(self, template: Template) -> dict[str, Any]:
        """What every incident of this template has in common, worked out once."""
        if "title" not in template.frame:
            workspace = self.workspaces[template.workspace]
            rule = template.type.rule if template.rule_made else None
            path = workspace.security_path
            template.frame |= {
                "title": prefixed(template, template.type.title),
                "description": prefixed(template, description_of(template)),
                "severity": template.type.severity,
                "url": f"{PORTAL}{path}/Incidents/",
                "rules": [f"{path}/alertRules/{rule.id}"] if rule else [],
            }
        return template.frame

    def write(self, alerts: list[Template], recipe: Recipe, number: int) -> Case:
        """The incident of these alerts as Sentinel shows it when nobody has touched it yet."""
        template = alerts[0]
        frame = self.frame_of(template)
        name = guids(self.seed, recipe, "incident")[0]
        created = stamp(recipe.created_us)
        products, count = [PRODUCT], len(alerts)
        severity = frame["severity"]
        tactics, techniques = list(template.type.tactics), list(template.type.techniques)
        if count > 1:
            severity = max((alert.type.severity for alert in alerts), key=SEVERITIES.index)
            tactics = list(dict.fromkeys(t for alert in alerts for t in alert.type.tactics))
            techniques = list(dict.fromkeys(t for alert in alerts for t in alert.type.techniques))
        if has_endpoint_alert(template, recipe):
            products.append(ENDPOINT_PRODUCT)
            count += 1
        last = alert_times(recipe, count - 1, count)[1]
        properties = {
            "title": frame["title"],
            "description": frame["description"],
            "severity": severity,
            "status": "New",
            "owner": no_owner(),
            "labels": [],
            "firstActivityTimeUtc": stamp(recipe.began_us),
            "lastActivityTimeUtc": stamp(last),
            "lastModifiedTimeUtc": created,
            "createdTimeUtc": created,
            "incidentNumber": number,
            "incidentUrl": frame["url"] + name,
            "relatedAnalyticRuleIds": list(frame["rules"]),
            "providerName": "Azure Sentinel",
            "providerIncidentId": str(number),
            "additionalData": {
                "alertsCount": count,
                "bookmarksCount": 0,
                "commentsCount": 0,
                "alertProductNames": products,
                "tactics": tactics,
                "techniques": techniques,
            },
        }
        when = moment_of(recipe.created_us)
        workspace = self.workspaces[template.workspace].name
        return Case(workspace, name, when, when, properties, recipe.spell(), template.truth)


def no_owner() -> dict[str, Any]:
    """The owner of an incident that has none."""
    return {"objectId": None, "email": None, "assignedTo": None, "userPrincipalName": None}


def owner(which: int) -> dict[str, Any]:
    """One analyst, as the owner of an incident."""
    name = _ANALYSTS[which]
    mail = f"{name.lower().replace(' ', '.')}@soc.baltaqua.example"
    return {
        "objectId": guid("analyst", name),
        "email": mail,
        "assignedTo": name,
        "userPrincipalName": mail,
        "ownerType": "User",
    }


_OWNERS = tuple(owner(which) for which in range(len(_ANALYSTS)))


def analysts() -> tuple[dict[str, Any], ...]:
    """Everybody at the SOC desk, as owners of incidents."""
    return _OWNERS


def rank_of(bits: int) -> int:
    """Rank an incident among a thousand; from `CLOSED_SOON` on the desk puts them off for weeks."""
    return chance_of_bits(bits, 40, 1000)


def wait_of(bits: int) -> int:
    """How long an incident waits at the desk, in microseconds: up to three days, mostly less."""
    return 600_000_000 + chance_of_bits(bits, 20, 1000) ** 2 * 250_000


def owner_of(bits: int) -> dict[str, Any]:
    """Return the analyst who takes an incident."""
    return dict(_OWNERS[chance_of_bits(bits, 12, len(_OWNERS))])


def kind_of(truth: Truth) -> str:
    """What the mistakes of the desk depend on: benign, attack or stray."""
    return "benign" if truth.benign else ("attack" if truth.attack else "stray")


def write_closing(properties: dict[str, Any], bits: int, *, kind: str) -> None:
    """Close an incident as the desk does, with its mistakes."""
    table = {"benign": _BENIGN, "stray": _STRAY, "attack": _ATTACK}[kind]
    draw = chance_of_bits(bits, 30, 100)
    classification, reason = next(how for limit, how in table if draw < limit)
    comments = _COMMENTS[classification]
    properties["status"] = "Closed"
    properties["classification"] = classification
    properties["classificationComment"] = comments[chance_of_bits(bits, 4, len(comments))]
    if reason:
        properties["classificationReason"] = reason
    if rank_of(bits) % 29 == 0:
        properties["labels"] = [
            *(properties.get("labels") or []),
            {"labelName": "ot-asked", "labelType": "User"},
        ]


def settle(
    properties: dict[str, Any], created_us: int, end_us: int, bits: int, *, kind: str
) -> int:
    """Let the desk work on an incident until `end_us`; returns when it was touched last.

    `kind` is benign, stray or attack: the desk does not see it, but its mistakes depend on it.
    """
    age = end_us - created_us
    rank = rank_of(bits)
    closes = rank < (CLOSED_SOON if age > 5 * DAY_US else 30 * age // DAY_US)
    is_touched = closes or rank > (985 if age > 5 * DAY_US else 700)
    if not is_touched:
        return created_us
    touched_us = created_us + min(wait_of(bits), age * 9 // 10)
    properties["owner"] = owner_of(bits)
    properties["status"] = "Active"
    properties["lastModifiedTimeUtc"] = stamp(touched_us)
    if closes:
        write_closing(properties, bits, kind=kind)
    return touched_us
