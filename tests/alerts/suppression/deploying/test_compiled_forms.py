"""What a rule becomes in each workspace, with what is known of the plant."""

import pytest

from alerts.suppression.deploying.compiled_forms import compiled_forms
from alerts.suppression.models import Rule
from tests.alerts.suppression.deploying.plant import polls
from tests.conftest import NOON
from tests.factories.incidents import make_device, make_workspace, put_in_portal


@pytest.fixture
def rule(oda):
    return Rule.objects.create(number=12, made_by=oda, made_at=NOON)


def forms(definition, rule, *workspaces):
    ids = [workspace.pk for workspace in workspaces]
    return compiled_forms(definition, rule=rule, workspace_ids=ids)


def codes(found):
    return [reason.why.code for reason in found.compiled.reasons]


def test_a_rule_of_type_and_devices_is_exact_and_both_forms_have_hashes(rule, workspace):
    found = forms(polls(), rule, workspace)["gdansk"]
    assert (found.verdict, len(set(found.hashes))) == ("exact", 2)
    guards = [c["conditionProperties"] for c in found.compiled.conditions]
    named = [v for guard in guards for v in guard.get("propertyValues", ())]
    assert "SIS-01" in named and "10.20.9.1" in named


def test_a_name_that_two_devices_bear_is_wider_and_says_so(rule, workspace, site):
    make_device(site, "hist-gd-01", "10.20.3.99")
    found = forms(polls(), rule, workspace)["gdansk"]
    assert (found.verdict, codes(found)) == ("wider", ["sentinel.not_one"])


def test_without_a_probe_nothing_is_possible(rule, workspace):
    workspace.capabilities = {}
    workspace.save()
    found = forms(polls(), rule, workspace)["gdansk"]
    assert (found.verdict, found.hashes) == ("impossible", [])
    assert codes(found) == ["sentinel.unprobed"]


def test_in_a_workspace_of_the_defender_portal_titles_change_so_it_is_impossible(rule, workspace):
    put_in_portal(workspace)
    assert "sentinel.portal" in codes(forms(polls(), rule, workspace)["gdansk"])


def test_another_workspace_says_that_it_is_not_meant(rule, workspace):
    porto = make_workspace("porto", capabilities=workspace.capabilities)
    found = forms(polls(), rule, workspace, porto)
    assert found["gdansk"].verdict == "exact"
    assert "sentinel.not_here" in codes(found["porto"])
