"""What the rail, and on a phone *More*, offers to whom."""

import pytest

from tests.portal.ui.test_frame import frame_of, labels

pytestmark = pytest.mark.django_db


def test_the_rail_of_an_ot_engineer_lists_what_ot_works_with(oda, olaf):
    offered = labels(frame_of(oda))
    assert offered == [
        "Home",
        "Triage queue",
        "OT reviews",
        "Planned work",
        "Devices",
        "Sites & zones",
        "Noise plan",
        "Routine patterns",
        "Suppression rules",
        "Approvals",
        "Lessons",
        "ATT&CK for ICS",
        "Captures",
    ]
    of_lead = labels(frame_of(olaf))
    assert {"Deployments", "Ledger", "Playbooks", "Exports", "System status"} <= set(of_lead)


def test_what_an_ot_engineer_is_not_offered_opens_from_a_link(client, oda):
    """The rail leads to the data's age and a rule to its lines of the ledger, for everybody."""
    client.force_login(oda)
    for address in ("/status/", "/ledger/", "/deployments/", "/exports/"):
        assert client.get(address).status_code == 200, address
