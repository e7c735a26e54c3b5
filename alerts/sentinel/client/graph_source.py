"""The incidents of a workspace in the Defender portal, by Microsoft Graph, in Sentinel's own words.

Whatever Graph does not have goes on through the resource manager: rules, playbooks, tasks,
entities, and every incident that never reached the Defender portal. There is no etag here: an
incident is read just before the write, the write is narrow, and what people changed since stands.
"""

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

import orjson

from alerts.sentinel.client.counterparts import Counterparts
from alerts.sentinel.client.errors import (
    AnswerTooLarge,
    SentinelConflict,
    SentinelDenied,
    SentinelNotFound,
    SentinelRefused,
    SentinelUnavailable,
)
from alerts.sentinel.client.graph_calls import INCIDENTS, GraphCalls
from alerts.sentinel.client.graph_windows import MAX_TOP, GraphWindow, incidents_in_order
from alerts.sentinel.client.port import (
    MAX_PAGE_SIZE,
    Capabilities,
    ListBy,
    Probe,
    Receipt,
    SentinelClient,
)
from alerts.sentinel.wire.graph.alerts import alert_document
from alerts.sentinel.wire.graph.comments import comment_documents, find_comment, graph_comment_text
from alerts.sentinel.wire.graph.evidence import entity_documents
from alerts.sentinel.wire.graph.incidents import (
    Counterpart,
    GraphIncident,
    GraphPage,
    incident_document,
    is_graph_version,
    product_of,
    read_graph_alerts,
    read_graph_incident,
    read_graph_page,
    version_of,
)
from alerts.sentinel.wire.graph.patches import Patch, differs_from, patch_for
from alerts.sentinel.wire.incidents import WireIncident
from alerts.sentinel.wire.records import Bag, NotAPage
from alerts.sentinel.wire.values import write_moment

GRAPH: Final = Capabilities(
    etag=False, expand=True, alerts=True, entities=False, comment_ids=False, tasks=False
)
MAX_EXPAND_FAILURES: Final = 3  # then alerts are asked for one incident at a time
MAX_REDIRECTS: Final = 10
_MAX_UNORDERED_PAGES: Final = 100
_MAX_ALERT_PAGES: Final = 20
_MAX_FOREIGN_PAGES: Final = 20  # with nothing of the workspace, before an empty page is given
_MAX_CACHED_ALERTS: Final = 2000  # incidents whose alerts are not read again while unchanged


class GraphIncidentSource:
    """A SentinelClient whose incidents come from Graph; the rest is the client beside it."""

    def __init__(
        self, graph: GraphCalls, resource_manager: SentinelClient, counterparts: Counterparts
    ) -> None:
        self.graph, self.resource_manager = graph, resource_manager
        self._counterparts = counterparts
        self._expand_failures, self._is_ordered = 0, True
        self._alerts: OrderedDict[tuple[str, str], list[Bag]] = OrderedDict()

    def __getattr__(self, name: str) -> Any:
        """Rules, playbooks and whatever else only the resource manager has."""
        return getattr(self.resource_manager, name)

    @property
    def capabilities(self) -> Capabilities:
        """What it can do."""
        return replace(GRAPH, expand=self._expand_failures < MAX_EXPAND_FAILURES)

    @property
    def answered(self) -> int:
        """How many calls Graph has answered so far. The resource manager's answers do not show
        whether incidents can be read.
        """
        return self.graph.answered

    def probe(self) -> Probe:
        """Sign in to both sides and list one incident of each."""
        found = self.resource_manager.probe()
        self._page(self.graph.get(INCIDENTS, top="1"))
        return found

    def list_incidents(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        by: ListBy = ListBy.MODIFIED,
        top: int = MAX_PAGE_SIZE,
        next_link: str | None = None,
    ) -> bytes:
        """One page of the workspace's incidents, oldest first. Others of the tenant are left out,
        so a page may be short, or empty, and still name a next one.
        """
        if next_link is not None:
            window = GraphWindow.from_link(next_link)
        else:
            low, high = (write_moment(at) if at else "" for at in (since, until))
            window = GraphWindow(by, low, high, min(top, MAX_TOP))
        documents: list[Bag] = []
        following: GraphWindow | None = window
        for _ in range(_MAX_FOREIGN_PAGES):
            if following is None or documents:
                break
            page = self._read_window(following)
            documents = self._placed(page)
            following = following.after(page) if self._is_ordered else None
        answer: Bag = {"value": documents}
        if following is not None:
            answer["nextLink"] = following.as_link()
        return orjson.dumps(answer)

    def _placed(self, page: GraphPage) -> list[Bag]:
        """The workspace's own incidents of a page; others wait until it is known whose they are."""
        placed = self._counterparts.by_graph_id([incident.id for incident in page.incidents])
        unplaced = [incident for incident in page.incidents if incident.id not in placed]
        if unplaced:
            self._counterparts.keep_waiting(unplaced)
        return [
            self._document(incident, placed[incident.id])
            for incident in page.incidents
            if incident.id in placed
        ]

    def get_incident(self, name: str) -> bytes:
        """One incident as it is now."""
        counterpart = self._counterparts.by_name(name)
        if counterpart is None:
            return self.resource_manager.get_incident(name)
        return orjson.dumps(self._document(self._read(counterpart.graph_id), counterpart))

    def change_incident(
        self,
        incident: WireIncident,
        changes: dict[str, Any],
        *,
        add_labels: Iterable[str] = (),
        remove_labels: Iterable[str] = (),
    ) -> Receipt:
        """Change no more than what differs, if nobody changed the incident since it was read."""
        labels = {"add_labels": add_labels, "remove_labels": remove_labels}
        counterpart = self._counterparts.by_name(incident.name)
        if counterpart is None or not is_graph_version(incident.etag or ""):
            return self.resource_manager.change_incident(incident, changes, **labels)
        before = self._read(counterpart.graph_id)
        if version_of(before) != incident.etag:
            raise SentinelConflict("Somebody changed it in Microsoft Defender meanwhile.")
        try:
            patch = patch_for(before.raw, changes, **labels)
        except ValueError as error:
            raise SentinelRefused(str(error)) from None
        after = self._patched(counterpart.graph_id, patch) if patch.members else before
        body = orjson.dumps(self._document(after, counterpart))
        overtaken = tuple(differs_from(after.raw, patch))
        return Receipt(
            incident.name, version_of(after), body, without_place=patch.lost, overtaken=overtaken
        )

    def list_alerts(self, name: str) -> bytes:
        """All alerts of an incident."""
        counterpart = self._counterparts.by_name(name)
        if counterpart is None:
            return self.resource_manager.list_alerts(name)
        alerts = self._fetch_alerts(counterpart.graph_id)
        documents = [alert_document(alert, product=product_of(alert)) for alert in alerts]
        if len(documents) < counterpart.alerts_count:
            documents += self._raw_alerts(name, {row["name"].casefold() for row in documents})
        return orjson.dumps({"value": documents})

    def list_entities(self, name: str) -> bytes:
        """All entities of an incident: Sentinel's, which name the places of devices; the evidence
        of its alerts where Sentinel has none.
        """
        counterpart = self._counterparts.by_name(name)
        if counterpart is None:
            return self.resource_manager.list_entities(name)
        try:
            body = self.resource_manager.list_entities(name)
            if orjson.loads(body).get("entities"):
                return body
        except (SentinelNotFound, SentinelDenied, SentinelRefused, ValueError, AttributeError):
            pass  # the resource manager is being taken away from incidents
        return orjson.dumps(entity_documents(self._fetch_alerts(counterpart.graph_id)))

    def list_comments(self, name: str, *, next_link: str | None = None) -> bytes:
        """All comments of an incident."""
        counterpart = self._counterparts.by_name(name)
        if counterpart is None:
            return self.resource_manager.list_comments(name, next_link=next_link)
        found = comment_documents(counterpart.graph_id, self._read(counterpart.graph_id).comments)
        return orjson.dumps({"value": found})

    def get_comment(self, name: str, comment: str) -> bytes:
        """One comment of ours."""
        counterpart = self._counterparts.by_name(name)
        if counterpart is None:
            return self.resource_manager.get_comment(name, comment)
        comments = self._read(counterpart.graph_id).comments
        found = find_comment(counterpart.graph_id, comments, key=comment)
        if found is None:
            raise SentinelNotFound("There is no such comment.", status=404, code="NotFound")
        return orjson.dumps(found)

    def put_comment(self, name: str, comment: str, body: dict[str, Any]) -> Receipt:
        """Write a comment, unless it is there: an answer may have been lost, and Graph would add
        the same text once more.
        """
        counterpart = self._counterparts.by_name(name)
        if counterpart is None:
            return self.resource_manager.put_comment(name, comment, body)
        graph_id = counterpart.graph_id
        found = find_comment(graph_id, self._read(graph_id).comments, key=comment)
        if found is None:
            text = graph_comment_text(body["properties"]["message"], key=comment)
            sent = {"@odata.type": "microsoft.graph.security.alertComment", "comment": text}
            answer, _ = _alerts_in(self.graph.post(INCIDENTS, graph_id, "comments", body=sent))
            found = find_comment(graph_id, answer, key=comment) or {"name": comment}
        return Receipt(comment, None, orjson.dumps(found))

    def _read(self, graph_id: str) -> GraphIncident:
        return _incident_in(self.graph.get(INCIDENTS, graph_id))

    def _patched(self, graph_id: str, patch: Patch) -> GraphIncident:
        """Send the patch, and read the incident again; of two answers the later one counts."""
        answer = _incident_in(self.graph.patch(INCIDENTS, graph_id, body=patch.members))
        again = self._read(graph_id)
        if answer.modified_at and again.modified_at and again.modified_at < answer.modified_at:
            return answer
        return again

    def _document(self, incident: GraphIncident, counterpart: Counterpart) -> Bag:
        survivor = self._survivor_of(incident) if incident.redirected_to else None
        return incident_document(
            incident, counterpart, alerts=self._alerts_of(incident), survivor=survivor
        )

    def _survivor_of(self, incident: GraphIncident) -> Counterpart | None:
        """The incident that is left of a chain of merges, where it is placed here."""
        last, graph_id = incident.redirected_to, incident.redirected_to
        for _ in range(MAX_REDIRECTS):
            try:
                graph_id = self._read(last).redirected_to
            except SentinelNotFound:
                break
            if not graph_id:
                break
            last = graph_id
        found = self._counterparts.by_graph_id([last]).get(last)
        self._counterparts.keep_survivor(incident.id, survivor=last)
        return found

    def _alerts_of(self, incident: GraphIncident) -> Sequence[Bag]:
        """Its alerts: as the list brought them, or asked for once for each version."""
        if incident.alerts is not None:
            return incident.alerts
        key = incident.id, version_of(incident)
        if key not in self._alerts:
            try:
                self._alerts[key] = self._fetch_alerts(incident.id)
            except AnswerTooLarge:  # the incident is told of; fetching its details says why
                self._alerts[key] = []
            while len(self._alerts) > _MAX_CACHED_ALERTS:
                self._alerts.popitem(last=False)
        return self._alerts[key]

    def _fetch_alerts(self, graph_id: str) -> list[Bag]:
        alerts, link = _alerts_in(self.graph.get(INCIDENTS, graph_id, "alerts"))
        for _ in range(_MAX_ALERT_PAGES):
            if link is None:
                break
            more, link = _alerts_in(self.graph.follow(link))
            alerts += more
        return alerts

    def _raw_alerts(self, name: str, listed: set[str]) -> list[Bag]:
        """The alerts that only Sentinel has: raw ones of Defender for IoT are not in Graph."""
        try:
            rows = orjson.loads(self.resource_manager.list_alerts(name)).get("value")
        except (SentinelNotFound, SentinelDenied, SentinelRefused, ValueError, AttributeError):
            return []  # the resource manager is being taken away from incidents
        return [row for row in rows or () if str(row.get("name")).casefold() not in listed]

    def _read_window(self, window: GraphWindow) -> GraphPage:
        """A page with the alerts of each incident; without them where Graph fails over that."""
        if self._expand_failures < MAX_EXPAND_FAILURES:
            try:
                return self._ask(window, expand=True)
            except AnswerTooLarge:
                if window.top > 1:
                    raise  # fewer at a time may do
                return self._ask(replace(window, link=""), expand=False)
            except (SentinelUnavailable, SentinelRefused) as error:
                if error.status is None or error.status < 400:
                    raise
            page = self._ask(replace(window, link=""), expand=False)
            self._expand_failures += 1  # only now it is clear that it was the alerts
            return page
        return self._ask(window, expand=False)

    def _ask(self, window: GraphWindow, *, expand: bool) -> GraphPage:
        if window.link:
            return self._page(self.graph.follow(window.link))
        if self._is_ordered:
            try:
                page = self._page(
                    self.graph.get(INCIDENTS, **window.options(ordered=True, expand=expand))
                )
            except SentinelRefused as error:
                if error.status != 400:
                    raise
            else:
                self._is_ordered = page.incidents == incidents_in_order(
                    page.incidents, window.member
                )
                if self._is_ordered:
                    return page
        page = self._gather(window, expand=expand)
        self._is_ordered = False  # also where the order was refused, which is clear only now
        return page

    def _gather(self, window: GraphWindow, *, expand: bool) -> GraphPage:
        """A whole window, put in order here, because Graph does not."""
        page = self._page(self.graph.get(INCIDENTS, **window.options(ordered=False, expand=expand)))
        incidents, unreadable = page.incidents, page.unreadable
        for _ in range(_MAX_UNORDERED_PAGES):
            if page.next_link is None:
                return GraphPage(incidents_in_order(incidents, window.member), unreadable, None)
            page = self._page(self.graph.follow(page.next_link))
            incidents, unreadable = incidents + page.incidents, unreadable + page.unreadable
        raise SentinelUnavailable("More changed than can be put in order here.", code="TooMany")

    def _page(self, body: bytes) -> GraphPage:
        try:
            return read_graph_page(body)
        except NotAPage as broken:
            raise SentinelUnavailable(str(broken), code="NotAList") from broken


def _incident_in(body: bytes) -> GraphIncident:
    try:
        return read_graph_incident(body)
    except NotAPage as broken:
        raise SentinelUnavailable(str(broken), code="NotAnIncident") from broken


def _alerts_in(body: bytes) -> tuple[list[Bag], str | None]:
    try:
        return read_graph_alerts(body)
    except NotAPage as broken:
        raise SentinelUnavailable(str(broken), code="NotAList") from broken
