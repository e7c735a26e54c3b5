"""The page about push hints: for administrators alone; a key is shown on one answer."""

import pytest

from alerts.intake.models import PushAccess
from portal.accounts.models import Role
from portal.audit.models import Entry
from tests import cast

IDENTITY = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"


@pytest.fixture
def page(client, ada):
    client.force_login(ada)
    return client


def at(workspace, act):
    return f"/push-hints/{workspace.uuid}/{act}/"


def test_a_key_is_shown_once(page, workspace):
    made = page.post(at(workspace, "key"))
    assert b"whsec_" in made.content
    assert made["Cache-Control"].startswith("max-age=0") or "no-store" in made["Cache-Control"]
    again = page.get("/push-hints/")
    assert b"whsec_" not in again.content
    assert f"/hooks/sentinel/{workspace.name}/".encode() in again.content
    assert Entry.objects.get(action="intake.push_key.made").actor_label.startswith("Ada")


def test_an_identity_is_allowed_and_taken_back(page, workspace):
    form = {"caller_id": IDENTITY, "audience": "api://tagout"}
    assert page.post(at(workspace, "identity"), form).status_code == 302
    assert PushAccess.objects.get().caller_id == IDENTITY
    assert IDENTITY.encode() in page.get("/push-hints/").content
    assert page.post(at(workspace, "off")).status_code == 302
    assert not PushAccess.objects.exists()
    assert page.post(at(workspace, "off")).status_code == 422


def test_what_is_wrong_stands_beside_the_form(page, workspace):
    answer = page.post(at(workspace, "identity"), {"caller_id": "me", "audience": "api://x"})
    assert answer.status_code == 422
    assert b"The object id of the identity is a GUID." in answer.content
    assert b'value="me"' in answer.content
    assert page.post(at(workspace, "identity"), {}).status_code == 422


@pytest.mark.parametrize("role", [role for role in Role if role != Role.ADMINISTRATOR])
def test_nobody_else_sees_or_changes_it(client, make_person, workspace, role):
    client.force_login(make_person(cast.SAM, (role, "all", None)))
    assert client.get("/push-hints/").status_code == 403
    for act in ("key", "identity", "off"):
        assert client.post(at(workspace, act), {}).status_code == 403
    assert not PushAccess.objects.exists()


def test_without_a_workspace_the_page_says_what_to_do(page, db):
    from alerts.sentinel.models import Workspace

    Workspace.objects.all().delete()
    assert "workspace add" in page.get("/push-hints/").content.decode()
