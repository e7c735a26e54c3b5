"""What a person should look at before a rule is signed: each with its reason and where it leads."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext

from alerts.reviews.models import Annotation
from alerts.suppression.backtesting.incident_names import Named
from alerts.suppression.engine.values import reasons_against_address
from alerts.suppression.engine.words import Sentence
from alerts.suppression.web.words import field_label, in_words

_ENDS = {
    "source": ("source_device", "source_address"),
    "destination": ("destination_device", "destination_address"),
}
_TRAITS = ("protocol", "function", "port")


@dataclass(frozen=True, slots=True)
class Exclusion:
    """One way to leave an alert out: the exception it would add."""

    value: str  # field|value, as the editor reads it
    label: str


@dataclass(frozen=True, slots=True)
class IncidentLink:
    """An incident by its number, and the pages of it that a reason leads to."""

    label: str
    href: str

    @property
    def alerts_href(self) -> str:
        """Where its alerts stand."""
        return f"{self.href}?tab=alerts"

    @property
    def timeline_href(self) -> str:
        """Where its verdicts stand, and whether it was reopened."""
        return f"{self.href}?tab=timeline"


@dataclass(frozen=True, slots=True)
class Look:
    """One alert for a person's eye, standing for `times` of its kind: why it is worth it, the
    incident it stands in, the verdicts on it, and the true positive near it.
    """

    ends: str
    detail: str
    at: datetime
    times: int
    site: str
    reasons: tuple[str, ...]
    incident: IncidentLink | None
    case: IncidentLink | None
    verdicts: tuple[Annotation, ...]
    exclusions: tuple[Exclusion, ...]


def look_of(row: Mapping[str, Any], names: Named) -> Look:
    """Return a listed alert of a frozen back-test as a page shows it."""
    traits = row["traits"]
    ends = " → ".join(end for end in (traits.get("source"), traits.get("destination")) if end)
    details = [traits.get("protocol"), traits.get("function")]
    return Look(
        ends=ends or traits.get("devices") or gettext("No device named"),
        detail=" · ".join(each for each in details if each),
        at=datetime.fromisoformat(row["at"]),
        times=row.get("times", 1),
        site=row["site"],
        reasons=tuple(_reasons(row)),
        incident=incident_link(next(iter(row["incidents"]), None), names),
        case=incident_link(row.get("case"), names),
        verdicts=tuple(
            names.verdicts[uuid] for uuid in row.get("verdicts", []) if uuid in names.verdicts
        ),
        exclusions=tuple(_exclusions(traits)),
    )


def incident_link(pk: int | None, names: Named) -> IncidentLink | None:
    """Return an incident as people call it, with its page."""
    if pk is None or pk not in names.numbers:
        return None
    number = names.numbers[pk]
    label = f"#{number}" if number else gettext("Incident %(id)s") % {"id": pk}
    return IncidentLink(label, f"/incidents/{pk}/")


def _reasons(row: Mapping[str, Any]) -> Iterable[str]:
    """Stops come as codes of what became of them; the others with the sentence that was frozen."""
    why = row.get("why", "")
    stoppers = why if isinstance(why, list) else row.get("stoppers", [])
    for name in stoppers:
        yield in_words(Sentence(f"stopper.{name}"))
    code, detail = row.get("reason") or ("", {})
    if code:
        yield in_words(Sentence(code, **detail))


def _exclusions(traits: Mapping[str, str]) -> Iterable[Exclusion]:
    for end, (device, address) in _ENDS.items():
        if value := traits.get(end):
            field = device if reasons_against_address(value) else address
            yield _exclusion(field, value)
    for name in _TRAITS:
        if value := traits.get(name):
            yield _exclusion(name, value)


def _exclusion(field: str, value: str) -> Exclusion:
    return Exclusion(f"{field}|{value}", f"{field_label(field)}: {value}")
