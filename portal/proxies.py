"""From which address a request came, where proxies stand in front of the portal."""

import ipaddress
import re

from django.conf import settings
from django.http import HttpRequest

_WITH_PORT = re.compile(r"\[(?P<v6>[^\]]+)\](?::\d+)?|(?P<v4>[\d.]+)(?::\d+)?")
_NETWORK_OF_ONE_CUSTOMER = 48  # bits of IPv6: a site is given up to 65,536 networks of hosts


def client_address(request: HttpRequest) -> str | None:
    """Return the client's address: of X-Forwarded-For what the outermost of our TRUSTED_PROXIES
    wrote there, counted from the right, for whatever stands further left was sent by the client.
    None where the request came by no network.
    """
    peer = _parsed(request.META.get("REMOTE_ADDR", ""))
    n = settings.TRUSTED_PROXIES
    if not n:
        return peer
    hops = request.headers.get("X-Forwarded-For", "").split(",")
    return (_parsed(hops[-n]) if len(hops) >= n else None) or peer


def counted_as(address: str | None) -> str | None:
    """Return the address under which failures are counted: of IPv6 the network of one customer."""
    if address is None or ":" not in address:
        return address
    network = ipaddress.ip_network((address, _NETWORK_OF_ONE_CUSTOMER), strict=False)
    return str(network.network_address)


def _parsed(text: str) -> str | None:
    """The address that stands here, with or without a port; None where there is none."""
    text = text.strip()
    found = _WITH_PORT.fullmatch(text)
    try:
        address = ipaddress.ip_address((found["v6"] or found["v4"]) if found else text)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address):
        return str(address.ipv4_mapped or ipaddress.IPv6Address(int(address)))  # without a zone
    return str(address)
