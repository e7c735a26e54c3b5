"""The frame shows what a person may use, and stands when a wing's number fails."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import RequestFactory

from portal.accounts.models import Role
from portal.ui.context import Shell
from portal.ui.navigation import ALERTS, NavItem
from portal.ui.shell import BannerFact, Count, FooterFact, FooterLine


@pytest.fixture(autouse=True)
def no_wings(wired):
    for kind in (NavItem, FooterFact, BannerFact):
        wired(kind)


def frame_of(user, path="/ui/", **cookies) -> Shell:
    request = RequestFactory().get(path)
    request.user = user
    request.COOKIES.update(cookies)
    return Shell(request)


def labels(frame: Shell) -> list[str]:
    return [str(link.item.label) for group in frame.groups for link in group.links]


def test_items_that_nobody_has_built_are_absent(sam, wired):
    wired(NavItem, NavItem("Kit", "layers", "ui:gallery"), NavItem("Moon", "moon", "moon:base"))
    assert labels(frame_of(sam)) == ["Kit"]


def test_items_a_role_cannot_use_are_absent(sam, wired):
    wired(NavItem, NavItem("Leads only", "users", "ui:gallery", roles={Role.SOC_LEAD}))
    assert labels(frame_of(sam)) == []


def test_an_item_of_a_setting_is_absent_without_it(sam, wired, settings):
    wired(NavItem, NavItem("Mails", "mail", "ui:gallery", setting="MAIL_FOLDER"))
    settings.MAIL_FOLDER = None
    assert labels(frame_of(sam)) == []
    settings.MAIL_FOLDER = "mails"
    assert labels(frame_of(sam)) == ["Mails"]


def test_strangers_see_no_items(wired):
    wired(NavItem, NavItem("Kit", "layers", "ui:gallery"))
    assert labels(frame_of(AnonymousUser())) == []


@pytest.mark.django_db
def test_items_stand_in_order_under_their_section_and_the_page_is_marked(sam, wired):
    wired(
        NavItem,
        NavItem("Second", "layers", "ui:theme", section=ALERTS, order=2),
        NavItem("First", "layers", "ui:gallery", section=ALERTS, order=1, tab="Kit"),
    )
    [group] = frame_of(sam, "/ui/").groups
    assert [(link.item.label, link.current) for link in group.links] == [
        ("First", True),
        ("Second", False),
    ]
    assert [link.item.tab for link in frame_of(sam).tabs] == ["Kit"]


def test_a_counter_is_shown_beside_its_item(sam, wired):
    count = Count(3, hot=True)
    wired(NavItem, NavItem("Kit", "layers", "ui:gallery", counter=lambda request: count))
    [link] = frame_of(sam).groups[0].links
    assert link.count == Count(3, hot=True)


def test_a_count_of_nothing_is_not_shown(sam, wired):
    wired(NavItem, NavItem("Kit", "layers", "ui:gallery", counter=lambda request: 0))
    assert frame_of(sam).groups[0].links[0].count is None


def test_a_fact_that_fails_does_not_take_the_page_down(sam, caplog, wired):
    def sync(request):
        raise ZeroDivisionError

    wired(FooterFact, FooterFact(sync), FooterFact(lambda request: FooterLine("3 workspaces")))
    assert [line.text for line in frame_of(sam).footer] == ["3 workspaces"]
    assert "sync" in caplog.text


def test_an_odd_theme_cookie_follows_the_system(sam):
    assert frame_of(sam, tagout_theme="pink").theme == ""
    assert frame_of(sam, tagout_theme="dark").theme == "dark"
