"""`python -m tools.curriculum` writes docs/curriculum.md: what each lesson holds, its grade (the
Flesch-Kincaid grade, with syllables by a rule of thumb), and where alerts are taught.
"""

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from html import unescape
from pathlib import Path

from alerts.incidents.engine.catalogue import AlertType
from training.catalog.engine.content import LessonContent, ModuleContent
from training.catalog.engine.reviews import TypeReview

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


_INTRODUCTION = """# Curriculum

Written by `python -m tools.curriculum` from `training/content`; a test compares the two. The
reading grade is Flesch-Kincaid of the prose, with syllables counted by a rule of thumb. A source is
a footnote.
"""
_ALERT_TYPES = """## Where each type of alert is taught

Every type that Defender for IoT documents has an engine, a review and a lesson. The techniques are
the reviewed ones, in the ids of ATT&CK for ICS {version}; why, and where the vendor says something
else, stands in `training/content/alert_type_reviews.yaml`. A dash: the alert names no act.
"""


def lessons_by_alert_type(
    modules: Iterable[ModuleContent],
) -> dict[str, list[tuple[ModuleContent, LessonContent]]]:
    """Return the lessons that teach each title, in the order of the curriculum."""
    lessons: dict[str, list[tuple[ModuleContent, LessonContent]]] = {}
    for module in modules:
        for lesson in module.lessons:
            for title in lesson.alert_types:
                lessons.setdefault(title, []).append((module, lesson))
    return lessons


def curriculum_overview(
    modules: Sequence[ModuleContent],
    alert_types: Sequence[AlertType],
    reviews: Mapping[str, TypeReview],
    attack_version: str,
) -> str:
    """Return the page, with links from `docs/` to the lessons' files. `reviews` are by title."""
    lessons = [lesson for module in modules for lesson in module.lessons]
    figures = {
        "modules": len(modules),
        "lessons": len(lessons),
        "questions": sum(len(lesson.questions) for lesson in lessons),
        "cards": sum(len(module.cards) for module in modules),
        "minutes of reading": sum(lesson.minutes for lesson in lessons),
    }
    parts = [_INTRODUCTION, ", ".join(f"{n} {name}" for name, n in figures.items()) + ".\n"]
    parts += [_module_table(module) for module in modules]
    parts.append(_ALERT_TYPES.format(version=attack_version))
    taught_in = lessons_by_alert_type(modules)
    engines = dict.fromkeys(alert_type.engine for alert_type in alert_types)
    for engine in engines:
        types = [alert_type for alert_type in alert_types if alert_type.engine == engine]
        parts.append(_engine_table(engine, types, reviews, taught_in))
    return "\n".join(parts)


def _module_table(module: ModuleContent) -> str:
    rows = [
        f"## {module.order}. {module.title}\n",
        "| Lesson | Sources | Figures | Exercises | Minutes | Grade |",
        "|---|--:|--:|---|--:|--:|",
    ]
    for lesson in module.lessons:
        texts = [block.html for block in lesson.blocks]
        drawings = sum(text.count('<figure class="figure">') for text in texts)
        kinds = ", ".join(dict.fromkeys(question.type.value for question in lesson.questions))
        cells = (
            f"[{lesson.number}. {lesson.title}]({_address(module, lesson)})",
            str(len(lesson.sources)),
            str(drawings),
            kinds,
            str(lesson.minutes),
            str(round(reading_grade(texts))),
        )
        rows.append("| " + " | ".join(cells) + " |")
    return "\n".join(rows) + "\n"


def _engine_table(
    engine: str,
    alert_types: Sequence[AlertType],
    reviews: Mapping[str, TypeReview],
    taught_in: dict[str, list[tuple[ModuleContent, LessonContent]]],
) -> str:
    rows = [
        f"### {engine} ({len(alert_types)})\n",
        "| Title | Techniques | Lessons |",
        "|---|---|---|",
    ]
    for alert_type in alert_types:
        links = ", ".join(
            f"[{module.order}.{lesson.number}]({_address(module, lesson)})"
            for module, lesson in taught_in.get(alert_type.title, ())
        )
        techniques = ", ".join(reviews[alert_type.title].techniques)
        rows.append(f"| {alert_type.title} | {techniques or '–'} | {links or '–'} |")
    return "\n".join(rows) + "\n"


def _address(module: ModuleContent, lesson: LessonContent) -> str:
    (file,) = module.folder.glob(f"{lesson.number:02}-*.md")
    return f"../training/content/modules/{module.folder.name}/{file.name}"


def main() -> None:
    """Read the lessons that ship and write the page."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    import django

    django.setup()
    from alerts.incidents.engine.catalogue import all_types
    from portal.attack import engine as attack
    from training.catalog.management.commands.training import read_folder
    from training.catalog.queries.lessons import shipped_reviews

    modules = read_folder(Path("training/content")).modules
    text = curriculum_overview(modules, all_types(), shipped_reviews(), attack.version())
    Path("docs/curriculum.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
