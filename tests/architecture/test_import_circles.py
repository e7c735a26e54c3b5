"""Modules import each other in one direction: whoever reads one need not have read it before."""

import ast
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from tests.architecture.tree import parse, sources

PRODUCT = ("portal", "alerts", "training", "simulator")


def imports_in(node: ast.AST) -> Iterator[str]:
    """What a tree imports, inside functions too, but for what only the type checker reads. Of
    `from a import b` both readings come: `a`, and `a.b` where that is a module.
    """
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        if isinstance(child, ast.Import):
            yield from (alias.name for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            yield from (f"{child.module}.{alias.name}" for alias in child.names)
        else:
            yield from imports_in(child)


def ancestors(module: str) -> set[str]:
    """The packages that a module stands in: importing it runs them first."""
    parts = module.split(".")
    return {".".join(parts[:n]) for n in range(1, len(parts))}


def dependencies(trees: Mapping[str, ast.AST]) -> dict[str, set[str]]:
    """Which of these modules each imports, the packages that are run on the way included."""
    found = {}
    for module, tree in trees.items():
        named = set()
        for name in imports_in(tree):
            target = name if name in trees else name.rpartition(".")[0]
            named |= {target} | ancestors(target)
        found[module] = (named & trees.keys()) - ancestors(module) - {module}
    return found


def circle_in(trees: Mapping[str, ast.AST]) -> list[str]:
    """One circle, its modules in the order in which they import each other; [] where none is."""
    try:
        TopologicalSorter(dependencies(trees)).prepare()
    except CycleError as error:
        circle: list[str] = error.args[1]
        return circle[::-1]
    return []


def dotted(path: Path) -> str:
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def test_no_modules_import_each_other_in_a_circle():
    paths = [path for path in sources(".py") if path.parts[0] in PRODUCT]
    assert len(paths) > 500
    assert not circle_in({dotted(path): parse(path) for path in paths})


def test_a_circle_is_found_in_functions_and_through_packages():
    def product(**sources_of: str) -> dict[str, ast.AST]:
        return {name.replace("_", "."): ast.parse(text) for name, text in sources_of.items()}

    direct = product(a="import b", b="def late():\n    from a import name")
    assert circle_in(direct) in (["a", "b", "a"], ["b", "a", "b"])
    through_package = product(a="from pack.inner import name", pack="import a", pack_inner="")
    assert set(circle_in(through_package)) == {"a", "pack"}
    assert not circle_in(product(a="from pack import inner", pack="", pack_inner=""))
    guarded = product(a="import b", b="if TYPE_CHECKING:\n    import a")
    assert not circle_in(guarded), "types alone run nothing"
