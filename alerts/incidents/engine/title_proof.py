"""Whether an alert's title proves its type. The sensor writes the alert's name there; an analytics
rule of Sentinel writes what its author wants, so that a fixed text gives one alert the name of
another. Of an alert whose type is not proved no rule by type matches (suppression, S1).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from alerts.incidents.engine.catalogue import alert_type_for, alert_type_of, all_types
from alerts.sentinel.wire.alerts import WireAlert

# Flags of an alert. The second kind names an analytics rule that was not read when the alert came:
# what the first look at it finds counts for the alert, too.
BY_TITLE: Final = "alert_type:by_title"
OF_RULE: Final = "alert_type:rule "
NO_NAME: Final = ""  # of the analytics rule, where an alert does not name it
NAME_OF_ALERT: Final = ""  # in place of the one title that a rule gives to all its alerts
_TYPE_DETAIL: Final = "alertname"  # a custom detail, folded


@dataclass(frozen=True, slots=True)
class TitleRules:
    """The analytics rules of a workspace as the last look found them, by name in lower case:
    `naming` give their alerts the alert's own name as title, `doubtful` may give any title.
    """

    naming: frozenset[str] = frozenset()
    doubtful: frozenset[str] = frozenset()

    @classmethod
    def of_capability(cls, capability: Mapping[str, Any]) -> "TitleRules":
        """Return them as a look stores them beside what rules are compiled to."""
        titles = capability.get("titles") or {}
        return cls(*(frozenset(titles.get(name, ())) for name in cls.__slots__))

    def as_capability(self) -> dict[str, list[str]]:
        """Return them as they are stored."""
        return {name: sorted(getattr(self, name)) for name in self.__slots__}


NO_RULES: Final = TitleRules()


def title_flags(alert: WireAlert, rules: TitleRules) -> tuple[str, ...]:
    """Return the flags of an alert whose type its title does not prove; none where it does."""
    if not alert.has_title_of_rule:
        return ()
    if not _agrees(alert, alert.custom_details.get(_TYPE_DETAIL, ())):
        return (BY_TITLE,)
    if alert.rule_ids and rules.naming.issuperset(alert.rule_ids):
        return ()
    if not rules.doubtful.isdisjoint(alert.rule_ids):
        return (BY_TITLE,)
    unread = [name for name in alert.rule_ids if name not in rules.naming]
    # One that names no rule is not doubted for good: read again it may name one.
    return (BY_TITLE, *(f"{OF_RULE}{name}" for name in unread or [NO_NAME]))


def is_of_title(flag: str) -> bool:
    """Whether a flag states whether the title proves the type, and nothing about the record."""
    return flag == BY_TITLE or flag.startswith(OF_RULE)


def unread_rules(flags: Iterable[str]) -> set[str]:
    """Return the names of the analytics rules that were not read when an alert with these flags
    came; none of a rule that it does not name, which no look finds.
    """
    names = {flag.removeprefix(OF_RULE) for flag in flags if flag.startswith(OF_RULE)}
    return names - {NO_NAME}


def _agrees(alert: WireAlert, shown: Iterable[str]) -> bool:
    """Whether nothing that the alert shows beside its title belongs to another type."""
    name = alert_type_of(alert.title or alert.alert_type or "")
    if any(alert_type_of(text) != name for text in shown):
        return False
    found = alert_type_for(name)
    return found is None or alert.engine not in _components() or alert.engine == found.component


@cache
def _components() -> frozenset[str]:
    return frozenset(kind.component for kind in all_types())
