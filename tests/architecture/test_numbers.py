"""Counts, shares and hours are written in one place: `portal.ui.words`, and its filters."""

import ast
import re

from tests.architecture.tree import HOME, parse, sources

WRITERS = {"number", "percent", "hours", "length", "numeral"}
# What a sentence says of a number by these names is a count.
COUNTS = {
    "all",
    "closings",
    "count",
    "days",
    "harmless",
    "hits",
    "judged",
    "left",
    "more",
    "most",
    "n",
    "of",
    "often",
    "times",
    "total",
}
# Of the numbers in these files some are no count, or not for people.
LEFT_OUT = {
    "alerts/reviews/services/notify.py": {"verdict.work_order"},
    "alerts/suppression/watching/promotion.py": {"version.number"},
    "alerts/dashboards/web/numbers.py": {"highest"},  # written already
    "alerts/incidents/storm_wording.py": {"count_words(row)"},  # too
    "alerts/suppression/web/backtest.py": {"closings"},
}
FORMATTED = {
    "portal/ui/words.py": "here they are written",
    "portal/ui/charts.py": "coordinates of a drawing",
    "portal/jobs/models.py": "for developers",
    "alerts/rules/bound.py": "plain notation, written by `numeral` for a page",
    "alerts/rules/guards/never.py": "plain notation, written by `numeral` for a page",
    "alerts/incidents/ingest/groups.py": "Purdue levels, which are names",
    "alerts/incidents/page/devices.py": "Purdue levels, which are names",
}
OTHER_WAYS = {"number_format", "floatformat", "intcomma", "localize"}


def trees():
    for path in sources(".py"):
        name = str(path)
        far = name.startswith(("tests/", "bench/", "simulator/", "alerts/demo/"))
        if not far and "/migrations/" not in name:
            yield name, parse(path)


def called(node: ast.expr) -> str:
    function = node.func if isinstance(node, ast.Call) else None
    return getattr(function, "id", getattr(function, "attr", ""))


def test_a_count_in_a_sentence_is_written_as_the_language_writes_numbers():
    loose = []
    for name, tree in trees():
        for node in ast.walk(tree):
            if not (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod)):
                continue
            pairs = node.right if isinstance(node.right, ast.Dict) else ast.Dict([], [])
            for key, value in zip(pairs.keys, pairs.values, strict=True):
                if not isinstance(key, ast.Constant) or key.value not in COUNTS:
                    continue
                words = ast.unparse(value)
                if called(value) not in WRITERS and words not in LEFT_OUT.get(name, ()):
                    loose.append(f"{name}:{value.lineno} {key.value}={words}")
    assert not loose, "\n".join(loose)


def test_what_is_left_out_is_there():
    for name, left_out in LEFT_OUT.items():
        words = {ast.unparse(node) for node in ast.walk(parse(name)) if isinstance(node, ast.expr)}
        assert left_out <= words, name


def test_no_number_is_formatted_by_other_ways():
    found = []
    for name, tree in trees():
        for node in ast.walk(tree):
            if name in FORMATTED:
                continue
            if called(node) in OTHER_WAYS:
                found.append(f"{name}:{node.lineno} {called(node)}")
            if isinstance(node, ast.FormattedValue) and node.format_spec is not None:
                parts = [
                    part.value for part in node.format_spec.values if isinstance(part, ast.Constant)
                ]
                if re.search(r"[,_]|[eEfFgGn%]$", "".join(parts)):
                    found.append(f"{name}:{node.lineno} {ast.unparse(node)}")
    assert not found, "\n".join(found)


def test_no_template_formats_numbers_by_other_ways():
    others = re.compile(r"\|(?:floatformat|intcomma|localize)\b|\{% load (?:l10n|human)")
    share = re.compile(r"\}\}\s?%(?!\})")
    for path in sources(".html"):
        text = (HOME / path).read_text()
        assert not others.search(text), path
        assert not share.search(text), f"{path}: use |percent"
