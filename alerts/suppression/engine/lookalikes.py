"""Text that looks like other text: what a person would sign without seeing what it says."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from alerts.suppression.engine.words import Sentence

_CONFUSED = ("LATIN", "GREEK", "CYRILLIC", "ARMENIAN", "CHEROKEE", "COPTIC", "LISU")
_TWINS = frozenset(
    "АВЕЅІЈКМНОРСТУХѴԚԜаеѕіјорсухѵԁԛԝһӀ"  # Cyrillic letters that are drawn as Latin ones
    "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧανορτυχιγ"  # Greek
    "ՕօսԼոհ"  # Armenian
)
_TOKEN = re.compile(r"[^\W\d_]+")


def reasons_against_text(value: str, *, label: str, least: int) -> list[Sentence]:
    """Why a person could not trust their eyes with this text, or why it says too little."""
    if _has_unseen(value):
        return [Sentence("text.unseen", label=label)]
    if value != " ".join(value.split()) or not value:
        return [Sentence("text.blanks", label=label)]
    if not _is_plain(value) or any(_deceives(token) for token in _TOKEN.findall(value)):
        return [Sentence("text.twin", label=label, value=value)]
    if len(value) < least:
        return [Sentence("text.short", label=label, value=value, least=least)]
    if not any(sign.isalnum() for sign in value):
        return [Sentence("text.nothing", label=label, value=value)]
    return []


_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


@lru_cache(maxsize=16384)
def _has_unseen(value: str) -> bool:
    """Whether some of it is drawn as nothing."""
    return any(unicodedata.category(sign) in _UNSEEN for sign in value)


@lru_cache(maxsize=16384)  # the watch reads the same words of the same rules every 30 seconds
def _is_plain(value: str) -> bool:
    """Composed, and without letters or digits that are another way to draw a plain one."""
    return unicodedata.is_normalized("NFC", value) and all(
        unicodedata.is_normalized("NFKC", sign) for sign in value if sign.isalnum()
    )


@lru_cache(maxsize=16384)
def _deceives(token: str) -> bool:
    """Letters of two scripts in one word, or a foreign word of nothing but Latin's twins."""
    scripts = {
        script
        for sign in token
        if (script := unicodedata.name(sign, "").split(" ", 1)[0]) in _CONFUSED
    }
    if len(scripts) > 1:
        return True
    return bool(scripts) and scripts != {"LATIN"} and all(sign in _TWINS for sign in token)
