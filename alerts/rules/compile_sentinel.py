"""A rule as conditions of a Sentinel automation rule: exact, wider, or impossible, and why.

Exact means an incident with one alert, and of alerts that no guard keeps open: the guards are
written into every deployed rule. Sentinel compares without regard to capitals, and a condition on
entities holds if any entity fits; so each name must be that of one device of the workspace.
`undirected` rewrites a rule in the words that Sentinel has; `deployed` is what a wider one would
really catch, as a rule that the other readings can count on history. In the Defender portal
analytics rules and custom details replace the alert types (`analytics_rules.py`); no title is
compared there.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from alerts.incidents.engine.catalogue import alert_type_for, all_types
from alerts.rules.analytics_rules import (
    AnalyticsRule,
    condition_on_detail,
    doubts_about_entities,
    guards_in_portal,
    portal_types_for,
    types_for_people,
    types_of,
)
from alerts.rules.fields import FIELDS, SEVERITIES, Operator
from alerts.rules.guards.never import (
    needs_hours,
    reasons_against_types,
    severity_ceiling,
)
from alerts.rules.rule import Clause, RuleDefinition, pinned, reasons_against_rule
from alerts.rules.sentence import Sentence, listed
from alerts.rules.sentinel_conditions import (
    MAX_CONDITIONS,
    OTHER_PRODUCTS,
    PRODUCTS,
    Json,
    count_conditions,
    no_gate,
    properties_of,
    property_condition,
    titles,
)
from alerts.rules.values import is_mac

type FormVerdict = Literal["exact", "wider", "impossible"]
_DIRECTED: Final = frozenset(
    {
        "source_device",
        "source_address",
        "destination_device",
        "destination_address",
    }
)
# What only the plant's inventory knows.
_IN_THE_PLANT: Final = frozenset(
    {
        "source_kind",
        "source_zone",
        "source_subnet",
        "destination_kind",
        "destination_zone",
        "destination_subnet",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What is known of the workspace a rule would be deployed to.

    `accepts` are property names whose conditions a probe saw at work (IncidentLabel: in collection
    form). `single` are names and addresses, case-folded, that are those of exactly one device
    there. `guarded_*` name safety systems and crown jewels.
    """

    workspace: str
    accepts: frozenset[str] = frozenset()
    is_in_defender_portal: bool | None = False  # None: not known
    analytics_rules: tuple[AnalyticsRule, ...] = ()  # by id
    other_rules: tuple[AnalyticsRule, ...] = ()  # not proved to read such alerts
    are_rules_read: bool = True  # whether it is known which analytics rules there are
    single: frozenset[str] = frozenset()
    guarded_devices: tuple[str, ...] = ()
    guarded_addresses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class InexactClause:
    """What about one clause is not exact. `clause` is None where it is about the whole rule."""

    clause: Clause | None
    why: Sentence


@dataclass(frozen=True, slots=True)
class Compiled:
    """The answer. `conditions` is empty exactly when the rule cannot be deployed there."""

    verdict: FormVerdict
    reasons: tuple[InexactClause, ...] = ()
    conditions: tuple[Json, ...] = ()


@dataclass(slots=True)
class _Draft:
    """What becomes of the clauses: conditions, what was lost, and what forbids it altogether."""

    conditions: list[Json] = field(default_factory=list)
    lost: list[InexactClause] = field(default_factory=list)
    forbidden: list[InexactClause] = field(default_factory=list)
    has_type: bool = False
    has_asset: bool = False


def compile_rule(rule: RuleDefinition, target: Target) -> Compiled:
    """The conditions for this workspace, or why there are none."""
    if reasons := [*reasons_against_rule(rule), *reasons_against_types(rule)]:
        return Compiled("impossible", tuple(InexactClause(None, why) for why in reasons))
    draft = _Draft(forbidden=_against_target(rule, target))
    makers = _add_types(draft, rule, target)
    for clause in rule.all_of:
        _add(draft, clause, target, makers, unless=False)
    for clause in rule.except_any:
        _add(draft, clause, target, makers, unless=True)
    if not draft.has_type:
        draft.forbidden.append(InexactClause(None, Sentence("sentinel.no_type")))
    elif not draft.has_asset:
        draft.forbidden.append(InexactClause(None, Sentence("sentinel.no_asset")))
    conditions = [*draft.conditions, *_guards(target, makers)]
    draft.forbidden += _against_unproven(conditions, target)
    if count_conditions(conditions) > MAX_CONDITIONS:
        needed = Sentence(
            "sentinel.conditions", count=count_conditions(conditions), most=MAX_CONDITIONS
        )
        draft.forbidden.append(InexactClause(None, needed))
    if draft.forbidden:
        return Compiled("impossible", (*draft.forbidden, *draft.lost))
    return Compiled("wider" if draft.lost else "exact", tuple(draft.lost), tuple(conditions))


def _against_target(rule: RuleDefinition, target: Target) -> list[InexactClause]:
    reasons = []
    if target.is_in_defender_portal is None:
        reasons.append(Sentence("sentinel.portal_unknown", workspace=target.workspace))
    if not target.accepts:
        reasons.append(Sentence("sentinel.unprobed", workspace=target.workspace))
    reasons += [Sentence("sentinel.timeboxed", title=what) for what in needs_hours(rule)]
    return [InexactClause(None, why) for why in reasons]


def _against_unproven(conditions: Iterable[Json], target: Target) -> list[InexactClause]:
    """Return why the workspace may refuse these conditions: a probe has not seen them taken."""
    missing = sorted(properties_of(conditions) - target.accepts)
    if not missing or not target.accepts:  # that nothing was probed is told as one reason
        return []
    names = listed(missing, "and")
    return [
        InexactClause(None, Sentence("sentinel.unproven", workspace=target.workspace, names=names))
    ]


def _guards(target: Target, makers: Sequence[AnalyticsRule]) -> list[Json]:
    """Never list, severity ceiling and gate, for every deployed rule (S1, S8)."""
    found = [
        property_condition("AlertProductNames", PRODUCTS),
        property_condition("AlertProductNames", OTHER_PRODUCTS, unless=True),
        property_condition("IncidentStatus", ["New"]),
        property_condition("IncidentSeverity", severity_ceiling()),
        no_gate(target.accepts),
    ]
    if target.is_in_defender_portal:
        found += guards_in_portal(makers, target.analytics_rules)
    else:
        never = titles(kind.title for kind in all_types() if kind.guard == "never")
        found.append(property_condition("IncidentTitle", never, unless=True))
        if "IncidentAlertTitle" in target.accepts:  # another alert of the same incident
            others = titles(types_for_people())
            found.append(property_condition("IncidentAlertTitle", others, unless=True))
    if target.guarded_devices:
        found.append(property_condition("IoTDeviceName", target.guarded_devices, unless=True))
    if target.guarded_addresses:
        found.append(property_condition("IPAddress", target.guarded_addresses, unless=True))
    return found


def reasons_against_titles(types: frozenset[str], target: Target) -> list[Sentence]:
    """Return why, outside the Defender portal, incidents with the titles of these alert types need
    not be of these types.
    """
    if not target.are_rules_read:
        return [Sentence("sentinel.rules_unread", workspace=target.workspace)]
    return [
        Sentence("sentinel.title_of_rule", name=maker.name)
        for maker in (*target.analytics_rules, *target.other_rules)
        if maker.may_title_as(types)
    ]


def _add_types(draft: _Draft, rule: RuleDefinition, target: Target) -> tuple[AnalyticsRule, ...]:
    """The alert types of the whole rule: as the Defender portal can select them, or by title, and
    why titles are not theirs alone.
    """
    types = [clause for clause in rule.all_of if clause.field == "alert_type"]
    if not types or target.is_in_defender_portal is None:
        return ()
    if not target.is_in_defender_portal:
        doubts = reasons_against_titles(types_of(rule), target)
        draft.lost += [InexactClause(types[0], why) for why in doubts]
        return ()
    found = portal_types_for(types_of(rule), target.analytics_rules, workspace=target.workspace)
    draft.conditions += found.conditions
    draft.lost += [InexactClause(types[0], why) for why in found.doubts]
    draft.lost += [InexactClause(None, why) for why in doubts_about_entities(found.rules)]
    draft.forbidden += [InexactClause(types[0], why) for why in found.missing]
    return found.rules


def _add(
    draft: _Draft,
    clause: Clause,
    target: Target,
    makers: Sequence[AnalyticsRule],
    *,
    unless: bool,
) -> None:
    """One clause: as a condition, as a reason, or as both where the condition is only wider."""
    name = clause.field
    if name == "workspace":
        if (target.workspace in clause.texts) is unless:
            not_here = Sentence("sentinel.not_here", workspace=target.workspace)
            draft.forbidden.append(InexactClause(clause, not_here))
    elif name == "time":
        draft.forbidden.append(InexactClause(clause, Sentence("sentinel.time")))
    elif name == "planned_work":
        draft.forbidden.append(InexactClause(clause, Sentence("sentinel.work")))
    elif name in _IN_THE_PLANT:
        label = FIELDS[name].label
        draft.forbidden.append(
            InexactClause(clause, Sentence("sentinel.in_the_plant", label=label))
        )
    elif name == "alert_type":
        if not target.is_in_defender_portal:
            title = property_condition("IncidentTitle", titles(clause.texts), unless=unless)
            draft.conditions.append(title)
        draft.has_type |= not unless
        unlisted = [value for value in clause.texts if not _is_listed(value)]
        draft.lost += [
            InexactClause(clause, Sentence("sentinel.unlisted", value=v)) for v in unlisted
        ]
    elif name in ("severity", "tactics"):
        prop = "IncidentSeverity" if name == "severity" else "IncidentTactics"
        draft.conditions.append(property_condition(prop, _severities(clause), unless=unless))
    elif name in ("any_device", "any_address") and not _unfit(clause):
        prop = "IoTDeviceName" if name == "any_device" else "IPAddress"
        draft.conditions.append(property_condition(prop, clause.texts, unless=unless))
        draft.has_asset |= not unless
        draft.lost += [InexactClause(clause, why) for why in _not_single(clause, target)]
    elif not unless and (detail := condition_on_detail(name, clause.texts, makers)):
        draft.conditions.append(detail)
    elif not (name == "product_name" and not unless and set(clause.texts) >= set(PRODUCTS)):
        draft.lost.append(InexactClause(clause, _unfit(clause) or _unknown(clause)))


def _is_listed(title: str) -> bool:
    alert_type = alert_type_for(title)
    return alert_type is not None and alert_type.title == title


def _severities(clause: Clause) -> Iterable[str]:
    if clause.operator == Operator.AT_MOST:
        return SEVERITIES[1 : SEVERITIES.index(clause.texts[0]) + 1]
    return clause.texts


def _unfit(clause: Clause) -> Sentence | None:
    """Why this line about addresses is none that Sentinel can hold."""
    if clause.field == "any_address" and clause.operator == Operator.WITHIN:
        return Sentence("sentinel.network")
    if clause.field == "any_address" and any(is_mac(value) for value in clause.texts):
        return Sentence("sentinel.mac")
    return None


def _not_single(clause: Clause, target: Target) -> list[Sentence]:
    return [
        Sentence("sentinel.not_one", value=value)
        for value in clause.texts
        if value.casefold() not in target.single
    ]


def _unknown(clause: Clause) -> Sentence:
    if clause.field in _DIRECTED:
        return Sentence("sentinel.direction", label=FIELDS[clause.field].label)
    if clause.field == "user_defined_title":
        return Sentence("sentinel.own_rule")
    return Sentence("sentinel.unknown", label=FIELDS[clause.field].label)


_KEPT: Final = frozenset({"sentinel.not_one", "sentinel.unlisted"})  # inexact, but still there


def deployed(rule: RuleDefinition, compiled: Compiled) -> RuleDefinition:
    """The rule as Sentinel would read it. Its lost exceptions are lost too."""
    if compiled.verdict == "impossible":
        raise ValueError("what cannot be deployed catches nothing")
    lost = {reason.clause for reason in compiled.reasons if reason.why.code not in _KEPT}
    ceiling = Clause("severity", "at_most", (severity_ceiling()[-1],))
    return replace(
        rule,
        all_of=(*(clause for clause in rule.all_of if clause not in lost), ceiling),
        except_any=tuple(clause for clause in rule.except_any if clause not in lost),
    )


_WITHOUT_DIRECTION: Final = {
    "source_device": "any_device",
    "destination_device": "any_device",
    "source_address": "any_address",
    "destination_address": "any_address",
}


def undirected(rule: RuleDefinition) -> RuleDefinition:
    """Return the rule for Sentinel to enforce: source and destination become the devices and
    addresses that an alert names, and the site goes where a workspace is named. It matches all that
    the rule matches, and the other direction too; the compiler returns whether Sentinel can hold
    it.
    """
    has_workspace = bool(pinned(rule.all_of, "workspace"))
    return replace(
        rule,
        all_of=tuple(
            _undirected(clause)
            for clause in rule.all_of
            if not (has_workspace and clause.field == "site")
        ),
        except_any=tuple(map(_undirected, rule.except_any)),
        enforcement="sentinel",
    )


def _undirected(clause: Clause) -> Clause:
    return replace(clause, field=_WITHOUT_DIRECTION.get(clause.field, clause.field))
