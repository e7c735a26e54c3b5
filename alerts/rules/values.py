"""Values as alerts and rules write them: addresses, networks, and text a person can trust.

An address is an IP or a MAC; text that is neither is inside no network. Text that looks like other
text is refused: a person would sign it without seeing what it states.
"""

import re
import unicodedata
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

from alerts.rules.sentence import Sentence
from portal.text import is_invisible

MIN_PREFIX_LENGTH = {4: 8, 6: 32}  # no wider network than this: beyond it "within" says nothing
# Both readings accept only this spelling, so that neither guesses what the other would refuse.
IPV4_FORM: Final = r"^(0|[1-9][0-9]{0,2})(\.(0|[1-9][0-9]{0,2})){3}$"
IPV6_FORM: Final = r"^[0-9A-Fa-f:]*:[0-9A-Fa-f:]*$"
_IPV4, _IPV6 = re.compile(IPV4_FORM, re.ASCII), re.compile(IPV6_FORM, re.ASCII)
_MAC = re.compile(r"[0-9A-Fa-f]{2}([:-][0-9A-Fa-f]{2}){5}", re.ASCII)

type Ip = IPv4Address | IPv6Address
type Network = IPv4Network | IPv6Network


@lru_cache(maxsize=65536)
def ip_of(text: str) -> Ip | None:
    """The IP address that a text spells; None for a MAC and for everything else."""
    if "\n" in text or not (_IPV4.match(text) or (_IPV6.match(text) and not is_mac(text))):
        return None
    try:
        return ip_address(text)
    except ValueError:
        return None


def is_mac(text: str) -> bool:
    """Whether the text spells a MAC address."""
    return _MAC.fullmatch(text) is not None


def reasons_against_address_value(value: str) -> list[Sentence]:
    """Why no alert can carry this address."""
    found = ip_of(value)
    if found is not None and (found.is_unspecified or str(found) == "255.255.255.255"):
        return [Sentence("address.everybody", value=value)]
    if is_mac(value) or (found is not None and str(found) == value):
        return []
    return [Sentence("address.form", value=value)]


def reasons_against_network(value: str) -> list[Sentence]:
    """Why this is no network that a rule may name."""
    try:
        network = ip_network(value)
    except ValueError:
        return [Sentence("network.form", value=value)]
    if network.prefixlen < MIN_PREFIX_LENGTH[network.version]:
        return [Sentence("network.wide", value=value, least=MIN_PREFIX_LENGTH[network.version])]
    if str(network) != value:
        return [Sentence("network.form", value=value)]
    return []


def is_public(text: str) -> bool:
    """Whether the text is an IP address that no plant may use for itself."""
    found = ip_of(text)
    return found is not None and found.is_global and not found.is_multicast


@lru_cache(maxsize=4096)
def checked_network(value: str) -> Network:
    """The network that a checked value spells."""
    return ip_network(value)


def is_within(text: str, networks: tuple[str, ...]) -> bool:
    """Whether an address lies in one of the networks."""
    found = ip_of(text)
    return found is not None and any(
        found.version == network.version and found in network
        for network in map(checked_network, networks)
    )


_CONFUSED = ("LATIN", "GREEK", "CYRILLIC", "ARMENIAN", "CHEROKEE", "COPTIC", "LISU")
_TWINS = frozenset(
    "АВЕЅІЈКМНОРСТУХѴԚԜаеѕіјорсухѵԁԛԝһӀ"  # Cyrillic letters that are drawn as Latin ones
    "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧανορτυχιγ"  # Greek
    "ՕօսԼոհ"  # Armenian
)
_TOKEN = re.compile(r"[^\W\d_]+")


def reasons_against_text(value: str, *, label: str, least: int) -> list[Sentence]:
    """Why a person could not trust their eyes with this text, or why it states too little."""
    if _has_unseen(value):
        return [Sentence("text.unseen", label=label)]
    if value != " ".join(value.split()) or not value:
        return [Sentence("text.blanks", label=label)]
    if not _is_plain(value) or any(_deceives(token) for token in _TOKEN.findall(value)):
        return [Sentence("text.twin", label=label, value=value)]
    if len(value) < least:
        return [Sentence("text.short", label=label, value=value, least=least)]
    if not any(sign.isalnum() for sign in value):
        return [Sentence("text.nothing", label=label, value=value)]
    return []


@lru_cache(maxsize=16384)
def _has_unseen(value: str) -> bool:
    """Whether some of it is drawn as nothing."""
    return any(map(is_invisible, value))


@lru_cache(maxsize=16384)  # the watch reads the same words of the same rules every 30 seconds
def _is_plain(value: str) -> bool:
    """Composed, and without letters or digits that are another way to draw a plain one."""
    return unicodedata.is_normalized("NFC", value) and all(
        unicodedata.is_normalized("NFKC", sign) for sign in value if sign.isalnum()
    )


@lru_cache(maxsize=16384)
def _deceives(token: str) -> bool:
    """Letters of two scripts in one word, or a foreign word of nothing but Latin's twins."""
    scripts = {
        script
        for sign in token
        if (script := unicodedata.name(sign, "").split(" ", 1)[0]) in _CONFUSED
    }
    if len(scripts) > 1:
        return True
    return bool(scripts) and scripts != {"LATIN"} and all(sign in _TWINS for sign in token)
