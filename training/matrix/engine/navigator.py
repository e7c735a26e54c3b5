"""The matrix as a layer of MITRE's ATT&CK Navigator, format 4.5."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from portal.attack import engine as attack
from training.matrix.engine.coverage import MatrixCell, Show

FORMAT, NAVIGATOR = "4.5", "5.1.0"
COLOURS = ("#eef1fc", "#2c3e9e")  # of the lowest and the highest score
SCORED = (Show.OBSERVED, Show.SILENCED, Show.TRAINED)


def layer_of(
    cells: Mapping[str, MatrixCell], of: Show, *, name: str, description: str
) -> dict[str, Any]:
    """Return the layer as plain data. The score of a technique is how many incidents (seen), live
    rules (silenced) or lessons (trained) it has; techniques with none are left out. A technique
    holds under each of its tactics, and all its numbers are in its metadata.
    """
    scores = [(cell, score_of(cell, of)) for cell in cells.values()]
    techniques = [_technique(cell, score) for cell, score in scores if score]
    highest = max((score for _, score in scores), default=0)
    return {
        "name": name,
        "versions": {
            "attack": attack.version().partition(".")[0],
            "navigator": NAVIGATOR,
            "layer": FORMAT,
        },
        "domain": "ics-attack",
        "description": description,
        "sorting": 3,  # highest score first
        "hideDisabled": False,
        "techniques": techniques,
        "gradient": {"colors": list(COLOURS), "minValue": 0, "maxValue": max(1, highest)},
        "metadata": [
            {"name": "release", "value": attack.version()},
            {"name": "notice", "value": attack.notice()},
        ],
        "selectTechniquesAcrossTactics": True,
        "selectSubtechniquesWithParent": False,
    }


def score_of(cell: MatrixCell, of: Show) -> int:
    """Return the number of a cell that a layer is about."""
    return {Show.OBSERVED: cell.incidents, Show.SILENCED: cell.rules, Show.TRAINED: cell.lessons}[
        of
    ]


def _technique(cell: MatrixCell, score: int) -> dict[str, Any]:
    numbers: Iterable[tuple[str, int]] = (
        ("incidents", cell.incidents),
        ("alert types", cell.alert_types),
        ("lessons", cell.lessons),
        ("live rules", cell.rules),
    )
    return {
        "techniqueID": cell.technique.id,
        "score": score,
        "enabled": True,
        "showSubtechniques": any(
            sub.incidents or sub.lessons or sub.rules for sub in cell.subtechniques
        ),
        "metadata": [{"name": name, "value": str(n)} for name, n in numbers],
    }


MAX_LAYER = 2 * 1024 * 1024  # bytes
MAX_SCORE = 10**9
_DOMAINS = ("ics-attack", "mitre-ics")  # the second before format 4


class LayerError(Exception):
    """The file is no layer that can be read; `code` is the reason: json, layer, several, domain."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


@dataclass(frozen=True, slots=True)
class LayerEntry:
    """A technique that a layer marks, by its id of today."""

    technique_id: str
    score: float | None
    comment: str


@dataclass(frozen=True, slots=True)
class NavigatorLayer:
    """What a layer marks. `unknown` are ids that ATT&CK for ICS does not have."""

    name: str
    entries: tuple[LayerEntry, ...]
    unknown: tuple[str, ...]


def read_layer(data: bytes) -> NavigatorLayer:
    """Return the techniques that a layer of any format marks: with a score, a colour or a comment,
    and not switched off; each once. Raises LayerError.
    """
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise LayerError("json") from error
    if isinstance(document, list):
        if len(document) != 1:
            raise LayerError("several")
        document = document[0]
    rows = document.get("techniques") if isinstance(document, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise LayerError("layer")
    if document.get("domain") not in _DOMAINS:
        raise LayerError("domain")
    entries: dict[str, LayerEntry] = {}
    unknown: dict[str, None] = {}
    for row in filter(_is_marked, rows):
        technique_id = _text(row.get("techniqueID", ""))
        if (technique := attack.technique(technique_id)) is None:
            unknown[technique_id] = None
        else:
            score = _number(row.get("score"))
            entry = LayerEntry(technique.current_id, score, _text(row.get("comment") or ""))
            entries.setdefault(technique.current_id, entry)
    return NavigatorLayer(_text(document.get("name", "")), tuple(entries.values()), tuple(unknown))


def _text(value: object) -> str:
    """The value as text that a page can hold: JSON may name halves of letters."""
    return str(value).encode(errors="replace").decode()


def _number(score: object) -> float | None:
    """The score; None for none, and for what is no number that a page can show."""
    if not isinstance(score, int | float) or not abs(score) < MAX_SCORE:
        return None
    return float(score)


def _is_marked(row: Mapping[str, Any]) -> bool:
    marks = (row.get("score"), row.get("color"), row.get("comment"))
    return row.get("enabled", True) is not False and any(mark not in (None, "") for mark in marks)
