"""The lessons as pages that open from a folder, without a server and without scripts: answers are
behind a line that opens.
"""

import re
from html import escape
from pathlib import Path

from training.catalog.engine.archives import write_module_archive
from training.catalog.engine.content import (
    AnswerOption,
    Lab,
    LessonContent,
    ModuleContent,
    QuestionContent,
    QuestionType,
)

_LESSON_LINK = re.compile(r'href="((?:\.\./)+)([a-z0-9-]+(?:/[a-z0-9-]+)?)/"')
_STYLE = """\
:root { color-scheme: light dark; --text: light-dark(#17202B, #E8EDF3);
  --bg: light-dark(#F5F6F8, #0F141A); --surface: light-dark(#FFFFFF, #171D25);
  --border: light-dark(#D9DEE5, #2B3440); --accent: light-dark(#3449B8, #9DB0FF);
  --info-soft: light-dark(#E9EDF2, #2A333F); }
body { max-width: 40rem; margin: 0 auto; padding: 1rem; color: var(--text);
  background: var(--bg); font: 1.0625rem/1.6 system-ui, sans-serif; overflow-wrap: break-word; }
a { color: var(--accent); }
svg { display: block; max-width: 100%; height: auto; }
figure { margin: 1.5rem 0; }
figcaption, .small { font-size: 0.875rem; }
code { background: var(--info-soft); padding: 0 0.25rem; }
.twin { overflow-x: auto; }
table { border-collapse: collapse; }
th, td { padding: 0.375rem 0.625rem; border: 1px solid var(--border); text-align: start;
  vertical-align: top; }
.question { margin: 1.5rem 0; padding: 0.75rem 1rem; border: 1px solid var(--border);
  border-radius: 8px; background: var(--surface); }
.unbroken { white-space: nowrap; }
"""


def lessons_to_zip(modules: tuple[ModuleContent, ...], *, colours: str = "") -> bytes:
    """Return `site_files` as a ZIP. The same lessons give the same bytes."""
    return write_module_archive(site_files(modules, colours=colours))


def site_files(modules: tuple[ModuleContent, ...], *, colours: str = "") -> dict[str, bytes]:
    """Return index.html, a folder a module with its lessons and captures, and one style sheet, by
    path. `colours` are the style sheet's custom properties, for figures.
    """
    files: dict[str, bytes] = {
        "style.css": (_STYLE + colours).encode(),
        "index.html": _index(modules).encode(),
    }
    for module in modules:
        for lesson in module.lessons:
            files[f"{module.id}/{lesson.id}.html"] = lesson_page(module, lesson).encode()
        for name, path in module.captures.items():
            files[f"{module.id}/captures/{name}"] = Path(path).read_bytes()
    return files


def _index(modules: tuple[ModuleContent, ...]) -> str:
    parts = ["<h1>Lessons</h1>"]
    for module in modules:
        rows = "".join(
            f'<li><a href="{module.id}/{lesson.id}.html">{escape(lesson.title)}</a>'
            f' <span class="small">{lesson.minutes} min</span></li>'
            for lesson in module.lessons
        )
        parts.append(f"<h2>{module.order}. {escape(module.title)}</h2><ol>{rows}</ol>")
    return _page("Lessons", "".join(parts), "style.css")


def lesson_page(module: ModuleContent, lesson: LessonContent) -> str:
    """Return a lesson as a page of its own."""
    questions = {question.id: question for question in lesson.questions}
    body = "".join(
        _question(questions[block.question]) if block.question else block.html
        for block in lesson.blocks
    )
    sources = "".join(
        f'<li id="source-{number}">{html}</li>' for number, html in enumerate(lesson.sources, 1)
    )
    notes = f"<h2>Sources</h2><ol class='small'>{sources}</ol>" if sources else ""
    top = f'<p class="small"><a href="../index.html">{escape(module.title)}</a></p>'
    text = f"{top}<h1>{escape(lesson.title)}</h1>{_linked(body)}{notes}"
    return _page(lesson.title, text, "../style.css")


def _linked(html: str) -> str:
    """Pages of Tagout end with a slash; here they are files, one folder higher."""

    def file(match: re.Match[str]) -> str:
        up = "" if match[1] == "../" else "../"
        return f'href="{up}{match[2]}.html"'

    return _LESSON_LINK.sub(file, html).replace('href="../captures/', 'href="captures/')


def _question(question: QuestionContent) -> str:
    if question.case:
        return _lab(question, question.case)
    if question.options and question.type in {QuestionType.SINGLE, QuestionType.MULTIPLE}:
        items = "".join(f"<li>{option.html}</li>" for option in question.options)
        answer = "".join(_option_item(option) for option in question.options)
        body = f"<ul>{items}</ul>{_folded(f'<ul>{answer}</ul>')}"
    elif question.pairs:
        rows = "".join(
            f"<tr><td>{pair.left_html}</td><td>{pair.right_html}</td></tr>"
            for pair in question.pairs
        )
        left = "".join(f"<li>{pair.left_html}</li>" for pair in question.pairs)
        table = f"<table>{rows}</table>{question.feedback_html}"
        body = f"<ul>{left}</ul>{_folded(table)}"
    elif question.items:
        steps = sorted(question.items, key=lambda item: item.text)
        items = "".join(f"<li>{item.html}</li>" for item in steps)
        right = "".join(f"<li>{item.html}</li>" for item in question.items)
        body = f"<ul>{items}</ul>{_folded(f'<ol>{right}</ol>{question.feedback_html}')}"
    else:
        wrong = "".join(_option_item(option) for option in question.options)
        right = f"<p><b>{escape(' or '.join(question.accepted))}</b></p>{question.feedback_html}"
        body = _folded(f"{right}<ul>{wrong}</ul>" if wrong else right)
    return f'<section class="question">{question.prompt_html}{body}</section>'


def _lab(question: QuestionContent, lab: Lab) -> str:
    facts = "".join(
        f"<li>{'' if fact.holds else '<b>Not the case:</b> '}{escape(fact.text)}</li>"
        for fact in lab.known
    )
    ends = f"{escape(lab.source.name)} to {escape(lab.destination.name)}, {escape(lab.traffic)}"
    alert = (
        f"<p><b>{escape(lab.alert_type)}</b>, {escape(lab.severity)}, {escape(lab.raised)}</p>"
        f"<p>{escape(lab.sentence)} ({ends})</p><ul>{facts}</ul>"
    )
    choices = "".join(
        f"<p>{title}</p><ul>{''.join(f'<li>{escape(word)}</li>' for word in words)}</ul>"
        for title, words in (
            ("The verdict", list(lab.verdicts)),
            ("The reason", [choice.text for choice in lab.reasons]),
            ("The next step", [choice.text for choice in lab.next_steps]),
        )
    )
    by_id = {choice.id: choice for choice in (*lab.reasons, *lab.next_steps)}
    reason, step = by_id[lab.reason], by_id[lab.next_step]
    right = (
        f"<p><b>{lab.verdict}:</b> {escape(lab.verdicts[lab.verdict])}</p>"
        f"<p><b>{escape(reason.text)}:</b> {escape(reason.feedback)}</p>"
        f"<p><b>{escape(step.text)}:</b> {escape(step.feedback)}</p>"
        f"<blockquote>{escape(lab.ot_says)}</blockquote>"
        f"<p>What decided it: {escape(lab.decided)}</p>"
        f"<p>What did not: {escape(lab.not_decided)}</p>"
    )
    body = f"{question.prompt_html}{alert}{choices}{_folded(right)}"
    return f'<section class="question">{body}</section>'


def _option_item(option: AnswerOption) -> str:
    mark = "Right" if option.is_correct else "Wrong"
    return f"<li><b>{mark}:</b> {option.html} {option.feedback_html}</li>"


def _folded(html: str) -> str:
    return f"<details><summary>Show the answer</summary>{html}</details>"


def _page(title: str, body: str, style: str) -> str:
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}'
        f'</title><meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<link rel="stylesheet" href="{style}"></head><body>{body}</body></html>\n'
    )
