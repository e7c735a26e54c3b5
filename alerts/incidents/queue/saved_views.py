"""Views of the queue that people saved, as one reader may use them."""

from dataclasses import dataclass
from urllib.parse import urlencode

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Lower
from django.utils.functional import cached_property

from alerts.incidents.models import FirstView, SavedView
from alerts.incidents.policies import may_lead_views
from alerts.incidents.queue.queries import QueueParams
from portal.accounts.models import User


@dataclass(frozen=True, slots=True)
class ViewOfReader:
    """A saved view as a page lists it."""

    pk: int
    name: str
    view: str
    query: str
    columns: str
    is_shared: bool
    is_own: bool
    is_first: bool  # the queue opens with it
    may_change: bool
    owner: str

    @property
    def href(self) -> str:
        """The address of the list that it opens, all of it spelled out."""
        pairs = {
            "view": self.view,
            "q": self.query,
            "cols": self.columns,
            "saved": str(self.pk),
        }
        return "?" + urlencode({name: value for name, value in pairs.items() if value})

    def shows(self, params: QueueParams) -> bool:
        """Whether an address asks for just this list."""
        asked = (params.view, params.query, params.columns)
        return (self.view, self.query, self.columns) == asked


def views_for(user: User) -> QuerySet[SavedView]:
    """The views that a person may use: their own and those that are shared."""
    return SavedView.objects.filter(Q(owner=user) | Q(is_shared=True))


def may_change_view(view: SavedView, *, by: User) -> bool:
    """Whether a person may rename, change or delete a view that they may use."""
    return view.owner_id == by.pk or (view.is_shared and may_lead_views(by))


class ReadersViews:
    """The saved views of one reader, read once: their own by name, then those of others."""

    def __init__(self, user: User) -> None:
        self._user = user

    @cached_property
    def all(self) -> list[ViewOfReader]:
        """All that the reader may use."""
        first = FirstView.objects.filter(user=self._user, saved=OuterRef("pk"))
        leads = may_lead_views(self._user)
        rows = (
            views_for(self._user)
            .annotate(is_first=Exists(first), by=F("owner__name"))
            .order_by(Lower("name"), "pk")
            .values(
                "pk", "name", "view", "query", "columns", "is_shared", "is_first", "by", "owner_id"
            )
        )
        views = [
            ViewOfReader(
                row["pk"],
                row["name"],
                row["view"],
                row["query"],
                row["columns"],
                row["is_shared"],
                is_own=row["owner_id"] == self._user.pk,
                is_first=row["is_first"],
                may_change=row["owner_id"] == self._user.pk or leads,
                owner=row["by"],
            )
            for row in rows
        ]
        return sorted(views, key=lambda view: not view.is_own)

    @property
    def first(self) -> ViewOfReader | None:
        """The one with which the queue opens."""
        return next((view for view in self.all if view.is_first), None)

    def find(self, pk: int) -> ViewOfReader | None:
        """The view that an address names; None where there is none for this reader."""
        return next((view for view in self.all if view.pk == pk), None) if pk else None
