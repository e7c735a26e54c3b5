"""A rule as an editor's form and back: every change a person makes, and nothing refused yet.

Each line has a prefix: `all-0-field`, `all-0-operator`, `all-0-value` (one for each value that
stays), `all-0-add` (one more). `all` are conditions, `not` exceptions. `do` names the button.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any, Final

from django.forms import CharField, Form, UUIDField
from django.http import QueryDict

from alerts.rules.compile_sentinel import undirected
from alerts.rules.fields import FIELDS, IDENTITIES, NO_VALUE, FieldKind, Operator
from alerts.rules.rule import (
    ACTIONS,
    MAX_CLAUSES,
    VERSION,
    Clause,
    NotARule,
    as_json,
    from_json,
    instant,
)
from alerts.rules.windows import DAYS

type Body = dict[str, Any]

MEMBERS: Final = {"all": "all_of", "not": "except_any"}
FOR_SENTINEL: Final = "for-sentinel"  # the button that rewrites the rule for Sentinel
_TEXTS: Final = ("title", "reason", "owner_ot", "owner_soc", "enforcement")
_PLACE: Final = re.compile(r"(all|not)-([0-9]{1,2})-field")
_NUMBERS: Final = {FieldKind.PORT, FieldKind.COUNT}
_EQUAL: Final = {Operator.IS, Operator.IS_ONE_OF}
_FIRST: Final = (Operator.IS, Operator.WITHIN, Operator.AT_MOST)


def empty_body() -> Body:
    """Return a rule that is still empty."""
    return {
        "version": VERSION,
        "title": "",
        "reason": "",
        "evidence": [],
        "owner_ot": "",
        "owner_soc": "",
        "all_of": [],
        "except_any": [],
        "actions": list(ACTIONS),
        "enforcement": "tagout",
        "expires_at": None,
    }


def body_from(data: QueryDict, stored: Body, *, zone: tzinfo) -> Body:
    """Return what the form shows, over what was stored. `zone`: on whose clock the rule ends."""
    body = empty_body() | stored
    body |= {name: " ".join(data.get(name, "").split()) for name in _TEXTS if name in data}
    if "expires" in data:
        body["expires_at"] = _end_of(data.get("expires", ""), zone) or stored.get("expires_at")
    if "evidence-shown" in data:
        body["evidence"] = sorted({text for text in data.getlist("evidence") if text})
    for prefix, member in MEMBERS.items():
        if f"{prefix}-shown" in data:
            body[member] = _apply_button(data, prefix, list(_lines(data, prefix)))
    if excluded := data.get("exclude", ""):
        body["except_any"] = _add_exclusion(body["except_any"], excluded)
    return _for_sentinel(body) if data.get("do") == FOR_SENTINEL else body


def remaining_places(data: QueryDict, prefix: str) -> list[str]:
    """Return the old places of the lines that are kept, in their new order: `all-0`, `all-2`."""
    pressed = data.get("do", "")
    places = (f"{prefix}-{place}" for place, _line in _lines(data, prefix))
    return [place for place in places if pressed != f"drop-{place}"]


def window_parts(data: QueryDict, at: str) -> tuple[tuple[str, ...], str, str, str]:
    """Return days, beginning, end and zone of the window that is being entered."""
    days = tuple(day for day in data.getlist(f"{at}-day") if day in DAYS)
    return days, data.get(f"{at}-from", ""), data.get(f"{at}-to", ""), data.get(f"{at}-zone", "")


def operator_for(field: str) -> Operator:
    """Return the operator a new line begins with."""
    allowed = FIELDS[field].operators
    return next(operator for operator in _FIRST if operator in allowed)


def clause_body(field: str, *values: str | int) -> Body:
    """Return a line about a field, as a body spells it."""
    operator = operator_for(field)
    if operator is Operator.IS and len(values) > 1:
        operator = Operator.IS_ONE_OF
    return Clause(field, str(operator), values).as_json()


def _lines(data: QueryDict, prefix: str) -> Iterator[tuple[int, Body]]:
    places = sorted(
        int(found[2]) for name in data if (found := _PLACE.fullmatch(name)) and found[1] == prefix
    )
    for place in places[: MAX_CLAUSES + 1]:
        yield place, _line(data, f"{prefix}-{place}")


def _line(data: QueryDict, at: str) -> Body:
    name, was = data.get(f"{at}-field", ""), data.get(f"{at}-was", "")
    operator = data.get(f"{at}-operator", "")
    field = FIELDS.get(name)
    if field is None:
        return {"field": name, "operator": operator, "values": []}
    if was and was != name and not _names_alike(was, name):  # its values mean nothing any more
        return {"field": name, "operator": str(operator_for(name)), "values": []}
    values = [*data.getlist(f"{at}-value"), *_new_values(data, at, field.kind)]
    texts = list(dict.fromkeys(text for value in values if (text := value.strip())))
    if field.or_none and NO_VALUE in data.getlist(f"{at}-value"):
        texts.append(NO_VALUE)
    if operator == Operator.IS and len(texts) > 1 and Operator.IS_ONE_OF in field.operators:
        operator = str(Operator.IS_ONE_OF)
    read = [_number(text) for text in texts] if field.kind in _NUMBERS else texts
    return {"field": name, "operator": operator, "values": read}


def _names_alike(was: str, name: str) -> bool:
    """Return whether values of one field are values of the other: devices, or addresses."""
    both = {was, name}
    return both <= IDENTITIES - {"sensor"} and FIELDS[was].kind is FIELDS[name].kind


def _for_sentinel(body: Body) -> Body:
    try:
        return as_json(undirected(from_json(body)))
    except NotARule:
        return body


def _new_values(data: QueryDict, at: str, kind: FieldKind) -> Iterable[str]:
    if kind is not FieldKind.TIME:
        return [data.get(f"{at}-add", "")]
    days, begins, ends, zone = window_parts(data, at)
    if not (begins and ends and zone):
        return []
    ends = "24:00" if ends == "00:00" else ends
    return [f"{day} {begins}-{ends} {zone}" for day in days]


def _number(text: str) -> str | int:
    """A number where it is one; the engine says what is wrong with anything else."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else text


def _apply_button(data: QueryDict, prefix: str, lines: list[tuple[int, Body]]) -> list[Body]:
    """The lines after the button that was pressed."""
    pressed = data.get("do", "")
    remaining = [body for place, body in lines if pressed != f"drop-{prefix}-{place}"]
    name = data.get(f"{prefix}-new", "")
    if pressed == f"add-{prefix}" and name in FIELDS and len(remaining) <= MAX_CLAUSES:
        remaining.append(clause_body(name))
    return remaining


def _add_exclusion(exceptions: list[Body], text: str) -> list[Body]:
    """One more exception; values of a field that has one already join it."""
    name, mark, value = text.partition("|")
    if not mark or name not in FIELDS or not value:
        return exceptions
    item = _number(value) if FIELDS[name].kind in _NUMBERS else value
    for place, clause in enumerate(exceptions):
        if clause["field"] == name and clause["operator"] in _EQUAL:
            joined = clause_body(name, *clause["values"], item)
            return [*exceptions[:place], joined, *exceptions[place + 1 :]]
    return [*exceptions, clause_body(name, item)]


def _end_of(text: str, zone: tzinfo) -> str | None:
    """The last moment of a day on the plant's clock."""
    try:
        day = date.fromisoformat(text)
        midnight = datetime.combine(day, time(), tzinfo=zone) + timedelta(days=1)
        return instant(midnight.astimezone(UTC) - timedelta(seconds=1))
    except (ValueError, OverflowError):  # no day, or one at the ends of the calendar
        return None


def end_day(body: Mapping[str, Any], zone: tzinfo) -> str:
    """Return the day on which a rule ends, as a date field takes it."""
    try:
        ends = datetime.fromisoformat(str(body.get("expires_at")))
        return ends.astimezone(zone).date().isoformat()
    except (ValueError, OverflowError):
        return ""


type HalfWindows = Mapping[str, HalfWindow]


@dataclass(frozen=True, slots=True)
class HalfWindow:
    """What has been entered of a window so far."""

    days: tuple[str, ...] = ()
    begins: str = ""
    ends: str = ""
    zone: str = ""


def half_windows(data: QueryDict) -> HalfWindows:
    """Return the windows that are not complete, by the place of their line after this save."""
    found = {}
    for prefix in MEMBERS:
        for place, at in enumerate(remaining_places(data, prefix)):
            days, begins, ends, zone = window_parts(data, at)
            is_whole = bool(days and begins and ends and zone)
            if (days or begins or ends) and not is_whole:
                found[f"{prefix}-{place}"] = HalfWindow(days, begins, ends, zone)
    return found


class BacklogForm(Form):
    """What the person saw before they closed what a rule covers; its id makes it one act."""

    fingerprint = CharField(max_length=32)
    act = UUIDField(required=False)
