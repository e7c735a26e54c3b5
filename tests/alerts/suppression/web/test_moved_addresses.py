"""Old addresses of rules, the ledger and sittings lead to the new ones, and lose no form."""

import pytest

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
VERSION = "00000000-0000-0000-0000-000000000001"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (f"/rules/{VERSION}/do/pause/", f"/rules/{VERSION}/pause/"),
        (f"/rules/{VERSION}/do/edit/", f"/rules/{VERSION}/new-version/"),
        ("/rules/why/7/", "/incidents/7/why-open/"),
        ("/rules/from-incident/7/", "/incidents/7/draft-rule/"),
        ("/rules/device/7/", "/devices/7/rules/"),
        (
            f"/approvals/sitting/{VERSION}/changes/",
            f"/approvals/sitting/{VERSION}/request-changes/",
        ),
        ("/ledger/7/looked/", "/ledger/7/tick-off/"),
    ],
)
def test_an_old_address_moved_for_good(client, oda, old, new):
    client.force_login(oda)
    read = client.get(f"{old}?group=3")
    assert (read.status_code, read["Location"]) == (301, f"{new}?group=3")
    sent = client.post(old)
    assert (sent.status_code, sent["Location"]) == (308, new)
