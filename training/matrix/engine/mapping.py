"""The vendor's mapping of an alert type beside ours, and what tells them apart."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from alerts.incidents.engine.catalogue import AlertType
from portal.attack import engine as attack
from portal.attack.engine import Technique
from training.matrix.engine.coverage import with_parents


class Difference(StrEnum):
    """Why an id of ours is not the vendor's."""

    REPLACED = "replaced"  # MITRE gave the technique another id
    CORRECTED = "corrected"  # the vendor's id does not fit what the alert says
    DEPRECATED = "deprecated"  # MITRE gave it up, and names no other


@dataclass(frozen=True, slots=True)
class MappingNote:
    """One difference: the vendor's id, and ours where there is one."""

    kind: Difference
    vendor_id: str
    our_id: str = ""


@dataclass(frozen=True)
class TypeMapping:
    """An alert type with the ids that its vendor prints and those that Tagout counts it at."""

    alert_type: AlertType

    @cached_property
    def vendor(self) -> tuple[Technique, ...]:
        """The techniques as the vendor's documentation names them."""
        return _techniques_of(self.alert_type.techniques)

    @cached_property
    def ours(self) -> tuple[Technique, ...]:
        """The techniques in the current release."""
        return _techniques_of(self.alert_type.techniques_current)

    @cached_property
    def notes(self) -> tuple[MappingNote, ...]:
        """What tells the two apart. A correction pairs ids by their place in the list."""
        notes = []
        pairs = zip(self.alert_type.techniques, self.alert_type.techniques_current, strict=True)
        for vendor_id, our_id in pairs:
            if attack.resolve(vendor_id) != our_id:
                notes.append(MappingNote(Difference.CORRECTED, vendor_id, our_id))
            elif vendor_id != our_id:
                notes.append(MappingNote(Difference.REPLACED, vendor_id, our_id))
            elif (known := attack.technique(vendor_id)) and known.is_deprecated:
                notes.append(MappingNote(Difference.DEPRECATED, vendor_id))
        return tuple(notes)

    @property
    def is_ours_another(self) -> bool:
        """Whether we mean something else than the vendor, beyond new ids for the same."""
        return any(note.kind is not Difference.REPLACED for note in self.notes)

    def names(self, technique_id: str) -> bool:
        """Whether the vendor or Tagout maps it to this technique or to a part of it."""
        ids = (*self.alert_type.techniques, *self.alert_type.techniques_current)
        return technique_id in with_parents(ids)


def _techniques_of(ids: Iterable[str]) -> tuple[Technique, ...]:
    return tuple(known for each in ids if (known := attack.technique(each)) is not None)
