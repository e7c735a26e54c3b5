"""The page of a workspace's move to the Defender portal has the findings of the command."""

import pytest

from alerts.automation.models import FoundRule, Inventory
from alerts.readiness.engine.move_findings import MoveFinding, MoveKind, MoveState
from alerts.readiness.queries.move import move_findings_of
from tests import cast
from tests.conftest import NOON
from tests.factories.incidents import put_in_portal

pytestmark = pytest.mark.django_db
PAGE = "/workspaces/gdansk/move/"


@pytest.fixture
def inventory(workspace):
    return Inventory.objects.create(
        workspace=workspace, due_at=NOON, rules_read_at=NOON, playbooks_read_at=NOON
    )


def found_rule(workspace, name, **logic):
    values = {"isEnabled": True, "triggersOn": "Incidents", "triggersWhen": "Created"}
    body = {
        "displayName": name,
        "order": 7,
        "triggeringLogic": values | logic,
        "actions": [],
    }
    return FoundRule.objects.create(workspace=workspace, name=name, body=body, found_at=NOON)


def test_before_the_first_look_nothing_is_called_clean(client, ada, workspace):
    client.force_login(ada)
    text = client.get(PAGE).text
    assert "4 parts could not be looked at." in text
    assert "No action is needed." not in text


def test_the_page_has_each_finding_once_with_what_to_do(
    client, ada, workspace, inventory, look_now
):
    look_now()
    found_rule(workspace, "Close small things")
    client.force_login(ada)
    text = client.get(PAGE).text
    assert "1 thing has to be put right." in text
    assert "Close small things: no condition keeps the rule" in text
    assert "Add a condition on the analytics rule." in text
    assert "127 days are left" in text
    for finding in move_findings_of(workspace, now=NOON):
        assert text.count(f'id="{finding.kind}"') == 1


def test_many_names_are_counted_and_listed(client, ada, workspace, inventory, look_now):
    look_now()
    for n in range(12):
        found_rule(workspace, f"Rule {n:02}")
    client.force_login(ada)
    text = client.get(PAGE).text
    assert "Rule 09 and 2 more" in text
    assert "Rule 11" in text


def test_after_the_move_the_page_says_that_it_is_broken_now(
    client, ada, workspace, inventory, look_now
):
    look_now()
    found_rule(workspace, "Close small things")
    put_in_portal(workspace)
    client.force_login(ada)
    text = client.get(PAGE).text
    assert "What has to be put right is broken there now." in text
    assert "Broken now" in text and "Will break" not in text
    assert "days are left" not in text


def test_types_that_the_move_left_without_a_rule_are_on_both_pages(
    client, ada, workspace, inventory, look_now
):
    look_now()
    client.force_login(ada)
    assert 'id="uncovered-types"' not in client.get(PAGE).text, "the connector's rule is off"
    put_in_portal(workspace)
    assert "53 alert types of Defender for IoT become no incident" in client.get(PAGE).text
    look_now()
    text = client.get("/workspaces/gdansk/").text
    assert "53 alert types have no other rule and become no incident." in text


def test_where_there_are_notes_alone_nothing_is_called_broken(client, ada, workspace, monkeypatch):
    notes = [MoveFinding(MoveKind.FUSION, MoveState.NOTE)]
    monkeypatch.setattr("alerts.readiness.web.move.move_findings_of", lambda *_, **__: notes)
    put_in_portal(workspace)
    client.force_login(ada)
    text = client.get(PAGE).text
    assert "No action is needed." in text and "Good to know" in text
    assert "broken there now" not in text


@pytest.mark.parametrize(("role", "status"), [("auditor", 200), ("manager", 404)])
def test_who_sees_the_checks_sees_the_move(client, make_person, workspace, role, status):
    client.force_login(make_person(cast.LEO, (role, "all", None)))
    assert client.get(PAGE).status_code == status
