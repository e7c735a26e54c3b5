"""An administrator has something put right; a worker does it, once or twice alike."""

from types import SimpleNamespace

import pytest
from django.utils import translation

from alerts.readiness.engine.readings import CheckRemedy
from alerts.readiness.engine.solution import COVERAGE_RULE, RULE_NAMES, titles_without_rule
from alerts.readiness.models import SetupStep
from alerts.readiness.services.setup import (
    CannotSetUp,
    carry_out_due_step,
    request_step,
    resource_name,
)
from alerts.readiness.stored_wording import stored_words
from alerts.sentinel.client.errors import SentinelDenied, SentinelRefused, SentinelUnavailable
from alerts.sentinel.client.prerequisites import Prerequisite
from alerts.sentinel.models import Workspace
from portal import clock
from portal.accounts.models import User
from portal.audit.models import Entry
from portal.jobs.models import Job, JobState
from portal.jobs.services import age_waiting_work
from tests.alerts.readiness import azure
from tests.conftest import NOON
from tests.factories.incidents import put_in_portal

pytestmark = pytest.mark.django_db


@pytest.fixture
def ask(workspace, ada):
    def ask_by_ada(kind, target="", by=ada):
        return request_step(workspace=workspace, kind=kind, target=target, by=by, now=NOON)

    return ask_by_ada


@pytest.fixture
def work(sentinel):
    def work_once():
        return carry_out_due_step(now=NOON, connect=lambda *_: sentinel)

    return work_once


def written(sentinel):
    return [call for call in sentinel.calls if call.verb == "put_prerequisite"]


def bare(sentinel):
    """As on the first day of a workspace."""
    for part in (Prerequisite.CONNECTORS, Prerequisite.PACKAGES, Prerequisite.ANALYTICS_RULES):
        sentinel.lay_out(part, [])


def templates(sentinel, *, without=()):
    rows = []
    for template, name in RULE_NAMES.items():
        if template in without:
            continue
        properties = {"contentId": template, "contentKind": "AnalyticsRule", "version": "1.0.4"}
        rows.append({"name": f"t-{template}", "properties": properties})
        rule = {"displayName": name, "enabled": False, "query": "SecurityAlert"}
        resources = [{"kind": "Scheduled", "properties": rule}]
        whole = {"properties": properties | {"mainTemplate": {"resources": resources}}}
        sentinel.lay_out(Prerequisite.TEMPLATE, whole, of=f"t-{template}")
    sentinel.lay_out(Prerequisite.TEMPLATES, rows)


def test_a_subscription_is_connected_under_the_same_name_each_time(ask, work, sentinel, workspace):
    bare(sentinel)
    step = ask(CheckRemedy.CONNECT, azure.SUBSCRIPTION)
    assert not written(sentinel)
    assert work()
    assert not work()
    (call,) = written(sentinel)
    assert call.name.split()[1] == resource_name(workspace, of=f"connector {azure.SUBSCRIPTION}")
    assert call.body["properties"]["dataTypes"]["alerts"]["state"] == "Enabled"
    step.refresh_from_db()
    assert (step.state, step.done_at) == (JobState.DONE, NOON)
    actions = list(Entry.objects.order_by("pk").values_list("action", flat=True))
    assert actions[-2:] == ["readiness.step.asked", "readiness.step.done"]


def test_a_connector_that_is_off_is_switched_on_where_it_stands(ask, work, sentinel):
    sentinel.lay_out(Prerequisite.CONNECTORS, [azure.connector(state="Disabled", name="theirs")])
    ask(CheckRemedy.CONNECT, azure.SUBSCRIPTION)
    work()
    (call,) = written(sentinel)
    assert (call.name.split()[1], call.body["etag"]) == ("theirs", '"1"')


def test_what_is_connected_already_is_not_written(ask, work, sentinel):
    step = ask(CheckRemedy.CONNECT, azure.SUBSCRIPTION)
    work()
    assert not written(sentinel)
    step.refresh_from_db()
    assert step.state == JobState.DONE


def test_after_a_step_the_workspace_is_looked_at_again(ask, work, workspace):
    from alerts.readiness.services.check_workspace import check_due_workspace
    from tests.memory_sentinel import MemorySentinel

    empty = MemorySentinel()
    check_due_workspace(purpose="read", now=NOON, connect=lambda *_: empty)
    assert Job.objects.get(kind="readiness.read").due_at > clock.unshifted()
    ask(CheckRemedy.INSTALL)
    work()
    assert Job.objects.get(kind="readiness.read").due_at <= clock.unshifted()


def test_the_package_is_installed_as_the_hub_offers_it(ask, work, sentinel):
    bare(sentinel)
    ask(CheckRemedy.INSTALL)
    work()
    (call,) = written(sentinel)
    assert call.name == f"contentPackages {azure.PACKAGE}"
    assert call.body["properties"]["version"] == "3.0.2"


def test_a_hub_without_the_solution_is_told_and_not_tried_again(ask, work, sentinel):
    sentinel.lay_out(Prerequisite.CATALOGUE, [])
    step = ask(CheckRemedy.INSTALL)
    work()
    step.refresh_from_db()
    assert step.state == JobState.DEAD
    assert "does not offer" in step.latest_error
    assert Entry.objects.filter(action="readiness.step.failed").exists()


def test_rules_are_made_from_their_templates_and_those_there_are_enabled(ask, work, sentinel):
    first, *_ = azure.solution(enabled=False)
    sentinel.lay_out(Prerequisite.ANALYTICS_RULES, [first])
    templates(sentinel)
    ask(CheckRemedy.ENABLE)
    work()
    calls = written(sentinel)
    assert len(calls) == 15
    assert all(call.body["properties"]["enabled"] for call in calls)
    assert calls[0].name.split()[1] == first["name"]
    assert calls[0].body["etag"] == first["etag"]
    made = calls[1].body["properties"]
    assert made["alertRuleTemplateName"] in RULE_NAMES
    assert made["templateVersion"] == "1.0.4"


def test_enabling_twice_writes_the_same_names(ask, work, sentinel, workspace):
    bare(sentinel)
    templates(sentinel)
    ask(CheckRemedy.ENABLE)
    work()
    names = [call.name for call in written(sentinel)]
    sentinel.calls.clear()
    sentinel.lay_out(Prerequisite.ANALYTICS_RULES, [])
    ask(CheckRemedy.ENABLE)
    work()
    assert [call.name for call in written(sentinel)] == names


def test_rules_that_run_already_are_left_alone(ask, work, sentinel):
    templates(sentinel)
    ask(CheckRemedy.ENABLE)
    work()
    assert not written(sentinel)


def test_a_template_that_is_missing_is_named(ask, work, sentinel):
    bare(sentinel)
    template, name = next(iter(RULE_NAMES.items()))
    templates(sentinel, without={template})
    step = ask(CheckRemedy.ENABLE)
    work()
    step.refresh_from_db()
    assert step.state == JobState.DEAD
    assert name in step.latest_error
    assert len(written(sentinel)) == 14


def test_the_rule_for_the_rest_names_exactly_the_types_without_a_rule(ask, work, sentinel):
    ask(CheckRemedy.COVER)
    work()
    (call,) = written(sentinel)
    properties = call.body["properties"]
    assert properties["displayName"] == COVERAGE_RULE
    assert properties["description"].startswith("#DONT_CORR#")
    titles = titles_without_rule()
    assert len(titles) == 53
    assert all(f'"{title}"' in properties["query"] for title in titles)
    assert properties["query"].count('"') == 2 * (len(titles) + 2)
    assert properties["eventGroupingSettings"] == {"aggregationKind": "AlertPerResult"}


def test_azure_being_away_is_tried_again_and_then_given_up(ask, work, sentinel):
    from datetime import timedelta

    bare(sentinel)
    step = ask(CheckRemedy.CONNECT, azure.SUBSCRIPTION)
    for _ in range(4):
        sentinel.fail_next(SentinelUnavailable("Azure is away."), verb="put_prerequisite")
        assert work()
        age_waiting_work(by=timedelta(hours=1))
    step.refresh_from_db()
    assert (step.state, step.latest_error) == (JobState.DEAD, "Azure is away.")
    assert len(written(sentinel)) == 4


@pytest.mark.parametrize(
    "error",
    [
        SentinelDenied("no right to write", status=403, code="AuthorizationFailed"),
        SentinelRefused("the licence is missing", status=400, code="BadRequest"),
    ],
)
def test_what_azure_refuses_is_told_at_once(ask, work, sentinel, error):
    bare(sentinel)
    step = ask(CheckRemedy.CONNECT, azure.SUBSCRIPTION)
    sentinel.fail_next(error, verb="put_prerequisite")
    work()
    step.refresh_from_db()
    assert step.state == JobState.DEAD
    assert step.latest_error == error.message


def test_the_same_is_not_asked_for_twice_at_a_time(ask, work):
    ask(CheckRemedy.INSTALL)
    with pytest.raises(CannotSetUp, match="under way"):
        ask(CheckRemedy.INSTALL)
    work()
    ask(CheckRemedy.INSTALL)
    assert SetupStep.objects.count() == 2


@pytest.mark.parametrize("target", ["", "22222222-2222-4222-8222-222222222222", "../x"])
def test_another_subscription_is_not_connected(ask, target):
    with pytest.raises(CannotSetUp, match="does not belong"):
        ask(CheckRemedy.CONNECT, target)
    with pytest.raises(CannotSetUp, match="does not belong"):
        ask(CheckRemedy.INSTALL, "x")
    assert not SetupStep.objects.exists()


def test_only_an_administrator_changes_sentinel(ask, leo, mia):
    for person in (leo, mia):
        with pytest.raises(CannotSetUp, match="administrator"):
            ask(CheckRemedy.INSTALL, by=person)
    assert not SetupStep.objects.exists()


@pytest.mark.parametrize("loss", ["role", "account"])
def test_who_has_lost_the_role_meanwhile_changes_nothing(ask, work, sentinel, ada, loss):
    bare(sentinel)
    step = ask(CheckRemedy.CONNECT, azure.SUBSCRIPTION)
    if loss == "role":
        ada.grants.update(revoked_at=NOON)
    else:
        User.objects.filter(pk=ada.pk).update(is_active=False)
    assert work() and not written(sentinel)
    step.refresh_from_db()
    assert step.state == JobState.DEAD
    assert "no longer an administrator here" in step.latest_error
    with translation.override("de"):
        assert "keine Administratorrolle mehr" in stored_words(step.latest_error)
    entry = Entry.objects.get(action="readiness.step.refused")
    assert entry.object_id == str(step.pk)


def test_nothing_is_changed_in_a_paused_workspace(ask, work, workspace):
    ask(CheckRemedy.INSTALL)
    workspace.state = "paused"
    workspace.save()
    assert not work()
    with pytest.raises(CannotSetUp, match="paused"):
        ask(CheckRemedy.COVER)


def test_a_step_that_takes_long_goes_on_where_it_stopped(ask, work, sentinel, monkeypatch):
    bare(sentinel)
    templates(sentinel)
    passed = iter(range(0, 10_000, 8))  # each look at the watch is eight seconds later
    watch = SimpleNamespace(monotonic=lambda: next(passed))
    monkeypatch.setattr("alerts.readiness.services.setup.time", watch)
    step = ask(CheckRemedy.ENABLE)
    turns = 0
    while work():
        turns += 1
    names = [call.name for call in written(sentinel)]
    assert turns > 2
    assert len(names) == len(set(names)) == 15
    step.refresh_from_db()
    assert step.state == JobState.DONE


def test_the_connectors_rule_is_disabled_and_nothing_else(ask, work, sentinel):
    sentinel.lay_out(Prerequisite.ANALYTICS_RULES, [*azure.solution(), azure.creation_rule()])
    ask(CheckRemedy.SINGLE)
    work()
    (call,) = written(sentinel)
    assert call.name == "alertRules all"
    assert call.body["properties"]["enabled"] is False


def test_the_tag_is_put_before_the_description_of_rules_that_lack_it(ask, work, sentinel):
    rules = azure.solution(description="#dont_corr# as it should be")
    rules[0]["properties"]["description"] = "Floods"
    rules[1]["properties"] |= {"description": "Off", "enabled": False}
    sentinel.lay_out(Prerequisite.ANALYTICS_RULES, [*rules, azure.fusion()])
    ask(CheckRemedy.TAG)
    work()
    (call,) = written(sentinel)
    assert call.name == f"alertRules {rules[0]['name']}"
    assert call.body["properties"]["description"] == "#DONT_CORR# Floods"
    assert call.body["etag"] == rules[0]["etag"]


def test_rules_made_in_the_defender_portal_carry_the_tag(ask, work, sentinel, workspace):
    put_in_portal(workspace)
    bare(sentinel)
    templates(sentinel)
    ask(CheckRemedy.ENABLE)
    work()
    descriptions = [call.body["properties"]["description"] for call in written(sentinel)]
    assert descriptions == ["#DONT_CORR#"] * 15


def test_after_a_restore_nothing_is_changed_until_somebody_resumes(ask, work, sentinel):
    from portal.backup.models import Restore

    bare(sentinel)
    restore = Restore.objects.create(
        backup_made_at=NOON, restored_at=NOON, restored_by_label="root", record_seq=0
    )
    ask(CheckRemedy.CONNECT, azure.SUBSCRIPTION)
    assert not work()
    assert not written(sentinel)
    restore.resumed_at = NOON
    restore.save()
    assert work()
    assert written(sentinel)


def test_a_step_of_a_workspace_that_was_removed_ends(ask, work, sentinel, workspace):
    bare(sentinel)
    step = ask(CheckRemedy.CONNECT, azure.SUBSCRIPTION)
    Workspace.objects.filter(pk=workspace.pk).update(state=Workspace.State.REMOVED)
    assert work() and not written(sentinel)
    step.refresh_from_db()
    assert (step.state, step.latest_error) == ("dead", "This workspace was removed.")
