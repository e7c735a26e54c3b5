"""A whole rule in one sentence, and what could go wrong while it acts."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.utils.translation import get_language, gettext, ngettext

from alerts.incidents.engine.catalogue import why_it_matters
from alerts.rules.fields import Operator
from alerts.rules.guards.closing import grouped_sides
from alerts.rules.rule import Clause, RuleDefinition
from alerts.rules.trial import TRIAL
from alerts.rules.windows import minutes_a_week
from alerts.suppression.web.wording import clause_line, windows_in_words
from portal.ui.words import hours, number

MAX_NAMES: Final = 5
_SIDES: Final = ("source", "destination")
_SENTENCE_FIELDS: Final = frozenset(
    (
        "alert_type",
        "user_defined_title",
        "any_device",
        "any_address",
        "site",
        "workspace",
        "zone",
        "time",
        *(
            f"{side}_{part}"
            for side in _SIDES
            for part in ("device", "address", "kind", "zone", "subnet")
        ),
    )
)


@dataclass(frozen=True, slots=True)
class Risks:
    """What a rule would hide, in one sentence, and what still reaches people."""

    risk: str
    meaning: str  # what alerts of this type can mean for the plant
    still_reported: list[str]


def closing_sentence(rule: RuleDefinition, *, is_whole: bool = False) -> str:
    """Return what the rule closes, in one sentence; of many names a few, or all if `is_whole`."""
    max_names = sys.maxsize if is_whole else MAX_NAMES
    clauses = _SentenceClauses(rule, max_names=max_names)
    parts = [clauses.summary]
    if clauses.windows:
        parts.append(names_in_words(windows_in_words(clauses.windows), max_names=max_names))
    if places := [clauses.names(field) for field in ("site", "workspace", "zone")]:
        parts += [gettext("at %(place)s") % {"place": place} for place in places if place]
    sentence = gettext("Closes an incident when every alert in it is %(what)s") % {
        "what": ", ".join(parts)
    }
    if clauses.rest:
        sentence += gettext("; only where %(lines)s") % {"lines": clauses.in_words(clauses.rest)}
    if rule.except_any:
        sentence += gettext("; except where %(lines)s") % {
            "lines": clauses.in_words(rule.except_any)
        }
    return f"{sentence}."


def risks_of(rule: RuleDefinition, *, has_own_trial: bool = True) -> Risks:
    """Return what could go wrong while the rule acts, and what it leaves to people."""
    clauses = _SentenceClauses(rule)
    types = clauses.values("alert_type")
    functions = next((line.texts for line in rule.all_of if line.field == "function"), ())
    language = get_language() or "en"
    meaning = why_it_matters(types[0], functions=functions, language=language) if types else ""
    return Risks(
        risk=_risk(clauses),
        meaning=meaning,
        still_reported=_still_reported(
            clauses, is_group=bool(grouped_sides(rule)), has_own_trial=has_own_trial
        ),
    )


def names_in_words(names: Sequence[str], *, max_names: int = MAX_NAMES) -> str:
    """Return `A, B or C`; of many the first few and how many more."""
    first, more = list(names[:max_names]), len(names) - max_names
    if more > 0:
        text = ngettext("%(names)s or %(n)s other", "%(names)s or %(n)s others", more)
        return text % {"names": ", ".join(first), "n": number(more)}
    if len(first) < 2:
        return "".join(first)
    text = gettext("%(names)s or %(last)s")
    return text % {"names": ", ".join(first[:-1]), "last": first[-1]}


class _SentenceClauses:
    """The lines of a rule by what they say: of each field the first, the rest beside."""

    def __init__(self, rule: RuleDefinition, *, max_names: int = MAX_NAMES) -> None:
        """Sort the lines."""
        self._max_names = max_names
        self._first: dict[str, Clause] = {}
        self.rest: list[Clause] = []
        for clause in rule.all_of:
            if clause.field in _SENTENCE_FIELDS and clause.field not in self._first:
                self._first[clause.field] = clause
            else:
                self.rest.append(clause)
        self._leave_to_the_rest()

    def _leave_to_the_rest(self) -> None:
        """What the sentence has no room for is told after it: nothing of a rule is left out."""
        fields: list[str] = []
        for side in _SIDES:
            if f"{side}_device" in self._first or f"{side}_address" in self._first:
                fields += [f"{side}_kind", f"{side}_subnet"]
            elif f"{side}_kind" in self._first:
                fields.append(f"{side}_subnet")
        if self.side("source") or self.side("destination"):
            fields += ["any_device", "any_address"]
        self.rest += [self._first.pop(field) for field in fields if field in self._first]

    def values(self, field: str) -> tuple[str, ...]:
        """Return the alternatives of a field."""
        clause = self._first.get(field)
        return clause.texts if clause else ()

    def names(self, field: str) -> str:
        """Return the alternatives of a field in words."""
        return names_in_words(self.values(field), max_names=self._max_names)

    def in_words(self, lines: Sequence[Clause]) -> str:
        """Return lines that are not part of the sentence itself."""
        return "; ".join(_line(clause, max_names=self._max_names) for clause in lines)

    @property
    def windows(self) -> tuple[str, ...]:
        """The weekly windows."""
        return self.values("time")

    @property
    def either_side(self) -> str:
        """Devices and addresses without a direction."""
        return _device_at(self.names("any_device"), self._address("any_address"))

    def side(self, side: str) -> str:
        """Return who is at one end: by name, by kind, by network or by zone."""
        zones = self.names(f"{side}_zone")
        who = _device_at(self.names(f"{side}_device"), self._address(f"{side}_address"))
        who = who or self.names(f"{side}_kind")
        if not who and (networks := self.names(f"{side}_subnet")):
            who = gettext("an address of %(networks)s") % {"networks": networks}
        if who and zones:
            return gettext("%(devices)s of %(zones)s") % {"devices": who, "zones": zones}
        return gettext("a device of %(zones)s") % {"zones": zones} if zones else who

    @property
    def summary(self) -> str:
        """What happens between whom."""
        types = self.names("alert_type") or gettext("any alert")
        if title := self.names("user_defined_title"):
            types = gettext("%(types)s titled “%(own)s”") % {"types": types, "own": title}
        texts = {
            "types": types,
            "source": self.side("source"),
            "destination": self.side("destination"),
            "devices": self.either_side,
        }
        if texts["source"] and texts["destination"]:
            return gettext("%(types)s from %(source)s to %(destination)s") % texts
        if texts["source"]:
            return gettext("%(types)s from %(source)s") % texts
        if texts["destination"]:
            return gettext("%(types)s to %(destination)s") % texts
        return gettext("%(types)s with %(devices)s") % texts if texts["devices"] else types

    def _address(self, field: str) -> str:
        clause, names = self._first.get(field), self.names(field)
        if clause is not None and clause.operator == Operator.WITHIN:
            return gettext("an address of %(networks)s") % {"networks": names}
        return names


def _device_at(device: str, address: str) -> str:
    if device and address:
        return gettext("%(device)s at %(address)s") % {"device": device, "address": address}
    return device or address


def _risk(clauses: _SentenceClauses) -> str:
    """What somebody could do unseen."""
    source, destination = clauses.side("source") or clauses.either_side, clauses.side("destination")
    if source and destination:
        text = gettext("Whoever controls %(source)s could do the same to %(destination)s unseen")
    elif source:
        text = gettext("Whoever controls %(source)s could do the same unseen")
    elif destination:
        text = gettext("Anybody could do the same to %(destination)s unseen")
    else:
        text = gettext("Anybody in reach could do the same unseen")
    text %= {"source": source, "destination": destination}
    if clauses.windows:
        span = hours(minutes_a_week(clauses.windows))
        return gettext("%(risk)s, %(hours)s a week.") % {"risk": text, "hours": span}
    return gettext("%(risk)s, at any hour.") % {"risk": text}


def _still_reported(clauses: _SentenceClauses, *, is_group: bool, has_own_trial: bool) -> list[str]:
    """What the rule leaves to people, and what ends it."""
    left = [gettext("other alert types")]
    if clauses.side("source") or clauses.either_side:
        left.append(gettext("other sources"))
    if clauses.side("destination"):
        left.append(gettext("other targets"))
    if clauses.windows:
        left.append(gettext("other hours"))
    members = [gettext("The first incident of each new member of its group goes to a person.")]
    trial = [
        gettext("For %(n)s days at least it only labels what it would close.")
        % {"n": number(TRIAL.days)}
    ]
    return [
        gettext("These still reach you: %(what)s.") % {"what": ", ".join(left)},
        *(members if is_group else ()),
        *(trial if has_own_trial else ()),
        gettext("It stops by itself when one of its incidents is reopened or turns out real."),
    ]


def _line(clause: Clause, *, max_names: int) -> str:
    line = clause_line(clause)
    label = line.label
    if get_language() != "de":  # nouns of German begin with a capital wherever they are
        label = label[:1].lower() + label[1:]
    return f"{label} {line.operator} {names_in_words(line.values, max_names=max_names)}"
