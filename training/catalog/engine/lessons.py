"""Reads a lesson (front matter, prose, figures, questions and sources), and cards.md: a heading is
the front of a card, what follows is its back.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from training.catalog.engine import fields
from training.catalog.engine.content import (
    CardContent,
    Heading,
    Lab,
    LessonBlock,
    LessonContent,
    QuestionContent,
    QuestionType,
)
from training.catalog.engine.faults import Source, Vocabulary
from training.catalog.engine.fields import SLUG, Key
from training.catalog.engine.markdown import Renderer, blocks_of, first_lines
from training.catalog.engine.questions import QuestionReader
from training.catalog.engine.texts import MAX_CAPTURE, TextCheck, footnotes
from training.pcap.capture_file import CaptureFile
from training.pcap.messages import CaptureError

LESSON_KEYS = {
    "id": Key(fields.is_slug),
    "title": Key(fields.is_text_up_to(200)),
    "minutes": Key(fields.is_number(1, 60)),
    "attack": Key(fields.is_list(fields.is_text)),
    "alert_types": Key(fields.is_list(fields.is_text)),
    "review_by": Key(fields.is_date),
    "summary": Key(fields.is_text_up_to(300), is_required=False),
    "facts": Key(fields.is_flag, is_required=False),
}


@dataclass(frozen=True, slots=True)
class ModuleContext:
    """Where a text lies: the folder of its module, that path as shown, what names it may use."""

    module: Path
    display_path: str
    vocabulary: Vocabulary
    parser: MarkdownIt
    labs: Mapping[str, Lab | None] = field(default_factory=dict)


def read_lesson(source: Source, place: ModuleContext, number: int) -> LessonContent | None:
    """Return the lesson of a file; None where its front matter cannot be used."""
    tokens = place.parser.parse(source.text if source.text.endswith("\n") else f"{source.text}\n")
    front = _read_front_matter(source, tokens, place.vocabulary)
    name_headings(source, tokens)
    check = TextCheck(source, place.module, place.display_path, place.vocabulary)
    check.check(tokens)
    text, notes = footnotes(tokens)
    renderer = Renderer(place.parser, check.figure_html)
    blocks, questions = _read_blocks(source, place, renderer, text)
    if front is None:
        return None
    is_factual = "facts" not in front or bool(front["facts"].value)
    if is_factual and not notes:
        line, column = (front["facts"].line, front["facts"].column) if "facts" in front else (1, 1)
        advice = "Give the source of the facts in a footnote, or say `facts: false`."
        source.fault(line, column, "NO-SOURCE", advice)
    return LessonContent(
        id=front["id"].value,
        title=front["title"].value,
        minutes=int(front["minutes"].value),
        number=number,
        summary=front["summary"].value if "summary" in front else "",
        techniques=tuple(front["attack"].value),
        alert_types=tuple(front["alert_types"].value),
        review_by=front["review_by"].value,
        is_factual=is_factual,
        blocks=tuple(blocks),
        outline=tuple(_outline(text)),
        sources=render_sources(renderer, notes),
        questions=tuple(questions),
    )


def render_sources(renderer: Renderer, notes: dict[str, list[Token]]) -> tuple[str, ...]:
    """Return the footnotes in the order in which the text uses them, as clean HTML."""
    return tuple(renderer.render(notes.get(label, [])) for label in renderer.numbers.labels)


def _read_front_matter(
    source: Source, tokens: Sequence[Token], vocabulary: Vocabulary
) -> dict[str, fields.YamlField] | None:
    if not tokens or tokens[0].type != "front_matter":
        source.fault(1, 1, "NO-FRONT-MATTER", "Begin with --- and the facts about the lesson.")
        return None
    front = fields.read_fields(source, tokens[0].content, 2)
    if front is None or not fields.check_fields(source, front, LESSON_KEYS, 1):
        return None
    for item in front["attack"].items:
        vocabulary.check_technique(source, item.line, item.column, item.value)
    for item in front["alert_types"].items:
        vocabulary.check_alert_type(source, item.line, item.column, item.value)
    check_review(source, front["review_by"], vocabulary)
    return front


def check_review(source: Source, review_by: fields.YamlField, vocabulary: Vocabulary) -> None:
    """Note a text whose review is overdue."""
    if review_by.value < vocabulary.today:
        text = f"Its review was due on {review_by.value}. Check the facts, then set a new day."
        source.fault(review_by.line, review_by.column, "REVIEW-DUE", text)


def _read_blocks(
    source: Source, place: ModuleContext, renderer: Renderer, tokens: Sequence[Token]
) -> tuple[list[LessonBlock], list[QuestionContent]]:
    reader = QuestionReader(source, renderer)
    blocks: list[LessonBlock] = []
    questions: dict[str, QuestionContent] = {}
    first_used: dict[str, int] = {}
    pending: list[Token] = []
    for block in blocks_of([token for token in tokens if token.type != "front_matter"]):
        if block[0].type != "container_block_open":
            pending += block
            continue
        if html := renderer.render(pending):
            blocks.append(LessonBlock(html=html))
        pending = []
        question = _read_container(source, place, reader, block)
        if question is None:
            continue
        line = first_lines(block[0])[0]
        if question.id in questions:
            text = f"The id `{question.id}` is used on line {first_used[question.id]} already."
            source.fault_at((line, line), f"#{question.id}", "DUPLICATE-ID", text)
            continue
        questions[question.id], first_used[question.id] = question, line
        blocks.append(LessonBlock(question=question.id))
    if html := renderer.render(pending):
        blocks.append(LessonBlock(html=html))
    return blocks, list(questions.values())


def _read_container(
    source: Source, place: ModuleContext, reader: QuestionReader, block: Sequence[Token]
) -> QuestionContent | None:
    line, last = first_lines(block[0])
    column = source.indent(line)
    words = block[0].info.split()
    if not words or words[0] != "question":
        text = f"::: opens a question, not “{' '.join(words)}”."
        source.fault(line, column, "UNKNOWN-BLOCK", text)
        return None
    closing = source.lines[last].strip() if last < len(source.lines) else ""
    if not closing.startswith(":::"):
        source.fault(line, column, "OPEN-BLOCK", "The question has no end: write ::: below it.")
    question = reader.read(block)
    if question is None:
        return None
    _check_head(source, place, question, line)
    return replace(question, case=place.labs.get(question.lab))


def _check_head(source: Source, place: ModuleContext, question: QuestionContent, line: int) -> None:
    for technique in question.techniques:
        column = source.find((line, line), technique)[1]
        place.vocabulary.check_technique(source, line, column, technique)
    if question.type is QuestionType.PACKET and not question.capture:
        text = "Name the capture: pcap=pcap/two-stops.pcap."
        source.fault_at((line, line), "{", "NO-CAPTURE", text)
    if question.capture:
        _check_capture(source, place, question, line)
    if question.lab and question.lab not in place.labs:
        text = f"There is no file labs/{question.lab}.yaml."
        source.fault_at((line, line), question.lab, "NO-LAB", text)


def _check_capture(
    source: Source, place: ModuleContext, question: QuestionContent, line: int
) -> None:
    path = place.module / question.capture
    column = source.find((line, line), question.capture)[1]
    if not question.capture.startswith("pcap/") or ".." in question.capture or not path.is_file():
        text = f"There is no capture {question.capture}; it must lie in pcap/."
        source.fault(line, column, "NO-CAPTURE", text)
        return
    if path.stat().st_size > MAX_CAPTURE:
        text = f"The capture is larger than {MAX_CAPTURE // 1_000_000} MB."
        source.fault(line, column, "TOO-LARGE", text)
        return
    capture = CaptureFile(path)
    try:
        count = sum(1 for _frame in capture.frames())
    except CaptureError as error:
        source.fault(line, column, "BAD-CAPTURE", f"{error}")
        return
    if capture.problems:
        source.fault(line, column, "BAD-CAPTURE", capture.problems[0])
        return
    if question.type is QuestionType.PACKET:
        foreseen = [option.typed for option in question.options]
        for frame in [*question.accepted, *foreseen]:
            if frame.isdecimal() and not 1 <= int(frame) <= count:
                at = source.find((line, len(source.lines)), f"frame {frame}")
                text = f"The capture has {count} frames, so no frame {frame}."
                source.fault(*at, "FRAME-RANGE", text)


def name_headings(source: Source, tokens: Sequence[Token]) -> None:
    """Give each heading its id, and note levels that a lesson does not have or that are skipped."""
    level = 1
    slugs: set[str] = set()
    for index, token in enumerate(tokens):
        if token.type != "heading_open":
            continue
        line, own = first_lines(token)[0], int(token.tag[1])
        if own == 1 or own > 4 or own > level + 1:
            text = "Begin with ## and go one level down at a time; # is the title of the page."
            source.fault(line, source.indent(line), "HEADING-LEVEL", text)
        level = own
        slug = slug_of(tokens[index + 1].content)
        while slug in slugs:
            slug += "-again"
        slugs.add(slug)
        token.attrSet("id", slug)


def slug_of(text: str) -> str:
    """Return the id of a heading: its words in small letters, joined by hyphens."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-") or "part"


def _outline(tokens: Sequence[Token]) -> list[Heading]:
    return [
        Heading(id=str(token.attrGet("id")), title=_plain(tokens[index + 1]))
        for index, token in enumerate(tokens)
        if token.type == "heading_open" and token.tag == "h2"
    ]


def _plain(token: Token) -> str:
    return "".join(
        child.content for child in token.children or [] if child.type in {"text", "code_inline"}
    )


_HEAD = re.compile(r"(?P<front>.*?)\s*\{(?P<attributes>[^{}]*)\}$", re.DOTALL)
_ATTRIBUTES = re.compile(r"#(?P<id>\S+)(?:\s+technique=(?P<technique>\S+))?")


def read_cards(source: Source, place: ModuleContext) -> tuple[CardContent, ...]:
    """Return the cards of a file, in its order."""
    tokens = place.parser.parse(f"{source.text}\n")
    check = TextCheck(source, place.module, place.display_path, place.vocabulary)
    check.check(tokens)
    text, notes = footnotes(tokens)
    cards: dict[str, CardContent] = {}
    first_used: dict[str, int] = {}
    for head, back in _split(source, text):
        line = first_lines(head[0])[0]
        renderer = Renderer(place.parser, check.figure_html)
        card = _read_card(source, place, renderer, head, back)
        if card is None:
            continue
        if card.id in cards:
            fault = f"The id `{card.id}` is used on line {first_used[card.id]} already."
            source.fault_at((line, line), f"#{card.id}", "DUPLICATE-ID", fault)
            continue
        first_used[card.id] = line
        sources = render_sources(renderer, notes)
        cards[card.id] = CardContent(
            card.id, card.technique, card.front, card.front_html, card.back_html, sources
        )
    return tuple(cards.values())


def _split(source: Source, tokens: Sequence[Token]) -> list[tuple[list[Token], list[Token]]]:
    cards: list[tuple[list[Token], list[Token]]] = []
    for block in blocks_of(tokens):
        line = first_lines(block[0])[0]
        if block[0].type == "heading_open":
            if block[0].tag != "h2":
                text = "The front of a card is a heading with ##."
                source.fault(line, source.indent(line), "HEADING-LEVEL", text)
            cards.append((block, []))
        elif cards:
            cards[-1][1].extend(block)
        else:
            text = "Cards begin with a heading: ## question {#id technique=T0858}."
            source.fault(line, source.indent(line), "CARD-HEAD", text)
    return cards


def _read_card(
    source: Source, place: ModuleContext, renderer: Renderer, head: list[Token], back: list[Token]
) -> CardContent | None:
    line, inline = first_lines(head[0])[0], head[1]
    match = _HEAD.fullmatch(inline.content)
    attributes = _ATTRIBUTES.fullmatch(match["attributes"].strip()) if match else None
    if not match or not attributes or not inline.children or not SLUG.fullmatch(attributes["id"]):
        text = "End the heading with {#id} or {#id technique=T0858}."
        source.fault(line, source.indent(line), "CARD-HEAD", text)
        return None
    last = inline.children[-1]
    last.content = last.content[: last.content.rfind("{")].rstrip()
    if technique := attributes["technique"]:
        column = source.find((line, line), f"technique={technique}")[1] + len("technique=")
        place.vocabulary.check_technique(source, line, column, technique)
    if not match["front"]:
        source.fault(line, source.indent(line), "CARD-FRONT", "The card asks nothing.")
    if not back:
        source.fault(line, source.indent(line), "CARD-BACK", "The card has no back.")
    return CardContent(
        id=attributes["id"],
        technique=technique or "",
        front=match["front"],
        front_html=renderer.render_inline(inline),
        back_html=renderer.render(back),
        sources=(),
    )
