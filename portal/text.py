"""Text that people write: what of it a reader sees."""

import unicodedata
from typing import Final

# Letters and signs that are drawn as nothing, although their category says otherwise.
_BLANK: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_SELECTORS: Final = (*range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))
_UNSEEN_MARKS: Final = frozenset(map(chr, _SELECTORS)) | _BLANK


def is_invisible(sign: str) -> bool:
    """Return whether a character is drawn as nothing; blanks between words are not asked about."""
    return unicodedata.category(sign) in _UNSEEN or sign in _UNSEEN_MARKS


def visible_text(text: str) -> str:
    """Return the text without what nobody sees, and without blanks around it: "" where it has no
    visible character. Lines and tabs stay.
    """
    if text.isascii() and text.isprintable():
        return text.strip()
    return "".join(sign for sign in text if sign in "\n\r\t" or not is_invisible(sign)).strip()
