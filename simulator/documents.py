"""Documents of Azure that are in files of `data/`, so that they are read as Azure writes them."""

import json
from functools import cache
from pathlib import Path
from string import Template
from typing import Any

_DATA = Path(__file__).parent / "data"


class _Text(Template):
    """A text with places such as `%{at}`; `$` is a character of Azure's own documents."""

    delimiter = "%"


@cache
def _text(name: str) -> _Text:
    return _Text((_DATA / f"{name}.json").read_text("utf-8"))


def document(name: str, /, **places: str) -> Any:
    """Return a new copy of a document, with its places filled."""
    return json.loads(_text(name).substitute(places))
