"""The published schema of a rule is the one the engine would write today."""

import json
from pathlib import Path

from alerts.suppression.engine.fields import FIELDS
from alerts.suppression.engine.reading import MEMBERS
from alerts.suppression.engine.schema import rule_schema

PUBLISHED = Path(__file__).resolve().parents[3] / "docs" / "schemas" / "rule-1.json"


def test_the_published_schema_is_up_to_date():
    assert json.loads(PUBLISHED.read_text(encoding="utf-8")) == rule_schema()


def test_the_schema_knows_what_the_reader_knows():
    schema = rule_schema()
    assert set(schema["properties"]) == MEMBERS
    named = [each["properties"]["field"]["const"] for each in schema["$defs"]["clause"]["oneOf"]]
    assert named == list(FIELDS)
