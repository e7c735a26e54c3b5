"""Only what the query of an analytics rule proves stands for an alert type in the portal."""

from dataclasses import replace

import pytest

from alerts.rules.compile_sentinel import compile_rule
from tests.alerts.rules.test_compile_for_sentinel import (
    AS_IT_COMES,
    DETAILS,
    HISTORIAN,
    ILLEGAL_CODES,
    IN_PORTAL,
    MALWARE,
    PLC_CHANGES,
    POLLING,
    codes,
)
from tests.alerts.suppression.samples import clause, rule


def test_a_query_that_is_not_proved_is_wider_whatever_its_details_show():
    changed = replace(PLC_CHANGES, titles=None, is_plain=False, details=DETAILS)
    target = replace(IN_PORTAL, analytics_rules=(changed, *IN_PORTAL.analytics_rules[1:]))
    compiled = compile_rule(POLLING, target)
    assert (compiled.verdict, codes(compiled)) == ("wider", ["sentinel.maker_unproven"])
    assert "Unauthorized PLC changes" in str(compiled.reasons[0].why)


def test_devices_count_where_an_analytics_rule_passes_on_those_of_the_alert():
    own = replace(PLC_CHANGES, passes_entities=False, details=DETAILS)
    target = replace(IN_PORTAL, analytics_rules=(own, *IN_PORTAL.analytics_rules[1:]))
    compiled = compile_rule(POLLING, target)
    assert (compiled.verdict, codes(compiled)) == ("wider", ["sentinel.other_entities"])
    assert "Unauthorized PLC changes" in str(compiled.reasons[0].why)


@pytest.mark.parametrize(
    "change",
    [
        {"titles": ILLEGAL_CODES.titles | {"Controller Stop"}},
        {"has_only_titles": False},
        {"titles": None, "has_only_titles": False},
        {"is_plain": False},
    ],
)
def test_an_analytics_rule_that_may_take_more_is_never_the_only_condition(change):
    whole = rule(clause("alert_type", "is_one_of", *sorted(ILLEGAL_CODES.titles)), HISTORIAN)
    assert compile_rule(whole, AS_IT_COMES).verdict == "exact"
    makers = (replace(ILLEGAL_CODES, **change), MALWARE)
    compiled = compile_rule(whole, replace(AS_IT_COMES, analytics_rules=makers))
    assert compiled.verdict == "wider"
