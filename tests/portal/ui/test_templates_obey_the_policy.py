"""No template needs what the content security policy refuses, and page weight stays in bounds."""

import gzip
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
PAGES = [path for path in TEMPLATES if "mail" not in path.parts and path.suffix == ".html"]
FORBIDDEN = {
    "an inline style": re.compile(r"\sstyle\s*=|<style\b"),
    "an inline script": re.compile(r"<script(?![^>]*\bsrc=)"),
    "an event attribute": re.compile(r"\son[a-z]+\s*="),
    "hx-on": re.compile(r"hx-on\b"),
    "hx-boost": re.compile(r"hx-boost"),
    "a js: value": re.compile(r"=\s*[\"']js:"),
    "a trigger filter": re.compile(r"hx-trigger=\"[^\"]*\["),
    "a data: address": re.compile(r"(?:src|href)\s*=\s*[\"']data:"),
    "another host": re.compile(r"(?:src|href)\s*=\s*[\"'](?:https?:)?//"),
    "a count in a sentence that |number has not written": re.compile(
        r"{% blocktranslate [^%]*count (?!all=)\w+="
    ),
    "words past gettext": re.compile(r"\b(?:aria-label|title|placeholder|alt)=\"[A-Za-z]"),
}
# The gallery is for the people who build pages; its sample words need no translation.
SAMPLES = "portal/ui/gallery"


@pytest.mark.parametrize("what", FORBIDDEN)
def test_templates_hold_nothing_forbidden(what):
    for path in PAGES:
        if what == "words past gettext" and SAMPLES in str(path):
            continue
        found = FORBIDDEN[what].search(path.read_text(encoding="utf-8"))
        assert not found, f"{path.relative_to(ROOT)} holds {what}: {found[0].strip()}"


def test_style_sheets_load_nothing_but_our_fonts():
    for sheet in (ROOT / "static").rglob("*.css"):
        for address in re.findall(r"url\(([^)]*)\)", sheet.read_text(encoding="utf-8")):
            assert address.strip("\"'").startswith("../fonts/"), f"{sheet.name}: {address}"


def test_style_sheets_use_logical_properties():
    physical = re.compile(
        r"^\s*(?:margin|padding|border)-(?:left|right|top|bottom)\b|^\s*(?:left|right|top|bottom):|"
        r"text-align:\s*(?:left|right)",
        re.MULTILINE,
    )
    for sheet in (ROOT / "static").rglob("*.css"):
        found = physical.search(sheet.read_text(encoding="utf-8"))
        assert not found, f"{sheet.name}: {found[0].strip()}"


def weight(folder: str, kind: str) -> int:
    return sum(len(gzip.compress(path.read_bytes())) for path in (ROOT / folder).rglob(f"*.{kind}"))


def test_the_kit_leaves_room_for_pages():
    assert weight("static/ui/js", "js") + weight("static/vendor/htmx", "js") <= 40 * 1024  # of 60


def test_no_page_turns_with_the_phone():
    for sheet in (ROOT / "static").rglob("*.css"):
        assert "orientation" not in sheet.read_text(encoding="utf-8"), sheet.name


def test_no_file_of_styles_or_scripts_is_too_long():
    for path in [*(ROOT / "static").rglob("*.css"), *(ROOT / "static/ui/js").rglob("*.js")]:
        assert path.read_text(encoding="utf-8").count("\n") <= 500, path.name
