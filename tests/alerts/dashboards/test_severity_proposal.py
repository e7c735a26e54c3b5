"""Which severity history speaks for, as a table."""

import pytest

from alerts.dashboards.engine.severity_proposal import TypeHistory, propose_severity

SOFT, TIMEBOXED = "Modbus Exception", "Unauthorized PLC Programming"
NEVER = "Suspicion of Conficker Malware"


def proposal(**changes):
    values = {
        "alert_type": SOFT,
        "severity": "Medium",
        "days": 30,
        "harmless": 12,
        "suspicious": 0,
        "true_positives": 0,
    }
    made = propose_severity(TypeHistory(**(values | changes)))
    return made.severity, made.why


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, ("Low", "harmless")),
        ({"severity": "High"}, ("Medium", "harmless")),
        ({"severity": "Informational"}, ("Informational", "lowest")),
        ({"harmless": 9}, ("Medium", "little")),
        ({"days": 4}, ("Medium", "little")),
        ({"harmless": 0}, ("Medium", "little")),
        ({"suspicious": 1}, ("Medium", "grave")),
        ({"suspicious": 1, "harmless": 0}, ("Medium", "grave")),  # one may be a slip
        ({"suspicious": 1, "true_positives": 1, "harmless": 0}, ("High", "grave")),
        ({"suspicious": 3}, ("High", "grave")),
        ({"true_positives": 3}, ("High", "grave")),
        ({"true_positives": 30, "severity": "High"}, ("High", "grave")),
        ({"alert_type": TIMEBOXED}, ("Medium", "timeboxed")),
        ({"alert_type": NEVER}, ("Medium", "never")),
        ({"alert_type": "Unheard of"}, ("Medium", "unknown")),
        ({"severity": "Unknown"}, ("Unknown", "unknown")),
    ],
    ids=str,
)
def test_the_proposal(changes, expected):
    assert proposal(**changes) == expected


def test_the_limit_is_what_so_few_verdicts_prove():
    made = propose_severity(TypeHistory(SOFT, "Medium", 30, 12, 0, 0))
    assert 0.22 < made.limit < 0.23
