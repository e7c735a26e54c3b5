"""YAML read with the line and column of every value, and checked against a list of keys."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from datetime import date
from typing import Any

import yaml

from training.catalog.engine.faults import Source

SLUG = re.compile(r"(?!.{51})[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class YamlField:
    """A value of YAML and where it begins; `items` are the fields of a list, `members` those of a
    mapping.
    """

    value: Any
    line: int
    column: int
    items: tuple["YamlField", ...] = ()
    members: Mapping[str, "YamlField"] = dataclass_field(default_factory=dict)


type Check = Callable[[YamlField], str | None]


@dataclass(frozen=True, slots=True)
class Key:
    """A key's check, which returns what is wrong or None, and whether the key must be there."""

    check: Check
    is_required: bool = True


def read_fields(source: Source, text: str, first_line: int) -> dict[str, YamlField] | None:
    """Return the fields of a YAML mapping whose first line is `first_line` of the source; None
    where it is no mapping, which is then a fault.
    """
    loader = yaml.CSafeLoader(text)
    try:
        _check_events(text)
        node = loader.get_single_node()
        if not isinstance(node, yaml.MappingNode):
            source.fault(first_line, 1, "YAML-MAPPING", "Write `key: value` lines here.")
            return None
        return _fields_of(source, loader, node, first_line)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line, mark.column) if mark else (0, 0)
        problem = error.problem or "this cannot be read"
        source.fault(first_line + line, column + 1, "YAML-SYNTAX", f"YAML: {problem}.")
        return None
    except RecursionError:
        source.fault(first_line, 1, "YAML-SYNTAX", "YAML: this is nested too deep.")
        return None
    except (yaml.YAMLError, ValueError) as error:
        flat = " ".join(str(error).split())
        source.fault(first_line, 1, "YAML-SYNTAX", f"YAML: {flat}.")
        return None
    finally:
        loader.dispose()


_UNKEEPABLE = re.compile(r"[\0\ud800-\udfff]")  # no page and no database has these letters


def _check_events(text: str) -> None:
    """Raise the error of an alias, ten lines of which can expand to a million values, and of a
    letter that cannot be kept, which a text can only hold as numbers behind a backslash.
    """
    for event in yaml.parse(text, yaml.CSafeLoader):
        problem = ""
        if isinstance(event, yaml.AliasEvent):
            problem = "write the value out, not *alias"
        elif isinstance(event, yaml.ScalarEvent) and _UNKEEPABLE.search(event.value):
            problem = "this holds a letter that cannot be kept, such as \\0"
        if problem:
            raise yaml.MarkedYAMLError(None, None, problem, event.start_mark)  # type: ignore[arg-type]  # its stubs


def _fields_of(
    source: Source, loader: yaml.CSafeLoader, node: yaml.MappingNode, first_line: int
) -> dict[str, YamlField]:
    fields: dict[str, YamlField] = {}
    for key_node, value_node in node.value:
        name = str(key_node.value)
        line, column = first_line + key_node.start_mark.line, key_node.start_mark.column + 1
        if name in fields:
            source.fault(line, column, "YAML-DUPLICATE", f"`{name}` is given twice.")
            continue
        fields[name] = _field(source, loader, value_node, first_line)
    return fields


def _field(source: Source, loader: yaml.CSafeLoader, node: yaml.Node, first_line: int) -> YamlField:
    line, column = first_line + node.start_mark.line, node.start_mark.column + 1
    items: tuple[YamlField, ...] = ()
    members: Mapping[str, YamlField] = {}
    if isinstance(node, yaml.SequenceNode):
        items = tuple(_field(source, loader, item, first_line) for item in node.value)
    elif isinstance(node, yaml.MappingNode):
        members = _fields_of(source, loader, node, first_line)
    return YamlField(loader.construct_object(node, deep=True), line, column, items, members)


def check_fields(
    source: Source, fields: Mapping[str, YamlField], keys: Mapping[str, Key], first_line: int
) -> bool:
    """Note unknown, missing and wrong keys. Return whether every required one can be used."""
    lines = (first_line, len(source.lines))
    for name in fields.keys() - keys.keys():
        names = ", ".join(keys)
        source.fault_at(lines, f"{name}", "UNKNOWN-KEY", f"`{name}` is not one of: {names}.")
    is_usable = True
    for name, key in keys.items():
        field = fields.get(name)
        if field is None:
            if key.is_required:
                is_usable = False
                source.fault(first_line, 1, "MISSING-KEY", f"`{name}` is missing.")
        elif problem := key.check(field):
            is_usable = is_usable and not key.is_required
            source.fault(field.line, field.column, "WRONG-VALUE", f"`{name}` {problem}")
    return is_usable


def is_text(field: YamlField) -> str | None:
    """Accept text that is not empty."""
    if isinstance(field.value, str) and field.value.strip():
        return None
    return "must be text; put it in quotation marks if it looks like a number."


def is_text_up_to(most: int) -> Check:
    """Return a check for text of at most so many letters."""

    def check(field: YamlField) -> str | None:
        if problem := is_text(field):
            return problem
        return f"has more than {most} letters: shorten it." if len(field.value) > most else None

    return check


def is_slug(field: YamlField) -> str | None:
    """Accept small letters, digits and single hyphens, at most fifty."""
    if isinstance(field.value, str) and SLUG.fullmatch(field.value):
        return None
    return "must be at most 50 small letters, digits and hyphens, such as `low-alert`."


def is_date(field: YamlField) -> str | None:
    """Accept a day, written YYYY-MM-DD."""
    return None if type(field.value) is date else "must be a day, such as 2027-05-01."


def is_flag(field: YamlField) -> str | None:
    """Accept true or false."""
    return None if isinstance(field.value, bool) else "must be true or false."


def is_mapping(field: YamlField) -> str | None:
    """Accept `key: value` lines."""
    return None if isinstance(field.value, dict) else "must hold `key: value` lines."


def is_one_of(values: Sequence[str]) -> Check:
    """Return a check for one of these words."""

    def check(field: YamlField) -> str | None:
        return None if field.value in values else f"must be one of: {', '.join(values)}."

    return check


def is_number(least: float, most: float) -> Check:
    """Return a check for a number from `least` to `most`."""

    def check(field: YamlField) -> str | None:
        value = field.value
        if type(value) in {int, float} and least <= value <= most:
            return None
        return f"must be a number from {least} to {most}."

    return check


def is_list(check_item: Check) -> Check:
    """Return a check for a list whose items pass `check_item`."""

    def check(field: YamlField) -> str | None:
        if not isinstance(field.value, list):
            return "must be a list, such as [a, b]."
        return next((problem for item in field.items if (problem := check_item(item))), None)

    return check
