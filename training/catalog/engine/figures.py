"""Figures: SVG that may be inside a page. Only drawing elements, colours by token, a title and
a description, ids that no other figure of the lesson uses.
"""

import re
from xml.parsers import expat

from training.catalog.engine.faults import Source, Vocabulary


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


ELEMENTS = _names("""
    svg g title desc defs path rect circle ellipse line polyline polygon text tspan pattern
    marker clipPath mask linearGradient radialGradient stop use symbol
""")
_COLOUR_ATTRIBUTES = frozenset({"fill", "stroke", "stop-color", "color"})
_FREE_COLOURS = frozenset({"none", "inherit", "currentColor"})
_ATTRIBUTES = _names("""
    xmlns viewBox role aria-labelledby aria-label aria-hidden id width height x y x1 y1 x2
    y2 cx cy r rx ry d points dx dy transform href clip-path mask opacity offset fill stroke
    stop-color stop-opacity color fill-opacity fill-rule clip-rule stroke-width stroke-opacity
    stroke-linecap stroke-linejoin stroke-dasharray stroke-dashoffset stroke-miterlimit
    font-size font-weight font-family font-style text-anchor dominant-baseline letter-spacing
    textLength lengthAdjust patternUnits patternContentUnits patternTransform gradientUnits
    gradientTransform spreadMethod markerWidth markerHeight markerUnits refX refY orient
    preserveAspectRatio clipPathUnits maskUnits marker-start marker-mid marker-end paint-order
    vector-effect shape-rendering text-rendering xml:space focusable overflow
""")
_VAR = re.compile(r"var\((--[\w-]+)(\s*,\s*[^()]+(\([^()]*\))?)?\)")
_LOCAL = re.compile(r"url\(#[\w-]+\)")


class SvgFigure:
    """One SVG file as it is read: its text without prologue, and the ids in it."""

    def __init__(self, source: Source, vocabulary: Vocabulary) -> None:
        """Read and check it; what is wrong is in the source's report."""
        self.ids: dict[str, tuple[int, int]] = {}
        self._source, self._vocabulary = source, vocabulary
        self._open: list[str] = []
        self._labels: dict[str, str] = {}
        self._begins_at = 0  # in bytes
        self._parser = expat.ParserCreate("utf-8")
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._words
        self._parser.StartDoctypeDeclHandler = self._doctype
        self._parser.ProcessingInstructionHandler = self._instruction
        self._parser.CommentHandler = self._comment
        self._parser.StartCdataSectionHandler = self._cdata
        try:
            self._parser.Parse(source.text.encode(), True)
        except expat.ExpatError as error:
            text = f"This is not well-formed: {expat.ErrorString(error.code)}."
            source.fault(error.lineno, error.offset + 1, "SVG-SYNTAX", text)
            return
        self._check_labels()

    @property
    def svg(self) -> str:
        """The drawing itself, from its first tag on."""
        return self._source.text.encode()[self._begins_at :].decode().strip()

    def _place(self) -> tuple[int, int]:
        return self._parser.CurrentLineNumber, self._parser.CurrentColumnNumber + 1

    def _fault(self, code: str, text: str, attribute: str = "") -> None:
        line, column = self._place()
        if attribute:
            line, column = self._attribute_place(line, column, attribute)
        self._source.fault(line, column, code, text)

    def _attribute_place(self, line: int, column: int, attribute: str) -> tuple[int, int]:
        pattern = re.compile(rf"(?<=[\s]){re.escape(attribute)}\s*=")
        for number in range(line, len(self._source.lines) + 1):
            row = self._source.lines[number - 1]
            if match := pattern.search(row, column - 1 if number == line else 0):
                return number, match.start() + 1
        return line, column

    def _doctype(self, *_: object) -> None:
        self._fault("SVG-ELEMENT", "Take the DOCTYPE out: a figure needs none.")

    def _instruction(self, *_: object) -> None:
        self._fault("SVG-ELEMENT", "Take the processing instruction out.")

    # Inside of a page both may end earlier than in XML, and what follows is then HTML.

    def _comment(self, _words: str) -> None:
        self._fault("SVG-ELEMENT", "Take the comment out: a figure holds only the drawing.")

    def _cdata(self) -> None:
        self._fault("SVG-ELEMENT", "Take the CDATA section out: write &lt; and &amp; instead.")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._open.append(name)
        if len(self._open) == 1:
            self._begins_at = self._parser.CurrentByteIndex
        if len(self._open) == 1 and name != "svg":
            self._fault("SVG-ELEMENT", f"The outer element is <{name}>, not <svg>.")
        elif name not in ELEMENTS:
            self._fault("SVG-ELEMENT", f"<{name}> may not stand in a figure.")
        if len(self._open) == 1 and "viewBox" not in attributes:
            self._fault("SVG-VIEWBOX", "<svg> needs a viewBox, so that it can shrink.")
        for attribute, value in attributes.items():
            self._check_attribute(attribute, value)
        if (own := attributes.get("id")) is not None:
            if own in self.ids:
                self._fault("SVG-DUPLICATE-ID", f"The id `{own}` is used twice.", "id")
            else:
                self.ids[own] = self._attribute_place(*self._place(), "id")

    def _check_attribute(self, attribute: str, value: str) -> None:
        if attribute not in _ATTRIBUTES:
            text = f"The attribute `{attribute}` may not stand in a figure."
            self._fault("SVG-ATTRIBUTE", text, attribute)
        elif attribute == "href" and not value.startswith("#"):
            self._fault("SVG-ATTRIBUTE", "`href` may only name an id of this figure.", attribute)
        elif "url(" in value and not _LOCAL.fullmatch(value.strip()):
            self._fault("SVG-ATTRIBUTE", "`url()` may only name an id of this figure.", attribute)
        elif attribute in _COLOUR_ATTRIBUTES:
            self._check_colour(attribute, value.strip())
        elif match := _VAR.search(value):
            self._check_token(attribute, match[1])

    def _check_colour(self, attribute: str, value: str) -> None:
        if value in _FREE_COLOURS or _LOCAL.fullmatch(value):
            return
        match = _VAR.fullmatch(value)
        if not match or not match[2]:
            text = f"Write the colour `{value}` as var(--token, fallback), so that it turns dark."
            self._fault("SVG-COLOUR", text, attribute)
        else:
            self._check_token(attribute, match[1])

    def _check_token(self, attribute: str, token: str) -> None:
        colours = self._vocabulary.colours
        if colours and token not in colours:
            self._fault("SVG-TOKEN", f"The style sheet has no `{token}`.", attribute)

    def _words(self, words: str) -> None:
        if len(self._open) == 2 and self._open[1] in {"title", "desc"}:
            self._labels[self._open[1]] = self._labels.get(self._open[1], "") + words

    def _end(self, _name: str) -> None:
        self._open.pop()

    def _check_labels(self) -> None:
        line, column = self._source.find((1, len(self._source.lines)), "<svg")
        for name in ("title", "desc"):
            if not self._labels.get(name, "").strip():
                text = f"<svg> needs a <{name}> with words, as its direct child."
                self._source.fault(line, column, "SVG-LABEL", text)
