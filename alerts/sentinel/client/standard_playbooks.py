"""Playbooks of Standard Logic Apps: a site (Microsoft.Web) holds several, each a workflow of it."""

import re
from typing import Final, Protocol

from alerts.sentinel.client.azure_calls import AzureCalls
from alerts.sentinel.client.errors import SentinelRefused
from alerts.sentinel.client.versions import WEB

_SITE: Final = re.compile(
    r"/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\.Web/sites/[^/]+",
    re.IGNORECASE,
)
# Where the runtime of a site answers below its address in the resource manager.
_RUNTIME: Final = "hostruntime/runtime/webhooks/workflow/api/management"


class StandardPlaybooks(AzureCalls, Protocol):
    """The part of a client that lists what a subscription has of Standard Logic Apps."""

    def list_playbook_sites(self, *, next_link: str | None = None) -> bytes:
        """One page of all sites of the workspace's subscription, whatever they run."""
        path = f"/subscriptions/{self._subscription}/providers/Microsoft.Web/sites"
        url = self._followed(next_link) if next_link else self._arm_url(path, version=WEB)
        return self._call("GET", url)

    def list_site_playbooks(self, site: str, *, next_link: str | None = None) -> bytes:
        """One page of the workflows of a site, without their definitions."""
        if not _SITE.fullmatch(site):
            raise SentinelRefused("This is not the address of a Logic App.")
        url = self._arm_url(f"{site}/workflows", version=WEB)
        return self._call("GET", self._followed(next_link) if next_link else url)


def runs_path(playbook: str) -> str:
    """Return where the runs of a playbook of a site are listed."""
    site, _, workflow = playbook.rpartition("/workflows/")
    return f"{site}/{_RUNTIME}/workflows/{workflow}/runs"
