"""Which playbooks are taken for the status sync of Defender for IoT."""

import pytest

from alerts.automation.engine.status_sync import is_status_sync

NOTES = "Updates the status of the alert in Microsoft Defender for IoT: keeps both in sync."


@pytest.mark.parametrize(
    ("name", "notes", "expected"),
    [
        ("AD4IoT-AutoAlertStatusSync", "", True),
        ("AD4IoT-AutoAlertStatusSync-2", "", True),
        ("alert-status-sync", "", True),
        ("Sync_alert_status", "", True),
        ("close-both", NOTES, True),
        ("close-both", "Keeps the status of tickets in sync.", False),
        ("enrich-with-cve", "", False),
        ("AD4IoT-AutoCloseIncidents", "Closes incidents of maintenance.", False),
        ("async-status", "", False),
        ("mail-status", "Tells Defender for IoT owners of the status.", False),
        ("", "", False),
    ],
)
def test_its_words_tell(name, notes, expected):
    assert is_status_sync(name=name, notes=notes) is expected
