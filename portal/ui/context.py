"""What every template may ask for: theme, frame and the time of the page, all of it lazy."""

from datetime import datetime
from functools import cached_property

from django.http import HttpRequest

from portal import clock
from portal.accounts.models import User
from portal.accounts.queries import roles_of
from portal.accounts.rights import OT_ROLES, SOC_ROLES
from portal.notifications.queries import unread_count
from portal.ui.moments import ReaderClock, reader_clock
from portal.ui.navigation import Link, LinkGroup, address_of, groups_for
from portal.ui.shell import Count, FooterLine, banner_of, count_of, footer_of

ACTING_ROLES = OT_ROLES | SOC_ROLES
THEMES = ("light", "dark")
THEME_COOKIE = "tagout_theme"
SCRIPTS_COOKIE = "tagout_scripts"  # "off" where a browser runs none


class Shell:
    """The frame around one page; nothing is read before a template asks."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request

    @cached_property
    def theme(self) -> str:
        """The theme the person chose, or nothing: then the system's wish holds."""
        chosen = self._request.COOKIES.get(THEME_COOKIE, "")
        return chosen if chosen in THEMES else ""

    @cached_property
    def person(self) -> User | None:
        """Who is signed in."""
        user = getattr(self._request, "user", None)
        return user if isinstance(user, User) else None

    @cached_property
    def has_scripts(self) -> bool:
        """Whether the browser runs scripts, as far as it has shown."""
        return self._request.COOKIES.get(SCRIPTS_COOKIE) != "off"

    @cached_property
    def clock(self) -> ReaderClock:
        """Whose time moments are shown in."""
        return reader_clock()

    @cached_property
    def keys(self) -> str:
        """Whether single letters are shortcuts: on or off."""
        return "on" if self.person is not None and self.person.keys_on else "off"

    @cached_property
    def team(self) -> str:
        """Whose colour the person wears: ot or soc."""
        return "ot" if self.person and roles_of(self.person) & OT_ROLES else "soc"

    @cached_property
    def can_undo(self) -> bool:
        """Whether the person does anything that a toast lets them undo; who only reads does not."""
        return self.person is not None and not roles_of(self.person).isdisjoint(ACTING_ROLES)

    @cached_property
    def groups(self) -> list[LinkGroup]:
        """The rail."""
        return groups_for(self._request)

    @cached_property
    def tabs(self) -> list[Link]:
        """The bottom bar of phones: at most three places besides search and "More"."""
        links = [link for group in self.groups for link in group.links if link.item.tab]
        return links[:3]

    @cached_property
    def goto(self) -> list[Link]:
        """The places that a letter after `g` leads to."""
        return [link for group in self.groups for link in group.links if link.item.key]

    @cached_property
    def footer(self) -> list[FooterLine]:
        """How fresh the data is."""
        return footer_of(self._request)

    @cached_property
    def banner(self) -> list[FooterLine]:
        """Why what is shown may be out of date."""
        return banner_of(self._request)

    @cached_property
    def inbox(self) -> str | None:
        """The address of the inbox, once there is one."""
        return address_of("notifications:inbox")

    @cached_property
    def unread(self) -> Count | None:
        """Messages not read yet."""
        return count_of(_count_unread, self._request)

    @cached_property
    def now(self) -> datetime:
        """The time of this page, for a view that gives no `now` of its own."""
        return clock.now_of(self._request)


def _count_unread(request: HttpRequest) -> int:
    return unread_count(request.user) if isinstance(request.user, User) else 0


def shell(request: HttpRequest) -> dict[str, object]:
    """Context processor: `shell`."""
    return {"shell": Shell(request)}
