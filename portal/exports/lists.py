"""The lists that can be exported: every list of the API, as the person would get it there."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.urls import get_resolver
from rest_framework import serializers

from portal.accounts.models import User
from portal.api.listing import MAX_PAGE_SIZE, PAGING, page_of
from portal.api.problems import BadInput
from portal.api.views import Resource, resources_with_lists
from portal.exports.engine.formats import ExportColumn, Kind

_KINDS: tuple[tuple[type[Any], Kind], ...] = (
    (serializers.BooleanField, "boolean"),
    (serializers.IntegerField, "integer"),
    (serializers.FloatField, "number"),
    (serializers.DateTimeField, "moment"),
)
NOT_EXPORTED = frozenset({"exports"})  # what one asked for is no data


def names_of_lists() -> list[str]:
    """Return the names by which lists are asked for."""
    return sorted(_resources())


def titles_of_lists() -> dict[str, str]:
    """Return the names with what pages call each list, in the order of the titles."""
    titles = {name: str(view.title) for name, view in _resources().items()}
    return dict(sorted(titles.items(), key=lambda pair: pair[1].casefold()))


def list_for(name: str, *, user: User, now: datetime) -> Resource:
    """Return the list as the person sees it; BadInput where there is none of the name."""
    view = _resources().get(name)
    if view is None:
        message = f"There is no such list; possible: {', '.join(names_of_lists())}."
        raise BadInput(message, {"list": [message]})
    return view.for_person(user, now=now)


def check_request(
    resource: Resource, *, filters: Mapping[str, str], columns: Sequence[str]
) -> None:
    """Raise BadInput where a filter or a column is none of the list."""
    possible = resource.listing.parameters - {*PAGING}
    if unknown := sorted(set(filters) - possible):
        message = f"Unknown filter {unknown[0][:60]!r}; possible: {', '.join(sorted(possible))}."
        raise BadInput(message, {"filters": [message]})
    resource.listing.narrowed(resource.rows(), filters, resource.own())
    resource.listing.chosen(",".join(columns) if columns else None)


def file_columns(resource: Resource, columns: Sequence[str]) -> list[ExportColumn]:
    """Return the columns of the file, each with the kind of its values."""
    fields = resource.listing.serializer().fields
    chosen = resource.listing.chosen(",".join(columns) if columns else None)
    return [ExportColumn(column.name, _kind(fields[column.name])) for column in chosen]


def pages_of(
    resource: Resource, *, filters: Mapping[str, str], columns: Sequence[str]
) -> Iterator[list[dict[str, Any]]]:
    """Yield the rows that the list would answer with, page by page."""
    parameters = {**filters, "page_size": str(MAX_PAGE_SIZE)}
    if columns:
        parameters["fields"] = ",".join(columns)
    while True:
        page = page_of(resource.listing, resource.rows(), parameters, resource.own())
        yield page.rows
        if page.following is None:
            return
        parameters["cursor"] = page.following


def _resources() -> dict[str, type[Resource]]:
    _ = get_resolver().url_patterns  # a worker has not read the addresses yet
    return {
        tag.replace(" ", "-"): view
        for tag, view in resources_with_lists().items()
        if tag not in NOT_EXPORTED
    }


def _kind(field: serializers.Field[Any, Any, Any, Any]) -> Kind:
    return next((kind for cls, kind in _KINDS if isinstance(field, cls)), "text")
