"""Playbooks by the one pipeline of the client: which there are, how they ran, starting one."""

from typing import Protocol

from alerts.sentinel.client.azure_calls import AzureCalls
from alerts.sentinel.client.errors import SentinelRefused
from alerts.sentinel.client.standard_playbooks import runs_path
from alerts.sentinel.client.versions import LOGIC, WEB
from alerts.sentinel.wire.playbooks import is_playbook_id, is_standard_playbook


class Playbooks(AzureCalls, Protocol):
    """The playbooks (Logic Apps) in the subscription of a workspace, and their runs."""

    def list_playbooks(self, *, next_link: str | None = None) -> bytes:
        """One page of all playbooks in the workspace's subscription."""
        path = f"/subscriptions/{self._subscription}/providers/Microsoft.Logic/workflows"
        url = self._followed(next_link) if next_link else self._arm_url(path, version=LOGIC)
        return self._call("GET", url)

    def get_playbook(self, playbook: str) -> bytes:
        """One playbook as it is now. `playbook` is its resource id."""
        version = WEB if is_standard_playbook(playbook) else LOGIC
        return self._call("GET", self._arm_url(_checked(playbook), version=version))

    def list_playbook_runs(self, playbook: str, *, next_link: str | None = None) -> bytes:
        """One page of the runs of a playbook, newest first. `playbook` is its resource id."""
        path, version = f"{_checked(playbook)}/runs", LOGIC
        if is_standard_playbook(playbook):
            path, version = runs_path(playbook), WEB
        url = self._arm_url(path, version=version)
        return self._call("GET", self._followed(next_link) if next_link else url)

    def run_playbook(self, incident: str, *, playbook: str) -> None:
        """Start a playbook on an incident. Each call that arrives starts one more run, so this is
        never repeated by itself; SentinelUnavailable leaves open whether it arrived, unless
        `was_not_sent` is set. The SDK's own method fails on the empty answer, after the playbook
        has started.
        """
        # Automation rules spell it logicAppResourceId; this call has an s more.
        body = {"logicAppsResourceId": _checked(playbook), "tenantId": self._tenant}
        self._start(self._url("incidents", incident, "runPlaybook"), body)


def _checked(playbook: str) -> str:
    """The address came from Azure's own answer, and becomes part of ours."""
    if not is_playbook_id(playbook):
        raise SentinelRefused("This is not the address of a Logic App.")
    return playbook
