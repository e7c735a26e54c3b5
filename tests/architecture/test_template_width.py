"""Templates are read line by line: an element a line, and no line wider than a screen's half."""

from tests.architecture.tree import HOME, sources

WIDTH = 120
# Lines that are wider because a break would draw a space where there is none, or would stand inside
# an attribute. The number is exact: take it down with each that goes.
WIDER = 262
WIDEST = 470


def test_lines_of_templates_are_narrow():
    wide = {
        f"{path}:{number}": len(line)
        for path in sources(".html")
        if path.parts[0] == "templates"
        for number, line in enumerate((HOME / path).read_text("utf-8").splitlines(), 1)
        if len(line) > WIDTH
    }
    assert len(wide) == WIDER, dict(sorted(wide.items(), key=lambda item: -item[1])[:20])
    assert max(wide.values()) <= WIDEST
