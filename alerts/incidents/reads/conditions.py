"""Conditions of the filter language as database filters, for groups and for incidents alike."""

import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_

from django.db.models import Q
from django.utils.translation import gettext

from alerts.incidents.engine.catalogue import all_types
from alerts.incidents.engine.tokens import Term, bound_of, span_of
from alerts.incidents.models import OtState, Severity, Status, touches
from portal.attack.engine import resolve

SEVERITIES = {
    "high": Severity.HIGH, "medium": Severity.MEDIUM, "low": Severity.LOW,
    "info": Severity.INFORMATIONAL, "informational": Severity.INFORMATIONAL,
    "unknown": Severity.UNKNOWN,
}  # fmt: skip
STATUSES = {
    "new": Status.NEW, "active": Status.ACTIVE, "closed": Status.CLOSED, "unknown": Status.UNKNOWN,
}  # fmt: skip
VERDICTS = (OtState.ROUTINE, OtState.MAINTENANCE, OtState.SUSPICIOUS, OtState.NOT_SURE)


@dataclass(frozen=True, slots=True)
class Places:
    """Names that stand for ids: sites and workspaces within the person's reach."""

    sites: Mapping[int, str]
    workspaces: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class Around:
    """What conditions depend on beside their own words."""

    now: datetime
    places: Callable[[], Places]  # looked up only where a condition names one
    my_owner_ids: tuple[str, ...]
    age_column: str = "first_at"


class NotUnderstood(Exception):
    """A condition whose value means nothing; the text says what would."""


def where(terms: Iterable[Term], around: Around) -> tuple[Q, list[str]]:
    """The filter for these conditions, and sentences about those that mean nothing."""
    wanted, problems = Q(), []
    for term in terms:
        try:
            one = condition(term, around)
        except NotUnderstood as problem:
            problems.append(str(problem))
        else:
            wanted &= ~one if term.negated else one
    return wanted, problems


def condition(term: Term, around: Around) -> Q:
    """The filter for one condition, its sign left out."""
    read = _READERS[term.field]
    return reduce(or_, (read(value, around) for value in term.values))


def plain(text: str) -> str:
    """A name as people type it: no accents, no letter case."""
    flat = unicodedata.normalize("NFKD", text.casefold().replace("ł", "l"))
    return "".join(sign for sign in flat if not unicodedata.combining(sign))


def _one_of(field: str, words: Mapping[str, int]) -> Callable[[str, Around], Q]:
    def read(value: str, around: Around) -> Q:
        try:
            return Q(**{field: words[value.casefold()]})
        except KeyError:
            raise _unknown(value, words) from None

    return read


def _unknown(value: str, known: Iterable[str]) -> NotUnderstood:
    text = gettext("“%(value)s” means nothing here; possible: %(known)s.")
    return NotUnderstood(text % {"value": value, "known": ", ".join(known)})


def _ot(value: str, around: Around) -> Q:
    word = value.casefold()
    if word == "none":
        return Q(ot_state=OtState.NOT_ASKED)
    if word == "answered":
        return Q(ot_state__in=VERDICTS)
    if word == "late":
        return Q(ot_state=OtState.WAITING, ot_due_at__lt=around.now)
    if word in OtState.values and word:
        return Q(ot_state=word)
    raise _unknown(value, ("none", "answered", "late", *filter(None, OtState.values)))


def _priority(value: str, around: Around) -> Q:
    if (bound := bound_of(value)) is None:
        raise _unknown(value, (">=85", "<40"))
    suffix = {">": "gt", ">=": "gte", "<": "lt", "<=": "lte"}[bound[0]]
    return Q(**{f"priority__{suffix}": bound[1]})


def _age(value: str, around: Around) -> Q:
    if (span := span_of(value)) is None:
        raise _unknown(value, (">2h", "<3d", ">30m"))
    suffix = "lte" if span[0] == ">" else "gte"
    return Q(**{f"{around.age_column}__{suffix}": around.now - span[1]})


def _named(value: str, names: Mapping[int, str]) -> list[int]:
    wanted = plain(value)
    exact = [pk for pk, name in names.items() if plain(name) == wanted]
    found = exact or [pk for pk, name in names.items() if wanted in plain(name)]
    if not found:
        raise _unknown(value, list(names.values())[:8])
    return found


def _site(value: str, around: Around) -> Q:
    if value.casefold() == "none":
        return Q(site_ids=[])
    return touches(_named(value, around.places().sites))


def _workspace(value: str, around: Around) -> Q:
    return Q(workspace_id__in=_named(value, around.places().workspaces))


def _technique(value: str, around: Around) -> Q:
    wanted = value.strip().upper()
    ids = {wanted, resolve(wanted)}
    types = [
        each.title for each in all_types() if ids & {*each.techniques, *each.techniques_current}
    ]
    return Q(alert_type__in=types)


def _owner(value: str, around: Around) -> Q:
    word = value.casefold()
    if word == "me":
        return Q(owner_id__in=around.my_owner_ids)
    if word == "none":
        return Q(owner_id="")
    return Q(owner_name__icontains=value)


def _device(value: str, around: Around) -> Q:
    return Q(source__icontains=value) | Q(destination__icontains=value)


def _text(value: str, around: Around) -> Q:
    return Q(title__icontains=value) | _device(value, around)


def _contains(column: str) -> Callable[[str, Around], Q]:
    def read(value: str, around: Around) -> Q:
        return Q(**{f"{column}__icontains": value})

    return read


_READERS: dict[str, Callable[[str, Around], Q]] = {
    "": _text,
    "sev": _one_of("severity", SEVERITIES),
    "status": _one_of("status", STATUSES),
    "ot": _ot,
    "prio": _priority,
    "age": _age,
    "site": _site,
    "zone": _contains("place"),
    "ws": _workspace,
    "type": _contains("alert_type"),
    "tech": _technique,
    "device": _device,
    "proto": _contains("protocol"),
    "owner": _owner,
}
