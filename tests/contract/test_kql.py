"""Every text in KQL that Tagout sends or compiles is checked by Microsoft's own parser, offline."""

import json
import os
import re
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
from alerts.sentinel.wire.values import OtScope
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
            "closers": kql.closers_between,
        }.items()
    },
    "alerts_without_incident": kql.alerts_without_incident_between(SINCE, UNTIL),
    "oldest": kql.oldest(),
    "exclusion": f"{WATCHLISTS}SecurityAlert\n{kql.exclusion()}",
}
ASKS = {
    "SecurityIncident": ["incidents"],
    "SecurityAlert": ["alerts_of_incidents", "alerts_without_incident"],
}
GONE = [
    *(("SecurityIncident", c) for c in ("Description", "ProviderName", "ProviderIncidentId")),
    *(("SecurityAlert", c) for c in ("Techniques", "ProductComponentName")),
]

pytestmark = [
    pytest.mark.contract,
    pytest.mark.skipif(
        NODE is None or not PARSER.is_file(),
        reason="Microsoft's parser is not here (node, and TAGOUT_TOOLS or shared/tools beside)",
    ),
]


@pytest.fixture(scope="module")
def parse(tmp_path_factory):
    """Return what the parser says of some texts, by their names. Beside each table stand those that
    lack one of its columns: a start of the parser costs as much as twenty texts.
    """
    folder = tmp_path_factory.mktemp("kql")
    tables = folder / "tables.json"
    declared = {name: _declared(columns) for name, columns in TABLES.items()}
    declared |= {
        _without(table, column): _declared(TABLES[table], but=column) for table, column in GONE
    }
    tables.write_text(json.dumps(declared))

    def run(texts):
        files = {name: folder / f"{name}.kql" for name in texts}
        for name, text in texts.items():
            files[name].write_text(text)
        words = [NODE, PARSER, tables, *files.values()]
        done = subprocess.run(words, capture_output=True, text=True, timeout=300, check=False)
        assert not done.stderr, done.stderr
        found = {name: [] for name in texts}
        for line in done.stdout.splitlines():
            found[Path(line.partition(":")[0]).stem].append(line)
        return found

    return run


def _declared(columns, but=None):
    return f"({', '.join(f'{c}:{TYPES[kind]}' for c, kind in columns.items() if c != but)})"


def _without(table, column):
    return f"{table}Without{column}"


def _of_analytics_rules():
    columns = ", ".join(f"{name}: string" for name in gate_row(until=None))
    return {
        "coverage": coverage_query(),
        "workflow_check": alert_rule_body("tagout-4711")["properties"]["query"],
        "exclusion_of_rows": TEXTS["exclusion"].replace(
            "SearchKey: string", f"SearchKey: string, {columns}"
        ),
        **{f"workbook_{name}": text for name, text in queries().items()},
    }


def _without_a_column():
    for table, column in GONE:
        for name in ASKS[table]:
            yield (
                f"{name}-without-{column}",
                re.sub(rf"\b{table}\b", _without(table, column), TEXTS[name]),
            )


def _of_fields():
    for field in FIELDS.values():
        for operator in field.operators:
            pool = WITHIN[field.kind] if operator == "within" else POOLS[field.name]
            values = tuple(pool[:1] if operator in ("is", "at_most") else pool)
            line = Clause(field.name, str(operator), values)
            yield f"{field.name}-{operator}", compile_kql(rule(TYPE, line)).text
            yield f"not-{field.name}-{operator}", compile_kql(rule(TYPE, except_any=[line])).text


def _of_drawn():
    drawn = set()

    @settings(max_examples=2)
    @given(st.lists(rules(), min_size=25, max_size=25))  # the first list is one rule, many times
    def draw(some):
        drawn.update(compile_kql(rule).text for rule in some)

    draw()
    for place, text in enumerate(sorted(drawn)):
        yield f"drawn{place}", text


WRONG = {
    "syntax": "SecurityIncident | where Status ==",
    "table": "NoSuchTable | count",
    "column": "SecurityIncident | where NoSuchColumn == 1",
    "type": "SecurityIncident | where IncidentNumber has 'x' and Title > 3",
}


@pytest.fixture(scope="module")
def found(parse):
    """What the parser says of all texts, in one start."""
    texts = [TEXTS, _of_analytics_rules(), _without_a_column(), _of_fields(), WRONG, _of_drawn()]
    return parse({name: text for some in texts for name, text in dict(some).items()})


def test_every_text_of_ours_is_kql(found):
    names = {path.stem for path in Path(kql.__file__).parent.glob("*.kql")}
    assert names == {name.partition("-")[0] for name in TEXTS}, (
        "a text stands in the folder that nobody checks"
    )
    assert [line for name in TEXTS | _of_analytics_rules() for line in found[name]] == []


def test_incidents_and_alerts_are_asked_for_also_without_a_column(found):
    texts = dict(_without_a_column())
    assert all(_without(table, column) in "".join(texts.values()) for table, column in GONE)
    assert [line for name in texts for line in found[name]] == []


def test_the_parser_tells_what_is_wrong(found):
    assert all(found[name] for name in WRONG)


def test_every_field_and_operator_is_kql(found):
    names = dict(_of_fields())
    assert len(names) > 100
    assert [line for name in names for line in found[name]] == []


def test_every_rule_is_kql(found):
    lines_of_drawn = [lines for name, lines in found.items() if name.startswith("drawn")]
    assert len(lines_of_drawn) > 20
    assert [line for lines in lines_of_drawn for line in lines] == []
