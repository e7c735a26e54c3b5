"""Every address refuses strangers, unless it is on this short list."""

import re

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

OPEN = {"login", "healthz", "readyz"}


def addresses(patterns=None, prefix="", namespace=""):
    for entry in get_resolver().url_patterns if patterns is None else patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from addresses(entry.url_patterns, route)
        elif isinstance(entry, URLPattern):
            yield entry.name or route, route


def filled(route: str) -> str:
    samples = {"int": "1", "uuid": "00000000-0000-0000-0000-000000000001", "slug": "x", "str": "x"}
    return "/" + re.sub(r"<(?:(\w+):)?\w+>", lambda m: samples.get(m.group(1) or "str", "x"), route)


@pytest.mark.abuse("A44")
@pytest.mark.django_db
def test_an_address_refuses_strangers(client, attempts):
    for address in sorted({filled(route) for name, route in addresses() if name not in OPEN}):
        for method in (client.get, client.post):
            answer = method(address)
            refused = answer.status_code in {401, 403, 404, 405} or (
                answer.status_code == 302 and "/login/" in answer["Location"]
            )
            attempts.note((method.__name__, address, answer.status_code), blocked=refused)
