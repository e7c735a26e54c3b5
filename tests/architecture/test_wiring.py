"""Which room contributes what is in the wiring files and nowhere else."""

import ast
from collections import Counter
from importlib import import_module

from django.conf import settings
from django.template.loader import get_template
from django.urls import reverse

from alerts.incidents.registry import IncidentTab
from alerts.outbox.models import NEED_CHECK, RuleKind
from alerts.outbox.registry import ChangeHandling, RuleHandling
from alerts.sentinel.registry import WorkspaceCommand
from portal.retention import Retention
from portal.rooms import Contribution, Room, rooms_in, wire
from portal.ui.navigation import NavItem
from portal.ui.palette import Finder
from tests.architecture.tree import WINGS, nodes, rooms, sources

FILES = {f"{name.replace('.', '/')}.py" for name in settings.WIRING}
# What has a name has it once, of its kind.
NAMES = {
    NavItem: "url_name",
    Finder: "key",
    IncidentTab: "name",
    ChangeHandling: "kind",
    RuleHandling: "kind",
    WorkspaceCommand: "name",
    Retention: "name",
}


def _kinds():
    """The kinds of contributions, by the name of the class."""
    return {
        node.name: path
        for path in sources(".py")
        if path.parts[0] in WINGS
        for node in nodes(path)
        if isinstance(node, ast.ClassDef)
        and any(isinstance(base, ast.Name) and base.id == "Contribution" for base in node.bases)
    }


def _names_called(path):
    for node in nodes(path):
        if isinstance(node, ast.Call):
            function = node.func
            yield function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")


def test_contributions_are_made_in_the_wiring_files_only():
    kinds = _kinds()
    assert len(kinds) > 20
    elsewhere = [
        f"{path} {name}"
        for path in sources(".py")
        if path.parts[0] in WINGS and path.as_posix() not in FILES
        for name in _names_called(path)
        if name in kinds or (name.startswith("register_") and name != "register_on_missing")
    ]
    assert elsewhere == []


def test_every_kind_is_contributed_and_read():
    read = {
        node.value.id
        for path in sources(".py")
        if path.parts[0] in WINGS
        for node in nodes(path)
        if isinstance(node, ast.Attribute)
        and node.attr == "entries"
        and isinstance(node.value, ast.Name)
    }
    contributed = {name for file in FILES for name in _names_called(file)}
    assert _kinds().keys() - contributed == set(), "no room contributes one"
    assert _kinds().keys() - read == set(), "no room reads it"


def test_wiring_files_list_rooms_that_there_are_each_once():
    listed = [
        f"{module.partition('.')[0]}/{room.name}"
        for module in settings.WIRING
        for room in import_module(module).ROOMS
    ]
    assert len(listed) == len({*listed})
    assert {*listed} <= {path.as_posix() for path in rooms()}


def test_what_has_a_name_is_contributed_once():
    for kind, name in NAMES.items():
        counts = Counter(getattr(entry, name) for entry in kind.entries)
        assert counts and max(counts.values()) == 1, kind


def test_every_kind_of_change_and_rule_that_needs_a_check_has_one():
    checked = {entry.kind for entry in ChangeHandling.entries if entry.check or entry.fresh_check}
    assert checked == {*NEED_CHECK}
    assert {entry.kind for entry in RuleHandling.entries} == {*RuleKind}


def test_addresses_and_templates_of_contributions_are_there():
    assert all(reverse(item.url_name) for item in NavItem.entries)
    assert all(get_template(tab.template) for tab in IncidentTab.entries)


def test_entries_come_in_the_order_of_the_rooms(wired):
    class Kept(Contribution):
        pass

    first, second = Kept(), Kept()
    wire([Room("b", first), Room("a", second)])
    assert Kept.entries == (first, second)


def test_apps_have_a_name_and_no_logic():
    imports = [
        f"{path}:{node.lineno}"
        for path in sources(".py")
        if path.name == "apps.py" and path.as_posix() not in {"portal/apps.py"}
        for node in nodes(path)
        if isinstance(node, ast.If | ast.For | ast.Try | ast.Lambda)
        or (isinstance(node, ast.FunctionDef) and node.name != "ready")
    ]
    assert imports == []
    wire(rooms_in(settings.WIRING))
