"""The short catalogue of kinds of work."""

from alerts.planned_work.engine.kinds import KINDS, KINDS_FOR_RULES, kind_named
from alerts.planned_work.models import WorkKind


def test_forms_offer_exactly_the_kinds_of_the_catalogue():
    assert WorkKind.values == list(KINDS)


def test_a_rule_cannot_refer_to_work_of_no_kind():
    assert set(KINDS) - set(KINDS_FOR_RULES) == {"other"}


def test_kinds_are_known_by_key_and_by_label():
    assert kind_named("Vendor visit") == kind_named("vendor-visit") == "vendor-visit"
    assert kind_named("shut-down") == "outage"
    assert kind_named("party") is None
