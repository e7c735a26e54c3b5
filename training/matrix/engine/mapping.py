"""The vendor's mapping of an alert type beside the reviewed one."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from alerts.incidents.engine.catalogue import AlertType
from portal.attack import engine as attack
from portal.attack.engine import Technique
from training.catalog.engine.reviews import Review


@dataclass(frozen=True)
class TypeMapping:
    """An alert type with the ids that its vendor prints, and its review."""

    alert_type: AlertType
    review: Review

    @cached_property
    def vendor(self) -> tuple[Technique, ...]:
        """The techniques as the vendor's documentation names them."""
        return _techniques_of(self.alert_type.techniques)

    @cached_property
    def reviewed(self) -> tuple[Technique, ...]:
        """The reviewed techniques by the ids of today; none: the alert names no act."""
        return _techniques_of(map(attack.resolve, self.review.techniques))

    @property
    def is_another(self) -> bool:
        """Whether the review means something else than the vendor, beyond new ids for the same."""
        claimed = frozenset(map(attack.resolve, self.alert_type.techniques))
        return claimed != self.review.current_techniques

    def names(self, technique_id: str) -> bool:
        """Whether the vendor or the review maps it to this technique or to a part of it."""
        return technique_id in attack.with_parents(self.ids)

    @property
    def ids(self) -> frozenset[str]:
        """All ids by which it can be found, old and new, the vendor's and the reviewed ones."""
        known = self.alert_type
        return self.review.current_techniques | {*known.techniques, *known.techniques_current}


def _techniques_of(ids: Iterable[str]) -> tuple[Technique, ...]:
    return tuple(known for each in ids if (known := attack.technique(each)) is not None)
