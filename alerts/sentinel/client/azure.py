"""SentinelClient over the Azure SDK. The SDK signs in and carries; the JSON stays as it came.

The SDK's own methods are not used: one of them fails on the empty answer to the delete of an
automation rule, and its models would lose what they do not know.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, cast
from urllib.parse import quote, urlencode

import orjson
from azure.core.credentials import TokenCredential

from alerts.sentinel.client.analytics_rules import AnalyticsRules
from alerts.sentinel.client.answers import object_in
from alerts.sentinel.client.authentication import SignedIn
from alerts.sentinel.client.automation_rules import AutomationRules
from alerts.sentinel.client.calls import Carrier, SignedCalls
from alerts.sentinel.client.connection import Connection
from alerts.sentinel.client.connections import PlaybookConnections
from alerts.sentinel.client.errors import (
    AnswerTooLarge,
    SentinelError,
    SentinelNotFound,
    SentinelRefused,
    SentinelUnavailable,
)
from alerts.sentinel.client.incident_tasks import IncidentTasks
from alerts.sentinel.client.playbooks import Playbooks
from alerts.sentinel.client.port import ARM, MAX_PAGE_SIZE, ListBy, Probe, Receipt
from alerts.sentinel.client.prerequisites import Prerequisites
from alerts.sentinel.client.standard_playbooks import StandardPlaybooks
from alerts.sentinel.client.timeouts import TOTAL_SECONDS, BoundedTransport
from alerts.sentinel.client.versions import (
    ApiVersions,
    api_version_in,
    endpoint_in,
    endpoint_of,
    is_refusal_of_version,
    whole_version,
    with_version,
)
from alerts.sentinel.client.watchlists import Watchlists
from alerts.sentinel.wire.incidents import WireIncident, incident_put_body
from alerts.sentinel.wire.values import write_moment


class AzureSentinelClient(
    SignedCalls,  # before the parts: they only declare what it has
    AutomationRules,
    Playbooks,
    AnalyticsRules,
    IncidentTasks,
    Prerequisites,
    Watchlists,
    StandardPlaybooks,
    PlaybookConnections,
):
    """One workspace as one identity reaches it. Made lazily in the process that uses it."""

    capabilities = ARM
    reads = frozenset({"GET", "POST"})  # alerts and entities are asked for with POST

    def __init__(
        self,
        connection: Connection,
        *,
        seconds: float = TOTAL_SECONDS,
        versions: ApiVersions | None = None,
    ) -> None:
        self._workspace_path = connection.path
        self._subscription, self._tenant = connection.subscription_id, connection.tenant_id
        self._versions = versions or ApiVersions()

        def carrier(
            signed_in: SignedIn, policies: Sequence[Any], transport: BoundedTransport
        ) -> Carrier:
            from azure.mgmt.securityinsight import SecurityInsightsMgmtClient  # costs 40 MB

            return SecurityInsightsMgmtClient(
                credential=cast(TokenCredential, signed_in),  # never asked: our own policy signs in
                subscription_id=connection.subscription_id,
                base_url=connection.endpoint.rstrip("/"),
                authentication_policy=signed_in,
                transport=transport,
                policies=policies,
            )

        super().__init__(
            connection,
            endpoint=connection.endpoint,
            scope=connection.scope,
            carrier=carrier,
            seconds=seconds,
        )

    @property
    def resource_manager(self) -> AzureSentinelClient:
        """The client of the resource manager: this one."""
        return self

    def list_incidents(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        by: ListBy = ListBy.MODIFIED,
        top: int = MAX_PAGE_SIZE,
        next_link: str | None = None,
    ) -> bytes:
        """One page of incidents, oldest first; `next_link` is the link that a page returned."""
        if next_link is not None:
            return self._call("GET", self._followed(next_link))
        bounds = [("ge", since), ("lt", until)]
        conditions = [f"properties/{by} {word} {write_moment(at)}" for word, at in bounds if at]
        query = {"$orderby": f"properties/{by} asc", "$top": str(top)}
        if conditions:
            query["$filter"] = " and ".join(conditions)
        return self._call("GET", self._url("incidents", **query))

    def get_incident(self, name: str) -> bytes:
        """One incident as it is now."""
        return self._call("GET", self._url("incidents", name))

    def put_incident(self, name: str, body: dict[str, Any]) -> Receipt:
        """Write a whole incident; the body must carry the etag that was read."""
        if not body.get("etag"):
            raise SentinelRefused("An incident is written only with the etag that was read.")
        return self._put(name, self._url("incidents", name), body)

    def change_incident(
        self,
        incident: WireIncident,
        changes: dict[str, Any],
        *,
        add_labels: Iterable[str] = (),
        remove_labels: Iterable[str] = (),
    ) -> Receipt:
        """Write the whole incident as it was just read, with these changes."""
        body = incident_put_body(
            incident.raw, changes, add_labels=add_labels, remove_labels=remove_labels
        )
        return self.put_incident(incident.name, body)

    def list_alerts(self, name: str) -> bytes:
        """All alerts of an incident."""
        return self._call("POST", self._url("incidents", name, "alerts"))

    def list_entities(self, name: str) -> bytes:
        """All entities of an incident, with the places of IoT devices."""
        return self._call("POST", self._url("incidents", name, "entities"))

    def list_comments(self, name: str, *, next_link: str | None = None) -> bytes:
        """One page of an incident's comments."""
        if next_link is not None:
            return self._call("GET", self._followed(next_link))
        return self._call("GET", self._url("incidents", name, "comments"))

    def get_comment(self, name: str, comment: str) -> bytes:
        """One comment of an incident."""
        return self._call("GET", self._url("incidents", name, "comments", comment))

    def put_comment(self, name: str, comment: str, body: dict[str, Any]) -> Receipt:
        """Write a comment under an id of ours."""
        return self._put(comment, self._url("incidents", name, "comments", comment), body)

    def probe(self) -> Probe:
        """Sign in, reach the workspace and list one incident."""
        try:
            page = object_in(self.list_incidents(top=1))
        except AnswerTooLarge:
            page = {"value": [...]}
        if not isinstance(page.get("value"), list):
            raise SentinelUnavailable("The answer is no list of incidents.", code="NotAList")
        return Probe(
            has_incidents=bool(page["value"]),
            reads_left=self.calls_left.get("subscription-reads"),
            writes_left=self.calls_left.get("subscription-writes"),
        )

    def _url(self, *parts: str, **query: str) -> str:
        version = self._versions.version_of(endpoint_of(*parts))
        options = urlencode({"api-version": version, **query}, quote_via=quote, safe="$/:")
        return f"{self._endpoint}{self._workspace_path}/{self._path(*parts)}?{options}"

    def _arm_url(self, path: str, *, version: str) -> str:
        """The address of anything else in Azure's resource manager; `path` begins with a slash."""
        return f"{self._endpoint}{quote(path, safe='/')}?{urlencode({'api-version': version})}"

    def _start(self, url: str, body: dict[str, Any]) -> None:
        """Start something that another call would start once more: it is sent once."""
        content = orjson.dumps(body)
        self._send("POST", url, content, is_repeatable=False)

    def _followed(self, link: str) -> str:
        """The link with the version of its endpoint, which may not be the one it was made with."""
        link = super()._followed(link)
        endpoint = endpoint_in(link)
        return with_version(link, self._versions.version_of(endpoint)) if endpoint else link

    def _send(
        self,
        method: str,
        url: str,
        content: bytes | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        is_repeatable: bool = True,
    ) -> tuple[int, bytes]:
        """As every call; where the workspace does not have the version, with the next one."""
        send = super()._send
        try:
            answer = send(method, url, content, headers=headers, is_repeatable=is_repeatable)
        except SentinelError as error:
            version = self._versions.next_version(url) if is_refusal_of_version(error) else ""
            if not version:
                raise
            other = with_version(url, version)
            answer = send(method, other, content, headers=headers, is_repeatable=is_repeatable)
            self._versions.note_accepted(other, refused=api_version_in(url))
            return answer
        self._versions.note_accepted(url)
        return answer

    def _call_whole(self, method: str, url: str, content: bytes | None = None) -> bytes:
        """A call by the version that declares all members, and by no other."""
        whole = with_version(url, whole_version(endpoint_in(url)))
        _, body = super()._send(method, whole, content)
        return body

    def _delete(self, url: str, *, etag: str = "") -> None:
        """Delete what is there, if it is still the version that was read. None there is as good."""
        try:
            self._send("DELETE", url, headers={"If-Match": etag} if etag else {})
        except SentinelNotFound as error:
            if error.is_of_the_workspace:
                raise

    def _put(self, name: str, url: str, body: dict[str, Any]) -> Receipt:
        answer = self._call("PUT", url, orjson.dumps(body))
        etag = object_in(answer).get("etag")
        return Receipt(name, etag if isinstance(etag, str) else None, answer)
