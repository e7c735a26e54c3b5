"""Whether a playbook acts on the plant, told by the words of its name, its notes and its steps.

Words mislead in both directions, so people have the last word; where they have none, a playbook
that looks as if it isolated, blocked or disabled something is taken for one that does.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

# Beginnings of words, in English and German. "Contains" and "containers" are no containment.
_STEMS: Final = (
    *("isolat", "quarantin", "block", "disabl", "shut", "stop", "kill", "disconnect", "unplug"),
    *("blackhol", "sinkhol", "firewall", "lockdown", "lockout", "reboot", "restart", "reset"),
    *("containment", "revok", "remediat", "isolier", "sperr", "abschalt", "ausschalt", "trenn"),
    *("deaktivier", "anhalt", "neustart"),
)
_WHOLE: Final = frozenset({"contain", "acl", "ban", "trip", "power", "halt", "deny", "denies"})
_WORD: Final = re.compile(r"[A-ZÄÖÜ]?[a-zäöüß]+|[A-ZÄÖÜ]+(?![a-zäöüß])")
MAX_EVIDENCE: Final = 200  # more than pages show


@dataclass(frozen=True, slots=True)
class Evidence:
    """One word that suggests it: where it stands (name, notes or step), and in which text. The
    place `more` stands for all that are not listed, by how many they are and a digest of them.
    """

    place: str
    word: str
    text: str


def evidence_of(*, name: str, notes: str, steps: Iterable[str]) -> list[Evidence]:
    """Return what suggests that a playbook acts on the plant; empty where nothing does. A mark
    holds while all of it stays the same, so what is too much to list is there as a digest.
    """
    texts = [("name", name), ("notes", notes), *(("step", step) for step in steps)]
    found = [
        Evidence(place, word, text[:120])
        for place, text in texts
        for word in dict.fromkeys(_telling_words(text))
    ]
    if len(found) <= MAX_EVIDENCE:
        return found
    rest = found[MAX_EVIDENCE:]
    digest = hashlib.sha256(repr(rest).encode(errors="replace")).hexdigest()
    return [*found[:MAX_EVIDENCE], Evidence("more", str(len(rest)), digest)]


def _telling_words(text: str) -> Iterator[str]:
    for found in _WORD.finditer(text):
        word = found.group().lower()
        if word in _WHOLE or word.startswith(_STEMS):
            yield word
