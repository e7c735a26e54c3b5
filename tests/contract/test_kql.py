"""Every text in KQL that Tagout sends or compiles is checked by Microsoft's own parser, offline."""

import json
import os
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.automation.engine.workflow_check import alert_rule_body
from alerts.readiness.engine.solution import coverage_query
from alerts.rules.fields import FIELDS
from alerts.rules.kql import compile_kql
from alerts.rules.rule import Clause
from alerts.rules.watchlist import gate_row
from alerts.sentinel import kql
from alerts.sentinel.wire import OtScope
from simulator.logs.rows import TABLES
from tests.alerts.suppression.samples import POOLS, TYPE, WITHIN, rule, rules
from tests.contract.workbook import queries

_BESIDE = Path(__file__).resolve().parents[3] / "shared" / "tools"
PARSER = Path(os.environ.get("TAGOUT_TOOLS") or _BESIDE) / "kql" / "check.js"
NODE = shutil.which("node")
TYPES = {
    "VARCHAR": "string",
    "TIMESTAMP": "datetime",
    "JSON": "dynamic",
    "INTEGER": "int",
    "BOOLEAN": "bool",
    "DOUBLE": "real",
}
SINCE, UNTIL = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
# Sentinel's own function, whose columns are known only when it is asked.
WATCHLISTS = (
    "let _GetWatchlist = (alias: string) {\n"
    "    datatable(_DTItemId: string, LastUpdatedTimeUTC: datetime, SearchKey: string) []\n};\n"
)
SCOPES = [OtScope(), OtScope("rules", frozenset({"a7d3f642-15d8", "own"})), OtScope("all")]
TEXTS = {
    **{
        f"{name}{number}": ask(SINCE, UNTIL, scope)
        for number, scope in zip(("", "-2", "-3"), SCOPES, strict=True)
        for name, ask in {
            "incidents": kql.incidents_between,
            "alerts_of_incidents": kql.alerts_of_incidents_between,
            "count_outside": kql.count_outside_between,
        }.items()
    },
    "alerts_without_incident": kql.alerts_without_incident_between(SINCE, UNTIL),
    "oldest": kql.oldest(),
    "exclusion": f"{WATCHLISTS}SecurityAlert\n{kql.exclusion()}",
}

pytestmark = [
    pytest.mark.contract,
    pytest.mark.skipif(
        NODE is None or not PARSER.is_file(),
        reason="Microsoft's parser is not here (node, and TAGOUT_TOOLS or shared/tools beside)",
    ),
]


@pytest.fixture(scope="module")
def check(tmp_path_factory):
    """Return what the parser says of some texts, by their names, over tables without a column."""
    folder = tmp_path_factory.mktemp("kql")

    def run(texts, *, without=None):
        tables, files = folder / "tables.json", []
        tables.write_text(
            json.dumps(
                {
                    name: f"({', '.join(_declared(name, columns, without))})"
                    for name, columns in TABLES.items()
                }
            )
        )
        for name, text in texts.items():
            files.append(folder / f"{name}.kql")
            files[-1].write_text(text)
        done = subprocess.run(
            [NODE, PARSER, tables, *files], capture_output=True, text=True, timeout=60, check=False
        )
        assert not done.stderr, done.stderr
        return done.stdout.splitlines()

    return run


def _declared(table, columns, without):
    return [f"{c}:{TYPES[kind]}" for c, kind in columns.items() if (table, c) != without]


def test_every_text_of_ours_is_kql(check):
    names = {path.stem for path in Path(kql.__file__).parent.glob("*.kql")}
    assert names == {name.partition("-")[0] for name in TEXTS}, (
        "a text stands in the folder that nobody checks"
    )
    check_of_workflow = alert_rule_body("tagout-4711")["properties"]["query"]
    columns = ", ".join(f"{name}: string" for name in gate_row(until=None))
    with_columns = TEXTS["exclusion"].replace("SearchKey: string", f"SearchKey: string, {columns}")
    of_analytics_rules = {
        "coverage": coverage_query(),
        "workflow_check": check_of_workflow,
        "exclusion_of_rows": with_columns,
    }
    of_analytics_rules |= {f"workbook_{name}": text for name, text in queries().items()}
    assert check(TEXTS | of_analytics_rules) == []


@pytest.mark.parametrize("gone", ["Description", "ProviderName", "ProviderIncidentId"])
def test_the_incidents_are_asked_for_also_without_a_column(check, gone):
    assert check({"incidents": TEXTS["incidents"]}, without=("SecurityIncident", gone)) == []


@pytest.mark.parametrize("gone", ["Techniques", "ProductComponentName"])
def test_the_alerts_are_asked_for_also_without_a_column(check, gone):
    texts = {name: TEXTS[name] for name in ("alerts_of_incidents", "alerts_without_incident")}
    assert check(texts, without=("SecurityAlert", gone)) == []


def test_the_parser_tells_what_is_wrong(check):
    wrong = {
        "syntax": "SecurityIncident | where Status ==",
        "table": "NoSuchTable | count",
        "column": "SecurityIncident | where NoSuchColumn == 1",
        "type": "SecurityIncident | where IncidentNumber has 'x' and Title > 3",
    }
    found = check(wrong)
    assert all(any(f"{name}.kql" in line for line in found) for name in wrong)


@settings(max_examples=2, deadline=None)
@given(st.lists(rules(), min_size=25, max_size=25))
def test_every_rule_is_kql(check, drawn):
    assert (
        check({f"drawn{place}": compile_kql(rule).text for place, rule in enumerate(drawn)}) == []
    )


def test_every_field_and_operator_is_kql(check):
    texts = {}
    for field in FIELDS.values():
        for operator in field.operators:
            pool = WITHIN[field.kind] if operator == "within" else POOLS[field.name]
            values = tuple(pool[:1] if operator in ("is", "at_most") else pool)
            line = Clause(field.name, str(operator), values)
            texts[f"{field.name}-{operator}"] = compile_kql(rule(TYPE, line)).text
            texts[f"not-{field.name}-{operator}"] = compile_kql(rule(TYPE, except_any=[line])).text
    assert len(texts) > 100
    assert check(texts) == []
