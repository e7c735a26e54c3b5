"""The page of guards names code and tests that exist."""

import re

from tests.architecture.tree import HOME

PAGE = (HOME / "docs/guards.md").read_text()
TESTS = set(re.findall(r"`(test_\w+\.py)::(\w+)`", PAGE))
MODULES = sorted(set(re.findall(r"`([a-z_]+/[a-z_/]+\.py)`", PAGE)))


def test_the_page_names_many_of_both():
    assert len(TESTS) > 50 and len(MODULES) > 15


def test_tests_that_are_named_exist():
    found = {
        (path.name, name)
        for path in (HOME / "tests").rglob("test_*.py")
        for name in re.findall(r"^def (\w+)", path.read_text(), re.M)
    }
    assert not TESTS - found


def test_modules_that_are_named_exist():
    starts = (HOME, HOME / "alerts/suppression")
    assert not [name for name in MODULES if not any((at / name).exists() for at in starts)]
