"""Which playbooks a subscription holds: Consumption Logic Apps, and workflows of Standard ones."""

from collections.abc import Callable
from functools import partial
from typing import Final

from alerts.sentinel.client.connections import ConnectionReader
from alerts.sentinel.client.port import (
    SentinelClient,
    SentinelDenied,
    SentinelNotFound,
    SentinelRefused,
    SentinelUnavailable,
)
from alerts.sentinel.wire.playbooks import (
    WirePlaybook,
    read_playbook,
    read_playbook_ids,
    read_playbook_sites,
    read_playbooks,
)
from alerts.sentinel.wire.records import NotAPage

MAX_PAGES: Final = 20
MAX_SITES: Final = 50  # of Standard Logic Apps


def list_all_playbooks(client: SentinelClient) -> list[WirePlaybook]:
    """Return all playbooks of the subscription, of both kinds of Logic Apps, with the connectors of
    their connections. Raises SentinelError,
    and NotAPage where a list does not end.
    """
    found = _all_pages(lambda link: read_playbooks(client.list_playbooks(next_link=link)))
    connections = ConnectionReader(client)
    return [connections.complete(playbook) for playbook in found + _standard_playbooks(client)]


def _standard_playbooks(client: SentinelClient) -> list[WirePlaybook]:
    """Those of Standard Logic Apps, read one by one, as lists hold no definitions. Without the
    right to read sites there are none, which hides no other playbook; a site that is stopped or
    may not be read hides no other site, and a workflow that is no playbook hides no other.
    """
    try:
        sites = _all_pages(lambda at: read_playbook_sites(client.list_playbook_sites(next_link=at)))
    except SentinelDenied:
        return []
    found: list[WirePlaybook] = []
    for site in sites[:MAX_SITES]:
        try:
            ids = _all_pages(partial(_workflows_of, client, site))
            found += [row for name in ids if (row := _standard_playbook(client, name)) is not None]
        except (SentinelDenied, SentinelNotFound, SentinelRefused):
            continue
        except SentinelUnavailable as error:
            if error.status is None:  # Azure itself was not reached
                raise
    return found


def _standard_playbook(client: SentinelClient, name: str) -> WirePlaybook | None:
    """A workflow as it is now; None for one that cannot be read, or is gone since the list."""
    try:
        return read_playbook(client.get_playbook(name))
    except (NotAPage, SentinelNotFound, SentinelRefused):
        return None
    except SentinelUnavailable as error:
        if error.status is None:
            raise
        return None


def _workflows_of(
    client: SentinelClient, site: str, link: str | None
) -> tuple[list[str], str | None]:
    return read_playbook_ids(client.list_site_playbooks(site, next_link=link))


def _all_pages[T](read: Callable[[str | None], tuple[list[T], str | None]]) -> list[T]:
    """What all pages hold. Raises NotAPage where they do not end."""
    found: list[T] = []
    link = None
    for _ in range(MAX_PAGES):
        items, link = read(link)
        found += items
        if not link:
            return found
    raise NotAPage("the list of playbooks does not end")
