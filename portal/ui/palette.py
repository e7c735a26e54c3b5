"""The search over everything that a person may open, and the acts they may do now.

The hall depends on no wing. Rooms contribute finders in the wiring files. A finder returns at most
MAX_RESULTS results that this person may open. The text is empty when the palette opens: then it
returns what can be done now, or nothing.
"""

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from django.http import HttpRequest
from django.utils.translation import gettext

from portal.accounts.models import Role
from portal.rooms import Contribution
from portal.ui.navigation import Words, address_of, may_use, pages_for
from portal.ui.responses import is_part_request

logger = logging.getLogger(__name__)

MAX_RESULTS = 6  # of one finder
MAX_TEXT = 200

type How = Literal["open", "dialog", "send", "post", "theme", "show"]


@dataclass(frozen=True, slots=True)
class Result:
    """One thing to choose. `how` is what choosing it does:

    open: go to `url`; dialog: show the form at `url` in place; send: post `fields` to `url` and
    stay; post: post the one field to `url` and go where that leads; theme: as post, and scripts do
    it at once; show: open the dialog of the page whose id is `url`.
    """

    label: str
    url: str
    icon: str
    detail: str = ""
    key: str = ""  # the shortcut that does the same
    how: How = "open"
    fields: Mapping[str, object] = field(default_factory=dict)
    is_exact: bool = False  # the text names this and nothing else

    @property
    def field(self) -> tuple[str, object]:
        """The name and value of the one field that is posted."""
        return next(iter(self.fields.items()), ("", ""))


@dataclass(frozen=True, slots=True)
class FinderResult:
    """What one finder found; `notes` list what of the text meant nothing to it."""

    results: Sequence[Result] = ()
    notes: Sequence[str] = ()
    heading: Words = ""  # instead of the finder's own


type Find = Callable[[HttpRequest, str], FinderResult]


@dataclass(frozen=True, slots=True)
class Finder(Contribution):
    """One kind of things to find, and who may find them."""

    key: str
    heading: Words
    find: Find
    order: int = 50
    roles: Collection[Role] | None = None  # None: everybody who is signed in
    hint: Words = ""  # what to type, for who found nothing: "a rule such as R-12"


@dataclass(frozen=True, slots=True)
class ResultGroup:
    """The results under one heading."""

    key: str
    heading: Words
    results: Sequence[Result]


@dataclass(frozen=True, slots=True)
class SearchResults:
    """Everything that a text found, group by group."""

    text: str
    groups: Sequence[ResultGroup]
    notes: Sequence[str]
    is_complete: bool  # False: a finder failed, there may be more
    hints: Sequence[Words] = ()

    @property
    def count(self) -> int:
        """How many results there are."""
        return sum(len(group.results) for group in self.groups)

    @property
    def exact(self) -> Result | None:
        """The one result that the text names exactly."""
        named = [result for group in self.groups for result in group.results if result.is_exact]
        return named[0] if len(named) == 1 else None


def find_everything(request: HttpRequest, text: str) -> SearchResults:
    """Ask every finder that the person may use; what the text names exactly comes first."""
    groups: list[ResultGroup] = []
    notes: list[str] = []
    is_complete = True
    finders = [candidate for candidate in Finder.entries if may_use(request, candidate.roles)]
    finders.sort(key=lambda finder: finder.order)
    for finder in finders:
        try:
            found = finder.find(request, text)
        except Exception:  # the others are still worth showing
            logger.exception("The finder %s failed.", finder.key)
            is_complete = False
            continue
        notes += found.notes
        if found.results:
            heading = found.heading or finder.heading
            groups.append(ResultGroup(finder.key, heading, found.results))
    groups.sort(key=lambda group: not any(result.is_exact for result in group.results))
    hints = [finder.hint for finder in finders if finder.hint]
    return SearchResults(text, groups, list(dict.fromkeys(notes)), is_complete, hints)


def is_named(label: Words, text: str) -> bool:
    """Whether each word of the text begins a word of the label."""
    words = str(label).casefold().replace("…", "").split()
    return all(any(word.startswith(part) for word in words) for part in text.casefold().split())


def find_pages(request: HttpRequest, text: str) -> FinderResult:
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
    return FinderResult([page for page in pages if is_named(page.label, text)])


def find_actions(request: HttpRequest, text: str) -> FinderResult:
    """Return what can be done on every page: theme, shortcuts, sign-out."""
    theme, logout = address_of("ui:theme") or "", address_of("logout") or ""
    acts = [
        Result(gettext("Light theme"), theme, "sun", how="theme", fields={"theme": "light"}),
        Result(gettext("Dark theme"), theme, "moon", how="theme", fields={"theme": "dark"}),
        Result(
            gettext("Theme of the system"), theme, "sun-moon", how="theme", fields={"theme": ""}
        ),
        Result(gettext("Sign out"), logout, "log-out", how="post", fields={"from": "search"}),
    ]
    if is_part_request(request):  # the page behind the palette has the list of shortcuts
        shortcuts = gettext("Show all shortcuts")
        acts.insert(0, Result(shortcuts, "shortcuts", "keyboard", key="?", how="show"))
    return FinderResult([act for act in acts if is_named(act.label, text)])
