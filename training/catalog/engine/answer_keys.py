"""The right answers that stand behind `=`: a number, words, or frames of a capture."""

import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation

from training.catalog.engine.content import QuestionType

_FRAME = re.compile(r"frame (\d+)")


def read_number(text: str) -> Decimal:
    """Return the number that a person wrote: 502, 0x29, 1,5 or 1.5. Raises ValueError."""
    flat = text.strip().replace(" ", "").replace("\N{NO-BREAK SPACE}", "")
    try:
        if flat.lower().startswith("0x"):
            return Decimal(int(flat, 16))
        number = Decimal(flat.replace(",", "."))
    except (ValueError, InvalidOperation):
        raise ValueError(f"“{text}” is not a number.") from None
    if not number.is_finite():
        raise ValueError(f"“{text}” is not a number.")
    return number


def _numeric_key(text: str) -> tuple[tuple[str, ...], str]:
    value, _, tolerance = text.partition("+-")
    return (str(read_number(value)),), str(read_number(tolerance or "0"))


def _short_key(text: str) -> tuple[tuple[str, ...], str]:
    words = tuple(" ".join(part.split()) for part in text.replace("`", "").split("|"))
    if not all(words):
        raise ValueError("An accepted answer is empty.")
    return words, "0"


def _packet_key(text: str) -> tuple[tuple[str, ...], str]:
    found = [_FRAME.fullmatch(part.strip()) for part in text.split("|")]
    numbers = tuple(each[1].lstrip("0") for each in found if each)
    if len(numbers) != len(found) or not all(numbers):
        raise ValueError("Write the frame as `frame 17`; several as `frame 17 | frame 18`.")
    return numbers, "0"


READ_KEY: dict[QuestionType, Callable[[str], tuple[tuple[str, ...], str]]] = {
    QuestionType.NUMERIC: _numeric_key,
    QuestionType.SHORT: _short_key,
    QuestionType.PACKET: _packet_key,
}
