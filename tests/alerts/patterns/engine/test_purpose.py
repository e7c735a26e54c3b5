"""One verb for what a pattern is about: who reads polls, only who writes commands or writes."""

import pytest

from alerts.patterns.engine.purpose import DevicePurpose, purpose_of

MODBUS = "Unpermitted Usage of Modbus Function Code"
RANGE = "Modbus Address Range Violation"
READ, WRITE = "3 (Read Holding Registers)", "16 (Write Multiple Registers)"


@pytest.mark.parametrize(
    ("title", "functions", "purpose"),
    [
        (MODBUS, [READ], DevicePurpose.POLL),
        (MODBUS, [READ, "1 (Read Coils)"], DevicePurpose.POLL),
        (MODBUS, [WRITE], DevicePurpose.WRITE),
        (MODBUS, [READ, WRITE], DevicePurpose.COMMAND),
        (MODBUS, [], DevicePurpose.COMMAND),
        (RANGE, [READ], DevicePurpose.POLL),
        (RANGE, ["6 (Write Single Register)"], DevicePurpose.WRITE),
        (RANGE, [READ, "22 (Mask Write Register)"], DevicePurpose.COMMAND),
        ("New Activity Detected - CIP Symbol", ["Write Tag"], DevicePurpose.WRITE),
        ("Unauthorized PLC Programming", [READ], DevicePurpose.PROGRAM),
    ],
)
def test_functions_separate_reading_from_writing(title, functions, purpose):
    assert purpose_of([(title, "")], functions) is purpose
