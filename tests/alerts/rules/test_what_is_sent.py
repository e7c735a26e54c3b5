"""The bodies of deployed rules: trial, live and gate; their hashes; what was sent is read back."""

import copy
from datetime import timedelta

import pytest

from alerts.rules.compile_sentinel import Compiled, compile_rule
from alerts.rules.sentinel_forms import (
    form_hash,
    gate_form,
    lease_until,
    live_form,
    trial_form,
)
from alerts.sentinel.wire.automation import differing_places
from simulator.automation.check import check_rule
from simulator.automation.conditions import conditions_hold
from tests.alerts.rules.test_compile_for_sentinel import (
    NORTH,
    POLLING,
    TITLE,
    view_of,
)
from tests.alerts.suppression.samples import NOW, facts, rule

COMPILED = compile_rule(POLLING, NORTH)
COMMON = {"number": 12, "title": "Historian polls", "lease_until": NOW + timedelta(hours=24)}
TRIAL = trial_form(COMPILED, **COMMON)
LIVE = live_form(COMPILED, attribution="Closed by Tagout, rule R-12", **COMMON)


@pytest.mark.parametrize("form", [TRIAL, LIVE, gate_form(is_enabled=False)])
def test_sentinel_takes_each_form(form):
    assert check_rule(copy.deepcopy(form)) == form


def test_the_trial_only_labels_and_the_live_form_only_closes():
    assert TRIAL["actions"][0]["actionConfiguration"] == {
        "labels": [{"labelName": "tagout:would-close:R-12"}]
    }
    assert LIVE["actions"] == [
        {
            "order": 1,
            "actionType": "ModifyProperties",
            "actionConfiguration": {
                "status": "Closed",
                "classification": "BenignPositive",
                "classificationReason": "SuspiciousButExpected",
                "classificationComment": "Closed by Tagout, rule R-12",
            },
        }
    ]
    assert TRIAL["displayName"] == LIVE["displayName"] == "Tagout R-12 Historian polls"
    assert TRIAL["triggeringLogic"] == LIVE["triggeringLogic"]
    assert LIVE["triggeringLogic"]["expirationTimeUtc"] == "2026-11-25T12:00:00Z"


def test_a_long_title_is_cut_to_what_sentinel_takes():
    form = trial_form(COMPILED, number=12, title="x" * 600, lease_until=NOW)
    assert len(form["displayName"]) == 500


def test_the_gate_runs_first_and_labels_every_incident():
    gate = gate_form(is_enabled=True)
    assert gate["order"] < LIVE["order"]
    assert gate["triggeringLogic"]["isEnabled"] is True
    assert "expirationTimeUtc" not in gate["triggeringLogic"]
    for severity in range(1, 5):
        assert conditions_hold(
            gate["triggeringLogic"]["conditions"], view_of(facts(severity=severity))
        )


def test_nothing_is_made_without_conditions_or_attribution():
    for compiled in (Compiled("exact"), compile_rule(rule(TITLE), NORTH)):
        with pytest.raises(ValueError, match="every incident"):
            trial_form(compiled, **COMMON)
    with pytest.raises(ValueError, match="attribution"):
        live_form(COMPILED, attribution=" ", **COMMON)


def test_a_lease_lasts_a_day_and_never_past_the_end():
    assert lease_until(NOW, expires_at=NOW + timedelta(days=9)) == NOW + timedelta(hours=24)
    assert lease_until(NOW, expires_at=NOW + timedelta(hours=2)) == NOW + timedelta(hours=2)


def test_the_hash_leaves_out_lease_and_signers_and_nothing_else():
    later = live_form(
        COMPILED, **COMMON | {"lease_until": NOW + timedelta(hours=28)}, attribution="by others"
    )
    assert form_hash(later) == form_hash(LIVE)
    assert form_hash(TRIAL) != form_hash(LIVE)
    for change in (
        lambda form: form.update(order=7),
        lambda form: form.update(displayName="other"),
        lambda form: form["triggeringLogic"].update(isEnabled=False),
        lambda form: form["triggeringLogic"]["conditions"].pop(),
        lambda form: form["actions"][0]["actionConfiguration"].update(
            classification="FalsePositive"
        ),
    ):
        other = copy.deepcopy(LIVE)
        change(other)
        assert form_hash(other) != form_hash(LIVE)


def _as_read(form):
    read = copy.deepcopy(form)
    logic = read["triggeringLogic"]
    logic["expirationTimeUtc"] = "2026-11-25T12:00:00.0000000+00:00"
    logic["conditions"].reverse()
    for condition in logic["conditions"]:
        condition["conditionProperties"].get("propertyValues", []).reverse()
    read["actions"][0]["actionConfiguration"] |= {"owner": None, "labels": []}
    return read | {
        "createdTimeUtc": "2026-11-24T12:00:01Z",
        "lastModifiedTimeUtc": "2026-11-24T12:00:01Z",
        "createdBy": {"name": "tagout"},
        "lastModifiedBy": {"name": "tagout"},
    }


def test_what_only_the_service_adds_is_no_difference():
    assert differing_places(LIVE, _as_read(LIVE)) == []
    read = copy.deepcopy(TRIAL)
    read["actions"][0]["actionConfiguration"]["labels"][0]["labelType"] = "User"
    assert differing_places(TRIAL, read) == []


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (lambda r: r.update(displayName="x"), "displayName"),
        (lambda r: r.update(order=1), "order"),
        (lambda r: r.update(extra=1), "extra"),
        (lambda r: r["triggeringLogic"].update(isEnabled=False), "triggeringLogic.isEnabled"),
        (
            lambda r: r["triggeringLogic"].update(triggersWhen="Updated"),
            "triggeringLogic.triggersWhen",
        ),
        (
            lambda r: r["triggeringLogic"].update(expirationTimeUtc="2026-11-25T12:00:01Z"),
            "triggeringLogic.expirationTimeUtc",
        ),
        (
            lambda r: r["triggeringLogic"].pop("expirationTimeUtc"),
            "triggeringLogic.expirationTimeUtc",
        ),
        (lambda r: r["triggeringLogic"]["conditions"].pop(), "triggeringLogic.conditions"),
        (
            lambda r: r["triggeringLogic"].update(conditions=[]),
            "triggeringLogic.conditions",
        ),
        (
            lambda r: r["triggeringLogic"]["conditions"][0]["conditionProperties"][
                "propertyValues"
            ].append("Another title"),
            "triggeringLogic.conditions",
        ),
        (
            lambda r: r["triggeringLogic"]["conditions"][0]["conditionProperties"].update(
                operator="Contains"
            ),
            "triggeringLogic.conditions",
        ),
        (
            lambda r: r["actions"][0]["actionConfiguration"].update(classificationComment="x"),
            "actions",
        ),
        (lambda r: r["actions"][0]["actionConfiguration"].update(severity="Low"), "actions"),
        (lambda r: r["actions"].append(copy.deepcopy(r["actions"][0])), "actions"),
        (lambda r: r.pop("actions"), "actions"),
        (lambda r: r.pop("triggeringLogic"), "triggeringLogic.conditions"),
    ],
)
def test_everything_else_is_drift(change, where):
    read = _as_read(LIVE)
    change(read)
    assert where in differing_places(LIVE, read)
