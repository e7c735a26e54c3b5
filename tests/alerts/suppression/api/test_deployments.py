"""Deployments over the API: what is wanted, what landed, and Azure's own words."""

from itertools import product

import pytest

from alerts.outbox.models import WantedRule
from alerts.sentinel.models import Reachability
from alerts.suppression.deploying.deployments import STANDING, deployments_of_rule, gate_of
from tests.factories import rule_rows, rules
from tests.factories.incidents import NOON, make_workspace

pytestmark = pytest.mark.django_db
REFUSED = {
    "outcome": "refused",
    "latest_error": "The property 'conditions' is invalid.",
    "error_code": "BadRequest",
    "landed": None,
}
THERE = {
    "landed": {"triggeringLogic": {"expirationTimeUtc": "2026-11-25T12:00:00Z"}},
    "landed_version": 1,
}


@pytest.fixture
def version(people, workspace, site):
    return rule_rows.make_version(
        "live",
        of=rules.polling(),
        enforcement="sentinel",
        ot=people.oda,
        soc=people.leo,
        workspace=workspace,
        site=site,
    )


@pytest.fixture
def there(version, workspace):
    return rule_rows.make_wanted(version, workspace=workspace, **THERE)


def rows_by_workspace(program, **query):
    answer = program.get("deployments/", query)
    assert answer.status_code == 200, answer.content
    return {row["workspace"]: row for row in answer.json()["results"]}


def test_it_is_told_what_stands_where_and_until_when(programs, version, there, workspace):
    row = rows_by_workspace(programs.leo)[workspace.name]
    assert (row["kind"], row["label"], row["rule"]) == (
        "rule",
        version.rule.label,
        str(version.rule.uuid),
    )
    assert row["standing"] == "there" and row["stands_everywhere"] is True
    assert row["lease_until"] == "2026-11-25T12:00:00Z" and row["next_try_at"] is None
    assert programs.leo.get(f"deployments/{there.pk}/").json()["standing"] == "there"
    rule = programs.leo.get(f"rules/{version.rule.uuid}/").json()
    assert rule["stands_everywhere"] is True


def test_where_one_workspace_refuses_it_is_never_live_as_a_whole(programs, version, there):
    south = make_workspace("south")
    rule_rows.make_wanted(version, workspace=south, **REFUSED)
    rows = rows_by_workspace(programs.leo, rule=version.rule.uuid)
    assert {name: row["standing"] for name, row in rows.items()} == {
        "gdansk": "there",
        "south": "refused",
    }
    assert {row["stands_everywhere"] for row in rows.values()} == {False}
    assert rows["south"]["error"] == "The property 'conditions' is invalid."
    assert rows["south"]["fix"] == "Edit the rule, or let Tagout enforce it."
    rule = programs.leo.get(f"rules/{version.rule.uuid}/").json()
    assert rule["state"] == "live" and rule["stands_everywhere"] is False
    assert list(rows_by_workspace(programs.leo, standing="refused")) == ["south"]
    assert rows_by_workspace(programs.leo, standing="held,coming") == {}


def test_a_missing_right_names_the_role(programs, version, workspace):
    rule_rows.make_wanted(
        version, workspace=workspace, **REFUSED | {"error_code": "AuthorizationFailed"}
    )
    assert (
        "Microsoft Sentinel Contributor" in rows_by_workspace(programs.leo)[workspace.name]["fix"]
    )


def test_a_rule_that_tagout_enforces_says_nothing_of_sentinel(programs, draft):
    rule = programs.oda.get(f"rules/{draft.rule.uuid}/").json()
    assert rule["stands_everywhere"] is None


def test_a_gate_stands_in_the_list_too(programs, version, workspace):
    gate = {"kind": "gate", "label": "gate", "wanted": {"triggeringLogic": {"isEnabled": False}}}
    rule_rows.make_wanted(version, workspace=workspace, **THERE | gate)
    row = rows_by_workspace(programs.leo, kind="gate")[workspace.name]
    assert (row["standing"], row["rule"], row["stands_everywhere"]) == ("closed", None, None)


def test_the_database_says_it_as_the_page_does(version, workspace):
    form = {"triggeringLogic": {"isEnabled": True}}
    shut = {"triggeringLogic": {"isEnabled": False}}
    compared = 0
    reading = Reachability.objects.create(workspace=workspace, purpose="read")
    for kind, outcome, desired, landed, at, gone_since in product(
        ("rule", "gate"),
        ("", "landed", "refused", "held"),
        (None, form, shut),
        (None, form),
        (0, 1),
        (None, NOON),
    ):
        Reachability.objects.filter(pk=reading.pk).update(gone_since=gone_since)
        row = rule_rows.make_wanted(
            version,
            workspace=workspace,
            kind=kind,
            outcome=outcome,
            wanted=desired,
            landed=landed,
            landed_version=at,
        )
        standing = WantedRule.objects.annotate(current=STANDING).get(pk=row.pk).current
        if kind == "gate":
            assert standing == gate_of(row).standing, row
        else:
            (page,) = deployments_of_rule(version.rule)
            assert standing == page.standing, row
        row.delete()
        compared += 1
    assert compared == 192
