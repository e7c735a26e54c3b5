"""Read a device file: our own CSV, or the inventory that Defender exports; and keep it between the
preview and the import.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Any

from django.db import transaction
from django.utils.translation import gettext

from alerts.sites.engine.devices import device_kind
from alerts.sites.models import PURDUE_WORDS, Criticality, DeviceFile
from alerts.sites.services.learn import level_of
from portal.accounts.models import User
from portal.accounts.queries import roles_of
from portal.accounts.rights import OT_ROLES
from portal.audit.services import record
from portal.errors import Refused
from portal.formats.tables import Table, TableFault, TableRow, folded, one_of

# What a heading may be called, without case, spaces and marks.
ALIASES: Mapping[str, tuple[str, ...]] = {
    "site": ("site", "sitename"),
    "zone": ("zone", "zonename"),
    "sensor": ("sensor", "sensorname"),
    "ipv4": (
        *("address", "ip", "ipaddress", "ipaddresses", "ipv4", "ipv4address", "ipv4addresses"),
        *("ipv46", "ipv4ipv6"),
    ),
    "ipv6": ("ipv6", "ipv6address", "ipv6addresses"),
    "mac": ("mac", "macaddress", "macaddresses"),
    "name": ("name", "devicename"),
    "kind": ("kind",),
    "subtype": ("subtype", "devicesubtype"),
    "type": ("type", "devicetype"),
    "role": ("role",),
    "vendor": ("vendor", "devicevendor", "manufacturer"),
    "model": ("model", "devicemodel"),
    "firmware": ("firmware", "firmwareversion"),
    "level": ("level", "purduelevel", "purduelayer"),
    "criticality": ("criticality",),
    "importance": ("importance",),
    "authorized": ("authorized", "authorised", "authorization", "authorisation", "isauthorized"),
    "programming": ("programming", "programmingdevice", "isprogramming", "isprogrammingdevice"),
    "scanner": ("scanner", "scannerdevice", "isscanner", "isscannerdevice"),
}
# Only people say these; a file that has one of them is theirs, any other is an inventory.
OWN_COLUMNS = ("kind", "role", "criticality")
LEVELS = ("0", "1", "2", "3", "3.5", "4", "5")
MAX_ADDRESSES, MAX_TEXT = 50, 120
MAX_LENGTHS = {"name": 120, "kind": 80, "role": 120, "vendor": 120, "model": 120, "firmware": 120}
_BY_ALIAS = {alias: name for name, aliases in ALIASES.items() for alias in aliases}
_MAC = re.compile(r"[0-9a-f]{12}")
_YES = frozenset(
    {
        "yes",
        "true",
        "1",
        "authorized",
        "authorised",
        "programmingdevice",
        "scanner",
        "scannerdevice",
    }
)
_NO = frozenset(
    {
        *("no", "false", "0", "unauthorized", "unauthorised", "notprogrammingdevice"),
        *("notaprogrammingdevice", "notscanner", "notascanner", "notscannerdevice"),
    }
)


@dataclass(frozen=True, slots=True)
class DeviceLine:
    """A device as a line of the file describes it. `facts` are columns of `Device`; what the line
    leaves open is absent. Site and zone are names, empty where the sensor decides them.
    """

    line: int
    site: str
    zone: str
    sensor: str
    addresses: tuple[str, ...]
    facts: Mapping[str, Any]


@dataclass(slots=True)
class ParsedFile:
    """The content of a file; `is_inventory`: it is Defender's, not a person's."""

    lines: list[DeviceLine] = field(default_factory=list)
    faults: list[TableFault] = field(default_factory=list)
    is_inventory: bool = False


def device_lines_of(table: Table) -> ParsedFile:
    """Return the devices of a file, and what is wrong with lines that describe none."""
    parsed = ParsedFile(faults=list(table.faults))
    names: dict[str, str] = {}
    for column in table.columns:
        name = _BY_ALIAS.get(folded(column))
        if name is not None and name not in names:
            names[name] = column
    parsed.is_inventory = not any(name in names for name in OWN_COLUMNS)
    if table.columns:
        parsed.faults += _faults_in_heading(table.columns, names, parsed.is_inventory)
    if parsed.faults and not names:
        return parsed
    for row in table.records:
        values = {name: row[column] for name, column in names.items()}
        faults = list(_faults_in(row, values, names))
        if not parsed.is_inventory:  # what an inventory says is taken as far as it is understood
            faults += _faults_in_own(row, values, names)
        parsed.faults += faults
        if not faults:
            parsed.lines.append(_line(row, values))
    return parsed


def _faults_in_heading(
    columns: Sequence[str], names: Mapping[str, str], is_inventory: bool
) -> Iterator[TableFault]:
    if not {"ipv4", "ipv6", "mac"} & names.keys():
        yield TableFault(1, "", gettext("The file needs a column “address”."))
    if not {"zone", "sensor"} & names.keys():
        yield TableFault(1, "", gettext("The file needs a column “zone”."))
    if is_inventory:
        return  # it has many more columns than are of use here
    for column in columns:
        if column and folded(column) not in _BY_ALIAS:
            columns_for_people = (
                "site",
                "zone",
                "address",
                "name",
                "kind",
                "role",
                "vendor",
                "model",
                "firmware",
                "level",
                "criticality",
            )
            text = gettext("Unknown column. Known columns: %(known)s.")
            yield TableFault(1, column, text % {"known": ", ".join(columns_for_people)})


def _faults_in(
    record: TableRow, values: Mapping[str, str], names: Mapping[str, str]
) -> Iterator[TableFault]:
    line, addresses = record.line, _addresses(values)
    at = next(names[name] for name in ("ipv4", "ipv6", "mac", *names) if name in names)
    if not addresses:
        yield TableFault(line, at, gettext("The line names no address."))
    if len(addresses) > MAX_ADDRESSES:
        yield TableFault(line, at, gettext("One device cannot have more than 50 addresses."))
    for name in ("ipv4", "ipv6", "mac"):
        for word in _words(values.get(name, "")):
            if not is_device_address(word):
                text = gettext("“%(word)s” is neither an IP address nor a MAC address.")
                yield TableFault(line, names[name], text % {"word": word[:80]})
    if not (values.get("zone") or values.get("sensor")):
        yield TableFault(line, names.get("zone", "zone"), gettext("The line names no zone."))
    for name in ("site", "zone"):
        if len(values.get(name, "")) > MAX_TEXT:
            text = gettext("Keep this under %(length)s characters.") % {"length": MAX_TEXT}
            yield TableFault(line, names[name], text)


def _faults_in_own(
    record: TableRow, values: Mapping[str, str], names: Mapping[str, str]
) -> Iterator[TableFault]:
    line, criticality = record.line, values.get("criticality", "")
    if criticality and _criticality(criticality) is None:
        text = gettext("“%(word)s” is not a criticality. Use %(known)s.")
        details = {"word": criticality[:80], "known": one_of(Criticality.values)}
        yield TableFault(line, names["criticality"], text % details)
    if values.get("level") and _level(values["level"]) is None:
        text = gettext("“%(word)s” is not a Purdue level. Use %(known)s.")
        details = {"word": values["level"][:80], "known": one_of(LEVELS)}
        yield TableFault(line, names["level"], text % details)
    for name, max_length in MAX_LENGTHS.items():
        if len(values.get(name, "")) > max_length:
            text = gettext("Keep this under %(length)s characters.") % {"length": max_length}
            yield TableFault(line, names[name], text)


def _line(record: TableRow, values: Mapping[str, str]) -> DeviceLine:
    facts: dict[str, Any] = {
        "name": values.get("name"),
        "kind": device_kind(values.get("kind"), values.get("subtype"), values.get("type")) or None,
        "role": values.get("role"),
        "vendor": values.get("vendor"),
        "model": values.get("model"),
        "firmware": values.get("firmware"),
        "purdue_level": _level(values.get("level", "")),
        "criticality": _criticality(values.get("criticality", "")) or _importance(values),
        "is_authorized": _yes_or_no(values.get("authorized", "")),
        "is_programming": _yes_or_no(values.get("programming", "")),
        "is_scanner": _yes_or_no(values.get("scanner", "")),
    }
    filled = {
        name: value[: MAX_LENGTHS.get(name, MAX_TEXT)] if isinstance(value, str) else value
        for name, value in facts.items()
        if value not in (None, "")
    }
    return DeviceLine(
        record.line,
        _name(values.get("site", "")),
        _name(values.get("zone", "")),
        values.get("sensor", ""),
        _addresses(values),
        filled,
    )


def _name(text: str) -> str:
    return " ".join(text.split())


def _addresses(values: Mapping[str, str]) -> tuple[str, ...]:
    """Its IP addresses, else its MAC addresses, as intake takes them."""
    ips = [*_words(values.get("ipv4", "")), *_words(values.get("ipv6", ""))]
    return tuple(dict.fromkeys(ips or _words(values.get("mac", ""))))


def _words(text: str) -> list[str]:
    return [word for word in re.split(r"[\s,;|]+", text) if word]


def is_device_address(text: str) -> bool:
    """Return whether a text is an IP or a MAC address."""
    return address_key(text) != ""


def address_key(text: str) -> str:
    """Return an address in the one spelling by which it is compared; empty where it is none."""
    try:
        return str(ip_address(text.strip()))
    except ValueError:
        bare = "".join(sign for sign in text.casefold() if sign not in ":-. ")
        return bare if _MAC.fullmatch(bare) else ""


def _criticality(text: str) -> str | None:
    words = {folded(value): value for value in Criticality.values}
    words |= {folded(str(label)): value for value, label in Criticality.choices}
    return words.get(folded(text))


def _importance(values: Mapping[str, str]) -> str | None:
    """Return at most "important": Defender's importance is of whole groups of servers."""
    is_high = folded(values.get("importance", "")) == "high"
    return Criticality.IMPORTANT.value if is_high else None


def _level(text: str) -> float | None:
    try:
        number = float(text.casefold().removeprefix("level").strip())
    except ValueError:
        return level_of(layer=text)
    return number if number in PURDUE_WORDS else None


def _yes_or_no(text: str) -> bool | None:
    word = folded(text)
    return True if word in _YES else False if word in _NO else None


MAX_BYTES = 10 * 1024 * 1024
FILE_RETENTION = timedelta(days=1)


class CannotKeepFile(Refused):
    """The file was not taken."""


@transaction.atomic
def keep_device_file(*, data: bytes, name: str, by: User, now: datetime) -> DeviceFile:
    """Keep a file of a person for a day, instead of the one they looked at before."""
    if roles_of(by).isdisjoint(OT_ROLES):
        raise CannotKeepFile(gettext("Only OT can import devices."))
    if not data:
        raise CannotKeepFile(gettext("Choose a file. This one is empty."))
    if len(data) > MAX_BYTES:
        raise CannotKeepFile(
            gettext("The file is larger than 10 MB. Split it, or use the command.")
        )
    DeviceFile.objects.filter(by=by).delete()
    DeviceFile.objects.filter(made_at__lt=now - FILE_RETENTION).delete()
    file = DeviceFile.objects.create(
        name=name.replace("\x00", "")[:120] or "devices.csv", data=data, by=by, made_at=now
    )
    record("sites.device_file.kept", on=file, by=by, at=now, bytes=len(data))
    return file


@transaction.atomic
def discard_device_file(*, file_id: int, by: User) -> None:
    """Forget a file that was taken over; what it changed is on record by itself."""
    DeviceFile.objects.filter(pk=file_id, by=by).delete()
