"""Save, change and delete views of the queue. Nothing of it changes an incident."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from alerts.incidents.models import FirstView, SavedView
from alerts.incidents.models.saved_view import MAX_NAME, MAX_QUERY
from alerts.incidents.queue.queries import QueueParams
from alerts.incidents.queue.saved_views import may_change_view, views_for
from portal.accounts.models import User
from portal.audit.services import record
from portal.errors import Refused
from portal.text import visible_text
from portal.ui.words import number

MAX_VIEWS = 20  # of one person, the shared ones counted


@dataclass(frozen=True, slots=True)
class ViewValues:
    """What a person keeps: a name, whom it is for, and the list as its address asks for it."""

    name: str
    is_shared: bool
    params: QueueParams


@transaction.atomic
def save_list(*, values: ViewValues, by: User, now: datetime) -> SavedView:
    """Keep a list under a name."""
    User.objects.lock(by.pk)
    if SavedView.objects.filter(owner=by).count() >= MAX_VIEWS:
        text = _("You keep %(n)s views already. Delete one of them first.")
        raise Refused(text % {"n": number(MAX_VIEWS)})
    view = SavedView(owner=by, made_at=now)
    _take(view, values)
    record("incidents.view.saved", on=view, by=by, at=now, **_facts(view))
    return view


@transaction.atomic
def revise_view(*, pk: int, values: ViewValues, by: User, now: datetime) -> SavedView:
    """Give a view another name, another list, or other readers."""
    view = _locked(pk, by=by)
    before = _facts(view)
    _take(view, values)
    if not view.is_shared:
        FirstView.objects.filter(saved=view).exclude(user=view.owner_id).delete()
    if _facts(view) != before:
        record("incidents.view.changed", on=view, by=by, at=now, before=before, after=_facts(view))
    return view


@transaction.atomic
def delete_view(*, pk: int, by: User, now: datetime) -> str:
    """Delete a view, for everybody; return its name."""
    view = _locked(pk, by=by)
    record("incidents.view.deleted", on=view, by=by, at=now, **_facts(view))
    view.delete()
    return view.name


@transaction.atomic
def open_with(*, view: SavedView | None, by: User) -> None:
    """Open the queue with this view for a person from now on; None: as it comes."""
    if view is None:
        FirstView.objects.filter(user=by).delete()
    else:
        FirstView.objects.update_or_create(user=by, defaults={"saved": view})


def _locked(pk: int, *, by: User) -> SavedView:
    view = views_for(by).select_for_update(no_key=True, of=("self",)).filter(pk=pk).first()
    if view is None:
        raise Refused(_("This view does not exist any more, or it is not shared with you."))
    if not may_change_view(view, by=by):
        raise Refused(_("Only the person who saved it or a lead may change a shared view."))
    return view


def _take(view: SavedView, values: ViewValues) -> None:
    name = " ".join(visible_text(values.name).split())
    if not name or len(name) > MAX_NAME:
        raise Refused(_("A name has between 1 and %(n)s characters.") % {"n": number(MAX_NAME)})
    same = SavedView.objects.filter(owner=view.owner_id, name__iexact=name).exclude(pk=view.pk)
    if same.exists():
        raise Refused(_("There is a view “%(name)s” already.") % {"name": name})
    if len(values.params.query) > MAX_QUERY:
        text = _("The filter of a view has at most %(n)s characters.")
        raise Refused(text % {"n": number(MAX_QUERY)})
    view.name, view.is_shared = name, values.is_shared
    params = values.params
    view.view, view.query, view.columns = params.view, params.query, params.columns
    view.save()


def _facts(view: SavedView) -> dict[str, Any]:
    return {
        "name": view.name,
        "shared": view.is_shared,
        "view": view.view,
        "query": view.query,
        "columns": view.columns,
    }
