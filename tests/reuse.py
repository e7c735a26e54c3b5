"""Rows that many tests start from are written once, and every test begins with them untouched.

    @reuse_rows
    def history(workspace, site, people):
        return rules.routine(workspace, site)

is a fixture like any other, and may build on fixtures of its kind, and on those that live as long
as the file of the test, or longer. What a test asks of them stands
in a transaction that stays open, one savepoint a fixture; the test runs in a savepoint inside, and
gets its own copies of the objects. Rows that the next test does not ask for are rolled back before
it begins, so that no test finds more than it asked for. Tests that commit build their own.
"""

import functools
import inspect
import pickle
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from django.db import connection, transaction
from pytest_django.fixtures import validate_django_db

COMMITTING = {"transactional_db", "live_server"}


def reuse_rows(build: Callable[..., Any]) -> Callable[..., Any]:
    """Make a fixture of a function that writes rows.

    It may take fixtures of its kind, those of a whole file or run, and `db`. What it returns is
    copied by pickle.
    """
    takes = inspect.signature(build).parameters.values()

    @functools.wraps(build)
    def fixture(rows_in_place: dict[str, Any], **given: Any) -> Any:
        name = build.__name__
        return rows_in_place[name] if name in rows_in_place else build(**given)

    own = inspect.Parameter("rows_in_place", inspect.Parameter.KEYWORD_ONLY)
    fixture.__signature__ = inspect.Signature(
        [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in (own, *takes)]
    )
    fixture.writes = RowsOf(build.__name__, build, tuple(parameter.name for parameter in takes))
    return pytest.fixture(fixture)


@dataclass(frozen=True)
class RowsOf:
    """What one fixture writes; in which file, where it builds on something of that file only."""

    name: str
    build: Callable[..., Any]
    takes: tuple[str, ...]
    file: str = ""


@dataclass(frozen=True)
class Layer:
    """Rows in place: the block they stand in, and the objects of all fixtures so far."""

    rows: RowsOf
    block: transaction.Atomic
    objects: bytes


WANTED_NEXT = pytest.StashKey[list[RowsOf]]()


class Layers:
    """The open transaction of this process: what is in it, the first fixture first."""

    def __init__(self) -> None:
        self.stack: list[Layer] = []

    def objects(self) -> dict[str, Any]:
        """Return new copies of what the fixtures in place return, by their names."""
        return pickle.loads(self.stack[-1].objects) if self.stack else {}

    def reach(
        self, rows_in_order: list[RowsOf], value_of: Callable[[str], Any] = lambda name: None
    ) -> None:
        """Roll back what is not wanted, then write what is missing. `value_of` finds the value of a
        fixture of another kind.
        """
        self.keep(rows_in_order)
        for rows in rows_in_order[len(self.stack) :]:
            self.add(rows, value_of)

    def keep(self, rows_in_order: list[RowsOf]) -> None:
        """Roll back to the last fixture that is wanted, too."""
        in_place = [layer.rows for layer in self.stack]
        while in_place != rows_in_order[: len(in_place)]:
            in_place.pop()
            leave(self.stack.pop().block)

    def add(self, rows: RowsOf, value_of: Callable[[str], Any]) -> None:
        objects = self.objects()
        block = transaction.atomic()
        block._from_testcase = True  # commands that insist on the outermost block may run inside
        block.__enter__()
        try:
            values = dict.fromkeys(rows.takes)
            for name in rows.takes:
                if name != "db":
                    values[name] = objects[name] if name in objects else value_of(name)
            objects[rows.name] = rows.build(**values)
            connection.check_constraints()  # once here, not at the end of every test
            self.stack.append(Layer(rows, block, pickle.dumps(objects)))
        except BaseException:
            leave(block)
            raise


def leave(block: transaction.Atomic) -> None:
    transaction.set_rollback(True)
    block.__exit__(None, None, None)


def rows_of(item: pytest.Item | None) -> list[RowsOf]:
    """Return what a test asks for and can reuse, in the one order that all tests share."""
    if not isinstance(item, pytest.Function) or commits(item):
        return []
    definitions = item._fixtureinfo.name2fixturedefs
    depths: dict[RowsOf, int] = {}

    def depth_of(name: str) -> int | None:
        """Return how many fixtures stand below this one; None where one ends with the test and is
        not of our kind.
        """
        if name == "db":
            return 0
        if name not in definitions:
            return None
        definition = definitions[name][-1]
        rows = getattr(definition.func, "writes", None)
        if rows is None:
            return None if definition.scope == "function" or definition.params else 0
        below = {name_below: depth_of(name_below) for name_below in rows.takes}
        if None in below.values():
            return None
        if any(depth == 0 and name_below != "db" for name_below, depth in below.items()):
            rows = replace(rows, file=item.nodeid.partition("::")[0])
        depths[rows] = 1 + max(below.values(), default=0)
        return depths[rows]

    for name in item.fixturenames:
        depth_of(name)
    return sorted(depths, key=lambda rows: (depths[rows], rows.name))


def commits(item: pytest.Function) -> bool:
    """Whether this test is run without a transaction around it."""
    marker = item.get_closest_marker("django_db")
    return bool(marker and any(validate_django_db(marker)[:2])) or not COMMITTING.isdisjoint(
        item.fixturenames
    )


@pytest.fixture(scope="session")
def layers(django_db_setup, django_db_blocker) -> Iterator[Layers]:
    """What is in place in this process. It is rolled back before the database is dropped."""
    made = Layers()
    yield made
    with django_db_blocker.unblock():
        made.keep([])


@pytest.fixture
def _rows(request, layers, django_db_blocker) -> Iterator[None]:
    with django_db_blocker.unblock():
        layers.reach(rows_of(request.node), request.getfixturevalue)
    yield
    with django_db_blocker.unblock():
        layers.keep(request.node.stash[WANTED_NEXT])


@pytest.fixture
def _django_db_helper(_rows, _django_db_helper) -> None:
    """What pytest-django opens for the test itself stands inside."""


@pytest.fixture
def rows_in_place(db, layers) -> dict[str, Any]:
    """This test's own copies of what its fixtures return, by their names."""
    return layers.objects()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown(item, nextitem) -> None:
    """Only what the next test asks for stays in place."""
    item.stash[WANTED_NEXT] = rows_of(nextitem)
