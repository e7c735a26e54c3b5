"""Which columns of the queue a reader chooses, and what those show that no row of it stores."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from alerts.incidents.engine.hidden_verdicts import HiddenVerdicts, labels_without_verdict
from alerts.incidents.models import Incident, IncidentAlert
from alerts.incidents.techniques import TechniqueChip, technique_chips

# In the order of the table. Priority and incident are always there.
CHOICES = ("technique", "sensor", "labels", "workspace", "ot", "age", "owner", "changed")
_DEFAULT = frozenset({"ot", "age", "owner"})
_ORDERED_BY_CHANGE = _DEFAULT | {"changed"}
_NONE = "none"
_OF_LEAD = frozenset({"technique", "sensor", "labels"})


def shown_columns(text: str, view: str) -> frozenset[str]:
    """Return the columns that an address names; those of the view where it names none."""
    names = text.split(".")
    if (chosen := frozenset(CHOICES).intersection(names)) or names == [_NONE]:
        return chosen
    return _ORDERED_BY_CHANGE if view == "closed" else _DEFAULT


def columns_text(columns: Collection[str], view: str) -> str:
    """Return how an address names columns; nothing for those that the view has anyway."""
    if columns == shown_columns("", view):
        return ""
    return ".".join(name for name in CHOICES if name in columns) or _NONE


@dataclass(frozen=True, slots=True)
class LeadFacts:
    """What a row shows of the incident that it is named after, beside its stored columns."""

    techniques: tuple[TechniqueChip, ...] = ()
    sensors: str = ""
    labels: str = ""

    @property
    def technique(self) -> TechniqueChip | None:
        """The first one."""
        return next(iter(self.techniques), None)

    @property
    def all_techniques(self) -> str:
        """All of them in words."""
        return ", ".join(chip.label for chip in self.techniques)

    @property
    def more_techniques(self) -> int:
        """How many there are beside the first."""
        return len(self.techniques) - 1


def lead_facts(
    incident_ids: Iterable[int], columns: Collection[str], hidden: HiddenVerdicts
) -> Mapping[int, LeadFacts]:
    """Return the facts of these incidents; none of them where no column shows any."""
    if _OF_LEAD.isdisjoint(columns):
        return {}
    incidents = {row.pk: row for row in _incidents(incident_ids)}
    techniques = {pk: [*row.techniques] for pk, row in incidents.items()}
    functions: dict[int, list[str]] = {pk: [] for pk in incidents}
    sensors: dict[int, set[str]] = {pk: set() for pk in incidents}
    for pk, sensor, names, function in _alerts(incidents):
        techniques[pk] += names
        functions[pk].append(function)
        sensors[pk].add(sensor)
    return {
        pk: LeadFacts(
            tuple(technique_chips(techniques[pk], functions[pk])),
            ", ".join(sorted(filter(None, sensors[pk]))),
            ", ".join(
                labels_without_verdict(row.labels) if pk in hidden.by_incident else row.labels
            ),
        )
        for pk, row in incidents.items()
    }


def _incidents(incident_ids: Iterable[int]) -> Iterable[Incident]:
    return Incident.objects.filter(pk__in=[*incident_ids]).only("techniques", "labels")


def _alerts(incident_ids: Collection[int]) -> Iterable[tuple[int, str, list[str], str]]:
    rows = IncidentAlert.objects.filter(incident__in=[*incident_ids])
    columns = ("incident_id", "alert__sensor", "alert__techniques", "alert__function")
    return rows.order_by(*columns).distinct().values_list(*columns)
