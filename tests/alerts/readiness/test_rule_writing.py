"""After every button the analytics rules are as before in all members but the change."""

import copy

import pytest

from alerts.readiness.engine.readings import CheckRemedy
from alerts.readiness.engine.rule_members import different_members, missing_members
from alerts.readiness.models import Finding
from alerts.readiness.queries.readings import checks_of
from alerts.readiness.services.setup import carry_out_due_step, request_step
from alerts.readiness.wording import check_evidence, fix_of
from alerts.sentinel.client import client_for
from alerts.sentinel.client.azure import AzureSentinelClient
from alerts.sentinel.client.prerequisites import Prerequisite
from alerts.sentinel.client.versions import PREVIEW, STABLE, api_version_in
from portal.jobs.models import JobState
from simulator.running import running_simulator
from simulator.schemas import schema_of
from simulator.solution import solution_rules
from simulator.store.resources import Resource
from tests.conftest import NOON
from tests.factories.azure import make_workspace_at, secret_of

pytestmark = pytest.mark.django_db


class RulesOfCustomer:
    """A workspace of the pretend Azure whose fifteen rules a customer has made their own."""

    def __init__(self, running, by):
        self.running, self.by = running, by
        self.place = running.workspaces[0]
        self.workspace = make_workspace_at(running)
        self.table = running.simulator.azure.store.resources
        for name in solution_rules():
            self.edit(
                name,
                query="SecurityAlert | where ProviderName == 'IoTSecurity' | take 10",
                subTechniques=["T0855.001"],
                description="Ours",
                entityMappings=[
                    {
                        "entityType": "IP",
                        "fieldMappings": [{"identifier": "Address", "columnName": "Source"}],
                    }
                ],
            )

    def stored(self):
        """The properties of every analytics rule as it is stored there, by name."""
        rows = self.table.all(self.place.key, "alertRules")
        return {row.name: copy.deepcopy(row.body["properties"]) for row in rows}

    def edit(self, name, **properties):
        row = self.table.get(self.place.key, "alertRules", name)
        body = {**row.body, "properties": row.body["properties"] | properties}
        self.table.put(self.place.key, "alertRules", Resource(row.name, row.etag, body))

    def edit_all(self, **properties):
        for name in solution_rules():
            self.edit(name, **properties)

    def press(self, kind, connect=client_for):
        step = request_step(workspace=self.workspace, kind=kind, by=self.by, now=NOON)
        while carry_out_due_step(now=NOON, connect=connect):
            pass
        step.refresh_from_db()
        return step

    def changes(self, before):
        """What differs from before, by rule: names of members, read-only ones left out."""
        after = self.stored()
        differences = {name: different_members(before[name], after[name]) for name in before}
        return {name: members for name, members in differences.items() if members}


@pytest.fixture
def rules(noon, ada):
    with running_simulator(now=NOON, incidents=0) as running, secret_of(running):
        yield RulesOfCustomer(running, ada)


def test_the_tag_changes_the_description_alone(rules):
    before = rules.stored()
    assert rules.press(CheckRemedy.TAG).state == JobState.DONE
    assert rules.changes(before) == {name: ["description"] for name in solution_rules()}
    after = rules.stored()
    assert {after[name]["description"] for name in solution_rules()} == {"#DONT_CORR# Ours"}


def test_enabling_changes_the_switch_alone(rules):
    rules.edit_all(enabled=False)
    before = rules.stored()
    assert rules.press(CheckRemedy.ENABLE).state == JobState.DONE
    assert rules.changes(before) == {name: ["enabled"] for name in solution_rules()}


def test_ending_double_creation_changes_the_switch_of_the_connectors_rule_alone(rules):
    (creation,) = [name for name, rule in rules.stored().items() if "productFilter" in rule]
    rules.edit(creation, enabled=True, severitiesFilter=["High"], displayNamesFilter=["Scan"])
    before = rules.stored()
    assert rules.press(CheckRemedy.SINGLE).state == JobState.DONE
    assert rules.changes(before) == {creation: ["enabled"]}


def test_covering_the_rest_changes_no_rule_that_is_there(rules):
    before = rules.stored()
    assert rules.press(CheckRemedy.COVER).state == JobState.DONE
    assert rules.changes(before) == {}
    (added,) = rules.stored().keys() - before.keys()
    assert rules.stored()[added]["sentinelEntitiesMappings"] == [{"columnName": "Entities"}]


def test_what_people_added_to_the_rule_for_the_rest_stays(rules):
    before = rules.stored()
    rules.press(CheckRemedy.COVER)
    (own,) = rules.stored().keys() - before.keys()
    rules.edit(own, techniques=["T0883"], severity="Low")
    before = rules.stored()
    assert rules.press(CheckRemedy.COVER).state == JobState.DONE
    assert rules.changes(before) == {own: ["severity"]}


@pytest.mark.parametrize("kind", [CheckRemedy.CONNECT, CheckRemedy.INSTALL])
def test_the_other_buttons_change_no_rule(rules, kind):
    before = rules.stored()
    target = rules.place.subscription_id if kind is CheckRemedy.CONNECT else ""
    Finding.objects.create(
        workspace=rules.workspace,
        part="plan " + rules.place.subscription_id,
        facts=[],
        tried_at=NOON,
    )
    step = request_step(workspace=rules.workspace, kind=kind, target=target, by=rules.by, now=NOON)
    assert carry_out_due_step(now=NOON, connect=client_for)
    step.refresh_from_db()
    assert step.state == JobState.DONE
    assert rules.changes(before) == {}


@pytest.mark.parametrize("kind", [CheckRemedy.TAG, CheckRemedy.ENABLE])
def test_a_workspace_that_shows_less_of_its_rules_has_none_written(rules, kind):
    rules.edit_all(enabled=kind is CheckRemedy.TAG)
    before = rules.stored()
    rules.running.control.workspace(rules.place.key, preview_api=False)
    step = rules.press(kind)
    assert step.state == JobState.DEAD
    assert "does not have the api-version that declares all members" in step.latest_error
    assert rules.changes(before) == {}
    journal = rules.running.control.journal(path="alertRules")
    assert [entry for entry in journal if entry["method"] == "PUT"] == []


def test_the_page_says_which_versions_a_workspace_takes(rules):
    def check():
        client_for(rules.workspace).list_incidents(top=1)
        checks = checks_of(rules.workspace, now=NOON)
        return next(check for check in checks if check.name == "api versions")

    accepted = check()
    assert (accepted.state, accepted.values["version"]) == ("ok", PREVIEW)
    assert "incidents" in check_evidence(accepted)
    rules.running.control.workspace(rules.place.key, preview_api=False)
    refused = check()
    assert (refused.state, refused.values["version"]) == ("failed", STABLE)
    assert f"refuses {PREVIEW} for: incidents" in check_evidence(refused)
    assert "writes none of them" in fix_of(refused)


def test_a_read_that_lacks_what_the_list_has_is_refused(rules, monkeypatch):
    read = AzureSentinelClient.get_analytics_rule

    def read_less(client, name):
        return read(client, name).replace(b"sentinelEntitiesMappings", b"somethingElse")

    monkeypatch.setattr(AzureSentinelClient, "get_analytics_rule", read_less)
    before = rules.stored()
    step = rules.press(CheckRemedy.TAG)
    assert step.state == JobState.DEAD
    assert "lacks members that the list of rules has: sentinelEntitiesMappings" in step.latest_error
    without = {name for name, rule in before.items() if not rule.get("sentinelEntitiesMappings")}
    assert rules.changes(before).keys() <= without


def test_a_service_that_drops_a_member_stops_the_button_at_the_first_rule(rules, monkeypatch):
    put = AzureSentinelClient.put_analytics_rule

    def put_and_lose(client, name, body):
        stable = schema_of(STABLE).project("alertRules", body)
        return put(client, name, stable)

    monkeypatch.setattr(AzureSentinelClient, "put_analytics_rule", put_and_lose)
    before = rules.stored()
    step = rules.press(CheckRemedy.TAG)
    assert step.state == JobState.DEAD
    assert "did not keep" in step.latest_error and "subTechniques" in step.latest_error
    assert len(rules.changes(before)) == 1


def test_rules_are_read_whole_and_written_by_the_version_that_declares_all(rules, monkeypatch):
    calls = []
    exchange = AzureSentinelClient._exchange

    def note(client, method, url, *rest, **options):
        calls.append((method, api_version_in(url)))
        return exchange(client, method, url, *rest, **options)

    monkeypatch.setattr(AzureSentinelClient, "_exchange", note)
    rules.press(CheckRemedy.TAG)
    assert calls.count(("PUT", PREVIEW)) == 15
    assert {version for _, version in calls} == {PREVIEW}


def test_members_are_compared_by_what_they_hold():
    rule = {"a": 1, "b": {"c": [1], "d": None}, "lastModifiedUtc": "then"}
    assert different_members(rule, {"a": 1, "b": {"c": [1]}, "lastModifiedUtc": "now"}) == []
    assert different_members(rule, {"a": 2, "b": {}, "e": 5}) == ["a", "b.c", "e"]
    assert missing_members(rule, {"a": 2, "b": {}, "e": 5}) == ["b.c"]


def test_a_list_of_rules_is_read_by_the_preview(rules):
    client = client_for(rules.workspace, "rules")
    page = client.read_prerequisite(Prerequisite.ANALYTICS_RULES)
    assert page.count(b"sentinelEntitiesMappings") >= 15
