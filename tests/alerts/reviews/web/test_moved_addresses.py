"""Old addresses lead to the new ones for good, and lose no form on the way."""

import pytest

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("/reviews/for-incident/7/panel", "/incidents/7/verdict/panel/"),
        ("/reviews/incidents/7/verdict/", "/incidents/7/verdict/"),
        ("/captures/for-incident/7/", "/incidents/7/captures/"),
    ],
)
def test_an_old_address_moved_for_good(client, oda, old, new):
    client.force_login(oda)
    read = client.get(f"{old}?group=3")
    assert (read.status_code, read["Location"]) == (301, f"{new}?group=3")
    sent = client.post(old)
    assert (sent.status_code, sent["Location"]) == (308, new)
