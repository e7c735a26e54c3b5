"""The slow way through JSON that the fast parser refuses: record by record, cleaned and flagged."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from typing import Any

from alerts.sentinel.wire.unreadable import NotAPage, Unfit

MAX_DEPTH = 200
NO_JSON = "it is no JSON"
_DIGITS = 18  # what is longer does not fit a 64-bit column and costs quadratic time to parse
_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+"|[{}\[\],"]', re.DOTALL)
_COLON = re.compile(r"\s*+:")
_UNFIT_CHARACTER = re.compile("[\x00\ud800-\udfff]")
_NAME = re.compile(r'"name"\s*+:\s*+"([0-9A-Za-z][0-9A-Za-z_.~-]{0,127})"')


def as_text(body: bytes, oddities: list[str]) -> str:
    """The bytes as text; what is no UTF-8 becomes the replacement character."""
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        oddities.append("json:not_utf8")
        return body.decode("utf-8-sig", "replace")


def parse_one(text: str, oddities: list[str]) -> Any:
    """Parse one record leniently: odd numbers and characters replaced and noted, depth bounded."""
    notes: dict[str, None] = {}
    try:
        parsed = json.loads(
            text,
            strict=False,
            parse_int=lambda digits: _whole(digits, notes),
            parse_float=lambda digits: _fraction(digits, notes),
            parse_constant=lambda _: notes.setdefault("json:not_finite"),
            object_pairs_hook=lambda pairs: _object(pairs, notes),
        )
        cleaned = _clean(parsed, notes, MAX_DEPTH)
    except RecursionError:
        raise Unfit("it is nested too deeply") from None
    except ValueError as error:
        raise error if isinstance(error, Unfit) else Unfit(NO_JSON) from None
    oddities.extend(notes)
    return cleaned


def split_list(text: str, key: str) -> tuple[dict[str, Any], list[str]]:
    """An answer's envelope without its list, and the list's records as text, none of them parsed.

    Works without recursion, so that one record nested a hundred thousand deep costs only itself.
    """
    depth, start, cut, parts = 0, -1, -1, list[str]()
    span: tuple[int, int] | None = None
    expecting = False
    for found in _TOKEN.finditer(text):
        token, at = found.group(), found.start()
        if token == '"':
            raise NotAPage("The answer ends inside a text.")
        first = token[0]
        if first in "{[":
            if expecting and depth == 1 and first == "[":
                start, cut, parts = at, at + 1, []
            depth += 1
        elif first in "}]":
            depth -= 1
            if start >= 0 and depth == 1:
                parts.append(text[cut:at])
                span, start = (start, at + 1), -1
        elif first == ",":
            if start >= 0 and depth == 2:
                parts.append(text[cut:at])
                cut = at + 1
            continue
        expecting = depth == 1 and first == '"' and _is_key(text, found.end(), token, key)
    if depth or span is None:
        raise NotAPage("The answer holds no complete list.")
    return _envelope(text[: span[0]] + "[]" + text[span[1] :]), _without_blank(parts)


def name_in(text: str) -> str | None:
    """The name a record seems to have, for whoever looks at it in quarantine."""
    found = _NAME.search(text)
    return found.group(1).lower() if found else None


def _is_key(text: str, end: int, token: str, key: str) -> bool:
    return token == f'"{key}"' and _COLON.match(text, end) is not None


def _envelope(text: str) -> dict[str, Any]:
    try:
        envelope = parse_one(text, [])
    except Unfit:
        raise NotAPage("The answer is no JSON.") from None
    if not isinstance(envelope, dict):
        raise NotAPage("The answer is no JSON object.")
    return envelope


def _without_blank(parts: list[str]) -> list[str]:
    return [] if len(parts) == 1 and not parts[0].strip() else parts


def _whole(digits: str, notes: dict[str, None]) -> int | str:
    if len(digits) <= _DIGITS:
        return int(digits)
    notes.setdefault("json:huge_number")
    return digits


def _fraction(digits: str, notes: dict[str, None]) -> float | None:
    value = float(digits)
    return value if math.isfinite(value) else notes.setdefault("json:not_finite")


def _object(pairs: list[tuple[str, Any]], notes: dict[str, None]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        notes.setdefault("json:duplicate_key")
    return made


def _clean(value: Any, notes: dict[str, None], depth: int) -> Any:
    if depth == 0:
        raise Unfit("it is nested too deeply")
    if isinstance(value, str):
        return _clean_text(value, notes)
    if isinstance(value, list):
        return [_clean(member, notes, depth - 1) for member in value]
    if isinstance(value, dict):
        return {
            _clean_text(key, notes): _clean(member, notes, depth - 1)
            for key, member in value.items()
        }
    return value


def _clean_text(value: str, notes: dict[str, None]) -> str:
    return _UNFIT_CHARACTER.sub(_replacing(notes), value)


def _replacing(notes: dict[str, None]) -> Callable[[re.Match[str]], str]:
    def replace(found: re.Match[str]) -> str:
        notes.setdefault("json:nul" if found.group() == "\x00" else "json:lone_surrogate")
        return "\N{REPLACEMENT CHARACTER}"

    return replace
