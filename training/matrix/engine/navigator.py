"""The matrix as a layer of MITRE's ATT&CK Navigator, format 4.5."""

from collections.abc import Iterable, Mapping
from typing import Any

from portal.attack import engine as attack
from training.matrix.engine.coverage import Cell, Show

FORMAT, NAVIGATOR = "4.5", "5.1.0"
COLOURS = ("#eef1fc", "#2c3e9e")  # of the lowest and the highest score
SCORED = (Show.SEEN, Show.SILENCED, Show.TRAINED)


def layer_of(cells: Mapping[str, Cell], of: Show, *, name: str, description: str) -> dict[str, Any]:
    """Return the layer as plain data. The score of a technique is how many incidents (seen), live
    rules (silenced) or lessons (trained) it has; techniques with none are left out. A technique
    holds under each of its tactics, and all its numbers stand in its metadata.
    """
    scored = [(cell, score_of(cell, of)) for cell in cells.values()]
    techniques = [_technique(cell, score) for cell, score in scored if score]
    highest = max((score for _, score in scored), default=0)
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


def score_of(cell: Cell, of: Show) -> int:
    """Return the number of a cell that a layer is about."""
    return {Show.SEEN: cell.incidents, Show.SILENCED: cell.rules, Show.TRAINED: cell.lessons}[of]


def _technique(cell: Cell, score: int) -> dict[str, Any]:
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
        "showSubtechniques": any(score_of_any(sub) for sub in cell.subtechniques),
        "metadata": [{"name": name, "value": str(n)} for name, n in numbers],
    }


def score_of_any(cell: Cell) -> bool:
    """Whether a cell has any number of its own beside alert types."""
    return bool(cell.incidents or cell.lessons or cell.rules)
