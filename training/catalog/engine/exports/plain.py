"""Texts of questions without what only Tagout's pages know."""

import re
from collections.abc import Iterator

from training.catalog.engine.content import Lesson, Module, Question

_NOTE = re.compile(r"\[\^[^\]\s]+\]")
_NOTE_HTML = re.compile(r'<sup class="footnote-ref">.*?</sup>')
_SPAN = re.compile(r"</?span[^>]*>")


def plain_text(markdown: str) -> str:
    """Return Markdown without references to sources, which stand in the lesson."""
    return _NOTE.sub("", markdown).strip()


def plain_html(html: str) -> str:
    """Return HTML without references to sources and without marks for our style sheet."""
    return _SPAN.sub("", _NOTE_HTML.sub("", html)).strip()


def all_questions(modules: tuple[Module, ...]) -> Iterator[tuple[Module, Lesson, Question]]:
    """Yield every question with where it stands."""
    for module in modules:
        for lesson in module.lessons:
            for question in lesson.questions:
                yield module, lesson, question


def name_of(module: Module, lesson: Lesson, question: Question) -> str:
    """Return the identity of a question, `module/lesson#id`."""
    return f"{module.id}/{lesson.id}#{question.id}"
