"""The filter language of lists: `sev:high,medium site:gdansk device:PLC-7 -proto:smb free text`.

Words, chips and menus edit the same text, so that an address states all of it. Free text finds a
title, a device or address, a label, a verdict, a technique or a number (`2178`, `#2178`);
`type:=Name` matches the whole name and no longer one.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

FIELDS = (
    "sev",
    "status",
    "ot",
    "verdict",
    "prio",
    "age",
    "site",
    "zone",
    "ws",
    "type",
    "tech",
    "device",
    "proto",
    "label",
    "note",
    "owner",
    "closed",
    "aside",
    "pattern",
)

_VALUE_CHARACTER = r'(?:"[^"]*"?|[^\s"])'
_TOKEN = re.compile(
    rf"(?P<not>-)?(?:(?P<field>{'|'.join(FIELDS)}):(?P<value>{_VALUE_CHARACTER}*)|(?P<free>{_VALUE_CHARACTER}+))",
    re.IGNORECASE,
)
_VALUE = re.compile(r"\"([^\"]*)\"?|([^,\"]+)")
_SPAN = re.compile(r"([<>])\s*(\d{1,6})([mhd])")
_BOUND = re.compile(r"([<>]=?)?(\d{1,3})")
_NUMBER = re.compile(r"#?(\d{1,10})", re.ASCII)
_FIELD_LIKE = re.compile(r"([a-z]{2,20}):(?!//)\S+", re.IGNORECASE | re.ASCII)
_HEX_PAIR = re.compile(r"[0-9a-f]{1,4}", re.IGNORECASE)
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
MAX_TERMS = 20  # terms in one query
MIN_WORD = 3  # characters of a word looked for in comments, notes and reasons
MIN_TEXT = 2  # characters of free text and of a part of a label
MIN_PREFIX = {4: 8, 6: 32}  # bits of a network, by version of the protocol
MAX_NUMBER = 2**31 - 1  # what an incident's number can be


@dataclass(frozen=True, slots=True)
class Term:
    """One condition: a field and the values it may have; without a field it is free text."""

    field: str
    values: tuple[str, ...]
    negated: bool = False

    def __str__(self) -> str:
        sign = "-" if self.negated else ""
        values = ",".join(_quoted(value) for value in self.values)
        return f"{sign}{self.field}:{values}" if self.field else f"{sign}{values}"


def parse_query(text: str) -> tuple[Term, ...]:
    """The conditions of a query, in the order given and each once. Anything can be parsed."""
    return tuple(_distinct_terms(text))[:MAX_TERMS]


def has_too_many_terms(text: str) -> bool:
    """Whether a query has more conditions than are read."""
    return len(_distinct_terms(text)) > MAX_TERMS


def render(terms: Iterable[Term]) -> str:
    """Return the query of these conditions."""
    return " ".join(map(str, terms))


def without(terms: Iterable[Term], term: Term) -> tuple[Term, ...]:
    """The conditions but for one."""
    return tuple(other for other in terms if other != term)


def toggled(
    terms: tuple[Term, ...], field: str, value: str, *, negated: bool = False
) -> tuple[Term, ...]:
    """Add a value to what a field may have (`negated`: may not have), or take it away where it is
    there. A value is never both.
    """
    others = _less(terms, field, value)
    if value.casefold() in chosen(terms, field, negated=negated):
        return others
    old = next((t for t in others if t.field == field and t.negated == negated), None)
    if old is None:
        return (*others, Term(field, (value,), negated))
    return tuple(
        replace(old, values=(*old.values, value)) if term == old else term for term in others
    )


def _less(terms: Iterable[Term], field: str, value: str) -> tuple[Term, ...]:
    """The conditions without a value of a field, in whichever of them it is."""
    left = (
        replace(term, values=tuple(v for v in term.values if v.casefold() != value.casefold()))
        if term.field == field
        else term
        for term in terms
    )
    return tuple(term for term in left if term.values)


def chosen(terms: Iterable[Term], field: str, *, negated: bool = False) -> frozenset[str]:
    """The values that a field may have by these conditions; `negated`: may not have."""
    lists = (term.values for term in terms if term.field == field and term.negated == negated)
    return frozenset(value.casefold() for values in lists for value in values)


def span_of(value: str) -> tuple[str, timedelta] | None:
    """`>2h` as what it means; None where it means nothing."""
    match = _SPAN.fullmatch(value.strip().lower())
    return (match[1], timedelta(**{_UNITS[match[3]]: int(match[2])})) if match else None


def bound_of(value: str) -> tuple[str, int] | None:
    """`>=85` as what it means; a bare number is a lower bound."""
    match = _BOUND.fullmatch(value.strip())
    return (match[1] or ">=", int(match[2])) if match else None


def incident_number_in(value: str) -> int | None:
    """Return the incident number that `2178` or `#2178` spells; None for any other text."""
    match = _NUMBER.fullmatch(value.strip())
    number = int(match[1]) if match else 0
    return number if 0 < number <= MAX_NUMBER else None


def unknown_field_of(value: str) -> str | None:
    """Return the unknown field in free text like `lable:x`; None for a MAC or an IPv6 address."""
    match = _FIELD_LIKE.fullmatch(value)
    return match[1].lower() if match and not _HEX_PAIR.fullmatch(match[1]) else None


def free_text_of(terms: Iterable[Term]) -> str:
    """Return the plain words of a query as they were typed, side by side."""
    return " ".join(term.values[0] for term in terms if not term.field and not term.negated)


def exact_value_of(value: str) -> str | None:
    """Return the whole name that `=S7comm` asks for; None where part of a name is enough."""
    return value[1:].strip() if value.startswith("=") else None


def _distinct_terms(text: str) -> dict[Term, None]:
    """The conditions of a query; one that is repeated changes nothing but costs each time."""
    terms = (_term(match) for match in _TOKEN.finditer(text.replace("\x00", " ")))
    return dict.fromkeys(term for term in terms if term.values)


def _term(match: re.Match[str]) -> Term:
    field = (match["field"] or "").lower()
    if field:
        values = tuple(v for a, b in _VALUE.findall(match["value"]) if (v := (a or b).strip()))
    else:
        plain = match["free"].replace('"', "").strip()
        values = (plain,) if plain else ()
    return Term(field, values, bool(match["not"]))


def _quoted(value: str) -> str:
    return f'"{value}"' if re.search(r"[\s,]", value) or value.startswith("-") else value


_IPV4_START = re.compile(r"\d{1,3}\.\d{1,3}(\.\d{0,3}){0,2}", re.ASCII)
_MAC = re.compile(r"[0-9a-f]{2}([:-][0-9a-f]{2}){5}", re.ASCII | re.IGNORECASE)
_MAC_START = re.compile(r"[0-9a-f]{2}([:-][0-9a-f]{2}){1,4}[:-]?", re.ASCII | re.IGNORECASE)


def spellings_of(value: str) -> tuple[str, ...]:
    """Return the ways in which an alert may write this name or address."""
    ways = [value, value.lower(), value.upper()]
    if _MAC.fullmatch(value):
        ways += [way.replace(old, new) for way in ways for old, new in ((":", "-"), ("-", ":"))]
    return tuple(dict.fromkeys(ways))


def network_of(value: str) -> IPv4Network | IPv6Network | None:
    """Return the network that `10.20.21.0/24` spells; None for any other text."""
    if "/" not in value:
        return None
    try:
        return ip_network(value, strict=False)
    except ValueError:
        return None


def is_vast_network(value: str) -> bool:
    """Return whether a text spells a network that holds so much that it sorts nothing out."""
    network = network_of(value)
    return network is not None and network.prefixlen < MIN_PREFIX[network.version]


def is_too_short(value: str) -> bool:
    """Return whether a text is a single character, which nearly every title has."""
    return len(value.strip()) < MIN_TEXT


def is_in_network(address: str, network: IPv4Network | IPv6Network) -> bool:
    """Whether the address lies in the network; a MAC lies in none."""
    try:
        return ip_address(address) in network
    except ValueError:
        return False


def is_address(value: str) -> bool:
    """Whether this is a whole IP or MAC address."""
    if _MAC.fullmatch(value):
        return True
    try:
        ip_address(value)
    except ValueError:
        return False
    return True


def is_start_of_address(value: str) -> bool:
    """Whether this is the beginning of an address, two parts of it at least, and no whole one."""
    if _MAC_START.fullmatch(value):
        return True
    return bool(_IPV4_START.fullmatch(value)) and not is_address(value)
