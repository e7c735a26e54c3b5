"""Equal patterns share one key, in every process; different ones never do."""

from uuid import UUID

import pytest

from alerts.incidents.ingest.incident_details import pattern_key

DOWNLOAD = {
    "workspace_id": 1,
    "site_ids": [3, 2],
    "alert_type": "Unauthorized PLC Programming",
    "source": "ENG-WS-04",
    "destination": "PLC-PL2-07",
    "protocol": "Siemens S7",
}


def test_the_key_is_stable():
    assert pattern_key(**DOWNLOAD) == UUID("44f7a968-0b5c-594e-8ba6-f44d62cfde2c")


@pytest.mark.parametrize(
    "same",
    [
        {"site_ids": (2, 3)},
        {"site_ids": [3, 2, 2]},
        {"alert_type": "(MDIoT) Unauthorized PLC  programming"},
        {"source": " eng-ws-04 "},
        {"protocol": "SIEMENS S7"},
    ],
)
def test_spelling_and_order_do_not_matter(same):
    assert pattern_key(**DOWNLOAD | same) == pattern_key(**DOWNLOAD)


@pytest.mark.parametrize(
    "other",
    [
        {"workspace_id": 2},
        {"site_ids": [2]},
        {"site_ids": []},
        {"alert_type": "Controller Stop"},
        {"source": ""},
        {"source": "PLC-PL2-07", "destination": "ENG-WS-04"},
        {"destination": "PLC-PL2-08"},
        {"protocol": ""},
        {"source": "ENG-WS-04,PLC-PL2-07", "destination": ""},
    ],
)
def test_any_other_fact_is_another_pattern(other):
    assert pattern_key(**DOWNLOAD | other) != pattern_key(**DOWNLOAD)
