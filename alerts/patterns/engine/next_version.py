"""What a pattern may change in a rule that it outgrew; what people narrowed by hand stays so."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import replace
from typing import Final

from alerts.rules.fields import Operator
from alerts.rules.rule import Clause, RuleDefinition, Value
from alerts.rules.trial import is_line_within

_LISTING: Final = (Operator.IS, Operator.IS_ONE_OF)
_SIDES: Final = ("source", "destination", "any")


def with_exceptions_of(live: RuleDefinition, rule: RuleDefinition) -> RuleDefinition:
    """Return the rule with all that the live one excepts, too."""
    if not live.except_any:
        return rule
    lists: dict[str, list[Value]] = defaultdict(list)
    others: list[Clause] = []
    for line in (*rule.except_any, *live.except_any):
        if line.operator in _LISTING:
            lists[line.field] += line.values
        elif line not in others:
            others.append(line)
    merged = [
        Clause(field, "is" if len(set(values)) == 1 else "is_one_of", tuple(values))
        for field, values in lists.items()
    ]
    return replace(rule, except_any=(*merged, *others))


def is_only_a_list_longer(live: RuleDefinition, rule: RuleDefinition) -> bool:
    """Whether no line of the live rule is dropped or wider, but for lists that are longer:
    those of one side, or one other list.
    """
    places = set()
    for line in live.all_of:
        same_field = [candidate for candidate in rule.all_of if candidate.field == line.field]
        if any(is_line_within(candidate, line) for candidate in same_field):
            continue
        if not any(_is_longer(candidate, line) for candidate in same_field):
            return False
        places.add(_place(line.field))
    return len(places) <= 1


def new_names_among(
    names: Collection[str], *, live: RuleDefinition, rule: RuleDefinition
) -> list[str]:
    """Return those of these names that a list of the rule holds and none of the live rule does."""
    former = {text.casefold() for line in live.all_of for text in line.texts}
    listed = {
        text.casefold() for line in rule.all_of if line.operator in _LISTING for text in line.texts
    }
    return sorted(name for name in names if name.casefold() in listed - former)


def _is_longer(new: Clause, old: Clause) -> bool:
    both_list = new.operator in _LISTING and old.operator in _LISTING
    return both_list and set(new.values) > set(old.values)


def _place(field: str) -> str:
    """The side of an alert that a field is about, else the field."""
    side = field.partition("_")[0]
    return side if side in _SIDES else field
