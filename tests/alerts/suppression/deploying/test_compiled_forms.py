"""What a rule becomes in each workspace, with what is known of the plant."""

import pytest

from alerts.sentinel.models import PortalResidence
from alerts.suppression.models import Rule
from alerts.suppression.signing.compiled_forms import compiled_forms
from tests.alerts.suppression.deploying.plant import know_analytics_rules, polls
from tests.conftest import NOON
from tests.factories.incidents import READ_RULES, make_device, make_workspace, put_in_portal


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
    workspace.capabilities = READ_RULES
    workspace.save()
    found = forms(polls(), rule, workspace)["gdansk"]
    assert (found.verdict, found.hashes) == ("impossible", [])
    assert codes(found) == ["sentinel.unprobed"]


def test_in_the_defender_portal_analytics_rules_stand_for_the_title(rule, workspace):
    elsewhere = forms(polls(), rule, workspace)["gdansk"]
    put_in_portal(workspace)
    assert codes(forms(polls(), rule, workspace)["gdansk"]) == ["sentinel.no_maker"]
    know_analytics_rules(workspace)
    found = forms(polls(), rule, workspace)["gdansk"]
    assert (found.verdict, codes(found)) == ("wider", ["sentinel.maker_of_more"])
    know_analytics_rules(workspace, "AlertName")
    found = forms(polls(), rule, workspace)["gdansk"]
    assert (found.verdict, len(set(found.hashes))) == ("exact", 2)
    assert not set(found.hashes) & set(elsewhere.hashes)
    assert "Title" not in str(found.compiled.conditions)
    assert workspace.analytics_rule_id("rule-") in str(found.compiled.conditions)


def test_where_it_is_not_known_which_portal_no_title_is_written(rule, workspace):
    PortalResidence.objects.all().delete()
    found = forms(polls(), rule, workspace)["gdansk"]
    assert (found.verdict, codes(found)) == ("impossible", ["sentinel.portal_unknown"])


def test_another_workspace_says_that_it_is_not_meant(rule, workspace):
    porto = make_workspace("porto", capabilities=workspace.capabilities)
    put_in_portal(porto, is_in_portal=False)
    found = forms(polls(), rule, workspace, porto)
    assert found["gdansk"].verdict == "exact"
    assert "sentinel.not_here" in codes(found["porto"])
