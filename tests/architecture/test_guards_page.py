"""The page of guards names code and tests that exist."""

import re

import pytest

from tests.architecture.tree import HOME

PAGE = (HOME / "docs/guards.md").read_text()
TESTS = sorted(set(re.findall(r"`(test_\w+\.py)::(\w+)`", PAGE)))
MODULES = sorted(set(re.findall(r"`([a-z_]+/[a-z_/]+\.py)`", PAGE)))


def test_the_page_names_many_of_both():
    assert len(TESTS) > 50 and len(MODULES) > 15


@pytest.mark.parametrize(("file", "name"), TESTS)
def test_a_test_that_is_named_exists(file, name):
    files = (HOME / "tests").rglob(file)
    assert any(f"\ndef {name}(" in path.read_text() for path in files)


@pytest.mark.parametrize("module", MODULES)
def test_a_module_that_is_named_exists(module):
    assert any((HOME / start / module).exists() for start in ("", "alerts/suppression"))
