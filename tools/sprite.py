"""Makes the icon sprite from a folder of Lucide icons: `python -m tools.sprite FOLDER`.

Only the icons named in static/vendor/lucide/icons.txt go in, so that the sprite stays small.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NAMES = ROOT / "static/vendor/lucide/icons.txt"
SPRITE = ROOT / "static/ui/icons/sprite.svg"

_BODY = re.compile(r"<svg[^>]*>(.*)</svg>", re.DOTALL)
_FRAME = (
    '<svg xmlns="http://www.w3.org/2000/svg" fill="none" stroke="currentColor"'
    ' stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round">\n{}\n</svg>\n'
)


def icon_names() -> list[str]:
    """The icons in use, in the order of the list."""
    return NAMES.read_text(encoding="utf-8").split()


def symbol(name: str, source: str) -> str:
    """One Lucide file as a symbol of the sprite."""
    found = _BODY.search(source)
    if found is None:
        raise ValueError(f"{name} is no SVG file")
    body = re.sub(r"\s+", " ", found[1]).strip().replace("> <", "><").replace(" />", "/>")
    return f'<symbol id="{name}" viewBox="0 0 24 24">{body}</symbol>'


def build(folder: Path) -> str:
    """The whole sprite."""
    symbols = (
        symbol(name, (folder / f"{name}.svg").read_text(encoding="utf-8")) for name in icon_names()
    )
    return _FRAME.format("\n".join(symbols))


if __name__ == "__main__":
    SPRITE.write_text(build(Path(sys.argv[1])), encoding="utf-8")
