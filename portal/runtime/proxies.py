"""From which address a request came, where proxies are in front of the portal."""

import ipaddress
import logging
import re
from functools import cache

from django.conf import settings
from django.http import HttpRequest

logger = logging.getLogger(__name__)

_NOT_BELIEVED = (
    "A request had X-Forwarded-For, which is not believed: TRUSTED_PROXIES is 0. If a proxy of"
    " yours wrote it, all people have the address of that proxy. Set TRUSTED_PROXIES."
)
_PASSED_BY = (
    "A request came through fewer proxies than TRUSTED_PROXIES says, so it has the address of"
    " whoever sent it here. Lower TRUSTED_PROXIES, or let nobody past your proxies."
)
_WITH_PORT = re.compile(r"\[(?P<v6>[^\]]+)\](?::\d+)?|(?P<v4>[\d.]+)(?::\d+)?")
_NETWORK_OF_ONE_CUSTOMER = 48  # bits of IPv6: a site is given up to 65,536 networks of hosts


def client_address(request: HttpRequest) -> str | None:
    """Return the client's address: of X-Forwarded-For what the outermost of our TRUSTED_PROXIES
    wrote there, counted from the right, for whatever is further left was sent by the client.
    None where the request came by no network.
    """
    peer = _parsed(request.META.get("REMOTE_ADDR", ""))
    n, forwarded = settings.TRUSTED_PROXIES, request.headers.get("X-Forwarded-For", "")
    hops = forwarded.split(",") if forwarded else []
    if len(hops) < n:
        _warn_once(_PASSED_BY)
    elif hops and not n:
        _warn_once(_NOT_BELIEVED)
    return (_parsed(hops[-n]) if 0 < n <= len(hops) else None) or peer


def counted_as(address: str | None) -> str | None:
    """Return the address under which failures are counted: of IPv6 the network of one customer."""
    if address is None or ":" not in address:
        return address
    network = ipaddress.ip_network((address, _NETWORK_OF_ONE_CUSTOMER), strict=False)
    return str(network.network_address)


@cache
def _warn_once(words: str) -> None:
    """Once in a process, for anybody may send such requests as often as they like."""
    logger.warning(words)


def _parsed(text: str) -> str | None:
    """The address that is here, with or without a port; None where there is none."""
    text = text.strip()
    found = _WITH_PORT.fullmatch(text)
    try:
        address = ipaddress.ip_address((found["v6"] or found["v4"]) if found else text)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address):
        return str(address.ipv4_mapped or ipaddress.IPv6Address(int(address)))  # without a zone
    return str(address)
