"""The tokens keep their promise: words are readable on every ground, controls can be seen."""

import re
from pathlib import Path

import pytest

CSS = (Path(__file__).resolve().parents[3] / "static/ui/css/base.css").read_text()
PAIR = re.compile(r"--([a-z0-9-]+):\s*light-dark\((#[0-9A-F]{6}),\s*(#[0-9A-F]{6})\)")
ONE = re.compile(r"--([a-z0-9-]+):\s*(#[0-9A-F]{6});")
TOKENS = {name: (light, dark) for name, light, dark in PAIR.findall(CSS)} | {
    name: (same, same) for name, same in ONE.findall(CSS)
}
GROUNDS = ("surface", "bg", "sunken", "sel")
WORDS = ("text", "text-2", "text-3", "accent", "ot", "high", "medium", "low", "info", "ok", "maint")
SOFT = ("accent", "ot", "high", "medium", "low", "info", "ok", "maint")

READABLE = [
    *((word, ground) for word in WORDS for ground in GROUNDS),
    *((word, f"{word}-soft") for word in SOFT),
    *((word, f"{soft}-soft") for word in ("text", "text-2") for soft in SOFT),
    *(("on-accent", ground) for ground in ("accent", "accent-hover")),
    *(("on-ot", ground) for ground in ("ot", "ot-hover")),
    *(("on-high", ground) for ground in ("high", "high-hover")),
    *(("text", f"heat-{step}") for step in range(4)),
    *(("on-heat", f"heat-{step}") for step in (4, 5)),
    *((word, ground) for word in ("nav-text", "nav-strong") for ground in ("nav", "nav-sel")),
    *((word, "nav") for word in ("nav-text-2", "nav-warn", "nav-bad", "nav-ok")),
    *(("nav-strong", ground) for ground in ("nav-badge", "nav-hot")),
    *((word, "toast") for word in ("on-toast", "toast-link")),
]
VISIBLE = [("ctl", "surface"), ("ctl", "bg"), *(("accent", ground) for ground in GROUNDS)]


def luminance(colour: str) -> float:
    channels = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("word", "ground"), READABLE)
def test_words_are_readable(word, ground, theme):
    assert contrast(TOKENS[word][theme], TOKENS[ground][theme]) >= 4.5


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("line", "ground"), VISIBLE)
def test_controls_can_be_seen(line, ground, theme):
    assert contrast(TOKENS[line][theme], TOKENS[ground][theme]) >= 3


def test_no_other_style_sheet_names_a_colour():
    # Shadows and backdrops may mix black in; everything else takes a token.
    for sheet in sorted(Path(CSS_FOLDER).glob("*.css")):
        rules = sheet.read_text()
        if sheet.name == "base.css":
            rules = rules[rules.index("@layer base {") :]  # what follows the tokens
        assert not re.findall(r"#[0-9A-Fa-f]{3,8}\b", rules), sheet.name


CSS_FOLDER = Path(__file__).resolve().parents[3] / "static/ui/css"
