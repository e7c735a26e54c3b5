"""What a back-test freezes fits its published schema."""

from dataclasses import replace

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from alerts.rules.backtest_body import backtest_schema
from alerts.suppression.backtesting.backtest import run_backtest
from tests.conftest import NOON
from tests.factories import rules


@pytest.mark.django_db
def test_what_is_frozen_fits_its_schema(workspace, site, people, history):
    rule = rules.downloads()
    alike = rules.incident_of(workspace, site, at=rules.TUESDAY, destination="PLC-PL2-09")
    rules.judge([alike], by=people.oda, verdict="suspicious")
    wide = replace(rule, all_of=(*rule.all_of[:3], *rule.all_of[4:]))
    check = Draft202012Validator(backtest_schema(), format_checker=FormatChecker())
    bodies = [run_backtest(rule=definition, now=NOON).body for definition in (rule, wide)]
    assert [bool(body["stops"]) for body in bodies] == [False, True]
    assert bodies[0]["nearest"] and bodies[0]["check_these"] and bodies[0]["per_day"]
    for body in bodies:
        assert [error.message for error in check.iter_errors(body)] == []
