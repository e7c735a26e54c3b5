"""Typed readers of the environment. `NAME_FILE` may hold the value of `NAME` (for secrets)."""

import os
import re
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from portal.errors import Misconfigured

TRUE, FALSE = {"1", "true", "yes", "on"}, {"0", "false", "no", "off"}
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")  # of logs
_DIGITS = re.compile(r"[0-9]{1,18}")


def text(name: str, default: str | None = None) -> str:
    """The value of NAME, or of the file that NAME_FILE names, or the default. What is set to
    nothing was not given: a compose file states `NAME=` for what nobody filled in.

    Raises Misconfigured when there is neither, or when the file cannot be read.
    """
    if value := os.environ.get(name):
        return value
    if file := os.environ.get(f"{name}_FILE"):
        return _inside(file, f"{name}_FILE")
    if default is None:
        raise Misconfigured(f"{name} is not set: set it, or {name}_FILE, in the environment.")
    return default


def _inside(file: str, named_by: str) -> str:
    """What the file states. An empty one is a mistake: nobody names a file to say nothing."""
    try:
        value = Path(file).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise Misconfigured(
            f"{named_by} names {file}, which cannot be read ({error.strerror})."
        ) from error
    except UnicodeDecodeError:
        raise Misconfigured(f"{named_by} names {file}, which is not UTF-8 text.") from None
    if not value:
        raise Misconfigured(f"{named_by} names {file}, which is empty.")
    return value


def flag(name: str, *, default: bool) -> bool:
    """Read yes or no."""
    value = text(name, str(default)).strip().lower()
    if value in TRUE | FALSE:
        return value in TRUE
    raise Misconfigured(f"{name} is {value!r}: use true or false.")


def whole_number(name: str, default: int, *, least: int = 0, most: int = 2_147_483_647) -> int:
    """Read a whole number."""
    value = text(name, str(default)).strip()
    if not _DIGITS.fullmatch(value) or not least <= int(value) <= most:
        raise Misconfigured(f"{name} is {value!r}: use a whole number from {least} to {most}.")
    return int(value)


def words(name: str, default: str = "") -> list[str]:
    """Read a comma-separated list."""
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def pairs(name: str, default: str = "") -> dict[str, str]:
    """Read a comma-separated list of key=value."""
    found = {}
    for word in words(name, default):
        key, equals, value = word.partition("=")
        if not equals or not key.strip() or not value.strip():
            raise Misconfigured(
                f"{name} has {word!r}: write each as key=value, with commas between."
            )
        found[key.strip()] = value.strip()
    return found


def numbers(name: str, allowed: tuple[str, ...]) -> dict[str, int]:
    """Read a whole number for some of these words: `first=2,second=3`."""
    found = {}
    for entry in words(name):
        word, _, value = entry.partition("=")
        if word.strip() not in allowed or not _DIGITS.fullmatch(value.strip()):
            raise Misconfigured(
                f"{name} has {entry!r}: use {allowed[0]}=2, with one of {', '.join(allowed)}."
            )
        found[word.strip()] = int(value)
    return found


def choice(name: str, default: str, allowed: tuple[str, ...]) -> str:
    """Read one of a few words, in whatever case it is written."""
    value = text(name, default)
    for word in allowed:
        if value.strip().lower() == word.lower():
            return word
    raise Misconfigured(f"{name} is {value!r}: use one of {', '.join(allowed)}.")


def address(name: str, default: str, schemes: tuple[str, ...]) -> SplitResult:
    """Read a URL with one of the given schemes. Its errors repeat nothing of it but a scheme: it
    may hold a password, and in a badly written URL that is in the wrong place.
    """
    value = text(name, default)
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError:
        raise Misconfigured(
            f"{name} is not a URL: its port is no number, or its user or password holds one of"
            " : / ? # [ ] @, which must be written as %3A, %2F, %3F, %23, %5B, %5D, %40."
        ) from None
    if parts.scheme not in schemes:
        allowed = ", ".join(f"{scheme}://" for scheme in schemes)
        is_scheme = value.lower().startswith(f"{parts.scheme}://")
        found = f" but starts with {parts.scheme!r}" if is_scheme else ""
        raise Misconfigured(f"{name} must start with one of {allowed}{found}.")
    return parts
