"""What people type to find an address: a whole one, its beginning, or a network."""

import re
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

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


def is_inside(address: str, network: IPv4Network | IPv6Network) -> bool:
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
