"""What others made is what VENDOR.md says it is, and the icons in use are in the sprite."""

import gzip
import hashlib
import re
from pathlib import Path

from tools import sprite

ROOT = Path(__file__).resolve().parents[3]
ROW = re.compile(r"^\| (static/\S+) \|.*\| ([0-9a-f]{64}) \|$", re.MULTILINE)


def test_every_vendored_file_has_the_sum_it_came_with():
    rows = ROW.findall((ROOT / "static/vendor/VENDOR.md").read_text(encoding="utf-8"))
    assert rows
    for name, expected in rows:
        assert hashlib.sha256((ROOT / name).read_bytes()).hexdigest() == expected, name


def test_nothing_is_vendored_that_the_table_does_not_name():
    named = {name for name, _ in ROW.findall((ROOT / "static/vendor/VENDOR.md").read_text())}
    ours = {"static/vendor/VENDOR.md", "static/vendor/lucide/icons.txt"}
    there = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "static/vendor").rglob("*")
        if path.is_file()
    }
    assert there - ours <= named


def test_the_sprite_holds_the_named_icons_and_stays_small():
    text = sprite.SPRITE.read_text(encoding="utf-8")
    assert re.findall(r'<symbol id="([a-z0-9-]+)"', text) == sprite.icon_names()
    assert len(gzip.compress(text.encode())) <= 8 * 1024


def test_every_icon_that_templates_name_is_in_the_sprite():
    names = set(sprite.icon_names())
    icon = re.compile(r'(?:{% icon |\bicon=)"([a-z0-9-]+)"')
    for template in (ROOT / "templates").rglob("*.html"):
        for name in icon.findall(template.read_text(encoding="utf-8")):
            assert name in names, f"{template.relative_to(ROOT)} names the icon {name}"


def test_a_symbol_keeps_only_the_drawing():
    drawn = sprite.symbol(
        "x", '<!-- a licence -->\n<svg\n  width="24">\n  <path d="M1 2" />\n</svg>'
    )
    assert drawn == '<symbol id="x" viewBox="0 0 24 24"><path d="M1 2"/></symbol>'
