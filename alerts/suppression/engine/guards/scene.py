"""S1 around an incident: what keeps it open although every alert in it is covered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from alerts.suppression.engine.facts import Facts
from alerts.suppression.engine.guards.never import reasons_against_alert, reasons_against_assets
from alerts.suppression.engine.rule import Rule
from alerts.suppression.engine.sentinel_conditions import GATE_LABEL, PRODUCTS
from alerts.suppression.engine.words import Sentence, listed

MAX_ENTITIES: Final = 500
MAX_MINUTES_OLD: Final = 15
# What a person did to the incident, and that our knowledge is old now: nothing of what it is.
HANDS: Final = frozenset({"never.owner", "never.touched", "never.stale"})
# What keeps this one incident open and says nothing against the rule: a trial that covers it has
# seen a match once a person has found it harmless.
NEW_MEMBER: Final = "member.new"
CIRCUMSTANCES: Final = frozenset(
    {
        "never.owner",
        "never.touched",
        "never.case",
        "never.suspicion",
        NEW_MEMBER,
    }
)
# Cases elsewhere that keep it open until they end: then it is judged again.
HOLDS: Final = frozenset({"never.case", "never.suspicion"})
# Too little is known to say that a rule would close it, or suppression was off: no trial speaks.
UNDECIDED: Final = frozenset({"never.pending", "never.stale", "never.unknown", "never.gate"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """An incident at the moment of decision. Each alert stands beside the live rule that covers it,
    or beside None. What people did is told in words; Tagout's own writes are left out.
    """

    alerts: tuple[tuple[Facts, Rule | None], ...]
    products: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    owner: str = ""
    touched: tuple[str, ...] = ()
    unknown_words: tuple[str, ...] = ()
    entities_count: int = 0
    unexplained: tuple[str, ...] = ()
    in_open_cases: tuple[str, ...] = ()
    under_suspicion: tuple[str, ...] = ()
    new_members: tuple[str, ...] = ()  # of groups that the rules name, met here first
    criticality: Mapping[str, str] = field(default_factory=dict)
    details_pending: bool = False
    minutes_old: float = 0.0


def reasons_to_keep_open(scene: Scene) -> list[Sentence]:
    """Why a person must see this incident; empty only when each alert is covered and none of S1."""
    reasons = _against_what_we_know(scene)
    for facts, rule in scene.alerts:
        if rule is None:
            reasons.append(Sentence("scene.uncovered", title=facts.alert_type))
        else:
            reasons += reasons_against_alert(facts, rule)
    if not scene.alerts:
        reasons.append(Sentence("never.pending"))
    reasons += reasons_against_assets(scene.criticality)
    if scene.new_members:
        reasons.append(Sentence(NEW_MEMBER, names=listed(scene.new_members, "and")))
    others = sorted(set(scene.products) - set(PRODUCTS))
    if others:
        reasons.append(Sentence("never.products", products=listed(others, "and")))
    elif not scene.products:
        reasons.append(Sentence("never.unknown", what="product"))
    return reasons + _against_hands(scene)


def is_worth_a_tag(reasons: Iterable[Sentence]) -> bool:
    """Whether a trial may say that it covers an incident which these reasons keep open."""
    return UNDECIDED.isdisjoint(reason.code for reason in reasons)


def is_only_held(codes: Iterable[str]) -> bool:
    """Whether nothing keeps an incident open but cases on its devices, which may end."""
    found = frozenset(codes)
    return bool(found) and HOLDS.issuperset(found)


def counts_where_harmless(codes: Iterable[str]) -> bool:
    """Whether a match that these reasons kept open counts once a person found it harmless."""
    return CIRCUMSTANCES.issuperset(codes)


def _against_what_we_know(scene: Scene) -> list[Sentence]:
    reasons = []
    if scene.details_pending:
        reasons.append(Sentence("never.pending"))
    if scene.minutes_old > MAX_MINUTES_OLD:
        old = round(scene.minutes_old)
        reasons.append(Sentence("never.stale", minutes=old, most=MAX_MINUTES_OLD))
    if scene.entities_count > MAX_ENTITIES:
        count = scene.entities_count
        reasons.append(Sentence("never.entities", count=count, most=MAX_ENTITIES))
    if scene.unexplained:
        reasons.append(Sentence("never.unexplained", names=listed(scene.unexplained, "and")))
    if scene.unknown_words:
        reasons.append(Sentence("never.unknown", what=listed(scene.unknown_words, "and")))
    return reasons


def _against_hands(scene: Scene) -> list[Sentence]:
    reasons = []
    if scene.owner:
        reasons.append(Sentence("never.owner"))
    if scene.touched:
        reasons.append(Sentence("never.touched", what=listed(scene.touched, "and")))
    if scene.in_open_cases:
        reasons.append(Sentence("never.case", names=listed(scene.in_open_cases, "and")))
    if scene.under_suspicion:
        names = listed(scene.under_suspicion, "and")
        reasons.append(Sentence("never.suspicion", names=names))
    if GATE_LABEL in {label.casefold() for label in scene.labels}:
        reasons.append(Sentence("never.gate", label=GATE_LABEL))
    return reasons
