"""What Azure shows of a workflow check: its incidents and the runs of its playbook."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from alerts.automation.models import Playbook, WorkflowCheck
from alerts.sentinel.client.port import ListBy, SentinelClient, SentinelRefused
from alerts.sentinel.wire.incidents import WireIncident, read_incident, read_incident_page
from alerts.sentinel.wire.playbooks import WireRun, read_runs
from alerts.sentinel.wire.records import NotAPage

MAX_PAGES: Final = 20  # in one look
SKEW: Final = timedelta(minutes=10)  # what Azure's clock may be behind ours


def incidents_of_check(row: WorkflowCheck, *, client: SentinelClient) -> list[WireIncident]:
    """The incidents since the check began that name its analytics rule, of all pages. Raises
    SentinelError, and NotAPage where there are none and the list does not end.
    """
    found: list[WireIncident] = []
    link = None
    for _ in range(MAX_PAGES):
        page = read_incident_page(
            client.list_incidents(next_link=link)
            if link
            else client.list_incidents(since=row.begun_at - SKEW, by=ListBy.CREATED)
        )
        found += [
            incident
            for incident in page.items
            if isinstance(incident, WireIncident)
            and str(row.uuid)
            in str(incident.raw["properties"].get("relatedAnalyticRuleIds")).lower()
        ]
        link = page.next_link
        if not link:
            return found
    if found:
        return found
    raise NotAPage(f"Since the check began there came more incidents than {MAX_PAGES} pages hold.")


def runs_since(
    row: WorkflowCheck, *, playbook: Playbook, client: SentinelClient
) -> Iterator[WireRun]:
    """The playbook's runs since the check began, newest first, page by page. Raises SentinelError
    and NotAPage.
    """
    link = None
    for _ in range(MAX_PAGES):
        runs, link = read_runs(client.list_playbook_runs(playbook.resource_id, next_link=link))
        yield from runs
        oldest = min((run.started_at for run in runs if run.started_at), default=None)
        if not link or (oldest is not None and oldest < row.begun_at - SKEW):
            return


def incident_of_check(row: WorkflowCheck, *, client: SentinelClient) -> WireIncident:
    """The incident of the test as it is now. Raises SentinelError, also where it is unreadable."""
    incident = read_incident(client.get_incident(row.incident_name))
    if not isinstance(incident, WireIncident):
        raise SentinelRefused("The test incident cannot be read.")
    return incident
