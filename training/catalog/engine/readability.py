"""How hard a text is to read: the Flesch-Kincaid grade, with syllables by a rule of thumb."""

import re
from collections.abc import Iterable
from html import unescape

_SKIPPED = re.compile(r"<(table|pre|figure|sup|h[1-6]|svg)\b.*?</\1>", re.DOTALL)
_BLOCK = re.compile(r"</?(?:p|li|ul|ol|blockquote|div|section)\b[^>]*>")
_TAG = re.compile(r"<[^>]+>")
_SENTENCE_END = re.compile(r"(?<=[.?!:])[\"”’)*]*\s+")
_WORD = re.compile(r"[A-Za-zÀ-ÿ'’]+")
_VOWELS = re.compile(r"[aeiouyà-ÿ]+")


def reading_grade(texts: Iterable[str]) -> float:
    """Return the grade (years at an American school) of the prose in pieces of HTML: 0.39 words a
    sentence + 11.8 syllables a word - 15.59 (Kincaid 1975). Tables, code and figures do not count.
    """
    sentences = [words for text in texts for words in _sentences(text)]
    words = [word for sentence in sentences for word in sentence]
    if not words:
        return 0.0
    syllables = sum(_syllables(word) for word in words)
    return 0.39 * len(words) / len(sentences) + 11.8 * syllables / len(words) - 15.59


def _sentences(text: str) -> Iterable[list[str]]:
    for block in _BLOCK.split(_SKIPPED.sub(" ", text)):
        for sentence in _SENTENCE_END.split(unescape(_TAG.sub("", block))):
            if words := _WORD.findall(sentence):
                yield words


def _syllables(word: str) -> int:
    groups = len(_VOWELS.findall(word.lower()))
    is_silent = word.lower().endswith("e") and not word.lower().endswith("le") and groups > 1
    return max(1, groups - is_silent)
