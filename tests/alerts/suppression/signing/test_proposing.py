"""Rules that are too broad, endless or on the never list are refused before anybody signs."""

from datetime import timedelta

import pytest

from alerts.rules.guards.signing import (
    reasons_against_draft,
    reasons_against_proposing,
)
from tests.alerts.suppression.samples import (
    DOWNLOADS,
    NOW,
    SITE,
    SOURCE,
    TUESDAY,
    TYPE,
    but,
    clause,
    rule,
)

AROUND = {"now": NOW, "plant_zones": ["Europe/Warsaw"], "criticality": {}}
POLL = clause("alert_type", "is", "Unpermitted Usage of Modbus Function Code")
PROPOSED = but(DOWNLOADS, reason="recipe-change", evidence=("a1",), owner_ot="oda", owner_soc="leo")


def codes(reasons):
    return [reason.code for reason in reasons]


def test_a_rule_with_everything_may_be_proposed():
    assert reasons_against_proposing(PROPOSED, **AROUND) == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"reason": " "}, "propose.reason"),
        ({"evidence": ()}, "propose.evidence"),
        ({"owner_ot": ""}, "propose.owners"),
        ({"owner_soc": " "}, "propose.owners"),
        ({"expires_at": None}, "life.none"),
        ({"expires_at": NOW + timedelta(days=91)}, "life.far"),
        ({"title": "x"}, "text.short"),
    ],
)
def test_each_gap_alone_refuses_a_proposal(change, code):
    assert codes(reasons_against_proposing(but(PROPOSED, **change), **AROUND)) == [code]


@pytest.mark.parametrize(
    ("made", "found"),
    [
        (rule(), ["rule.empty"]),
        (rule(except_any=[TYPE, SITE, SOURCE]), ["rule.negation_only"]),
        (rule(POLL), ["wide.place", "wide.asset"]),
        (rule(clause("alert_type", "is", "Stop")), ["wide.place", "wide.asset"]),
        (rule(SOURCE), ["wide.place", "wide.type"]),
        (rule(TYPE, SITE, SOURCE), ["box.hours", "box.sides"]),
        (
            rule(clause("alert_type", "is", "Suspicious Traffic Detected"), SITE, SOURCE),
            ["never.type"],
        ),
        (
            rule(POLL, SITE, SOURCE, clause("time", "within", "Tue 06:00-08:00 Asia/Tokyo")),
            ["box.zone"],
        ),
        (rule(POLL, SITE, SOURCE, TUESDAY, expires_at=NOW), ["life.past"]),
    ],
)
def test_what_is_too_broad_or_forbidden_is_refused(made, found):
    assert codes(reasons_against_draft(made, **AROUND)) == found


def test_a_device_tagged_as_safety_system_refuses_the_rule():
    around = AROUND | {"criticality": {"PLC-4": "safety", "ENG-WS-04": "normal"}}
    assert reasons_against_draft(PROPOSED, **around) == [
        "PLC-4 is a safety system: what touches it always reaches a person."
    ]
