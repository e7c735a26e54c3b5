"""The matrix and its layers for the ATT&CK Navigator."""

from collections.abc import Mapping
from typing import Any

from portal.api.kinds import NUMBER, TEXT, Kind, one_word, shaped
from portal.api.views import Api, Parameter, facts_alone
from portal.attack import engine as attack
from training.matrix.engine.coverage import Cell, Show, build_cells, build_matrix
from training.matrix.engine.navigator import SCORED, layer_of
from training.matrix.policies import MATRIX_ROLES
from training.matrix.queries import PERIOD, facts_for


def _described(kind: Kind, says: str) -> Kind:
    return Kind({**kind.schema, "description": says}, kind.read)


_NUMBERS = {
    "id": TEXT,
    "name": TEXT,
    "incidents": _described(NUMBER, "that you may see, of the last 90 days"),
    "alert_types": _described(NUMBER, "of Defender for IoT that show it"),
    "lessons": NUMBER,
    "rules": _described(NUMBER, "live ones that you may see and that silence it"),
}
TECHNIQUE = shaped(**_NUMBERS, subtechniques=shaped(**_NUMBERS).many())
TACTIC = shaped(
    id=TEXT,
    name=TEXT,
    visible=_described(NUMBER, "techniques that an alert can show"),
    seen=_described(NUMBER, "techniques that incidents showed"),
    techniques=_described(
        TECHNIQUE.many(), "most incidents first; one of several tactics stands under each"
    ),
)
_WHOLE = shaped(
    version=_described(TEXT, "release of ATT&CK for ICS"),
    days=_described(NUMBER, "how far back incidents count"),
    rules_of_no_technique=_described(NUMBER, "live rules that stand in no cell"),
    notice=_described(TEXT, "MITRE's terms of use ask for it"),
    results=_described(TACTIC.many(), "in the order of the matrix"),
)
# Beside these members every answer tells the age of its data.
MATRIX: Mapping[str, Any] = {**_WHOLE.schema, "additionalProperties": True}
LAYER: Mapping[str, Any] = {
    "type": "object",
    "description": "A layer of MITRE's ATT&CK Navigator, format 4.5, to open there as a file.",
    "properties": {
        "name": TEXT.schema,
        "domain": TEXT.schema,
        "versions": {"type": "object", "additionalProperties": {"type": "string"}},
        "techniques": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"techniqueID": TEXT.schema, "score": NUMBER.schema},
                "required": ["techniqueID", "score"],
            },
        },
    },
    "required": ["name", "domain", "versions", "techniques"],
    "additionalProperties": True,
}
QUERY = (
    Parameter(
        "of",
        one_word(*(show.value for show in SCORED)),
        "what is scored: incidents (seen), live rules (silenced) or lessons (trained); without it "
        "seen",
    ),
)


class Attack(Api):
    """ATT&CK for ICS: what was seen, is silenced, is trained."""

    tag = "attack"

    @facts_alone(MATRIX, roles=MATRIX_ROLES)
    def matrix(self) -> dict[str, Any]:
        """The matrix with its numbers, tactic by tactic."""
        facts = facts_for(self.person, now=self.now)
        return {
            "version": attack.version(),
            "days": PERIOD.days,
            "rules_of_no_technique": facts.rules_of_no_technique,
            "notice": attack.notice(),
            "results": [
                {
                    "id": column.tactic.id,
                    "name": column.tactic.name,
                    "visible": column.visible,
                    "seen": column.seen,
                    "techniques": [
                        {**_numbers(cell), "subtechniques": [*map(_numbers, cell.subtechniques)]}
                        for cell in column.cells
                    ],
                }
                for column in build_matrix(build_cells(facts.evidence))
            ],
        }

    @facts_alone(LAYER, roles=MATRIX_ROLES, query=QUERY)
    def navigator_layer(self, of: str = Show.SEEN.value) -> dict[str, Any]:
        """A layer for the ATT&CK Navigator."""
        day = self.now.date().isoformat()
        return layer_of(
            build_cells(facts_for(self.person, now=self.now).evidence),
            Show(of),
            name=f"Tagout, {of}, {day}",
            description=f"What Tagout knew on {day}, within the reach of one person.",
        )


def _numbers(cell: Cell) -> dict[str, Any]:
    return {
        "id": cell.technique.id,
        "name": cell.technique.name,
        "incidents": cell.incidents,
        "alert_types": cell.alert_types,
        "lessons": cell.lessons,
        "rules": cell.rules,
    }
