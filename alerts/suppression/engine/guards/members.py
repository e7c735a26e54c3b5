"""S2: who joined a group after the rule was signed is seen by a person first."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final

from alerts.suppression.engine.clauses import pinned
from alerts.suppression.engine.facts import Facts
from alerts.suppression.engine.rule import Rule

SIDES: Final = ("source", "destination")
GROUPING: Final = ("kind", "zone", "subnet")  # fields by which a rule names a group at one side


@dataclass(frozen=True, slots=True)
class End:
    """One end of an alert, covered as a member of a group. A device is its zone and its address at
    the site, or its name where the alert tells no address.
    """

    side: str
    site: str
    zone: str
    device: str
    address: str

    @property
    def name(self) -> str:
        """What people call it."""
        return self.device or self.address

    @property
    def handle(self) -> str:
        """By what it is found again."""
        return (self.address or self.device).casefold()


def grouped_sides(rule: Rule) -> tuple[str, ...]:
    """Return the sides that the rule names as a group, and not by devices or addresses."""
    return tuple(side for side in SIDES if _is_group(rule, side))


def ends_in_groups(facts: Facts, rule: Rule) -> Iterator[End]:
    """Yield the ends of an alert of the rule that it covers only because of their group."""
    for side in grouped_sides(rule):
        yield _end_of(facts, side)


def ends_of_newcomers(facts: Facts, names: Collection[str]) -> Iterator[End]:
    """Yield the ends of an alert whose device is one of these names, in lower case."""
    for side in SIDES:
        device = getattr(facts, f"{side}_device")
        if device.casefold() in names:
            yield _end_of(facts, side)


def is_in_group(rule: Rule, side: str, *, kind: str, zone: str, subnet: str) -> bool:
    """Whether a device of this kind, zone and subnet is in the group that a side names."""
    values = {f"{side}_kind": kind, f"{side}_zone": zone, f"{side}_subnet": subnet}
    lines = [clause for clause in rule.all_of if clause.field in values]
    return bool(lines) and all(values[line.field] in line.texts for line in lines)


def _end_of(facts: Facts, side: str) -> End:
    return End(
        side=side,
        site=facts.site,
        zone=getattr(facts, f"{side}_zone"),
        device=getattr(facts, f"{side}_device"),
        address=getattr(facts, f"{side}_address"),
    )


def _is_group(rule: Rule, side: str) -> bool:
    names = pinned(rule.all_of, f"{side}_device") or pinned(rule.all_of, f"{side}_address")
    grouping = {f"{side}_{field}" for field in GROUPING}
    return not names and any(clause.field in grouping for clause in rule.all_of)
