"""Cursor pages: where the next page begins is told by the last row, never by a number of rows."""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from rest_framework.exceptions import ValidationError

from portal.api.listing import Listing, Order, Own, rows_of
from portal.api.problems import BadInput
from portal.moments import read_moment

PAGE, MAX_PAGE_SIZE = 100, 1000
SEARCHED = 20_000  # rows looked through for one page where a filter has no fitting index


@dataclass(frozen=True, slots=True)
class Page:
    """Rows, and the cursor of the next page where there is one."""

    rows: list[dict[str, Any]]
    following: str | None


def page_of(
    listing: Listing,
    rows: QuerySet[Any],
    given: Mapping[str, str],
    own: Own | None = None,
) -> Page:
    """One page of a list. With filters that no index answers, a page may hold fewer rows than
    there are: its cursor then leads on from where the search stopped.
    """
    size, order = _size(given.get("page_size")), listing.order
    columns = listing.chosen(given.get("fields"))
    rows = rows.order_by(*order.terms)
    if "cursor" in given:
        rows = rows.filter(order.beyond(*_read_cursor(given["cursor"], order)))
    wanted, bounded = listing.narrowed(rows, given, own)
    edge = None
    if bounded:
        column = order.column
        edge = next(iter(rows.values_list(column, "pk")[SEARCHED - 1 : SEARCHED]), None)
        wanted = wanted.filter(order.before(*edge)) if edge else wanted
    found, mark = rows_of(wanted[: size + 1], columns, order, own)
    if len(found) > size:
        return Page(found[:size], _cursor(*mark(size - 1)))
    return Page(found, _cursor(*edge) if edge else None)


def _size(text: str | None) -> int:
    if text is None:
        return PAGE
    if not re.fullmatch(r"[0-9]{1,4}", text) or not 1 <= int(text) <= MAX_PAGE_SIZE:
        said = f"page_size is a number between 1 and {MAX_PAGE_SIZE}."
        raise BadInput(said, {"page_size": [said]})
    return int(text)


def _cursor(mark: Any, pk: int) -> str:
    said = mark.isoformat() if isinstance(mark, datetime) else str(mark)
    return base64.urlsafe_b64encode(f"{said}|{pk}".encode()).decode().rstrip("=")


def _read_cursor(text: str, order: Order) -> tuple[Any, int]:
    try:
        padded = text + "=" * (-len(text) % 4)
        said = base64.b64decode(padded, altchars=b"-_", validate=True).decode()
        mark, _, pk = said.rpartition("|")
        if not re.fullmatch(r"[0-9]{1,18}", pk) or "\x00" in mark:
            raise ValueError(pk)
        return _mark(mark, order), int(pk)
    except (ValueError, binascii.Error, ValidationError):
        said = "This cursor is not one of ours. Take it from “next” of the page before."
        raise BadInput(said, {"cursor": [said]}) from None


def _mark(said: str, order: Order) -> Any:
    column = order.column
    if order.field is not None:
        return order.field.run_validation(said)
    if column == "pk" or (not column.endswith("_at") and column != "at"):
        return said
    return read_moment(said)
