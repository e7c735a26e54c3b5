"""What is known of a device without looking it up: its kind, address and criticality."""

from collections.abc import Mapping
from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import Final

# What Defender for IoT writes where it does not know. As the name of a kind it would make one group
# of all strangers of a zone, and a rule about that group would cover whoever comes next.
NO_KINDS: Final = frozenset({"unclassified", "unknown"})


# Criticalities of devices that are never silenced (S1), and what they are called.
CRITICAL: Final[Mapping[str, str]] = {"safety": "safety system", "crown-jewel": "crown jewel"}


def device_kind(*words: str | None) -> str:
    """Return the first word that names a kind; empty where none does."""
    return next((word for word in words if word and word.strip().casefold() not in NO_KINDS), "")


# Private, shared, link-local, loopback, multicast and broadcast: what plants number themselves by.
_LOCAL: Final = tuple(
    ip_network(text)
    for text in (
        *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16"),
        *("127.0.0.0/8", "0.0.0.0/8", "224.0.0.0/4", "240.0.0.0/4"),
        *("fc00::/7", "fe80::/10", "::1/128", "::/128", "ff00::/8"),
    )
)


@lru_cache(maxsize=65536)
def is_public_address(text: str) -> bool:
    """Whether a text is an IP address outside every private network, no MAC and no name."""
    try:
        address = ip_address(text.strip().partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    address = mapped or address
    return not any(address in network for network in _LOCAL if network.version == address.version)
