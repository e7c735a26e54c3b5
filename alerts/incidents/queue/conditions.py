"""Conditions of the filter language as database filters, for groups and for incidents alike."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import reduce
from operator import or_
from typing import Any, Protocol
from uuid import UUID

from django.db.models import Q, Value
from django.db.models.lookups import GreaterThan, LessThan
from django.utils.functional import Promise
from django.utils.translation import gettext

from alerts.incidents.engine.hidden_verdicts import NOTHING_HIDDEN, HiddenVerdicts
from alerts.incidents.engine.tokens import (
    FIELDS,
    MIN_PREFIX,
    MIN_TEXT,
    MIN_WORD,
    Term,
    bound_of,
    exact_value_of,
    free_text_of,
    incident_number_in,
    is_too_short,
    is_vast_network,
    span_of,
    unknown_field_of,
)
from alerts.incidents.hidden_verdicts import ot_state_is
from alerts.incidents.models import (
    BY_RULE,
    CLOSE_IN_FORCE,
    CLOSED_AT,
    IncidentStatus,
    OtState,
    Severity,
    touches_sites,
)
from alerts.incidents.models.group import HAS_OT_STATE, HAS_OWNER
from alerts.incidents.queue import finders
from alerts.incidents.wording import OT_WORDS, SEVERITY_WORDS, STATUS_WORDS
from portal.attack.engine import techniques_like
from portal.ui.words import number

SEVERITIES = {
    "high": Severity.HIGH,
    "medium": Severity.MEDIUM,
    "low": Severity.LOW,
    "info": Severity.INFORMATIONAL,
    "informational": Severity.INFORMATIONAL,
    "unknown": Severity.UNKNOWN,
}
STATUSES = {
    "new": IncidentStatus.NEW,
    "active": IncidentStatus.ACTIVE,
    "closed": IncidentStatus.CLOSED,
    "unknown": IncidentStatus.UNKNOWN,
}
CLASSIFICATIONS = {
    "true": "TruePositive",
    "benign": "BenignPositive",
    "false": "FalsePositive",
    "undetermined": "Undetermined",
}
ASIDE_WORDS = ("yes", "no")
_BLANKS = re.compile(r"[^\w.:@#/-]+")  # in words that people wrote
_RULE_NAME = re.compile(r"R-\d{1,9}", re.IGNORECASE | re.ASCII)
VERDICTS = (OtState.ROUTINE, OtState.MAINTENANCE, OtState.SUSPICIOUS, OtState.NOT_SURE)


class Places(Protocol):
    """Names in place of ids: sites and workspaces within the person's reach."""

    @property
    def sites(self) -> Mapping[int, str]:
        """The names of sites by id."""

    @property
    def workspaces(self) -> Mapping[int, str]:
        """The names of workspaces by id."""


@dataclass(frozen=True, slots=True)
class ConditionContext:
    """What conditions depend on beside their own words."""

    now: datetime
    places: Places  # looked up only where a condition names one
    my_owner_ids: tuple[str, ...]
    inventory: finders.DeviceFinder
    of_groups: bool = True  # rows of the queue are looked for, else single incidents
    hidden: HiddenVerdicts = NOTHING_HIDDEN
    notes: finders.NoteFinder = field(default_factory=finders.NoteFinder)

    def has_ot_state(self, *states: str) -> Q:
        """The condition that the OT state, as far as the person may see it, is one of these."""
        return ot_state_is(states, hidden=self.hidden, of_groups=self.of_groups)

    def ago(self, span: timedelta) -> datetime:
        """The moment so long ago; the first of the calendar where the span reaches beyond it."""
        try:
            return self.now - span
        except OverflowError:
            return datetime.min.replace(tzinfo=UTC)


class NotUnderstood(Exception):
    """A condition whose value means nothing; the text states what would."""


def where(terms: Iterable[Term], around: ConditionContext) -> tuple[Q, list[str]]:
    """The filter for these conditions, and sentences about those that mean nothing. Where none of
    them means anything nothing is found: the whole list would look like the answer.
    """
    fields, words, problems = Q(), Q(), []
    terms = tuple(terms)
    for term in terms:
        try:
            part = condition(term, around)
        except NotUnderstood as problem:
            problems.append(str(problem))
            continue
        if term.field or term.negated:
            fields &= ~part if term.negated else part
        else:
            words &= part
    if terms and len(problems) == len(terms):
        return Q(pk__in=()), list(dict.fromkeys(problems))
    text = free_text_of(terms)
    if words and " " in text and (techniques := techniques_like(text, whole=True)):
        words |= finders.by_techniques(techniques, text, of_groups=around.of_groups)
    return fields & words, list(dict.fromkeys(problems))


def condition(term: Term, around: ConditionContext) -> Q:
    """The filter for one condition, its sign left out."""
    read = _READERS[term.field]
    return reduce(or_, (read(value, around) for value in term.values))


def fold_name(text: str) -> str:
    """A name as people type it: no accents, no letter case."""
    flat = unicodedata.normalize("NFKD", text.casefold().replace("ł", "l"))
    return "".join(sign for sign in flat if not unicodedata.combining(sign))


def _one_of[Value: (int, str)](
    column: str, choices: Mapping[str, Value], labels: Mapping[Any, Promise], of_groups: str = ""
) -> Callable[[str, ConditionContext], Q]:
    """Read a word of the language, or the same as pages call it in the person's own; `of_groups` is
    the column of rows of the queue that lists what their incidents have.
    """

    def read(value: str, around: ConditionContext) -> Q:
        if (choice := _meaning(value, choices, labels)) is None:
            raise _unknown(value, choices)
        if of_groups and around.of_groups:
            return Q(**{f"{of_groups}__contains": [choice]})
        return Q(**{column: choice})

    return read


def _meaning[Value: (int, str)](
    value: str, choices: Mapping[str, Value], labels: Mapping[Any, Promise]
) -> Value | None:
    if (choice := choices.get(value.casefold())) is not None:
        return choice
    word = fold_name(value)
    return next(
        (option for option in choices.values() if fold_name(str(labels[option])) == word), None
    )


def _unknown(value: str, choices: Iterable[str]) -> NotUnderstood:
    text = gettext("“%(value)s” is not valid here. Use one of: %(known)s.")
    return NotUnderstood(text % {"value": value, "known": ", ".join(choices)})


_VERDICT_VALUES = {str(state): state for state in VERDICTS}
_OT_VALUES = {"waiting": OtState.WAITING, **_VERDICT_VALUES}


def _ot(value: str, around: ConditionContext) -> Q:
    word = value.casefold()
    if word == "none":
        return Q(n_unasked__gt=0) if around.of_groups else Q(ot_state=OtState.NOT_ASKED)
    if word == "answered":
        return around.has_ot_state(*VERDICTS)
    if word == "late":
        return is_late(around.now, of_groups=around.of_groups)
    if (state := _meaning(value, _OT_VALUES, OT_WORDS)) is not None:
        return around.has_ot_state(state)
    raise _unknown(value, ("none", "answered", "late", *_OT_VALUES))


def is_late(now: datetime, *, of_groups: bool) -> Q:
    """Return the condition that an answer of OT is late."""
    waits = Q(ot_state=OtState.WAITING)
    if of_groups:  # as the index of states has them
        waits = Q(ot_states__overlap=[OtState.WAITING]) & HAS_OT_STATE
    return waits & Q(ot_due_at__lt=now)


def is_aside(now: datetime) -> Q:
    """Return the condition that an incident, or all of a row, is put aside."""
    return Q(aside_until__gt=now)


def is_in_work(now: datetime) -> Q:
    """Return the condition that nobody has put an incident, or a whole row, aside."""
    return Q(aside_until=None) | Q(aside_until__lte=now)


def is_owned_by(owner_ids: Iterable[str], *, of_groups: bool) -> Q:
    """Return the condition that one of these owns an incident, or one incident of a row."""
    if not of_groups:
        return Q(owner_id__in=[*owner_ids])
    return Q(owner_ids__overlap=[*owner_ids]) & HAS_OWNER


def _verdict(value: str, around: ConditionContext) -> Q:
    if (state := _meaning(value, _VERDICT_VALUES, OT_WORDS)) is None:
        raise _unknown(value, _VERDICT_VALUES)
    return around.has_ot_state(state)


def _priority(value: str, around: ConditionContext) -> Q:
    if (bound := bound_of(value)) is None:
        raise _unknown(value, (">=85", "<40"))
    suffix = {">": "gt", ">=": "gte", "<": "lt", "<=": "lte"}[bound[0]]
    return Q(**{f"priority__{suffix}": bound[1]})


def _age(value: str, around: ConditionContext) -> Q:
    if (span := span_of(value)) is None:
        raise _unknown(value, (">2h", "<3d", ">30m"))
    suffix = "lte" if span[0] == ">" else "gte"
    column = "first_at" if around.of_groups else "created_at"
    return Q(**{f"{column}__{suffix}": around.ago(span[1])})


def _closed(value: str, around: ConditionContext) -> Q:
    """By whom, how long ago or as what an incident was closed; rows of open ones match nothing."""
    if around.of_groups:
        return Q(pk__in=[])
    word = value.strip()
    if (span := span_of(word)) is not None:
        moment = Value(around.ago(span[1]))
        younger = GreaterThan(CLOSED_AT, moment) if span[0] == "<" else LessThan(CLOSED_AT, moment)
        return CLOSE_IN_FORCE & Q(younger)
    if word.casefold() in ("people", "rule"):
        return CLOSE_IN_FORCE & (BY_RULE if word.casefold() == "rule" else ~BY_RULE)
    if _RULE_NAME.fullmatch(word):
        return CLOSE_IN_FORCE & Q(closed_by=word.upper())
    if classification := CLASSIFICATIONS.get(word.casefold()):
        return CLOSE_IN_FORCE & Q(classification=classification)
    raise _unknown(value, ("people", "rule", "R-12", "<7d", ">2h", *CLASSIFICATIONS))


def _aside(value: str, around: ConditionContext) -> Q:
    """Whether it is put aside; what is closed never is."""
    word = value.casefold()
    if word not in ASIDE_WORDS:
        raise _unknown(value, ASIDE_WORDS)
    if not around.of_groups:
        return Q(pk__in=[]) if word == "yes" else Q()
    return is_aside(around.now) if word == "yes" else is_in_work(around.now)


def _pattern(value: str, _around: ConditionContext) -> Q:
    try:
        return Q(pattern=UUID(value.strip()))
    except ValueError:
        raise _unknown(value, (gettext("the id of a pattern"),)) from None


def _named(value: str, names: Mapping[int, str]) -> list[int]:
    text = fold_name(value)
    exact = [pk for pk, name in names.items() if fold_name(name) == text]
    ids = exact or [pk for pk, name in names.items() if text in fold_name(name)]
    if not ids:
        raise _unknown(value, list(names.values())[:8])
    return ids


def _site(value: str, around: ConditionContext) -> Q:
    if value.casefold() == "none":
        return Q(site_ids=[])
    return touches_sites(_named(value, around.places.sites))


def _workspace(value: str, around: ConditionContext) -> Q:
    return Q(workspace_id__in=_named(value, around.places.workspaces))


def _technique(value: str, around: ConditionContext) -> Q:
    techniques = techniques_like(value)
    if not techniques and not _is_technique_id(value):
        raise _unknown(value, ("T0843", "T1693.001", "“Program Download”"))
    return finders.by_techniques(techniques, value, of_groups=around.of_groups)


def _is_technique_id(value: str) -> bool:
    word = value.strip().upper().replace(".", "", 1)
    return word[:1] == "T" and len(word) in (5, 8) and word[1:].isdecimal()


def _owner(value: str, around: ConditionContext) -> Q:
    word = value.casefold()
    if word == "me":
        return is_owned_by(around.my_owner_ids, of_groups=around.of_groups)
    if word == "none":
        return Q(owner_ids__contains=[""]) if around.of_groups else Q(owner_id="")
    if around.of_groups:
        return finders.by_text_in("owner_names", value) & HAS_OWNER
    return _contains("owner_name")(value, around)


def _too_wide() -> NotUnderstood:
    text = gettext("Search in networks of /%(v4)s or smaller, with IPv6 of /%(v6)s or smaller.")
    return NotUnderstood(text % {"v4": MIN_PREFIX[4], "v6": MIN_PREFIX[6]})


def _too_short() -> NotUnderstood:
    text = gettext("Search for words of %(n)s letters or more, or for a number like #7.")
    return NotUnderstood(text % {"n": number(MIN_TEXT)})


def _device(value: str, around: ConditionContext) -> Q:
    if is_vast_network(value):
        raise _too_wide()
    return finders.by_device(value, around.inventory, of_groups=around.of_groups)


def _label(value: str, around: ConditionContext) -> Q:
    if is_too_short(value) and exact_value_of(value) is None:
        raise _too_short()
    return finders.by_label(value, of_groups=around.of_groups, hidden=around.hidden)


def _note(value: str, around: ConditionContext) -> Q:
    """Words in comments, notes and reasons: signs that mean something to a search are blanks."""
    words = [text for word in _BLANKS.split(value) if (text := word.strip(".:@#/-"))]
    if not words or any(len(word) < MIN_WORD for word in words):
        text = gettext("Search comments and notes for words of %(n)s letters or more.")
        raise NotUnderstood(text % {"n": number(MIN_WORD)})
    hidden, of_groups = around.hidden, around.of_groups
    return finders.by_note(" ".join(words), around.notes, of_groups=of_groups, hidden=hidden)


def _number(number: int, around: ConditionContext) -> Q:
    workspaces = list(around.places.workspaces)
    return finders.by_number(number, workspace_ids=workspaces, of_groups=around.of_groups)


def _text(value: str, around: ConditionContext) -> Q:
    """Free text: title, ends, label, verdict, and whatever else its form may be."""
    number = incident_number_in(value)
    if value.startswith("#") and number is not None:
        return _number(number, around)
    if is_too_short(value):
        raise _too_short()
    if is_vast_network(value):
        raise _too_wide()
    if (field := unknown_field_of(value)) is not None:
        raise _unknown(f"{field}:", (f"{name}:" for name in FIELDS))
    found = (
        Q(title__icontains=value)
        | Q(source__icontains=value)
        | Q(destination__icontains=value)
        | _label(value, around)
    )
    if number is not None:
        found |= _number(number, around)
    elif finders.is_address_like(value):
        found |= _device(value, around)
    if (state := _meaning(value, _VERDICT_VALUES, OT_WORDS)) is not None:
        found |= around.has_ot_state(state)
    techniques = techniques_like(value, whole=True)
    if techniques or _is_technique_id(value):
        found |= finders.by_techniques(techniques, value, of_groups=around.of_groups)
    return found


def _contains(column: str) -> Callable[[str, ConditionContext], Q]:
    """Read a part of a name; `=S7comm` is the whole of it."""

    def read(value: str, around: ConditionContext) -> Q:
        exact = exact_value_of(value)
        if exact is None:
            return Q(**{f"{column}__icontains": value})
        return Q(**{f"{column}__iexact": exact})

    return read


_READERS: dict[str, Callable[[str, ConditionContext], Q]] = {
    "": _text,
    "sev": _one_of("severity", SEVERITIES, SEVERITY_WORDS),
    "status": _one_of("status", STATUSES, STATUS_WORDS, of_groups="statuses"),
    "ot": _ot,
    "verdict": _verdict,
    "prio": _priority,
    "age": _age,
    "site": _site,
    "zone": _contains("place"),
    "ws": _workspace,
    "type": _contains("alert_type"),
    "tech": _technique,
    "device": _device,
    "proto": _contains("protocol"),
    "label": _label,
    "note": _note,
    "owner": _owner,
    "closed": _closed,
    "aside": _aside,
    "pattern": _pattern,
}
