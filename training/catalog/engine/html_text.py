"""Clean HTML of lessons as plain words, for lists and files."""

import re
from html import unescape

_NOTE = re.compile(r'<sup class="footnote-ref">.*?</sup>')
_INLINE = re.compile(r"</?(?:a|b|code|em|i|span|strong|sub|sup)\b[^>]*>")
_TAG = re.compile(r"<[^>]*>")


def html_text(html: str) -> str:
    """Return the words of clean HTML on one line, without references to sources."""
    plain = _TAG.sub(" ", _INLINE.sub("", _NOTE.sub("", html)))
    return " ".join(unescape(plain).split())
