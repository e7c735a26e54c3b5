"""Squashed migrations replace a whole chain, and every stage of that chain still finds its way."""

from itertools import pairwise

import pytest
from django.db.migrations import loader as django_loader
from django.db.migrations.loader import MigrationLoader

OF_DJANGO = {"auth", "contenttypes"}
MAX_LATER = 12  # of all rooms; each costs a new database up to half a second


class Recorder:
    """Stands for the table of a database in which the migrations `applied` have run."""

    applied = frozenset()

    def __init__(self, connection):
        pass

    def applied_migrations(self):
        return dict.fromkeys(self.applied)


@pytest.fixture
def loader(monkeypatch):
    """A loader that has read all files, and asks the recorder above what was applied."""
    found = MigrationLoader(None, load=False)
    found.load_disk()
    found.connection = object()
    monkeypatch.setattr(found, "load_disk", lambda: None)
    monkeypatch.setattr(django_loader, "MigrationRecorder", Recorder)
    monkeypatch.setattr(Recorder, "applied", frozenset())
    return found


def chain_of(loader):
    """Return the migrations that are no squashed one, in an order in which they can run."""
    files = loader.disk_migrations
    squashed = {name: file for name, file in files.items() if file.replaces}
    replaced = {name for file in squashed.values() for name in file.replaces}
    ends = {name: file.replaces[-1] for name, file in squashed.items()}
    for name in squashed:
        del files[name]
    # What came after the squash names it, and stands after the last file that it replaces.
    named = {name: file.dependencies for name, file in files.items()}
    for file in files.values():
        file.dependencies = [ends.get(tuple(name), name) for name in file.dependencies]
    loader.build_graph()
    order = list(
        dict.fromkeys(
            step for leaf in loader.graph.leaf_nodes() for step in loader.graph.forwards_plan(leaf)
        )
    )
    for name, dependencies in named.items():
        files[name].dependencies = dependencies
    files.update(squashed)
    return order, replaced


def test_a_squashed_migration_replaces_neighbours_and_each_is_replaced_once(loader):
    replaced = [
        name for file in loader.disk_migrations.values() if file.replaces for name in file.replaces
    ]
    assert len(replaced) == len(set(replaced)) > 100
    for file in loader.disk_migrations.values():
        for (_, earlier), (_, later) in pairwise(file.replaces):
            assert int(later[:4]) == int(earlier[:4]) + 1
    for label in {label for label, _ in loader.disk_migrations} - OF_DJANGO:
        numbers = [int(name[:4]) for app, name in loader.disk_migrations if app == label]
        newest = max(numbers)
        assert sorted({*range(1, newest + 1)} - set(numbers)) == []


def test_each_stage_of_the_chain_finds_an_order_and_one_end_a_room(loader):
    order, replaced = chain_of(loader)
    for stage in range(len(order) + 1):
        Recorder.applied = frozenset(order[:stage])
        loader.build_graph()  # raises where the graph has a circle or a gap
        assert loader.detect_conflicts() == {}
        assert loader.check_consistent_history(None) is None
    left = replaced - set(loader.graph.nodes)
    assert left == replaced


def test_a_new_database_runs_no_replaced_migration_and_few_after_the_squashed_ones(loader):
    loader.build_graph()
    replaced = {
        name for file in loader.disk_migrations.values() if file.replaces for name in file.replaces
    }
    assert replaced.isdisjoint(loader.graph.nodes)
    later = [
        name
        for name, file in loader.graph.nodes.items()
        if not (file.initial or file.replaces or name[0] in OF_DJANGO)
    ]
    assert len(later) <= MAX_LATER, "take them into the squashed ones: docs/decisions/0033"
