"""What lessons and cards share: reading a file, its headings, links, images and footnotes."""

import re
from collections.abc import Sequence
from html import escape
from pathlib import Path
from urllib.parse import unquote, urlsplit

from markdown_it.token import Token

from training.catalog.engine.faults import Report, Source, Vocabulary
from training.catalog.engine.figures import SvgFigure
from training.catalog.engine.markdown import (
    first_lines,
    image_alone,
    inline_tokens,
)

MAX_TEXT = 500_000  # bytes
MAX_FIGURE = 100_000
MAX_CAPTURE = 1_000_000
_HTML = re.compile(
    r"</?(a|abbr|b|big|blockquote|br|center|code|div|em|font|form|h[1-6]|hr|i|iframe|img|input|li|"
    r"ol|p|pre|script|small|span|strong|style|sub|sup|svg|table|td|th|tr|u|ul|video)\b[^<>]*>|<!--"
)
_UNSAFE_LINK = re.compile(r"\]\((?P<href>(javascript|vbscript|data|file):[^)\s]*)", re.IGNORECASE)
_DEFINITION = re.compile(r"\[\^([^\]\s]+)\]:")
_ID = re.compile(r"^id:\s*['\"]?([a-z0-9-]+)", re.MULTILINE)


def read_text_file(
    path: Path, display_path: str, report: Report, limit: int = MAX_TEXT
) -> Source | None:
    """Return a text file; None where it is missing, only a link to a file, has more bytes than
    `limit` or is not UTF-8, which is then a fault.
    """
    try:
        if path.is_symlink():
            report.add(
                display_path, 1, 1, "STRAY-FILE", "This is a link: put the file itself here."
            )
            return None
        if path.stat().st_size > limit:
            kind = "figure" if path.suffix == ".svg" else "text"
            text = f"The {kind} is larger than {limit // 1000} KB."
            report.add(display_path, 1, 1, "TOO-LARGE", text)
            return None
        data = path.read_bytes()
    except OSError as error:
        report.add(display_path, 1, 1, "UNREADABLE", f"This cannot be read: {error.strerror}.")
        return None
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        column = len(before.rpartition(b"\n")[2]) + 1
        report.add(display_path, before.count(b"\n") + 1, column, "ENCODING", "This is not UTF-8.")
        return None
    return Source.of(display_path, text.replace("\r\n", "\n").removeprefix("\N{BOM}"), report)


class TextCheck:
    """Checks the prose of one file, and turns its links into addresses of pages."""

    def __init__(
        self, source: Source, module: Path, display_path: str, vocabulary: Vocabulary
    ) -> None:
        """`module` is the folder of the module, `shown` its path as the author names it."""
        self._source, self._module, self._shown = source, module, display_path
        self._vocabulary = vocabulary
        self._ids: dict[str, str] = {}
        self._figures: dict[str, str] = {}

    def check(self, tokens: Sequence[Token]) -> None:
        """Check the whole text: HTML, links, images, footnotes."""
        anchors = {str(token.attrGet("id")) for token in tokens if token.type == "heading_open"}
        alone = {id(image) for block in _all_blocks(tokens) if (image := image_alone(block))}
        for token, child in inline_tokens(tokens):
            lines = first_lines(token)
            if child.type == "text" and (match := _HTML.search(child.content)):
                text = "HTML is shown as it is written. Use Markdown."
                self._source.fault_at(lines, match[0], "HTML", text)
            elif child.type == "text" and (match := _UNSAFE_LINK.search(child.content)):
                text = f"`{match['href']}` must be an https address or a path within the modules."
                self._source.fault_at(lines, match["href"], "BAD-LINK", text)
            elif child.type == "link_open":
                self._check_link(child, lines, anchors)
            elif child.type == "image":
                self._check_image(child, lines, is_alone=id(child) in alone)
        self._check_footnotes(tokens)

    # Links

    def _check_link(self, link: Token, lines: tuple[int, int], anchors: set[str]) -> None:
        href = str(link.attrGet("href") or "")
        parts = urlsplit(href)
        if parts.scheme in {"http", "https"}:
            return
        if parts.scheme or parts.netloc or href.startswith("/"):
            text = f"`{href}` must be an https address or a path within the modules."
            self._source.fault_at(lines, unquote(href), "BAD-LINK", text)
        elif not parts.path:
            if parts.fragment not in anchors:
                text = f"No heading of this text has the id `{parts.fragment}`."
                self._source.fault_at(lines, href, "DEAD-LINK", text)
        else:
            self._check_path(link, href, unquote(parts.path), lines)

    def _check_path(self, link: Token, href: str, path: str, lines: tuple[int, int]) -> None:
        target = (self._module / path).resolve()
        root = self._module.parent.resolve()
        if not target.is_relative_to(root):
            text = f"`{path}` lies outside of the modules."
            self._source.fault_at(lines, path, "BAD-LINK", text)
        elif not target.is_file():
            self._source.fault_at(lines, path, "DEAD-LINK", f"There is no file {path}.")
        elif address := self._address_of(target):
            link.attrSet("href", address)
        else:
            text = "Only lessons (.md) and captures (.pcap, .pcapng) can be linked."
            self._source.fault_at(lines, path, "BAD-LINK", text)

    def _address_of(self, target: Path) -> str | None:
        """Return where a file is found from the page of a lesson (training/web/urls.py)."""
        module = target.parent if target.suffix == ".md" else target.parent.parent
        start = (
            ".." if module == self._module.resolve() else f"../../{_id_in(module / 'module.yaml')}"
        )
        if target.suffix == ".md":
            return f"{start}/{_id_in(target)}/"
        return f"{start}/captures/{target.name}" if target.suffix in {".pcap", ".pcapng"} else None

    # Figures

    def _check_image(self, image: Token, lines: tuple[int, int], *, is_alone: bool) -> None:
        path = str(image.attrGet("src") or "")
        if not image.content.strip():
            text = "Say in the brackets what the figure shows, for those who cannot see it."
            self._source.fault_at(lines, "![", "NO-ALT", text)
        if not is_alone:
            text = "Let the figure stand alone, with an empty line before and after it."
            self._source.fault_at(lines, "![", "FIGURE-IN-TEXT", text)
        file = self._module / unquote(path)
        if not path.startswith("assets/") or file.suffix != ".svg" or ".." in path:
            text = f"`{path}` is not an SVG file in assets/."
            self._source.fault_at(lines, path or "![", "FIGURE-FILE", text)
        elif not file.is_file():
            self._source.fault_at(lines, path, "DEAD-LINK", f"There is no file {path}.")
        elif path not in self._figures:
            self._figures[path] = self._read_figure(file, path, lines)

    def _read_figure(self, file: Path, path: str, lines: tuple[int, int]) -> str:
        display_path = f"{self._shown}/{path}"
        source = read_text_file(file, display_path, self._source.report, MAX_FIGURE)
        if source is None:
            return ""
        before = len(source.report.faults)
        figure = SvgFigure(source, self._vocabulary)
        for name, (line, column) in figure.ids.items():
            if (other := self._ids.setdefault(name, path)) != path:
                text = f"The id `{name}` is also used in {other}, in the same lesson."
                source.fault(line, column, "SVG-DUPLICATE-ID", text)
        return figure.svg if len(source.report.faults) == before else ""

    def figure_html(self, path: str, _alt: str, caption: str) -> str:
        """Return a checked figure in line, or nothing where it had faults. Its title and
        description are in the drawing.
        """
        svg = self._figures.get(path, "")
        words = f"<figcaption>{escape(caption, quote=False)}</figcaption>" if caption else ""
        return f'<figure class="figure">{svg}{words}</figure>' if svg else ""

    # Footnotes

    def _check_footnotes(self, tokens: Sequence[Token]) -> None:
        defined: dict[str, int] = {}
        for token in tokens:
            if token.type == "footnote_reference_open":
                line, label = first_lines(token)[0], token.meta["label"]
                if label in defined:
                    text = f"The footnote {label} stands on line {defined[label]} already."
                    self._source.fault(line, 1, "FOOTNOTE-TWICE", text)
                defined.setdefault(label, line)
        used = set()
        for token, child in inline_tokens(tokens):
            if child.type == "footnote_ref":
                label = child.meta["label"]
                used.add(label)
                if label not in defined:
                    text = f"There is no footnote {label}: write [^{label}]: and its source."
                    self._source.fault_at(
                        first_lines(token), f"[^{label}]", "FOOTNOTE-MISSING", text
                    )
        for label, line in defined.items():
            if label not in used:
                self._source.fault(line, 1, "FOOTNOTE-UNUSED", f"Nothing refers to {label}.")


def _all_blocks(tokens: Sequence[Token]) -> list[list[Token]]:
    """Return the blocks of a text, those within questions and options too."""
    blocks = []
    for index, token in enumerate(tokens):
        if token.type == "paragraph_open":
            blocks.append(list(tokens[index : index + 3]))
    return blocks


def footnotes(tokens: Sequence[Token]) -> tuple[list[Token], dict[str, list[Token]]]:
    """Return the text without its footnotes, and the tokens of each footnote by its label."""
    text: list[Token] = []
    notes: dict[str, list[Token]] = {}
    label = None
    for token in tokens:
        if token.type == "footnote_reference_open":
            label = token.meta["label"]
            notes[label] = []
        elif token.type == "footnote_reference_close":
            label = None
        elif label is not None:
            notes[label].append(token)
        else:
            text.append(token)
    return text, notes


def _id_in(path: Path) -> str:
    match = _ID.search(path.read_text(encoding="utf-8", errors="replace"))
    return match[1] if match else path.stem
