"""Sentences that workers write into rows, read in the person's language.

A worker has no reader, so its rows keep English. A room lists the sentences that its workers write,
with a name for each part that differs, and its pages put them through `in_readers_language`:

    SENTENCES = (gettext_noop("The list of %(part)s has more than %(n)s pages."),)

What is in no list stays as it came: it is Azure's own text, or a person's.
"""

import re
from collections.abc import Iterable
from functools import cache

from django.utils.translation import gettext

_NAMES = re.compile(r"%\((\w+)\)s")


def in_readers_language(text: str, sentences: Iterable[str]) -> str:
    """Return the sentence in the active language. A part of it that is a sentence of the list is
    translated too.
    """
    listed = tuple(sentences)
    for sentence in listed:
        if found := _pattern(sentence).fullmatch(text):
            parts = {
                name: in_readers_language(part, listed) for name, part in found.groupdict().items()
            }
            return gettext(sentence) % parts if parts else gettext(sentence)
    return text


@cache
def _pattern(sentence: str) -> re.Pattern[str]:
    pieces = _NAMES.split(sentence)  # words and names by turns
    words, names = map(re.escape, pieces[::2]), [f"(?P<{name}>.+?)" for name in pieces[1::2]]
    woven = "".join(word + name for word, name in zip(words, [*names, ""], strict=True))
    return re.compile(woven, re.DOTALL)
