"""Sentences with a code, so that English is read here and other languages can be looked up."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from alerts.suppression.engine.wording import NAMING, NOUNS, TEMPLATES


class Sentence(str):
    """A sentence a person can act on. `code` and `detail` stay, for translation and for tests."""

    __slots__ = ("code", "detail")
    code: str
    detail: dict[str, str]

    def __new__(cls, code: str, **detail: object) -> Sentence:
        """The English sentence of this code."""
        said = {name: str(value) for name, value in detail.items()}
        made = super().__new__(cls, TEMPLATES[code].format(**said))
        made.code, made.detail = code, said
        return made

    def spoken(self, translate: Callable[[str], str]) -> str:
        """The same in another language."""
        return words(self, translate)

    def __getnewargs_ex__(self) -> tuple[tuple[str], dict[str, str]]:
        """Copies and pickles are made anew from the code."""
        return (self.code,), self.detail


def words(said: Sentence, translate: Callable[[str], str] = str) -> str:
    """The sentence in another language: `translate` gets the template and the nouns in it; what
    the plant or a person said stays as it is.
    """
    spoken = {
        name: translate(value) if name in NAMING and value in NOUNS else value
        for name, value in said.detail.items()
    }
    return translate(TEMPLATES[said.code]).format(**spoken)


def listed(values: Iterable[object], joined: str = "or") -> str:
    """`A, B or C`, and no more than six of them."""
    texts = [str(value) for value in values]
    if len(texts) > 6:
        texts = [*texts[:5], f"{len(texts) - 5} more"]
        joined = "and"
    if len(texts) < 2:
        return "".join(texts)
    return f"{', '.join(texts[:-1])} {joined} {texts[-1]}"
