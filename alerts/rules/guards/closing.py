"""Guards around one close. S1: what keeps an incident open although every alert in it is covered.
S2: who joined a group after the rule was signed is seen by a person first. S10: each close names
the rule, who signed it, why and until when. S7: what stops a rule after a close.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Final

from alerts.outbox.engine.labels import GATE_LABEL
from alerts.reviews.engine.causes import all_causes, cause
from alerts.rules.fields import FieldValues
from alerts.rules.guards.never import (
    MAX_WINDOW_HOURS,
    reasons_against_alert,
    reasons_against_any_close,
    reasons_against_assets,
)
from alerts.rules.rule import RuleDefinition, pinned
from alerts.rules.sentence import Sentence, listed
from alerts.rules.sentinel_conditions import PRODUCTS

# Beside an alert: whichever rule covers it. Only what no rule may close is asked then.
ANY_RULE: Final = RuleDefinition(title="any", all_of=())
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
        "never.held",
        "never.meanwhile",
        "never.suspicion",
        NEW_MEMBER,
    }
)
# Cases elsewhere that keep it open until they end: then it is judged again.
HOLDS: Final = frozenset({"never.case", "never.held", "never.suspicion"})
# What stops a rule by itself, as stored with its step.
STOPS: Final = (
    "stop.reopened",
    "stop.true_positive",
    "stop.linked",
    "stop.joined",
    "stop.unknown",
    "brake.rule-day",
    "brake.workspace-hour",
    "brake.workspace-day",
)
# Too little is known to say that a rule would close it, or suppression was off: no trial speaks.
UNDECIDED: Final = frozenset({"never.pending", "never.stale", "never.unknown", "never.gate"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """An incident at the moment of decision. Each alert is beside the live rule that covers it, or
    beside None. What people did is told in words; Tagout's own writes are left out.
    """

    alerts: tuple[tuple[FieldValues, RuleDefinition | None], ...] = ()
    products: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    owner: str = ""
    touched: tuple[str, ...] = ()
    unknown_words: tuple[str, ...] = ()
    entities_count: int = 0
    unexplained: tuple[str, ...] = ()
    in_open_cases: tuple[str, ...] = ()
    after_cases: tuple[str, ...] = ()  # held since a true positive was closed
    during_cases: tuple[str, ...] = ()  # held so when the incident came, no longer
    under_suspicion: tuple[str, ...] = ()
    new_members: tuple[str, ...] = ()  # of groups that the rules name, met here first
    criticality: Mapping[str, str] = field(default_factory=dict)
    details_pending: bool = False
    minutes_old: float = 0.0
    wide_works: tuple[tuple[str, int], ...] = ()  # sites whose work takes so many hours of a week


def reasons_to_keep_open(scene: Scene) -> list[Sentence]:
    """Why a person must see this incident; empty only when each alert is covered and none of S1.
    `backtesting.guards_of_history` asks the same of the past, as far as history shows it.
    """
    reasons = _reasons_against_facts(scene)
    for facts, rule in scene.alerts:
        if rule is None:
            reasons.append(reason_uncovered(facts))
        elif rule is ANY_RULE:
            reasons += reasons_against_any_close(facts)
        else:
            reasons += reasons_against_alert(facts, rule)
    if not scene.alerts:
        reasons.append(Sentence("never.pending"))
    reasons += [work_size_reason(site, hours) for site, hours in scene.wide_works]
    reasons += reasons_against_assets(scene.criticality)
    if scene.new_members:
        reasons.append(Sentence(NEW_MEMBER, names=listed(scene.new_members, "and")))
    others = sorted(set(scene.products) - set(PRODUCTS))
    if others:
        reasons.append(Sentence("never.products", products=listed(others, "and")))
    elif not scene.products:
        reasons.append(Sentence("never.unknown", what="product"))
    return reasons + _against_hands(scene)


def work_size_reason(site: str, hours: int) -> Sentence:
    """Return why planned work that takes so many hours of a week stands for no hours."""
    return Sentence("never.work_size", site=site, hours=hours, most=MAX_WINDOW_HOURS)


def reason_uncovered(facts: FieldValues) -> Sentence:
    """Return why an alert that no rule covers keeps its incident open."""
    if facts.unproved_title:
        return Sentence("scene.untyped", title=facts.unproved_title)
    return Sentence("scene.uncovered", title=facts.alert_type)


def is_worth_a_tag(reasons: Iterable[Sentence]) -> bool:
    """Whether a trial may show that it covers an incident which these reasons keep open."""
    return UNDECIDED.isdisjoint(reason.code for reason in reasons)


def is_only_on_hold(codes: Iterable[str]) -> bool:
    """Whether nothing keeps an incident open but cases on its devices, which may end."""
    found = frozenset(codes)
    return bool(found) and HOLDS.issuperset(found)


def counts_where_harmless(codes: Iterable[str]) -> bool:
    """Whether a match that these reasons kept open counts once a person found it harmless."""
    return CIRCUMSTANCES.issuperset(codes)


def _reasons_against_facts(scene: Scene) -> list[Sentence]:
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
    if scene.after_cases:
        reasons.append(Sentence("never.held", names=listed(scene.after_cases, "and")))
    if scene.during_cases:
        reasons.append(Sentence("never.meanwhile", names=listed(scene.during_cases, "and")))
    if scene.under_suspicion:
        names = listed(scene.under_suspicion, "and")
        reasons.append(Sentence("never.suspicion", names=names))
    if GATE_LABEL in {label.casefold() for label in scene.labels}:
        reasons.append(Sentence("never.gate", label=GATE_LABEL))
    return reasons


SIDES: Final = ("source", "destination")
MAX_HANDLE: Final = 120  # as long as the column in which it is stored
GROUPING: Final = ("kind", "zone", "subnet")  # fields by which a rule names a group at one side


@dataclass(frozen=True, slots=True)
class CoveredEnd:
    """One end of an alert, covered as a member of a group. A device is its zone and its address at
    the site, or its name where the alert shows no address. Where the rule names the sensors of a
    place, its devices come and go, and their addresses are given out again: there an address is
    that of a device only together with its name (`comes_and_goes`).
    """

    side: str
    site: str
    zone: str
    device: str
    address: str
    comes_and_goes: bool = False

    @property
    def name(self) -> str:
        """What people call it."""
        return self.device or self.address

    @property
    def handle(self) -> str:
        """By what it is found again; empty where nothing of it will do."""
        if self.comes_and_goes and self.address:
            pair = f"{self.device} {self.address}" if self.device else ""
            return pair.casefold()[-MAX_HANDLE:]
        return (self.address or self.device).casefold()

    @property
    def place(self) -> tuple[str, str, str]:
        """By what others of the same device are found again."""
        return self.site, self.zone, self.handle

    @property
    def identity(self) -> tuple[str, str]:
        """What of it must be a member's: address and name, empty where it is not asked."""
        address, name = self.address.casefold(), self.device.casefold()
        return address, name if self.comes_and_goes or not address else ""


def grouped_sides(rule: RuleDefinition) -> tuple[str, ...]:
    """Return the sides that the rule names as a group, and not by devices or addresses."""
    return tuple(side for side in SIDES if _is_group(rule, side))


def names_sensors(rule: RuleDefinition) -> bool:
    """Whether the rule names the sensors of a place."""
    return any(clause.field == "sensor" for clause in rule.all_of)


def ends_in_groups(facts: FieldValues, rule: RuleDefinition) -> Iterator[CoveredEnd]:
    """Yield the ends of an alert of the rule that it covers only because of their group."""
    for side in grouped_sides(rule):
        yield replace(_end_of(facts, side), comes_and_goes=names_sensors(rule))


def ends_of_newcomers(facts: FieldValues, names: Collection[str]) -> Iterator[CoveredEnd]:
    """Yield the ends of an alert whose device is one of these names, in lower case."""
    for side in SIDES:
        device = getattr(facts, f"{side}_device")
        if device.casefold() in names:
            yield _end_of(facts, side)


def is_in_group(rule: RuleDefinition, side: str, *, kind: str, zone: str, subnet: str) -> bool:
    """Whether a device of this kind, zone and subnet is in the group that a side names."""
    values = {f"{side}_kind": kind, f"{side}_zone": zone, f"{side}_subnet": subnet}
    lines = [clause for clause in rule.all_of if clause.field in values]
    return bool(lines) and all(values[line.field] in line.texts for line in lines)


def _end_of(facts: FieldValues, side: str) -> CoveredEnd:
    return CoveredEnd(
        side=side,
        site=facts.site,
        zone=getattr(facts, f"{side}_zone"),
        device=getattr(facts, f"{side}_device"),
        address=getattr(facts, f"{side}_address"),
    )


def _is_group(rule: RuleDefinition, side: str) -> bool:
    names = pinned(rule.all_of, f"{side}_device") or pinned(rule.all_of, f"{side}_address")
    grouping = {f"{side}_{field}" for field in GROUPING}
    return not names and any(clause.field in grouping for clause in rule.all_of)


def reason_in_words(reason: str, language: str = "en") -> str:
    """The reason as a reader takes it. A cause of the catalogue, given by its id or its English
    name, is named in this language; a person's own words stay.
    """
    found = cause(reason) or cause(_ids_by_name().get(reason, ""))
    return found.label(language) if found else reason


@cache
def _ids_by_name() -> dict[str, str]:
    return {item.label("en"): item.id for item in all_causes()}


def ledger_differences(ours: Mapping[str, str], theirs: Mapping[str, str]) -> list[Sentence]:
    """Daily comparison: incident to rule and hash, as our ledger and as Sentinel have them."""
    reasons = []
    for incident in sorted(set(ours) | set(theirs)):
        here, there = ours.get(incident), theirs.get(incident)
        if there is None:
            reasons.append(Sentence("ledger.only_here", incident=incident))
        elif here is None:
            reasons.append(Sentence("ledger.only_there", incident=incident))
        elif here != there:
            reasons.append(Sentence("ledger.other", incident=incident, ours=here, theirs=there))
    return reasons


LINK: Final = timedelta(days=14)
REVIEW: Final = timedelta(days=7)
WRONG_CLOSES: Final = frozenset({"reopened", "true_positive", "joined"})
_ON_DEVICE: Final = frozenset({"linked", "held"})  # says something of a device, not of the rule


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseOutcome:
    """What became of an incident that a rule closed: reopened, true_positive or joined; linked,
    where a true positive became known on one of its devices later; held, where the device was held
    already. `what` names that device. A kind nobody knows stops the rule too.
    """

    incident: str
    kind: str
    closed_at: datetime
    seen_at: datetime
    what: str = ""


def stops_rule(kind: str) -> bool:
    """Whether what became of a close stops its rule: a device that it shares with a true positive
    is held instead, for all rules.
    """
    return kind not in _ON_DEVICE


def reasons_of_outcome(outcome: CloseOutcome) -> list[Sentence]:
    """Why the close is put on record as such; a link counts for fourteen days after the close, the
    rest always.
    """
    incident, what = outcome.incident, outcome.what
    if outcome.kind in WRONG_CLOSES:
        return [Sentence(f"stop.{outcome.kind}", incident=incident)]
    if stops_rule(outcome.kind):
        return [Sentence("stop.unknown", incident=incident, what=outcome.kind)]
    if outcome.kind == "linked" and outcome.seen_at - outcome.closed_at > LINK:
        return []
    return [Sentence("stop.linked", incident=incident, what=what)]


def to_review_again(
    closed: Iterable[tuple[str, datetime]], *, stopped_at: datetime
) -> tuple[str, ...]:
    """The incidents that the rule closed in the seven days before it stopped, newest first."""
    since = stopped_at - REVIEW
    found = [(at, incident) for incident, at in closed if since <= at <= stopped_at]
    return tuple(incident for _, incident in sorted(found, reverse=True))
