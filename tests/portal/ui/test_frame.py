"""The frame shows what a person may use, and stands when a wing's number fails."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import RequestFactory

from portal.accounts.models import Role
from portal.ui import navigation, shell
from portal.ui.context import Shell
from portal.ui.navigation import ALERTS, NavItem, register_nav
from portal.ui.shell import Count, FooterLine, register_shell_fact


@pytest.fixture(autouse=True)
def no_wings(monkeypatch):
    monkeypatch.setattr(navigation, "_items", {})
    monkeypatch.setattr(shell, "_facts", {})


def frame_of(user, path="/ui/", **cookies) -> Shell:
    request = RequestFactory().get(path)
    request.user = user
    request.COOKIES.update(cookies)
    return Shell(request)


def labels(frame: Shell) -> list[str]:
    return [str(link.item.label) for group in frame.groups for link in group.links]


def test_items_that_nobody_has_built_are_absent(sam):
    register_nav(NavItem("Kit", "layers", "ui:gallery"), NavItem("Moon", "moon", "moon:base"))
    assert labels(frame_of(sam)) == ["Kit"]


def test_items_a_role_cannot_use_are_absent(sam):
    register_nav(NavItem("Leads only", "users", "ui:gallery", roles={Role.SOC_LEAD}))
    assert labels(frame_of(sam)) == []


def test_strangers_see_no_items():
    register_nav(NavItem("Kit", "layers", "ui:gallery"))
    assert labels(frame_of(AnonymousUser())) == []


@pytest.mark.django_db
def test_items_stand_in_order_under_their_section_and_the_page_is_marked(sam):
    register_nav(NavItem("Second", "layers", "ui:theme", section=ALERTS, order=2))
    register_nav(NavItem("First", "layers", "ui:gallery", section=ALERTS, order=1, tab="Kit"))
    [group] = frame_of(sam, "/ui/").groups
    assert [(link.item.label, link.current) for link in group.links] == [
        ("First", True),
        ("Second", False),
    ]
    assert [link.item.tab for link in frame_of(sam).tabs] == ["Kit"]


def test_counters_come_from_registered_facts(sam):
    register_nav(NavItem("Kit", "layers", "ui:gallery", counter="kit.new"))
    register_shell_fact("kit.new", lambda request: Count(3, hot=True))
    [link] = frame_of(sam).groups[0].links
    assert link.count == Count(3, hot=True)


def test_a_count_of_nothing_is_not_shown(sam):
    register_nav(NavItem("Kit", "layers", "ui:gallery", counter="kit.new"))
    register_shell_fact("kit.new", lambda request: 0)
    assert frame_of(sam).groups[0].links[0].count is None


def test_a_fact_that_fails_does_not_take_the_page_down(sam, caplog):
    register_shell_fact("sync", lambda request: 1 / 0, place="footer")
    register_shell_fact("size", lambda request: FooterLine("3 workspaces"), place="footer")
    assert [line.text for line in frame_of(sam).footer] == ["3 workspaces"]
    assert "sync" in caplog.text


def test_an_odd_theme_cookie_follows_the_system(sam):
    assert frame_of(sam, tagout_theme="pink").theme == ""
    assert frame_of(sam, tagout_theme="dark").theme == "dark"
