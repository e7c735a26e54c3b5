"""What linters cannot see: sizes, docstrings, mirrors, manners of services."""

import ast
import re

import pytest

from tests.architecture.tree import HOME, WINGS, nodes, parse, rooms, sources, tracked

MAX_LINES = 500
ACTS = {
    "ingest",
    "acts",
    "drafting",
    "signing",
    "enforcing",
    "watching",
    "deploying",
    "backtesting",
}


def test_no_file_is_longer_than_five_hundred_lines():
    long = {}
    for path in sources(".py", ".html", ".css", ".js"):
        lines = len((HOME / path).read_text(encoding="utf-8").splitlines())
        if lines > MAX_LINES:
            long[str(path)] = lines
    assert not long


def test_the_formatter_lays_out_everything():
    mark = "# fmt" + ":"
    marked = [str(path) for path in sources(".py") if mark in (HOME / path).read_text()]
    assert not marked, "let `ruff format` lay it out"


@pytest.mark.parametrize("room", rooms(), ids=str)
def test_a_room_says_what_it_is_for(room):
    door = HOME / room / "__init__.py"
    assert door.exists(), f"{room} is no package"
    if room.parts[0] != "training" and room.name not in {"templatetags"}:
        assert ast.get_docstring(parse(room / "__init__.py")), f"{room} does not say what it is for"


def test_pages_styles_and_tests_stand_where_their_room_stands():
    folders = {str(room) for room in rooms()} | set(WINGS)
    shared = {"layouts", "components", "ui", "vendor", "errors"}
    beside = {"architecture", "contract", "journeys", "faults", "abuse", "factories", "simulator"}
    astray = []
    for path in tracked():
        top, *rest = path.parts
        if top in {"templates", "static"} and len(rest) > 1 and rest[0] not in shared:
            astray += [path] if "/".join(rest[:2]) not in folders else []
        if top == "tests" and len(rest) > 2 and rest[0] not in beside:
            astray += [path] if "/".join(rest[:2]) not in folders else []
    assert not astray


def _functions(path):
    for node in parse(path).body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            yield node


def _is_command(path, function):
    """A service; in a big room, where both stand together, what is one transaction."""
    if "services" in path.parts or path.name == "services.py":
        return True
    names = {ast.unparse(decorator) for decorator in function.decorator_list}
    return bool(ACTS & set(path.parts)) and "transaction.atomic" in names


def test_public_services_take_keywords_only():
    loose = []
    for path in sources(".py"):
        for function in _functions(path):
            positional = [arg.arg for arg in function.args.args]
            if _is_command(path, function) and len(positional) > 1:
                loose.append(f"{path}:{function.lineno} {function.name}{positional}")
    assert not loose, "a service takes at most one thing by position"


MOUNTING = {"urls.py", "schedule.py", "celery.py", "wiring.py"}  # what puts rooms together


def test_nobody_reaches_into_another_rooms_doors():
    reaching = []
    door = re.compile(r"^(alerts|portal|training)\.(\w+)\.(web|api|tasks|admin)\b")
    for path in sources(".py"):
        if path.parts[0] not in WINGS or path.name in MOUNTING:
            continue
        for node in nodes(path):
            names = []
            if isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
            elif isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            for name in names:
                found = door.match(name)
                if found and found.group(1, 2) != path.parts[:2]:
                    reaching.append(f"{path}:{node.lineno} {name}")
    assert not reaching
