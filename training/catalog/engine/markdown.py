"""Markdown to tokens, tokens to clean HTML, and HTML to plain words. The dialect: CommonMark with
tables, footnotes, front matter and `:::` containers; no HTML of the author's own.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from html import escape, unescape
from itertools import count
from typing import Any

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.container import container_plugin
from mdit_py_plugins.footnote import footnote_plugin
from mdit_py_plugins.front_matter import front_matter_plugin

_TAGS = {"p", "h2", "h3", "h4", "ul", "ol", "li", "pre", "code", "blockquote", "hr", "br"}
_TAGS |= {"table", "thead", "tbody", "tr", "th", "td", "em", "strong", "s", "a", "sup", "span"}
_ATTRIBUTES = {
    "a": {"href", "title", "id", "class", "aria-label"},
    "ol": {"start"},
    "code": {"class"},
    "sup": {"class"},
    "span": {"class"},
    "th": {"class", "scope"},
    "td": {"class"},
    **{heading: {"id"} for heading in ("h2", "h3", "h4")},
}
_TABLE = re.compile("<table>")
_CLEANER = nh3.Cleaner(tags=_TAGS, attributes=_ATTRIBUTES, link_rel="noopener noreferrer")
# Names of devices, such as ENG-WS-04: a line must not end inside of one.
_DEVICE = re.compile(r"\b[A-Z][A-Z0-9]*(?:-[A-Z0-9]+)+\b")

_WIDE = '<div class="twin" role="region" aria-label="Table {}" tabindex="0">'

type FigureOf = Callable[[str, str, str], str]
"""Answers the HTML of an image: path, alternative text, caption."""


def make_parser() -> MarkdownIt:
    """Return a parser of the dialect. Any `:::` line opens a container of the type `block`."""
    parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    parser.use(front_matter_plugin)
    parser.use(container_plugin, name="block", validate=lambda *_: True)
    parser.use(footnote_plugin, inline=False, move_to_end=False, always_match_refs=True)
    parser.add_render_rule("text", _text)
    parser.add_render_rule("footnote_ref", _footnote_ref)
    parser.add_render_rule("image", _no_image)
    return parser


def _text(_self: Any, tokens: Sequence[Token], index: int, _options: Any, _env: Any) -> str:
    words = escape(tokens[index].content, quote=False)
    return _DEVICE.sub(r'<span class="unbroken">\g<0></span>', words)


def _footnote_ref(_self: Any, tokens: Sequence[Token], index: int, _options: Any, env: Any) -> str:
    number, use = env["numbers"].number_of(tokens[index].meta["label"])
    anchor = f' id="source-{number}-used"' if use == 1 else ""
    address = f'href="#source-{number}" aria-label="Source {number}"'
    return f'<sup class="footnote-ref"><a {address}{anchor}>{number}</a></sup>'


def _no_image(_self: Any, _tokens: Sequence[Token], _index: int, _options: Any, _env: Any) -> str:
    return ""  # an image inside a sentence is a fault; a figure is rendered as a block


class FootnoteNumbers:
    """Numbers footnotes in the order in which a lesson first uses them."""

    def __init__(self) -> None:
        """Nothing is used yet."""
        self._numbers: dict[str, int] = {}
        self._uses: dict[str, int] = {}

    def number_of(self, label: str) -> tuple[int, int]:
        """Return the number of a footnote, and the how-manieth use this is."""
        self._uses[label] = self._uses.get(label, 0) + 1
        return self._numbers.setdefault(label, len(self._numbers) + 1), self._uses[label]

    @property
    def labels(self) -> list[str]:
        """The labels in order of their numbers."""
        return list(self._numbers)


class Renderer:
    """Renders tokens of one text: its footnotes share one numbering."""

    def __init__(self, parser: MarkdownIt, figure_of: FigureOf) -> None:
        """`figure_of` gives the HTML of an image that is alone."""
        self.numbers = FootnoteNumbers()
        self._parser, self._figure_of = parser, figure_of
        self._tables = count(1)
        self._env = {"numbers": self.numbers}

    def render(self, tokens: Sequence[Token]) -> str:
        """Return clean HTML, figures in line."""
        parts: list[str] = []
        pending: list[Token] = []
        for block in blocks_of(tokens):
            if (image := image_alone(block)) is None:
                pending += block
                continue
            parts += [self._clean(pending), self._figure(image)]
            pending = []
        parts.append(self._clean(pending))
        return "".join(parts).strip()

    def render_inline(self, token: Token) -> str:
        """Return clean HTML of one line of text, without a paragraph around it."""
        children = token.children or []
        return self._render(children)

    def _clean(self, tokens: list[Token]) -> str:
        if not tokens:
            return ""
        for index, token in enumerate(tokens):
            if token.type in {"th_open", "td_open"}:
                _tidy_cell(*tokens[index : index + 3])
        return self._render(tokens)

    def _render(self, tokens: Sequence[Token]) -> str:
        html = clean(self._parser.renderer.render(tokens, self._parser.options, self._env))
        # A wide table scrolls by itself, with the keyboard too.
        html = _TABLE.sub(lambda match: f"{_WIDE.format(next(self._tables))}{match[0]}", html)
        html = html.replace("</table>", "</table></div>")
        return html

    def _figure(self, image: Token) -> str:
        caption = image.attrGet("title") or ""
        return self._figure_of(str(image.attrGet("src") or ""), image.content, str(caption))


def clean(html: str) -> str:
    """Return HTML with nothing in it but what lessons may hold."""
    return _CLEANER.clean(html)


def _tidy_cell(cell: Token, content: Token, end: Token) -> None:
    """The policy of the pages allows no style attribute, which is how tables come aligned; and an
    empty heading is none.
    """
    align = str(cell.attrs.pop("style", "")).removeprefix("text-align:")
    if align in {"right", "center"}:
        cell.attrSet("class", f"at-{align}")
    if cell.type == "th_open" and content.content:
        cell.attrSet("scope", "col")
    else:
        cell.tag = end.tag = "td"


def blocks_of(tokens: Sequence[Token]) -> Iterator[list[Token]]:
    """Yield the outermost blocks: each from its opening token to its closing one."""
    block: list[Token] = []
    depth = 0
    for token in tokens:
        block.append(token)
        depth += token.nesting
        if depth == 0:
            yield block
            block = []
    if block:
        yield block


def image_alone(block: Sequence[Token]) -> Token | None:
    """Return the image of a paragraph that holds nothing else."""
    if block[0].type != "paragraph_open":
        return None
    children = [child for child in block[1].children or [] if child.type != "softbreak"]
    return children[0] if len(children) == 1 and children[0].type == "image" else None


def inline_tokens(tokens: Sequence[Token]) -> Iterator[tuple[Token, Token]]:
    """Yield each inline token with each of its children, at any depth of the text."""
    for token in tokens:
        if token.type == "inline":
            for child in token.children or []:
                yield token, child


def first_lines(token: Token) -> tuple[int, int]:
    """Return the first and the last line of a token, counted from 1."""
    start, end = token.map or [0, 1]
    return start + 1, max(end, start + 1)


_NOTE = re.compile(r"\[\^[^\]\s]+\]")
_NOTE_HTML = re.compile(r'<sup class="footnote-ref">.*?</sup>')
_SPAN = re.compile(r"</?span[^>]*>")
_INLINE = re.compile(r"</?(?:a|b|code|em|i|span|strong|sub|sup)\b[^>]*>")
_TAG = re.compile(r"<[^>]*>")


def html_text(html: str) -> str:
    """Return the words of clean HTML on one line, without references to sources."""
    plain = _TAG.sub(" ", _INLINE.sub("", _NOTE_HTML.sub("", html)))
    return " ".join(unescape(plain).split())


def plain_html(html: str) -> str:
    """Return HTML without references to sources and without marks for our style sheet."""
    return _SPAN.sub("", _NOTE_HTML.sub("", html)).strip()
