"""Readers of single members: whatever is there, a usable value and perhaps a flag come back.

Also the words that Sentinel uses for fixed choices, and its moments: zero to seven fractional
digits, sometimes absurd.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from msgspec import UNSET, Struct, UnsetType

MAX_INTEGER = 2**63 - 1
MAX_WORD_LENGTH = 100
MAX_COMMENT_LENGTH = 30_000
_TEXT = frozenset({str})
_TEXT_OR_NOTHING = frozenset({str, type(None), UnsetType})


def is_missing(value: object) -> bool:
    """Whether a member is not there, or null."""
    return value is None or value is UNSET


def text_field(value: object, name: str, flags: list[str]) -> str | None:
    """Text, or None; a number is written out, anything else is flagged."""
    if value.__class__ is str:
        return value
    if value is None or value is UNSET:
        return None
    flags.append(f"{name}:not_text")
    return str(value) if value.__class__ in (int, float, bool) else None


def read_texts(
    values: Iterable[object], names: Iterable[str], flags: list[str]
) -> Sequence[str | None]:
    """Several text members at once: one look tells the usual case, where nothing is odd."""
    texts: list[Any] = [None if value is UNSET else value for value in values]
    if _TEXT_OR_NOTHING.issuperset(map(type, texts)):
        return texts
    return [text_field(text, name, flags) for text, name in zip(texts, names, strict=True)]


def read_count(value: object, name: str, flags: list[str]) -> int | None:
    """A whole number that a database column can hold; digits in quotes count too."""
    if value.__class__ is int and 0 <= value <= MAX_INTEGER:
        return value
    if value is None or value is UNSET:
        return None
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 19:
        return int(value)
    flags.append(f"{name}:not_a_count")
    return None


def read_yes_no(value: object, name: str, flags: list[str]) -> bool | None:
    """True or False; D4IoT writes them as words in its bag of strings."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().casefold() in ("true", "false"):
        return value.strip().casefold() == "true"
    flags.append(f"{name}:not_yes_or_no")
    return None


def read_words(value: object, name: str, flags: list[str]) -> tuple[str, ...]:
    """A list of texts; what in it is no text is left out and flagged."""
    if value.__class__ is tuple:  # decoded as documented
        return value
    if value.__class__ is list:
        if _TEXT.issuperset(map(type, value)):
            return tuple(value)
        flags.append(f"{name}:not_all_text")
        return tuple(word for word in value if isinstance(word, str))
    if not is_missing(value):
        flags.append(f"{name}:not_a_list")
    return ()


def read_bag(value: object, name: str, flags: list[str]) -> dict[str, Any]:
    """A nested object, or an empty one with a flag."""
    if value.__class__ is dict:
        return value
    if not is_missing(value):
        flags.append(f"{name}:not_an_object")
    return {}


def _spellings(*words: str) -> dict[str, str]:
    return {word: word for word in words} | {word.casefold(): word for word in words}


INCIDENT_STATUS = _spellings("New", "Active", "Closed")
SEVERITY = _spellings("High", "Medium", "Low", "Informational")
CLASSIFICATION = _spellings("Undetermined", "TruePositive", "BenignPositive", "FalsePositive")
CLASSIFICATION_REASON = _spellings(
    "SuspiciousActivity", "SuspiciousButExpected", "IncorrectAlertLogic", "InaccurateData"
)
OWNER_KIND = _spellings("Unknown", "User", "Group")
LABEL_KIND = _spellings("User", "AutoAssigned")
ALERT_STATUS = _spellings(
    "Unknown", "New", "Resolved", "Dismissed", "InProgress", "Active", "Closed"
)
ENTITY_KIND = _spellings(
    *("Account", "Host", "File", "AzureResource", "CloudApplication", "DnsResolution", "FileHash"),
    *("Ip", "Malware", "Process", "RegistryKey", "RegistryValue", "SecurityGroup", "Url"),
    *("IoTDevice", "SecurityAlert", "Bookmark", "MailCluster", "MailMessage", "Mailbox"),
    *("SubmissionMail", "Nic"),
)
ENGINE = _spellings("MALWARE", "ANOMALY", "PROTOCOL_VIOLATION", "POLICY_VIOLATION", "OPERATIONAL")

# Both names of one product: what the interface has always sent, and what its pages show.
D4IOT_PRODUCTS = frozenset(
    {"azure security center for iot", "microsoft defender for iot", "azure defender for iot"}
)

# What products are called today. Sentinel's interface goes on sending the names they began with.
_CURRENT_PRODUCTS = {
    **dict.fromkeys(D4IOT_PRODUCTS, "Microsoft Defender for IoT"),
    "azure active directory identity protection": "Microsoft Entra ID Protection",
    "azure advanced threat protection": "Microsoft Defender for Identity",
    "azure security center": "Microsoft Defender for Cloud",
    "azure sentinel": "Microsoft Sentinel",
    "microsoft 365 defender": "Microsoft Defender XDR",
    "microsoft 365 insider risk management": "Microsoft Purview Insider Risk Management",
    "microsoft cloud app security": "Microsoft Defender for Cloud Apps",
    "microsoft defender advanced threat protection": "Microsoft Defender for Endpoint",
    "office 365 advanced threat protection": "Microsoft Defender for Office 365",
}
_CURRENT_PRODUCTS |= {name.casefold(): name for name in set(_CURRENT_PRODUCTS.values())}


def current_product(name: str) -> str:
    """Return what a product is called today; an unrecognised name as it came."""
    return _CURRENT_PRODUCTS.get(name.strip().casefold(), name)


RULE_MARK = "(MDIoT)"  # begins the titles of what the solution's analytics rules make
CHECK_MARK = "Tagout workflow check "  # how titles of our own tests begin
# When an incident of a check that names no rule was created at the latest, and at the earliest
# (what Azure's clock may be behind ours), counted from the beginning of the check.
_CHECK_LASTS, _CHECK_SKEW = timedelta(hours=3), timedelta(minutes=10)


def check_marker(rule: str) -> str:
    """Return what the test alert of a check carries, by the name of the check's analytics rule."""
    return rule.replace("-", "")[:12]


def check_title(rule: str) -> str:
    """Return the title of what the analytics rule of a check makes."""
    return f"{CHECK_MARK}{check_marker(rule)}"


# Sentinel itself is the product of what its analytics rules make of others' alerts.
SENTINEL_PRODUCTS = frozenset({"azure sentinel", "microsoft sentinel"})
OTHER_PRODUCT = "Another product"
_PRODUCTS_OF_MICROSOFT = frozenset(_CURRENT_PRODUCTS.values()) - {"Microsoft Sentinel"}


class OutsideReason(StrEnum):
    """Why an incident is outside of a workspace's scope."""

    PRODUCT = "product"  # it names other products only
    RULE = "rule"  # of a rule that reads no alerts of Defender for IoT
    NO_RULE = "no-rule"  # of Defender for IoT, but of none of its rules: they alone are in
    UNKNOWN_RULE = "unknown-rule"  # of a rule that nobody has looked at
    UNNAMED = "unnamed"  # names neither product nor rule, so far
    CHECK = "check"  # a test by Tagout, made like one of the plant and closed within minutes


UNDECIDED = frozenset({OutsideReason.UNKNOWN_RULE, OutsideReason.UNNAMED})


class Outside(NamedTuple):
    """An incident that is outside, without what identifies it."""

    reason: OutsideReason
    products: str  # by names of ours: what an alert calls its product may be anything
    created_at: datetime | None


class OtScope(Struct, frozen=True):
    """Which incidents of a workspace Tagout takes in: those of Defender for IoT (`d4iot`), only
    those of its analytics rules (`rules`), or `all`. The names of the workspace's rules show which
    of them read alerts of Defender for IoT; a rule in neither set was not looked at. `checks` are
    the analytics rules that our own workflow checks made there, and when.
    """

    kind: str = "d4iot"
    iot_rules: frozenset[str] = frozenset()
    other_rules: frozenset[str] = frozenset()
    checks: Mapping[str, datetime] = {}

    def outside(
        self,
        *,
        title: object,
        products: object,
        rules: object,
        created: object,
        alerts_count: object = None,
    ) -> Outside | None:
        """Return why an incident with these members is outside; None where it is in."""
        at = created if isinstance(created, datetime) else moment_field(created, "", [])
        names = {rule.rpartition("/")[2].lower() for rule in _texts_in(rules)}
        has_others = isinstance(alerts_count, int) and alerts_count > 1  # a test has one alert
        if self.checks and not has_others and self._is_check(names, title, at):
            return Outside(OutsideReason.CHECK, "", at)
        if self.kind == "all" or (isinstance(title, str) and title.startswith(RULE_MARK)):
            return None
        named = {word.strip().casefold() for word in _texts_in(products)}
        if not self.iot_rules.isdisjoint(names):
            return None
        is_iot = not D4IOT_PRODUCTS.isdisjoint(named)
        if is_iot and self.kind == "d4iot":
            return None
        reason = self._reason(named - SENTINEL_PRODUCTS, names, is_iot, named)
        return Outside(reason, _microsoft_products(named), at)

    def _is_check(self, names: set[str], title: object, at: datetime | None) -> bool:
        """Whether it is of a rule that a check made, and of no other. Where it names no rule, its
        title has to be that of one check, which it was created during.
        """
        if names:
            return names <= self.checks.keys()
        begun = (begun for rule, begun in self.checks.items() if title == check_title(rule))
        return at is not None and any(b - _CHECK_SKEW <= at <= b + _CHECK_LASTS for b in begun)

    def _reason(
        self, detectors: set[str], names: set[str], is_iot: bool, named: set[str]
    ) -> OutsideReason:
        # What other products call a detector is no rule of the workspace.
        may_be_rule = is_iot or not detectors or not SENTINEL_PRODUCTS.isdisjoint(named)
        if may_be_rule and names - self.other_rules:
            return OutsideReason.UNKNOWN_RULE
        if is_iot:
            return OutsideReason.NO_RULE if names else OutsideReason.UNNAMED
        if detectors:
            return OutsideReason.PRODUCT
        return OutsideReason.RULE if names else OutsideReason.UNNAMED


def _texts_in(value: object) -> Sequence[str]:
    if not isinstance(value, tuple | list):
        return ()
    return [word for word in value if isinstance(word, str)]


def _microsoft_products(named: Iterable[str]) -> str:
    """The products as pages name them. What is no product of Microsoft's has no name of its own."""
    names = {_CURRENT_PRODUCTS.get(name, name) for name in named}
    listed = names & _PRODUCTS_OF_MICROSOFT
    if names - listed - {"Microsoft Sentinel"}:
        listed |= {OTHER_PRODUCT}
    return ", ".join(sorted(listed)) or ("Microsoft Sentinel" if names else "")


def read_choice(
    value: object, choices: dict[str, str], name: str, flags: list[str], *, required: bool = False
) -> str | None:
    """The usual spelling of a choice; an unfamiliar word is kept as it came, and flagged."""
    if value.__class__ is str:
        if word := choices.get(value):
            return word
        return _unfamiliar(str(value), choices, name, flags)
    if not is_missing(value):
        flags.append(f"{name}:not_text")
    elif required:
        flags.append(f"{name}:missing")
    return None


def _unfamiliar(value: str, choices: dict[str, str], name: str, flags: list[str]) -> str | None:
    if word := choices.get(value.strip().casefold()):
        return word
    flags.append(f"{name}:unknown" if value else f"{name}:empty")
    return value[:MAX_WORD_LENGTH] or None


_FROM, _TO = 2000, 2200  # years; .NET writes year 1 for "never"
_FRACTION = re.compile(r"\.(\d+)")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_parse = datetime.fromisoformat
_USUAL_YEARS = frozenset(range(_FROM, _TO))


def moment_field(value: object, name: str, flags: list[str]) -> datetime | None:
    """The aware moment a field holds, or None with a flag for what was odd about it."""
    if value is None or value is UNSET:
        return None
    if value.__class__ is not str:
        flags.append(f"{name}:not_text")
        return None
    try:
        moment = _parse(value)
        if moment.tzinfo is not UTC:
            moment = _in_utc(moment, name, flags)
        if _FROM <= moment.year < _TO:
            return moment
    except (ValueError, OverflowError):
        if value:
            flags.append(f"{name}:not_a_date")
        else:
            flags.append(f"{name}:empty")
        return None
    flags.append(f"{name}:out_of_range")
    return None


def read_moments(values: Iterable[Any]) -> list[datetime]:
    """Many moments at once; raises ValueError or TypeError where one of them is odd."""
    moments = [_parse(value) for value in values]
    if not (
        {moment.tzinfo for moment in moments} <= {UTC}
        and {moment.year for moment in moments} <= _USUAL_YEARS
    ):
        raise ValueError("One of these moments is in no way a usual one.")
    return moments


def _in_utc(moment: datetime, name: str, flags: list[str]) -> datetime:
    if moment.tzinfo is None:
        flags.append(f"{name}:no_zone")
        return moment.replace(tzinfo=UTC)
    return moment.astimezone(UTC)


def ticks_of(text: str | None) -> int | None:
    """Hundreds of nanoseconds since 1970: two times within one microsecond keep their order."""
    if not text:
        return None
    moment = moment_field(text, "moment", [])
    if moment is None:
        return None
    found = _FRACTION.search(text)
    fraction = int((found.group(1) + "0000000")[:7]) if found else 0
    return (moment.replace(microsecond=0) - _EPOCH) // timedelta(seconds=1) * 10_000_000 + fraction


def write_moment(moment: datetime) -> str:
    """A moment as Sentinel's filters take it: UTC, ending in Z."""
    if moment.tzinfo is None:
        raise ValueError("A moment without a zone cannot be sent to Sentinel.")
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
