"""Each address that a template or a link names exists. Where it is put in a variable, Django draws
nothing for one that does not, and so does `address_of_link`: the link would lead to its own page.
"""

import re

from django.urls import URLResolver, get_resolver

from tests.architecture.tree import HOME, sources

NAMED = {
    ".html": re.compile(r"""\{%-?\s*url\s+["']([\w:-]+)["']"""),
    ".py": re.compile(r"""(?:address_of_link|reverse)\(\s*["']([\w:-]+)["']"""),
}


def names_of(entries, prefix=""):
    """All names of addresses, with their namespaces."""
    for entry in entries:
        if isinstance(entry, URLResolver):
            inner = f"{prefix}{entry.namespace}:" if entry.namespace else prefix
            yield from names_of(entry.url_patterns, inner)
        elif entry.name:
            yield prefix + entry.name


def test_every_address_that_is_named_exists():
    known = set(names_of(get_resolver().url_patterns))
    assert len(known) > 100
    unknown = [
        f"{path}: {name}"
        for kind, pattern in NAMED.items()
        for path in sources(kind)
        if path.parts[0] in ("templates", "portal", "alerts", "training")
        for name in pattern.findall((HOME / path).read_text("utf-8"))
        if name not in known
    ]
    assert not unknown
