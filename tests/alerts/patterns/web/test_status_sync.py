"""Whether closing in Sentinel closes at the source: asked of an administrator, shown, followed."""

import io
import json

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from alerts.sentinel.models import Workspace
from portal.accounts.models import GrantScope, Role
from portal.audit.models import Entry
from tests import cast
from tests.factories.incidents import make_workspace

pytestmark = pytest.mark.django_db


@pytest.fixture
def workspace(noon):
    return make_workspace()


def command(*words):
    output = io.StringIO()
    call_command("status_sync", *words, "--json", stdout=output)
    return json.loads(output.getvalue())


def test_an_administrator_answers_and_everybody_concerned_reads_it(
    client, workspace, ada, leo, noon
):
    client.force_login(ada)
    assert "It is not known whether a close" in client.get("/status-sync/").content.decode()
    address = f"/status-sync/{workspace.uuid}/"
    assert client.post(address, {"answer": "yes"}).status_code == 302
    assert Workspace.objects.get().closes_at_source is True
    client.force_login(leo)
    page = client.get("/status-sync/").content.decode()
    assert "A close in Sentinel also closes the alert at the sensor." in page
    assert ada.name in page
    assert 'name="answer"' not in page


def test_not_known_is_an_answer_with_a_name(client, workspace, ada):
    client.force_login(ada)
    for answer in ("yes", "unknown"):
        client.post(f"/status-sync/{workspace.uuid}/", {"answer": answer})
    page = client.get("/status-sync/").content.decode()
    assert "It is not known whether a close" in page and ada.name in page
    assert "Nobody has said" not in page


def test_only_an_administrator_answers(client, workspace, leo):
    client.force_login(leo)
    assert client.post(f"/status-sync/{workspace.uuid}/", {"answer": "yes"}).status_code == 422
    assert Workspace.objects.get().closes_at_source is None


def test_a_lead_sees_the_workspaces_of_their_own(client, workspace, make_person):
    other = make_workspace("porto")
    lead = make_person(cast.LEO, (Role.SOC_LEAD, GrantScope.WORKSPACE, workspace.uuid))
    client.force_login(lead)
    page = client.get("/status-sync/").content.decode()
    assert workspace.name in page and other.name not in page
    assert client.post(f"/status-sync/{other.uuid}/", {"answer": "no"}).status_code == 404


def test_the_command_notes_it_on_record_once(workspace):
    assert command(workspace.name) == {"workspace": workspace.name, "closes_at_source": "unknown"}
    assert command(workspace.name, "no")["closes_at_source"] == "no"
    command(workspace.name, "no")
    assert Entry.objects.get(action="sentinel.workspace.status_sync_noted").details == {
        "answer": "no"
    }
    assert command(workspace.name, "unknown")["closes_at_source"] == "unknown"


@pytest.mark.parametrize("words", [("nowhere",), ("nowhere", "yes"), ("gdansk", "perhaps")])
def test_what_is_wrong_is_one_sentence(workspace, words):
    with pytest.raises(CommandError):
        command(*words)
