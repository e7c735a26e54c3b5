"""Whether an analytics rule still has all its members: two views of one rule compared."""

from typing import Any

type Json = dict[str, Any]
READ_ONLY = ("lastModifiedUtc",)  # Azure's own; sent back it would be refused or mean nothing
_EMPTY: tuple[Any, ...] = (None, "", [], {})


def missing_members(expected: Json, found: Json) -> list[str]:
    """Return the members of the properties of a rule that another view of it does not have."""
    return [path for path, _, other in _differences(expected, found) if other in _EMPTY]


def different_members(expected: Json, found: Json) -> list[str]:
    """Return the members whose values differ between two views of a rule, either way."""
    return [path for path, _, _ in _differences(expected, found)]


def _differences(expected: Json, found: Json, prefix: str = "") -> list[tuple[str, Any, Any]]:
    """Paths with both values. What is empty and what is not there are the same."""
    differences: list[tuple[str, Any, Any]] = []
    for member in dict.fromkeys([*expected, *found]):
        value, other = expected.get(member), found.get(member)
        if not prefix and member in READ_ONLY:
            continue
        if isinstance(value, dict) and isinstance(other, dict):
            differences += _differences(value, other, f"{prefix}{member}.")
        elif value != other and not (value in _EMPTY and other in _EMPTY):
            differences.append((f"{prefix}{member}", value, other))
    return differences
