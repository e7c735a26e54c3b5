"""A status-sync playbook that was found is shown beside the answer about closing at the source."""

import pytest

from alerts.automation.models import Playbook
from alerts.automation.queries import find_status_sync_playbooks
from alerts.patterns.registry import status_sync_playbooks
from alerts.sentinel.models import Workspace
from tests.conftest import NOON

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
NAME = "AD4IoT-AutoAlertStatusSync"


def found(workspace, name=NAME, **values):
    defaults = {"is_enabled": True, "has_incident_trigger": True}
    return Playbook.objects.create(
        workspace=workspace, resource_id=f"/{name}", name=name, **(defaults | values)
    )


def test_the_page_tells_of_it_and_of_what_contradicts_it(client, workspace, ada):
    client.force_login(ada)
    assert NAME not in client.get("/status-sync/").content.decode()
    playbook = found(workspace)
    found(workspace, "enrich-with-cve")
    page = client.get("/status-sync/").content.decode()
    assert f"The playbook {NAME} looks like it, and is enabled." in page
    assert "This does not fit the answer." not in page
    Workspace.objects.update(closes_at_source=False)
    assert "This does not fit the answer." in client.get("/status-sync/").content.decode()
    playbook.is_enabled = False
    playbook.save()
    page = client.get("/status-sync/").content.decode()
    assert "and is disabled." in page and "does not fit" not in page


def test_one_that_is_gone_is_none_and_an_enabled_one_comes_first(workspace):
    found(workspace, gone_at=NOON)
    assert find_status_sync_playbooks() == {}
    found(workspace, "old-alert-status-sync", is_enabled=False)
    found(workspace, "alert-status-sync")
    assert status_sync_playbooks()[workspace.pk].name == "alert-status-sync"
