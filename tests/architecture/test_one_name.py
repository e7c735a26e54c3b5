"""One name, one thing: a public class or function is defined once below the three wings.

A reader who meets `Period` must not have to look which of three it is. Left out are names that a
framework or an interface of ours gives to many: the classes of management commands, what each
protocol's module offers to the reader of captures, a template tag that has the name of the function
it calls, and a task that has the name of the service it runs.
"""

import ast
from collections import defaultdict

from tests.architecture.tree import WINGS, parse, tracked

PROTOCOLS = "training/pcap/protocols/"
# Functions that are still defined twice. A name may leave this list; none may come in.
SHARED = frozenset({"gettext_noop", "main"})


def _definitions(kind: tuple[type, ...]) -> dict[str, list[str]]:
    places = defaultdict(list)
    for path in tracked():
        if path.suffix != ".py" or path.parts[0] not in WINGS or "migrations" in path.parts:
            continue
        for node in parse(path).body:
            if isinstance(node, kind) and not node.name.startswith("_"):
                places[node.name].append(path.as_posix())
    return {name: files for name, files in places.items() if len(files) > 1}


def _is_interface(name: str, files: list[str]) -> bool:
    if all(file.startswith(PROTOCOLS) for file in files):
        return True
    others = [
        file for file in files if not file.startswith("portal/ui/tags/") and "tasks.py" not in file
    ]
    return len(others) <= 1


def test_a_public_class_is_defined_once():
    doubled = _definitions((ast.ClassDef,))
    doubled.pop("Command", None)  # Django's name for every management command
    assert doubled == {}


def test_a_public_function_is_defined_once():
    doubled = _definitions((ast.FunctionDef, ast.AsyncFunctionDef))
    left = {name: files for name, files in doubled.items() if not _is_interface(name, files)}
    assert left.keys() == SHARED, "Shorten the list, or give what is new a name of its own."
