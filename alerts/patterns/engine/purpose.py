"""What the alerts of a pattern are about, in one verb of plant engineers."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from alerts.incidents.engine.catalogue import USER_RULE_TITLE, alert_type_for
from alerts.patterns.engine.pattern import TypeName
from alerts.suppression.engine.fields import NONE_TOLD


class Purpose(StrEnum):
    """What one device does to another, as far as the alert type tells it."""

    POLL = "poll"  # asks for values
    WRITE = "write"
    COMMAND = "command"
    FAIL = "fail"  # asks for what the other cannot give
    SCAN = "scan"
    PROGRAM = "program"
    COPY_PROGRAM = "copy-program"
    READ_SETTINGS = "read-settings"
    CHANGE_SETTINGS = "change-settings"
    FIRMWARE = "firmware"
    STOP = "stop"
    SIGN_IN = "sign-in"
    REMOTE = "remote"
    WEB = "web"
    DATABASE = "database"
    NETWORK = "network"  # reads network settings
    NAMES = "names"
    ADDRESS = "address"
    BROADCAST = "broadcast"
    INTERNET = "internet"
    BACKUP = "backup"
    APPEAR = "appear"
    VOLUME = "volume"
    SILENT = "silent"
    REPORT = "report"  # a device tells of its own state
    SENSOR_RULE = "sensor-rule"
    TALK = "talk"


_BY_TITLE: Final = {
    USER_RULE_TITLE: Purpose.SENSOR_RULE,
    "Unauthorized PLC Program Upload": Purpose.COPY_PROGRAM,
    "Unauthorized PLC Configuration Read": Purpose.READ_SETTINGS,
    "Unauthorized Name Query": Purpose.NAMES,
    "Device Failed to Receive a Dynamic IP Address": Purpose.ADDRESS,
    "Unauthorized Database Operation": Purpose.DATABASE,
    "Unauthorized Database Login": Purpose.DATABASE,
    "Database Login Failed": Purpose.SIGN_IN,
    "Unauthorized SNMP Operation": Purpose.NETWORK,
    "Unauthorized Multicast/Broadcast Connection": Purpose.BROADCAST,
    "Suspicion of Illegal Integrity Scan": Purpose.POLL,
    "Modbus Address Range Violation": Purpose.POLL,
    "Slave Device Unrecoverable Failure": Purpose.REPORT,
    "Excessive Number of Sessions": Purpose.VOLUME,
}
_BY_CATEGORY: Final = {
    "Unauthorized Communication Behavior": Purpose.COMMAND,
    "Illegal Commands": Purpose.FAIL,
    "Command Failures": Purpose.FAIL,
    "Configuration Changes": Purpose.CHANGE_SETTINGS,
    "Firmware Change": Purpose.FIRMWARE,
    "Authentication": Purpose.SIGN_IN,
    "Abnormal HTTP Communication Behavior": Purpose.WEB,
    "Restart/Stop Commands": Purpose.STOP,
    "Scan": Purpose.SCAN,
    "Operational Issues": Purpose.REPORT,
    "Buffer Overflow": Purpose.REPORT,
    "Internet Access": Purpose.INTERNET,
    "Programming": Purpose.PROGRAM,
    "Unresponsive": Purpose.SILENT,
    "Discovery": Purpose.APPEAR,
    "Bandwidth Anomalies": Purpose.VOLUME,
    "Backup": Purpose.BACKUP,
    "Remote Access": Purpose.REMOTE,
}


def purpose_of(types: Iterable[TypeName], functions: Iterable[str] = ()) -> Purpose:
    """Return what these types have in common: the purpose of the first one, which the caller puts
    there because most alerts have it. Functions tell reading from writing.
    """
    title = next((title for title, _ in types), "")
    alert_type = alert_type_for(title)
    if alert_type is None:
        return Purpose.TALK
    purpose = _BY_TITLE.get(alert_type.title) or _BY_CATEGORY.get(alert_type.category, Purpose.TALK)
    if purpose is Purpose.COMMAND:
        verbs = {
            function.lower().partition(" ")[0] for function in functions if function != NONE_TOLD
        }
        if verbs and verbs <= {"read", "get", "poll", "browse", "report"}:
            return Purpose.POLL
        if verbs and verbs <= {"write", "set", "operate", "select"}:
            return Purpose.WRITE
    return purpose
