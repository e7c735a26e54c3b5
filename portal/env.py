"""Typed readers of the environment. `NAME_FILE` may hold the value of `NAME` (for secrets)."""

import os
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from portal.errors import Misconfigured

TRUE, FALSE = {"1", "true", "yes", "on"}, {"0", "false", "no", "off", ""}


def text(name: str, default: str | None = None) -> str:
    """The value of NAME, or of the file that NAME_FILE names, or the default.

    Raises Misconfigured when there is neither, or when the file cannot be read.
    """
    if (value := os.environ.get(name)) is not None:
        return value
    if file := os.environ.get(f"{name}_FILE"):
        try:
            return Path(file).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise Misconfigured(
                f"{name}_FILE names {file}, which cannot be read ({error.strerror})."
            ) from error
    if default is None:
        raise Misconfigured(f"{name} is not set: set it, or {name}_FILE, in the environment.")
    return default


def flag(name: str, *, default: bool) -> bool:
    """Read yes or no."""
    value = text(name, str(default)).strip().lower()
    if value in TRUE | FALSE:
        return value in TRUE
    raise Misconfigured(f"{name} is {value!r}: use true or false.")


def number(name: str, default: int) -> int:
    """Read a whole number."""
    value = text(name, str(default)).strip()
    try:
        return int(value)
    except ValueError:
        raise Misconfigured(f"{name} is {value!r}: use a whole number.") from None


def words(name: str, default: str = "") -> list[str]:
    """Read a comma-separated list."""
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def choice(name: str, default: str, allowed: tuple[str, ...]) -> str:
    """Read one of a few words."""
    value = text(name, default)
    if value not in allowed:
        raise Misconfigured(f"{name} is {value!r}: use one of {', '.join(allowed)}.")
    return value


def address(name: str, default: str, schemes: tuple[str, ...]) -> SplitResult:
    """Read a URL with one of the given schemes."""
    value = text(name, default)
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError as error:
        raise Misconfigured(f"{name} is not a URL: {error}.") from error
    if parts.scheme not in schemes:
        raise Misconfigured(
            f"{name} must start with one of {', '.join(f'{s}://' for s in schemes)}"
            f" but starts with {parts.scheme or value[:12]!r}."
        )
    return parts
