"""What the alerts of a pattern are about, in one verb of plant engineers."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from alerts.incidents.engine.catalogue import USER_RULE_TITLE, alert_type_for
from alerts.incidents.engine.functions import READING, WRITING, verbs_of
from alerts.patterns.engine.pattern import TypeName
from alerts.rules.fields import NO_VALUE


class DevicePurpose(StrEnum):
    """What one device does to another, as far as the alert type shows it."""

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
    USER_RULE_TITLE: DevicePurpose.SENSOR_RULE,
    "Unauthorized PLC Program Upload": DevicePurpose.COPY_PROGRAM,
    "Unauthorized PLC Configuration Read": DevicePurpose.READ_SETTINGS,
    "Unauthorized Name Query": DevicePurpose.NAMES,
    "Device Failed to Receive a Dynamic IP Address": DevicePurpose.ADDRESS,
    "Unauthorized Database Operation": DevicePurpose.DATABASE,
    "Unauthorized Database Login": DevicePurpose.DATABASE,
    "Database Login Failed": DevicePurpose.SIGN_IN,
    "Unauthorized SNMP Operation": DevicePurpose.NETWORK,
    "Unauthorized Multicast/Broadcast Connection": DevicePurpose.BROADCAST,
    "Suspicion of Illegal Integrity Scan": DevicePurpose.POLL,
    "Modbus Address Range Violation": DevicePurpose.POLL,
    "Slave Device Unrecoverable Failure": DevicePurpose.REPORT,
    "Excessive Number of Sessions": DevicePurpose.VOLUME,
}
_BY_CATEGORY: Final = {
    "Unauthorized Communication Behavior": DevicePurpose.COMMAND,
    "Illegal Commands": DevicePurpose.FAIL,
    "Command Failures": DevicePurpose.FAIL,
    "Configuration Changes": DevicePurpose.CHANGE_SETTINGS,
    "Firmware Change": DevicePurpose.FIRMWARE,
    "Authentication": DevicePurpose.SIGN_IN,
    "Abnormal HTTP Communication Behavior": DevicePurpose.WEB,
    "Restart/Stop Commands": DevicePurpose.STOP,
    "Scan": DevicePurpose.SCAN,
    "Operational Issues": DevicePurpose.REPORT,
    "Buffer Overflow": DevicePurpose.REPORT,
    "Internet Access": DevicePurpose.INTERNET,
    "Programming": DevicePurpose.PROGRAM,
    "Unresponsive": DevicePurpose.SILENT,
    "Discovery": DevicePurpose.APPEAR,
    "Bandwidth Anomalies": DevicePurpose.VOLUME,
    "Backup": DevicePurpose.BACKUP,
    "Remote Access": DevicePurpose.REMOTE,
}


def purpose_of(types: Iterable[TypeName], functions: Iterable[str] = ()) -> DevicePurpose:
    """Return what these types have in common: the purpose of the first one, which the caller puts
    there because most alerts have it. Functions tell reading from writing.
    """
    title = next((title for title, _ in types), "")
    alert_type = alert_type_for(title)
    if alert_type is None:
        return DevicePurpose.TALK
    purpose = _BY_TITLE.get(alert_type.title) or _BY_CATEGORY.get(
        alert_type.category, DevicePurpose.TALK
    )
    if purpose in (DevicePurpose.COMMAND, DevicePurpose.POLL):
        verbs = verbs_of(function for function in functions if function != NO_VALUE)
        if verbs and verbs <= READING:
            return DevicePurpose.POLL
        if verbs and verbs <= WRITING:
            return DevicePurpose.WRITE
        if verbs & WRITING:
            return DevicePurpose.COMMAND
    return purpose
