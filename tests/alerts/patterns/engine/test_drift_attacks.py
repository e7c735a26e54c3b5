"""Attacks that look like a change of the plant. None is asked about at all, or what the page says
against it is reason enough for a "no" of a person who has nothing but the page.
"""

from dataclasses import replace

import pytest

from alerts.patterns.engine.drift import find_drifts
from alerts.patterns.engine.drift_facts import DeviceRecord
from alerts.patterns.engine.sightings import SiteCells
from alerts.rules.rule import RuleDefinition
from alerts.rules.windows import DAYS as WEEKDAYS
from bench.suppression.drift_answers import is_yes
from tests.alerts.patterns.engine.plants import MONDAY, cell, device, happened, outside
from tests.alerts.patterns.engine.test_drift import (
    BACKUP,
    CHANGED,
    LOGIN,
    NEW,
    OLD,
    SIGNED,
    TARGETS,
    TODAY,
    USUAL,
    backup,
    line,
    rule_of,
)

DAYS = range(CHANGED, CHANGED + 2)
WORK = ((MONDAY + CHANGED, "Change of servers"),)
KNOWN = DeviceRecord(is_described=True, first_day=MONDAY + CHANGED, works=WORK)
LAPTOP = device("LT-7", "Server", "Operations")
STATION_HOURS = [f"{d} 02:00-05:00 Europe/Warsaw" for d in WEEKDAYS]
TIMED = rule_of(*BACKUP.all_of[2:], line("time", *STATION_HOURS))
PUMPS = [device(f"PUMP-{n}", "Drive", "Line 2") for n in range(1, 5)]
LISTED = rule_of(line("source_device", *(pump.name for pump in PUMPS)), BACKUP.all_of[-1])
PUMPING = [c for pump in PUMPS for c in backup(pump, range(CHANGED + 2))]
PUMP_9 = device("PUMP-9", "Drive", "Line 2")
OTHER_ZONE = device("SRV-BKP-2", "Server", "Office")
SHUNNED = device("SRV-BKP-2", "Server", "Operations", is_critical=True)
AT_NIGHT = happened(range(CHANGED), 3)


def doubted(cells):
    cells[0] = cell(
        cells[0].key.source,
        cells[0].key.destination,
        LOGIN,
        occurrences=cells[0].occurrences,
        verdicts=["suspicious"],
    )
    return cells


# What happened, the rule that it tries to get into, and what inventory and calendar say of it: the
# attacker has been through both wherever that is not what gives it away.
ATTACKS: dict[str, tuple[RuleDefinition, list, DeviceRecord | None]] = {
    "a laptop does what the old one did, and logs in to one more": (
        BACKUP,
        USUAL + backup(NEW, DAYS, targets=[*TARGETS, device("PLC-99")]),
        KNOWN,
    ),
    "it does the same, and programs one of the targets": (
        BACKUP,
        USUAL + backup(NEW, DAYS) + [cell(NEW, TARGETS[0], "PLC Programming", days=DAYS)],
        KNOWN,
    ),
    "it does the same, and is talked to from outside": (
        BACKUP,
        USUAL
        + backup(NEW, DAYS)
        + [cell(outside("93.184.216.34"), NEW, "Remote Access", days=DAYS)],
        KNOWN,
    ),
    "the old one is still alive": (
        BACKUP,
        backup(OLD, range(CHANGED + 2)) + backup(NEW, DAYS),
        KNOWN,
    ),
    "the old one is silent there and alive elsewhere": (
        BACKUP,
        USUAL + backup(NEW, DAYS) + [cell(OLD, device("DB-1"), "Modbus Exception", days=DAYS)],
        KNOWN,
    ),
    "at another hour": (BACKUP, USUAL + backup(NEW, DAYS, hour=13), KNOWN),
    "at another hour, where the rule has hours": (TIMED, USUAL + backup(NEW, DAYS, hour=13), KNOWN),
    "from another zone": (BACKUP, USUAL + backup(OTHER_ZONE, DAYS), KNOWN),
    "from two zones by turns": (
        BACKUP,
        USUAL + backup(NEW, [CHANGED]) + backup(OTHER_ZONE, [CHANGED + 1]),
        KNOWN,
    ),
    "of another kind": (
        BACKUP,
        USUAL + backup(device("SRV-BKP-2", "Camera", "Operations"), DAYS),
        KNOWN,
    ),
    "a device that no inventory names": (BACKUP, USUAL + backup(NEW, DAYS), None),
    "a workstation that was there before for other things": (
        BACKUP,
        USUAL + backup(LAPTOP, DAYS) + [cell(LAPTOP, device("DB-1"), "Modbus Exception", days=[5])],
        replace(KNOWN, first_day=MONDAY),
    ),
    "of another make and with another kind of name, planned by nobody": (
        BACKUP,
        USUAL + backup(LAPTOP, DAYS),
        replace(KNOWN, works=(), vendor="Raspberry"),
    ),
    "a week after the old one had fallen silent, planned by nobody": (
        BACKUP,
        backup(OLD, range(CHANGED - 7)) + backup(NEW, DAYS, targets=TARGETS[:2]),
        replace(KNOWN, works=()),
    ),
    "from outside the plant": (BACKUP, USUAL + backup(outside("93.184.216.34"), DAYS), KNOWN),
    "with a function that the old one never used": (
        BACKUP,
        USUAL + backup(NEW, DAYS, function="Write"),
        KNOWN,
    ),
    "somebody has called it suspicious": (BACKUP, USUAL + doubted(backup(NEW, DAYS)), KNOWN),
    "it takes the place of a safety system": (
        BACKUP,
        backup(OLD._replace(is_critical=True), range(CHANGED)) + backup(NEW, DAYS),
        KNOWN,
    ),
    "it is a crown jewel itself": (BACKUP, USUAL + backup(SHUNNED, DAYS), KNOWN),
    "under a type of the never list": (
        rule_of(*BACKUP.all_of[2:], types=("Suspicion of Conficker Malware",)),
        backup(OLD, range(CHANGED), alert_type="Suspicion of Conficker Malware")
        + backup(NEW, DAYS, alert_type="Suspicion of Conficker Malware"),
        KNOWN,
    ),
    "one more of a list, and it reaches what only one of them does": (
        rule_of(LISTED.all_of[2], line("destination_device", "PLC-6", *(t.name for t in TARGETS))),
        [
            *PUMPING,
            cell(PUMPS[0], device("PLC-6"), LOGIN, occurrences=AT_NIGHT),
            *backup(PUMP_9, range(CHANGED - 1, CHANGED + 2), targets=[device("PLC-6")]),
        ],
        KNOWN,
    ),
    "it was at work beside the old one for days": (
        BACKUP,
        USUAL + backup(NEW, range(CHANGED - 3, CHANGED + 2)),
        KNOWN,
    ),
    "it does a type of the rule that the old one never did": (
        rule_of(*BACKUP.all_of[2:], types=(LOGIN, "Modbus Exception")),
        [*USUAL, *backup(NEW, DAYS), *backup(NEW, DAYS, alert_type="Modbus Exception")],
        KNOWN,
    ),
    "it reaches a target of the rule that the old one never reached": (
        BACKUP,
        backup(OLD, range(CHANGED), targets=TARGETS[1:]) + backup(NEW, DAYS),
        KNOWN,
    ),
    "somebody has called something else of it suspicious": (
        BACKUP,
        [
            *USUAL,
            cell(OLD, TARGETS[0], "Modbus Exception", occurrences=AT_NIGHT),
            *backup(NEW, DAYS),
            cell(NEW, TARGETS[0], "Modbus Exception", days=DAYS, verdicts=["suspicious"]),
        ],
        KNOWN,
    ),
    "one more of a list that nobody has in an inventory": (
        LISTED,
        PUMPING + backup(device("PUMP-9", "Drive", "Line 2"), DAYS),
        None,
    ),
    "the old station at another hour, beside its routine": (
        TIMED,
        backup(OLD, range(CHANGED + 2)) + backup(OLD, DAYS, hour=13),
        KNOWN,
    ),
    "the old station at another hour, to where it never went": (
        TIMED,
        backup(OLD, range(CHANGED), targets=TARGETS[1:])
        + backup(OLD, DAYS, hour=13, targets=TARGETS[:1]),
        KNOWN,
    ),
    "an address that takes the name of a device which is still there": (
        rule_of(line("source_address", "10.0.0.9"), BACKUP.all_of[-1]),
        backup(OLD._replace(address="10.0.0.9"), range(CHANGED + 2))
        + backup(OLD._replace(address="10.0.7.9"), DAYS),
        KNOWN,
    ),
    "an address of another name, while the device has moved on": (
        rule_of(line("source_address", "10.0.0.9"), BACKUP.all_of[-1]),
        [
            *backup(OLD._replace(address="10.0.0.9"), range(CHANGED)),
            cell(OLD._replace(address="10.0.0.11"), TARGETS[0], "Modbus Exception", days=DAYS),
            *backup(LAPTOP._replace(address="10.0.7.9"), DAYS),
        ],
        KNOWN,
    ),
}
NAMES = ("srv-bkp-2", "lt-7", "pump-9", "10.0.7.9")


@pytest.mark.parametrize("name", ATTACKS)
def test_no_attack_is_amended_by_who_answers_by_the_page(name):
    rule, cells, description = ATTACKS[name]
    described = dict.fromkeys(NAMES, description) if description else {}
    described["srv-bkp-1"] = DeviceRecord(is_described=True, vendor="Dell")
    for drift in find_drifts(
        rule, SiteCells(cells), signed_day=SIGNED, today=TODAY, described=described
    ):
        assert not is_yes([code for code, _ in drift.against]), drift


def test_the_same_person_says_yes_to_a_replacement():
    described = {"srv-bkp-2": replace(KNOWN, works=())}
    (drift,) = find_drifts(
        BACKUP,
        SiteCells(USUAL + backup(NEW, DAYS)),
        signed_day=SIGNED,
        today=TODAY,
        described=described,
    )
    assert is_yes([code for code, _ in drift.against])
