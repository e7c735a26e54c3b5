"""Which playbooks a subscription holds: Consumption Logic Apps, and workflows of Standard ones."""

from collections.abc import Callable
from functools import partial
from typing import Final

from alerts.sentinel.client.port import (
    SentinelClient,
    SentinelDenied,
    SentinelNotFound,
    SentinelRefused,
    SentinelUnavailable,
)
from alerts.sentinel.wire import (
    NotAPage,
    WirePlaybook,
    read_playbook,
    read_playbook_ids,
    read_playbook_sites,
    read_playbooks,
)

MAX_PAGES: Final = 20
MAX_SITES: Final = 50  # of Standard Logic Apps


def list_all_playbooks(client: SentinelClient) -> list[WirePlaybook]:
    """Return all playbooks of the subscription, of both kinds of Logic Apps. Raises SentinelError,
    and NotAPage where a list does not end.
    """
    found = _all_pages(lambda link: read_playbooks(client.list_playbooks(next_link=link)))
    return found + _standard_playbooks(client)


def _standard_playbooks(client: SentinelClient) -> list[WirePlaybook]:
    """Those of Standard Logic Apps, read one by one, as lists hold no definitions. Without the
    right to read sites there are none, which hides no other playbook; a site that is stopped or
    may not be read hides no other site.
    """
    try:
        sites = _all_pages(lambda at: read_playbook_sites(client.list_playbook_sites(next_link=at)))
    except SentinelDenied:
        return []
    found: list[WirePlaybook] = []
    for site in sites[:MAX_SITES]:
        try:
            ids = _all_pages(partial(_workflows_of, client, site))
            found += [read_playbook(client.get_playbook(name)) for name in ids]
        except (SentinelDenied, SentinelNotFound, SentinelRefused):
            continue
        except SentinelUnavailable as error:
            if error.status is None:  # Azure itself was not reached
                raise
    return found


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
