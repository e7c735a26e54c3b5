"""The matrix and its layers for the ATT&CK Navigator."""

from typing import Any

from rest_framework.serializers import CharField, DictField, IntegerField, Serializer

from portal.api.fields import QueryChoice
from portal.api.views import Api, facts_alone
from portal.attack import engine as attack
from training.matrix.engine.coverage import Show, build_cells, build_matrix
from training.matrix.engine.navigator import SCORED, layer_of
from training.matrix.policies import MATRIX_ROLES
from training.matrix.queries import PERIOD, facts_for


class SubtechniqueSerializer(Serializer[Any]):
    """A technique with its numbers."""

    id = CharField(source="technique.id")
    name = CharField(source="technique.name")
    incidents = IntegerField(help_text="that you may see, of the last 90 days")
    alert_types = IntegerField(help_text="of Defender for IoT that show it")
    lessons = IntegerField()
    rules = IntegerField(help_text="live ones that you may see and that silence it")


class TechniqueSerializer(SubtechniqueSerializer):
    """The same with its sub-techniques."""

    subtechniques = SubtechniqueSerializer(many=True)


class TacticSerializer(Serializer[Any]):
    """A column of the matrix."""

    id = CharField(source="tactic.id")
    name = CharField(source="tactic.name")
    visible = IntegerField(help_text="techniques that an alert can show")
    seen = IntegerField(source="observed_count", help_text="techniques that incidents showed")
    techniques = TechniqueSerializer(
        source="cells",
        many=True,
        help_text="most incidents first; one of several tactics stands under each",
    )


class MatrixSerializer(Serializer[Any]):
    """ATT&CK for ICS with its numbers."""

    version = CharField(help_text="release of ATT&CK for ICS")
    days = IntegerField(help_text="how far back incidents count")
    rules_of_no_technique = IntegerField(help_text="live rules that stand in no cell")
    notice = CharField(help_text="MITRE's terms of use ask for it")
    results = TacticSerializer(many=True, help_text="in the order of the matrix")


class LayerTechniqueSerializer(Serializer[Any]):
    """A technique with its score."""

    has_more_members = True  # of which only these matter

    techniqueID = CharField()
    score = IntegerField()


class LayerSerializer(Serializer[Any]):
    """A layer of MITRE's ATT&CK Navigator, format 4.5, to open there as a file."""

    name = CharField()
    domain = CharField()
    versions = DictField(child=CharField())
    techniques = LayerTechniqueSerializer(many=True)

    def to_representation(self, instance: Any) -> Any:
        """Return the layer whole: the format has more members than are named here."""
        return instance


QUERY = {
    "of": QueryChoice(
        [show.value for show in SCORED],
        help_text="what is scored: incidents (seen), live rules (silenced) or lessons (trained); "
        "without it seen",
    )
}


class Attack(Api):
    """ATT&CK for ICS: what was seen, is silenced, is trained."""

    tag = "attack"

    @facts_alone(MatrixSerializer, roles=MATRIX_ROLES)
    def matrix(self) -> dict[str, Any]:
        """The matrix with its numbers, tactic by tactic."""
        facts = facts_for(self.person, now=self.now)
        return {
            "version": attack.version(),
            "days": PERIOD.days,
            "rules_of_no_technique": facts.rules_of_no_technique,
            "notice": attack.notice(),
            "results": build_matrix(build_cells(facts.evidence)),
        }

    @facts_alone(LayerSerializer, roles=MATRIX_ROLES, query=QUERY)
    def navigator_layer(self, of: str = Show.OBSERVED.value) -> dict[str, Any]:
        """A layer for the ATT&CK Navigator."""
        day = self.now.date().isoformat()
        return layer_of(
            build_cells(facts_for(self.person, now=self.now).evidence),
            Show(of),
            name=f"Tagout, {of}, {day}",
            description=f"What Tagout knew on {day}, within the reach of one person.",
        )
