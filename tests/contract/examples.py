"""The published and composed payloads of the reference folder, read in place where it exists."""

import json
import os
from pathlib import Path

_BESIDE = Path(__file__).resolve().parents[3] / "shared" / "reference"
REFERENCE = Path(os.environ.get("TAGOUT_REFERENCE") or _BESIDE)
SENTINEL, GRAPH = REFERENCE / "sentinel-examples", REFERENCE / "graph-examples"
ARE_HERE = SENTINEL.is_dir() and GRAPH.is_dir()
NOT_HERE = "the example payloads are not here (TAGOUT_REFERENCE, or shared/reference beside)"


def graph_exchanges(name):
    """The exchanges of one file about Graph: request, where there is one, and response."""
    return json.loads((GRAPH / name).read_text())["exchanges"]


def graph_body(name, place=0):
    """The body of one answer of Graph."""
    return graph_exchanges(name)[place]["response"]["body"]


def as_bytes(body):
    """A body as it comes over the line."""
    return json.dumps(body).encode()
