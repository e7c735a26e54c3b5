"""The published schemas of rule and back-test are those the engine would write today."""

import json
from pathlib import Path

from jsonschema import Draft202012Validator, FormatChecker

from alerts.rules.backtest_body import backtest_schema
from alerts.rules.fields import FIELDS
from alerts.rules.rule import MEMBERS, as_json
from tests.factories import rules
from tools.rule_schema import rule_schema

PUBLISHED = Path(__file__).resolve().parents[3] / "docs" / "schemas" / "rule-1.json"


def test_the_published_schema_is_up_to_date():
    assert json.loads(PUBLISHED.read_text(encoding="utf-8")) == json.loads(
        json.dumps(rule_schema())
    )


def test_a_rule_as_it_is_written_fits_its_schema():
    schema, written = rule_schema(), as_json(rules.downloads())
    assert set(schema["properties"]) == MEMBERS == set(written)
    check = Draft202012Validator(schema, format_checker=FormatChecker())
    assert [error.message for error in check.iter_errors(written)] == []
    for name in ("version", "title", "all_of"):
        assert not check.is_valid({**written, name: None})
    assert not check.is_valid({**written, "approved_by": 1})


def test_the_schema_knows_the_fields_that_lines_may_name():
    schema = rule_schema()
    names = [
        schema_part["properties"]["field"]["const"]
        for schema_part in schema["$defs"]["Clause"]["oneOf"]
    ]
    assert names == list(FIELDS)


def test_the_published_schema_of_a_back_test_is_up_to_date():
    published = json.loads(PUBLISHED.with_name("backtest-1.json").read_text(encoding="utf-8"))
    assert published == backtest_schema()
    Draft202012Validator.check_schema(published)
