"""What analytics rules prove of the incidents that they make. Where a workspace lives in the
Defender portal, rules are compiled to them in place of titles: to those that make incidents of
their alert types, and to custom details. Elsewhere a title counts where none may write it wrongly.

Titles, descriptions and providers change there after the fact. An analytics rule is named by its
full id, and only its query as it was read last counts, never its template or its name. Where the
query may select other types too, the custom detail `AlertName` separates them; of a query that
does more than filter alerts nothing is proved, and a rule that needs it is not exact.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from alerts.incidents.engine.catalogue import alert_type_of, all_types
from alerts.incidents.engine.title_proof import NAME_OF_ALERT
from alerts.rules.rule import RuleDefinition
from alerts.rules.sentence import Sentence, listed
from alerts.rules.sentinel_conditions import (
    Json,
    detail_condition,
    no_detail_value,
    property_condition,
)

TYPE_DETAIL: Final = "AlertName"  # also the column of the solution's queries that it shows
DETAILS: Final = {"protocol": "Protocol"}  # fields of a rule that a custom detail shows exactly


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalyticsRule:
    """An enabled analytics rule of a workspace that makes incidents of Defender for IoT's alerts.
    `is_plain`: its query filters alerts and leaves their title as it is, and each result is an
    alert. `titles` are the alert types that it names, None where that is not known;
    `has_only_titles`: it selects no other. `details` are the names of its custom details that show
    what the sensor wrote. `passes_entities`: its alerts have the devices and addresses of the
    sensor's alerts, and no others. `title` is the one title that all its alerts have, NAME_OF_ALERT
    where each has that of the sensor's alert, None where it may be any.
    """

    rule_id: str  # ARM's, whole
    name: str
    titles: frozenset[str] | None = None
    has_only_titles: bool = False
    is_plain: bool = False
    details: frozenset[str] = frozenset()
    passes_entities: bool = False
    title: str | None = None

    def shows(self, detail: str) -> bool:
        """Return whether an alert's custom detail is what the sensor wrote."""
        return self.is_plain and detail in self.details

    def selects_only(self, types: frozenset[str]) -> bool:
        """Return whether it is proved that all of its alerts are of these types."""
        titles = self.titles if self.is_plain and self.has_only_titles else None
        return bool(titles) and titles is not None and titles <= types

    def may_title_as(self, types: frozenset[str]) -> bool:
        """Return whether an alert of another type may have the title of one of these, as Sentinel
        compares titles.
        """
        if self.title is None:
            return True
        if self.title == NAME_OF_ALERT:
            return False
        return alert_type_of(self.title).casefold() in {title.casefold() for title in types}


@dataclass(frozen=True, slots=True)
class PortalTypes:
    """How the portal's conditions select the alert types of a rule. `doubts` are the reasons why
    not exactly; with `missing` there is no condition at all. `rules` are those that the conditions
    name.
    """

    conditions: tuple[Json, ...] = ()
    rules: tuple[AnalyticsRule, ...] = ()
    doubts: tuple[Sentence, ...] = ()
    missing: tuple[Sentence, ...] = ()


def types_of(rule: RuleDefinition) -> frozenset[str]:
    """Return the alert types that the rule is about: those of its lines, less its exceptions."""
    wanted = [set(clause.texts) for clause in rule.all_of if clause.field == "alert_type"]
    found = set.intersection(*wanted) if wanted else set[str]()
    for clause in rule.except_any:
        if clause.field == "alert_type":
            found -= set(clause.texts)
    return frozenset(found)


def portal_types_for(
    types: frozenset[str], rules: Sequence[AnalyticsRule], *, workspace: str
) -> PortalTypes:
    """Return the conditions on analytics rules and custom details that hold for exactly these alert
    types, or why they cannot.
    """
    makers = [maker for maker in rules if maker.titles is None or maker.titles & types]
    if not types or not makers:
        names = listed(sorted(types), "and")
        reason = Sentence("sentinel.no_maker", workspace=workspace, names=names)
        return PortalTypes(missing=(reason,))
    ids = property_condition("IncidentRelatedAnalyticRuleIds", (maker.rule_id for maker in makers))
    if all(maker.shows(TYPE_DETAIL) for maker in makers):
        return PortalTypes((ids, detail_condition(TYPE_DETAIL, types)), tuple(makers))
    if all(maker.selects_only(types) for maker in makers):
        return PortalTypes((ids,), tuple(makers))
    reasons = tuple(
        Sentence("sentinel.maker_of_more", name=maker.name, detail=TYPE_DETAIL)
        if maker.is_plain
        else Sentence("sentinel.maker_unproven", name=maker.name)
        for maker in makers
        if not maker.shows(TYPE_DETAIL)
    )
    return PortalTypes((ids,), tuple(makers), reasons)


def doubts_about_entities(makers: Iterable[AnalyticsRule]) -> list[Sentence]:
    """Return why conditions on devices and addresses, those that keep safety systems out included,
    are not about what the sensor saw.
    """
    return [
        Sentence("sentinel.other_entities", name=maker.name)
        for maker in makers
        if maker.is_plain and not maker.passes_entities
    ]


def condition_on_detail(
    field: str, values: Iterable[str], makers: Sequence[AnalyticsRule]
) -> Json | None:
    """Return the condition on the custom detail that shows a field of a rule; None where it has
    none, or not all of the analytics rules carry it.
    """
    name, texts = DETAILS.get(field, ""), list(values)
    if not name or not makers or not all(texts):
        return None
    if not all(maker.shows(name) for maker in makers):
        return None
    return detail_condition(name, texts)


def guards_in_portal(makers: Sequence[AnalyticsRule], rules: Sequence[AnalyticsRule]) -> list[Json]:
    """Return what keeps apart, without a title, what no rule may close there: an alert that another
    analytics rule made, and the types that Sentinel closes none of, in custom details.
    """
    named = {maker.rule_id for maker in makers}
    others = [rule.rule_id for rule in rules if rule.rule_id not in named]
    found = (
        [property_condition("IncidentRelatedAnalyticRuleIds", others, unless=True)]
        if others
        else []
    )
    if any(maker.shows(TYPE_DETAIL) for maker in makers):
        found.append(no_detail_value(types_for_people()))
    return found


def types_for_people() -> list[str]:
    """Return the alert types of which no rule in Sentinel closes an incident: those of the never
    list, and those that need hours or planned work.
    """
    return [kind.title for kind in all_types() if kind.guard != "scoped"]
