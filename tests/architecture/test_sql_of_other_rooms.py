"""SQL names only tables of its own room, and of others the views that they offer."""

import ast
import re

import pytest
from django.apps import apps

from tests.architecture.tree import HOME, nodes

ROOMS = {
    config.label: config.path
    for config in apps.get_app_configs()
    if config.name.startswith(("alerts.", "training."))
}


def _tables_by_room():
    return {
        label: {
            model._meta.db_table
            for model in apps.get_app_config(label).get_models(include_auto_created=True)
        }
        for label in ROOMS
    }


def _texts_of(path):
    for node in nodes(path):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value


@pytest.mark.parametrize("room", sorted(ROOMS))
def test_sql_names_no_table_of_another_room(room):
    others = set().union(*(names for label, names in _tables_by_room().items() if label != room))
    foreign = re.compile(rf"\b({'|'.join(sorted(others))})\b")
    found = [
        f"{path.relative_to(HOME)}:{line} names {match.group()}"
        for path in sorted((HOME / ROOMS[room]).rglob("*.py"))
        if "migrations" not in path.parts
        for line, text in _texts_of(path)
        for match in foreign.finditer(text)
    ]
    assert found == []
