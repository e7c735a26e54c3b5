"""What a list offers: its rows, its filters, its order, its pages. One table feeds the answer,
`fields=`, the refusal of everything else, and the description. The last row defines where the next
page begins, never a number of rows.
"""

import base64
import binascii
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from itertools import repeat
from typing import Any

from django.db.models import F, Q, QuerySet
from django.db.models.expressions import Combinable
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from portal.api.fields import WordField
from portal.api.problems import BadInput
from portal.formats.moments import read_moment

type Read = Callable[[Any], Any]
type Condition = Callable[[Any], Q]

PAGING = ("cursor", "page_size", "fields")


class ListRow(serializers.Serializer[Any]):
    """One row of a list, as it is described. Lists of thousands are not put through it: `rows_of`
    asks the database for the `source` of each field.
    """

    class Meta:
        """`wide` members come only with a single row, or where `fields` names them."""

        wide: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ListColumn:
    """One member of a row. `source` is its column or expression in the database, `read` makes JSON
    of what is there.
    """

    name: str
    source: str | Combinable
    read: Read | None
    wide: bool


@dataclass(frozen=True, slots=True)
class ListFilter:
    """One documented condition. `where` is a lookup for the value, or makes the condition of it;
    `indexed` ones find their rows however few they are, so that no bound on the search is needed.
    """

    name: str
    field: serializers.Field[Any, Any, Any, Any]
    help_text: str
    where: str | Condition
    indexed: bool = False

    def condition(self, value: Any) -> Q:
        """Return the database's condition."""
        return Q(**{self.where: value}) if isinstance(self.where, str) else self.where(value)


@dataclass(frozen=True, slots=True)
class Own:
    """What only one request can say of columns: expressions (of rows that this person may see) and
    converters (names of places), by the column's name; and of filters: conditions by their name.
    """

    sources: Mapping[str, Combinable] = field(default_factory=dict)
    reads: Mapping[str, Read] = field(default_factory=dict)
    conditions: Mapping[str, Condition] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Order:
    """By which column a list runs, the primary key telling equals apart. `field` reads the column
    where its name does not show how (`…_at` are moments, all others texts).
    """

    column: str
    newest_first: bool = True
    field: serializers.Field[Any, Any, Any, Any] | None = None

    @property
    def terms(self) -> tuple[str, ...]:
        """For `order_by`."""
        sign = "-" if self.newest_first else ""
        return (f"{sign}pk",) if self.column == "pk" else (f"{sign}{self.column}", f"{sign}pk")

    def beyond(self, mark: Any, pk: int, *, with_it: bool = False) -> Q:
        """What comes after a mark, written so that an index answers it."""
        way = "lt" if self.newest_first else "gt"
        last = f"{way}e" if with_it else way
        if self.column == "pk":
            return Q(**{f"pk__{last}": pk})
        beside = Q(**{f"{self.column}__{way}": mark}) | Q(**{self.column: mark, f"pk__{last}": pk})
        return beside & Q(**{f"{self.column}__{way}e": mark})

    def before(self, mark: Any, pk: int) -> Q:
        """What comes up to a mark, the mark included."""
        return Order(self.column, newest_first=not self.newest_first).beyond(mark, pk, with_it=True)


@dataclass(frozen=True)
class Listing:
    """A list of rows of one kind. `sources` are the expressions of columns that are no plain path,
    `reads` makes JSON of what is in a column.
    """

    serializer: type[ListRow]
    order: Order
    filters: tuple[ListFilter, ...] = ()
    sources: Mapping[str, Combinable] = field(default_factory=dict)
    reads: Mapping[str, Read] = field(default_factory=dict)

    @cached_property
    def columns(self) -> tuple[ListColumn, ...]:
        """The members of a row, in the order of the serializer."""
        return tuple(self._column(*item) for item in self.serializer().fields.items())

    def _column(self, name: str, field: serializers.Field[Any, Any, Any, Any]) -> ListColumn:
        source = self.sources.get(name) or str(field.source).replace(".", "__")
        read = self.reads.get(name)
        if read is None and isinstance(field, WordField):
            read = field.words.__getitem__
        return ListColumn(name, source, read, wide=name in self.serializer.Meta.wide)

    @property
    def parameters(self) -> frozenset[str]:
        """All query parameters that mean something."""
        return frozenset((*PAGING, *(condition.name for condition in self.filters)))

    def chosen(self, text: str | None, *, whole: bool = False) -> list[ListColumn]:
        """The columns that `fields` names; without it all, wide ones only for a single row."""
        if text is None:
            return [column for column in self.columns if whole or not column.wide]
        by_name = {column.name: column for column in self.columns}
        names = list(dict.fromkeys(text.split(",")))
        if unknown := [name for name in names if name not in by_name]:
            message = f"Unknown field {unknown[0][:60]!r}; possible: {', '.join(by_name)}."
            raise BadInput(message, {"fields": [message]})
        return [by_name[name] for name in names]

    def narrowed(
        self, rows: QuerySet[Any], parameters: Mapping[str, str], own: Own | None = None
    ) -> tuple[QuerySet[Any], bool]:
        """The rows that the filters leave, and whether the search through them must be bounded."""
        bounded, errors = False, {}
        conditions = own.conditions if own else {}
        for filter_ in self.filters:
            if filter_.name not in parameters:
                continue
            try:
                condition = conditions.get(filter_.name, filter_.condition)
                rows = rows.filter(
                    condition(filter_.field.run_validation(parameters[filter_.name]))
                )
            except serializers.ValidationError as wrong:
                errors[filter_.name] = field_reasons(wrong)
            bounded = bounded or not filter_.indexed
        if errors:
            raise BadInput(" ".join(f"{name}: {why[0]}" for name, why in errors.items()), errors)
        return rows, bounded


def rows_of(
    rows: QuerySet[Any],
    columns: Sequence[ListColumn],
    order: Order,
    own: Own | None = None,
) -> tuple[list[dict[str, Any]], Callable[[int], tuple[Any, int]]]:
    """Rows as in JSON, and the mark of each for the cursor. What is the request's own goes before
    the columns.
    """
    own = own or Own()
    names = [column.name for column in columns]
    expressions = _distinct_expressions(
        [own.sources.get(column.name) or column.source for column in columns]
    )
    places = []
    for mark in (order.column, "pk"):
        if mark not in expressions:
            expressions.append(mark)
        places.append(expressions.index(mark))
    at, pk = places
    found = list(rows.values_list(*expressions))
    values: list[Iterable[Any]] = list(zip(*found, strict=True)) if found else []
    for place, column in enumerate(columns):  # by column: a thousand rows cost one call of `map`
        if values and (read := own.reads.get(column.name) or column.read) is not None:
            values[place] = map(read, values[place])
    made: list[dict[str, Any]] = list(map(dict, map(zip, repeat(names), zip(*values, strict=True))))
    return made, lambda nth: (found[nth][at], found[nth][pk])


def field_reasons(error: serializers.ValidationError) -> list[str]:
    """Return the sentences of one field's refusal."""
    return [str(reason) for reason in error.detail]


def _distinct_expressions(sources: Sequence[str | Combinable]) -> list[str | Combinable]:
    """Names as they are, which costs least; one that comes again as an expression, for Django
    would leave it out.
    """
    expressions: list[str | Combinable] = []
    for source in sources:
        expressions.append(
            F(source) if isinstance(source, str) and source in expressions else source
        )
    return expressions


PAGE, MAX_PAGE_SIZE = 100, 1000
SEARCHED = 20_000  # rows looked through for one page where a filter has no fitting index


@dataclass(frozen=True, slots=True)
class ListPage:
    """Rows, and the cursor of the next page where there is one."""

    rows: list[dict[str, Any]]
    following: str | None


def page_of(
    listing: Listing,
    rows: QuerySet[Any],
    parameters: Mapping[str, str],
    own: Own | None = None,
) -> ListPage:
    """One page of a list. With filters that no index answers, a page may hold fewer rows than
    there are: its cursor then leads on from where the search stopped.
    """
    size, order = _size(parameters.get("page_size")), listing.order
    columns = listing.chosen(parameters.get("fields"))
    rows = rows.order_by(*order.terms)
    if "cursor" in parameters:
        rows = rows.filter(order.beyond(*_read_cursor(parameters["cursor"], order)))
    narrowed, bounded = listing.narrowed(rows, parameters, own)
    edge = None
    if bounded:
        column = order.column
        edge = next(iter(rows.values_list(column, "pk")[SEARCHED - 1 : SEARCHED]), None)
        narrowed = narrowed.filter(order.before(*edge)) if edge else narrowed
    found, mark = rows_of(narrowed[: size + 1], columns, order, own)
    if len(found) > size:
        return ListPage(found[:size], _cursor(*mark(size - 1)))
    return ListPage(found, _cursor(*edge) if edge else None)


def _size(text: str | None) -> int:
    if text is None:
        return PAGE
    if not re.fullmatch(r"[0-9]{1,4}", text) or not 1 <= int(text) <= MAX_PAGE_SIZE:
        message = f"page_size is a number between 1 and {MAX_PAGE_SIZE}."
        raise BadInput(message, {"page_size": [message]})
    return int(text)


def _cursor(mark: Any, pk: int) -> str:
    text = mark.isoformat() if isinstance(mark, datetime) else str(mark)
    return base64.urlsafe_b64encode(f"{text}|{pk}".encode()).decode().rstrip("=")


def _read_cursor(text: str, order: Order) -> tuple[Any, int]:
    try:
        padded = text + "=" * (-len(text) % 4)
        decoded = base64.b64decode(padded, altchars=b"-_", validate=True).decode()
        mark, _, pk = decoded.rpartition("|")
        if not re.fullmatch(r"[0-9]{1,18}", pk) or "\x00" in mark:
            raise ValueError(pk)
        return _mark(mark, order), int(pk)
    except (ValueError, binascii.Error, ValidationError):
        message = "This is not a valid cursor. Use “next” of the previous page."
        raise BadInput(message, {"cursor": [message]}) from None


def _mark(text: str, order: Order) -> Any:
    column = order.column
    if order.field is not None:
        return order.field.run_validation(text)
    if column == "pk" or (not column.endswith("_at") and column != "at"):
        return text
    return read_moment(text)
