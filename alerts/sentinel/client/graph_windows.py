"""How a list of Graph is read to its end: by windows of time, ascending, never by $skip.

A window that is full goes on at the greatest time that was seen; where more incidents than a page
holds share one instant, the link to the next page is followed. Large $skip stops yielding pages.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import parse_qs, urlencode

from alerts.sentinel.client.errors import ForeignHost
from alerts.sentinel.client.port import ListBy
from alerts.sentinel.wire.graph.incidents import GraphIncident, GraphPage
from alerts.sentinel.wire.values import ticks_of

MAX_TOP: Final = 50  # Graph refuses more
_OURS: Final = "graph-window:"
_MEMBERS: Final = {ListBy.MODIFIED: "lastUpdateDateTime", ListBy.CREATED: "createdDateTime"}


@dataclass(frozen=True, slots=True)
class GraphWindow:
    """A stretch of one of the times, each bound as text, because Graph counts in ticks; `link`
    is set inside an instant that is longer than a page.
    """

    by: ListBy
    since: str = ""
    until: str = ""
    top: int = MAX_TOP
    link: str = ""

    @property
    def member(self) -> str:
        """Return Graph's name of the time."""
        return _MEMBERS[self.by]

    def options(self, *, ordered: bool, expand: bool) -> dict[str, str]:
        """Return the options of the query for its first page."""
        bounds = (("ge", self.since), ("lt", self.until))
        conditions = [f"{self.member} {word} {text}" for word, text in bounds if text]
        found = {"top": str(self.top)}
        if conditions:
            found["filter"] = " and ".join(conditions)
        if ordered:
            found["orderby"] = f"{self.member} asc"
        if expand:
            found["expand"] = "alerts"
        return found

    def as_link(self) -> str:
        """Return it as the link to a next page."""
        members = {"by": self.by.value, "since": self.since, "until": self.until}
        return _OURS + urlencode(members | {"top": str(self.top), "link": self.link})

    @classmethod
    def from_link(cls, link: str) -> GraphWindow:
        """Read such a link; ForeignHost for one that is none of ours."""
        if not link.startswith(_OURS):
            raise ForeignHost("The next page is said to be elsewhere; it was not asked.")
        found = parse_qs(link.removeprefix(_OURS), keep_blank_values=True)
        by, since, until, top, link = (
            found[name][0] for name in ("by", "since", "until", "top", "link")
        )
        return cls(ListBy(by), since, until, int(top), link)

    def after(self, page: GraphPage) -> GraphWindow | None:
        """Return where the list goes on after this page; None where it ends."""
        if page.next_link is None and len(page) < self.top:
            return None
        latest = latest_text(page.incidents, self.member)
        if latest and (ticks_of(latest) or 0) > (ticks_of(self.since) or 0):
            return replace(self, since=latest, link="")
        return replace(self, link=page.next_link) if page.next_link else None


def latest_text(incidents: Sequence[GraphIncident], member: str) -> str:
    """The greatest time among these incidents, as it came; empty where none has one."""
    texts = [text for row in incidents if isinstance(text := row.raw.get(member), str)]
    return max(texts, key=lambda text: ticks_of(text) or 0, default="")


def incidents_in_order(incidents: Sequence[GraphIncident], member: str) -> list[GraphIncident]:
    """These incidents by this time, oldest first."""
    return sorted(incidents, key=lambda row: ticks_of(row.raw.get(member)) or 0)
