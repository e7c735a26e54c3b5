"""Reads cards.md: a heading is the front of a card, what follows is its back."""

import re
from collections.abc import Sequence

from markdown_it.token import Token

from training.catalog.engine.content import Card
from training.catalog.engine.faults import Source
from training.catalog.engine.fields import SLUG
from training.catalog.engine.lessons import Place, render_sources
from training.catalog.engine.markdown import Renderer, blocks_of, first_lines
from training.catalog.engine.texts import TextCheck, footnotes

_HEAD = re.compile(r"(?P<front>.*?)\s*\{(?P<attributes>[^{}]*)\}$", re.DOTALL)
_ATTRIBUTES = re.compile(r"#(?P<id>\S+)(?:\s+technique=(?P<technique>\S+))?")


def read_cards(source: Source, place: Place) -> tuple[Card, ...]:
    """Return the cards of a file, in its order."""
    tokens = place.parser.parse(f"{source.text}\n")
    check = TextCheck(source, place.module, place.shown, place.vocabulary)
    check.check(tokens)
    text, notes = footnotes(tokens)
    cards: dict[str, Card] = {}
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
        cards[card.id] = Card(
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
    source: Source, place: Place, renderer: Renderer, head: list[Token], back: list[Token]
) -> Card | None:
    line, inline = first_lines(head[0])[0], head[1]
    found = _HEAD.fullmatch(inline.content)
    attributes = _ATTRIBUTES.fullmatch(found["attributes"].strip()) if found else None
    if not found or not attributes or not inline.children or not SLUG.fullmatch(attributes["id"]):
        text = "End the heading with {#id} or {#id technique=T0858}."
        source.fault(line, source.indent(line), "CARD-HEAD", text)
        return None
    last = inline.children[-1]
    last.content = last.content[: last.content.rfind("{")].rstrip()
    if technique := attributes["technique"]:
        column = source.find((line, line), f"technique={technique}")[1] + len("technique=")
        place.vocabulary.check_technique(source, line, column, technique)
    if not found["front"]:
        source.fault(line, source.indent(line), "CARD-FRONT", "The card asks nothing.")
    if not back:
        source.fault(line, source.indent(line), "CARD-BACK", "The card has no back.")
    return Card(
        id=attributes["id"],
        technique=technique or "",
        front=found["front"],
        front_html=renderer.render_inline(inline),
        back_html=renderer.render(back),
        sources=(),
    )
