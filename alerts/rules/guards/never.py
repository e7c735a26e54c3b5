"""S1: what always reaches a person, and what may be closed only inside hours. S2: how wide a rule
may be.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from alerts.incidents.engine.catalogue import alert_type_for, all_types
from alerts.rules.fields import IDENTITIES, SEVERITIES, FieldValues
from alerts.rules.rule import RuleDefinition, names_an_asset, pinned
from alerts.rules.sentence import Sentence, listed
from alerts.rules.values import is_public
from alerts.rules.windows import minutes_a_week, window_zone_of
from alerts.sites.engine.devices import CRITICAL

HIGH: Final = SEVERITIES.index("High")
MAX_WINDOW_HOURS: Final = 84  # half of the week: a longer window is no window
_MALWARE: Final = "malware"


def severity_ceiling() -> tuple[str, ...]:
    """The severities that a rule without hours may close."""
    return SEVERITIES[1:HIGH]


def reasons_against_types(rule: RuleDefinition) -> list[Sentence]:
    """Alert types of the rule that are never suppressed."""
    listed_types = _types(rule)
    reasons = [
        Sentence("never.type", title=title)
        for title in listed_types
        if (alert_type := alert_type_for(title)) and alert_type.guard == "never"
    ]
    unknown = not listed_types or any(alert_type_for(title) is None for title in listed_types)
    if unknown and any(_is_malware(value) for value in pinned(rule.all_of, "engine")):
        reasons.append(Sentence("never.engine"))
    return reasons


def is_never_silenced(alert_type: str, *, engines: Iterable[str]) -> bool:
    """Whether alerts of this type always reach a person: those of the never list, and what engines
    of malware find that the catalogue does not have.
    """
    found = alert_type_for(alert_type)
    if found is None:
        return any(map(_is_malware, engines))
    return found.guard == "never"


def reasons_against_assets(criticality: Mapping[str, str]) -> list[Sentence]:
    """Devices and addresses that the rule names and that are never silenced, by their names."""
    return [
        Sentence("never.asset", name=name, criticality=CRITICAL[found])
        for name, found in sorted(criticality.items())
        if found in CRITICAL
    ]


def assets_of(rule: RuleDefinition) -> tuple[str, ...]:
    """Every device and address that the rule names, for the caller to look up."""
    named = {
        value
        for clause in rule.all_of
        if clause.field in IDENTITIES - {"sensor"}
        for value in clause.texts
    }
    return tuple(sorted(named))


def needs_hours(rule: RuleDefinition) -> tuple[str, ...]:
    """What of the rule may be closed only inside hours: time-boxed types and High severity."""
    what = [title for title in _types(rule) if is_timeboxed(title)]
    severity = [clause for clause in rule.all_of if clause.field == "severity"]
    if not severity:
        what += [title for title in _types(rule) if _is_high(title) and title not in what]
    elif all(SEVERITIES[HIGH] in clause.values for clause in severity):
        what.append("High severity")
    return tuple(what)


def is_strict(rule: RuleDefinition) -> bool:
    """Whether the rule closes what S1 closes only inside hours: it needs more evidence."""
    return bool(needs_hours(rule))


def is_soft(facts: FieldValues) -> bool:
    """Whether this alert may be closed at any hour."""
    is_unproved = bool(facts.unproved_title)
    return facts.severity < HIGH and not is_unproved and not is_timeboxed(facts.alert_type)


def holds_strict(alerts: Iterable[FieldValues]) -> bool:
    """Whether one of these alerts may be closed only inside hours."""
    return not all(is_soft(facts) for facts in alerts)


def is_too_wide(hours: int) -> bool:
    """Whether planned work that takes so many hours of a week is no box any more."""
    return hours > MAX_WINDOW_HOURS


def reasons_against_hours(rule: RuleDefinition, *, plant_zones: Iterable[str]) -> list[Sentence]:
    """Whether what needs hours has them: windows in the plant's own time, devices one by one."""
    needing = needs_hours(rule)
    reasons = _against_zones(rule, frozenset(plant_zones))
    if not needing:
        return reasons
    what = listed(needing, "and")
    windows = _windows(rule)
    if not windows and not _works(rule):
        reasons.append(Sentence("box.hours", what=what))
    for values in windows:
        if (minutes := minutes_a_week(values)) > MAX_WINDOW_HOURS * 60:
            hours = -(-minutes // 60)
            reasons.append(Sentence("box.most", hours=hours, what=what, most=MAX_WINDOW_HOURS))
    return reasons + _against_sides(rule, what)


def works_of_box(rule: RuleDefinition) -> tuple[str, ...]:
    """Return the kinds of planned work that replace hours in this rule; none beside windows."""
    return () if _windows(rule) else tuple(kind for kinds in _works(rule) for kind in kinds)


def reasons_against_alert(facts: FieldValues, rule: RuleDefinition) -> list[Sentence]:
    """Whether this alert may be closed by this rule at all, checked again when it is about to."""
    return reasons_against_any_close(facts) + reasons_of_rule(facts, rule)


def reasons_of_rule(facts: FieldValues, rule: RuleDefinition) -> list[Sentence]:
    """Return why this rule may not close this alert, though another may."""
    reasons = []
    if not _windows(rule) and (code := _against_works(facts, rule)):
        if facts.severity == HIGH:
            reasons.append(Sentence(code, what="High severity"))
        if is_timeboxed(facts.alert_type):
            reasons.append(Sentence(code, what=facts.alert_type))
    return reasons + _against_outside(facts, rule)


def reasons_against_any_close(facts: FieldValues) -> list[Sentence]:
    """Return why no rule may close this alert, whichever it is."""
    alert_type = alert_type_for(facts.alert_type)
    reasons = []
    if facts.unproved_title:
        reasons.append(Sentence("scene.untyped", title=facts.unproved_title))
    if alert_type is not None and alert_type.guard == "never":
        reasons.append(Sentence("never.type", title=facts.alert_type))
    if alert_type is None and _is_malware(facts.engine):
        reasons.append(Sentence("never.engine"))
    if not 0 < facts.severity < len(SEVERITIES):
        reasons.append(Sentence("never.unknown", what="severity"))
    return reasons


def _against_outside(facts: FieldValues, rule: RuleDefinition) -> list[Sentence]:
    """S2: an end outside the plant is closed only by a rule that names it or its network."""
    return [
        Sentence("never.outside", name=device or address)
        for side, device, address, zone in (
            ("source", facts.source_device, facts.source_address, facts.source_zone),
            (
                "destination",
                facts.destination_device,
                facts.destination_address,
                facts.destination_zone,
            ),
        )
        if not zone and is_public(address) and not _names_end(rule, side)
    ]


def _names_end(rule: RuleDefinition, side: str) -> bool:
    """Whether some line names this end, or a network; without direction any end may be it."""
    names = {f"{side}_device", f"{side}_address", "any_device", "any_address"}
    return any(clause.field in names for clause in rule.all_of)


def _types(rule: RuleDefinition) -> tuple[str, ...]:
    """Every type that some line names, also where two lines name different ones."""
    named = [
        value for clause in rule.all_of if clause.field == "alert_type" for value in clause.texts
    ]
    return tuple(dict.fromkeys(named))


def _windows(rule: RuleDefinition) -> list[tuple[str, ...]]:
    return [clause.texts for clause in rule.all_of if clause.field == "time"]


def _works(rule: RuleDefinition) -> list[tuple[str, ...]]:
    return [clause.texts for clause in rule.all_of if clause.field == "planned_work"]


def _against_works(facts: FieldValues, rule: RuleDefinition) -> str:
    """Return why planned work does not box this alert in: work about a whole zone does not do, for
    it names no device, nor does work that was planned late or that nobody else has confirmed. Empty
    where it does.
    """
    works = _works(rule)
    if not works:
        return "never.hours"
    named = set(facts.planned_work_for_hours)
    return "" if all(named.intersection(kinds) for kinds in works) else "never.work"


def _against_zones(rule: RuleDefinition, plant: frozenset[str]) -> list[Sentence]:
    """Windows are on the plant's clock. A job that runs by UTC has all of them in UTC."""
    zones = {window_zone_of(value) for values in _windows(rule) for value in values}
    if zones == {"UTC"}:
        return []
    return [
        Sentence("box.zone", zone=zone, plant=listed(sorted(plant), "and"))
        for zone in sorted(zones - plant)
    ]


def _against_sides(rule: RuleDefinition, what: str) -> list[Sentence]:
    """Source and destination by name or address; one of them where the type is about one device."""
    is_pinned = {
        side: any(pinned(rule.all_of, f"{side}_{kind}") for kind in ("device", "address"))
        for side in ("source", "destination")
    }
    if all(_is_about_one(title) for title in _types(rule)) and _types(rule):
        anyone = any(pinned(rule.all_of, name) for name in ("any_device", "any_address"))
        return [] if any(is_pinned.values()) or anyone else [_side(what, "the")]
    return [_side(what, side) for side, is_held in is_pinned.items() if not is_held]


def _side(what: str, side: str) -> Sentence:
    return Sentence("box.sides", what=what, side=side)


def is_timeboxed(title: str) -> bool:
    """Whether alerts of this type can stop a plant and are closed only inside hours."""
    alert_type = alert_type_for(title)
    return alert_type is not None and alert_type.guard == "timeboxed"


def timeboxed_types() -> tuple[str, ...]:
    """Return the alert types that are closed only inside hours."""
    return tuple(kind.title for kind in all_types() if kind.guard == "timeboxed")


def never_types() -> tuple[str, ...]:
    """Return the alert types that no rule closes."""
    return tuple(kind.title for kind in all_types() if kind.guard == "never")


def lacks_hours(rule: RuleDefinition) -> bool:
    """Whether a rule that may close only inside hours names none: nobody can sign it so."""
    return bool(needs_hours(rule)) and not _windows(rule) and not _works(rule)


def has_windows(rule: RuleDefinition) -> bool:
    """Whether the rule names hours of the week."""
    return bool(_windows(rule))


def _is_high(title: str) -> bool:
    alert_type = alert_type_for(title)
    return alert_type is not None and alert_type.severity == "High" and alert_type.guard != "never"


def _is_about_one(title: str) -> bool:
    alert_type = alert_type_for(title)
    return alert_type is not None and alert_type.about != "pair"


def _is_malware(engine: str) -> bool:
    return engine.casefold() == _MALWARE


MAX_SHARE: Final = 0.30
WANTED_DAYS, MIN_DAYS = 90, 14


@dataclass(frozen=True, slots=True)
class SiteShare:
    """Of the incidents that touch a site in the period, those with at least one match."""

    site: str
    matched: int
    incidents: int

    @property
    def share(self) -> float:
        """The share; whole where there is a match but, oddly, no incident."""
        if self.incidents <= 0:
            return 1.0 if self.matched else 0.0
        return self.matched / self.incidents


def reasons_against_width(rule: RuleDefinition) -> list[Sentence]:
    """What the rule must pin and does not."""
    reasons = []
    if not pinned(rule.all_of, "workspace") and not pinned(rule.all_of, "site"):
        reasons.append(Sentence("wide.place"))
    if not pinned(rule.all_of, "alert_type"):
        reasons.append(Sentence("wide.type"))
    if not names_an_asset(rule):
        reasons.append(Sentence("wide.asset"))
    return reasons


def reasons_against_reach(
    *, sites: tuple[SiteShare, ...], days: int, history_days: int, true_positives: int
) -> list[Sentence]:
    """What the back-test holds against the rule: too short, too much of a site, or a hit."""
    reasons = []
    if history_days < MIN_DAYS:
        reasons.append(Sentence("wide.history", days=history_days, least=MIN_DAYS))
    needed = min(WANTED_DAYS, history_days)
    if days < needed:
        reasons.append(Sentence("wide.period", days=days, needed=needed))
    if not sites:
        reasons.append(Sentence("wide.untested"))
    for site_share in sorted(sites, key=lambda site: -site.share):
        if site_share.share > MAX_SHARE:
            share, most = f"{site_share.share * 100:.1f} %", f"{MAX_SHARE * 100:.0f} %"
            reasons.append(Sentence("wide.share", share=share, site=site_share.site, most=most))
    if true_positives > 0:
        reasons.append(Sentence("wide.true_positive", count=true_positives))
    return reasons
