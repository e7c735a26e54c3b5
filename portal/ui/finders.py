"""What the hall itself lets people find: the pages of the rail, and what they can do anywhere."""

from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from portal.ui.htmx import wants_part
from portal.ui.navigation import address_of, pages_for
from portal.ui.palette import Finder, Found, Result, is_named, register_finder


def register_finders() -> None:
    """Let the search ask for pages and for what can be done anywhere."""
    register_finder(
        Finder("pages", _("Pages"), find_pages, order=20, hint=_("a page by its name")),
        Finder("actions", _("Actions"), find_actions, order=90),
    )


def find_pages(request: HttpRequest, text: str) -> Found:
    """Return the pages whose name has these words; all of them while nothing is typed."""
    pages = [
        Result(str(item.label), url, item.icon, key=f"G {item.key.upper()}" if item.key else "")
        for item, url in pages_for(request)
    ]
    for url_name, label, icon in (
        ("notifications:inbox", gettext("Inbox"), "bell"),
        ("api-tokens", gettext("API tokens"), "key-round"),
        ("change-password", gettext("Change password"), "lock"),
    ):
        if url := address_of(url_name):
            pages.append(Result(label, url, icon))
    return Found([page for page in pages if is_named(page.label, text)])


def find_actions(request: HttpRequest, text: str) -> Found:
    """Return what can be done on every page: theme, shortcuts, sign-out."""
    theme, logout = address_of("ui:theme") or "", address_of("logout") or ""
    acts = [
        Result(gettext("Light theme"), theme, "sun", how="theme", fields={"theme": "light"}),
        Result(gettext("Dark theme"), theme, "moon", how="theme", fields={"theme": "dark"}),
        Result(
            gettext("Theme like the system"), theme, "sun-moon", how="theme", fields={"theme": ""}
        ),
        Result(gettext("Sign out"), logout, "log-out", how="post", fields={"from": "search"}),
    ]
    if wants_part(request):  # the page behind the palette has the list of shortcuts
        shortcuts = gettext("Show all shortcuts")
        acts.insert(0, Result(shortcuts, "shortcuts", "keyboard", key="?", how="show"))
    return Found([act for act in acts if is_named(act.label, text)])
