"""The plan's own addresses for acts on a pattern lead to those of the pattern, and lose no form."""

import pytest

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
PATTERN = "00000000-0000-0000-0000-000000000001"


@pytest.mark.parametrize("act", ["snooze", "reject"])
def test_an_old_address_moved_for_good(client, oda, act):
    client.force_login(oda)
    old, new = f"/plan/{PATTERN}/{act}/", f"/patterns/{PATTERN}/{act}/"
    read = client.get(old)
    assert (read.status_code, read["Location"]) == (301, new)
    sent = client.post(old)
    assert (sent.status_code, sent["Location"]) == (308, new)
