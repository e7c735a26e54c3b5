"""Microsoft Graph in memory: incidents of a tenant whose manners a test can spoil."""

import copy
import re
from datetime import UTC, datetime, timedelta

import orjson

from alerts.sentinel.client.errors import SentinelNotFound, SentinelRefused, SentinelUnavailable
from alerts.sentinel.wire.values import ticks_of

ROOT = "https://graph.test/v1.0/security"
MAX_TOP = 50
_CONDITION = re.compile(r"(\w+) (ge|lt) (\S+)")


def graph_text(moment):
    """A time as Graph writes it, to the tick."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f0Z")


class MemoryGraph:
    """The calls of `GraphCalls` on incidents that a test lays out."""

    def __init__(self, starts_at=datetime(2026, 11, 24, 8, 0, tzinfo=UTC)):
        self.starts_at, self.ticks = starts_at, 0
        self.incidents, self.alerts, self.comments = {}, {}, {}
        self.calls, self.links, self.happenings = [], {}, []
        self.orders, self.expands, self.keeps_order = True, True, True

    @property
    def answered(self):
        return len(self.calls)

    @property
    def writes(self):
        """What was sent to change something: verb, address and body."""
        return [call for call in self.calls if call[0] in ("PATCH", "POST")]

    def add(self, graph_id, *, at=None, **members):
        """Put an incident there."""
        moment = graph_text(at) if at else self._now()
        self.incidents[graph_id] = {
            "id": graph_id,
            "displayName": "(MDIoT) PLC Stop Command",
            "status": "active",
            "severity": "medium",
            "classification": "unknown",
            "determination": "unknown",
            "assignedTo": None,
            "customTags": [],
            "systemTags": [],
            "createdDateTime": moment,
            "lastUpdateDateTime": moment,
            "redirectIncidentId": None,
            "incidentWebUrl": f"https://security.microsoft.com/incident2/{graph_id}/overview",
            "lastModifiedBy": "Microsoft 365 Defender-IncidentCreation",
        } | members
        self.comments[graph_id], self.alerts[graph_id] = [], []
        return graph_id

    def add_alert(self, graph_id, alert_id="sn1f2e3d4c-5b6a-4789-9abc-def012345678", **members):
        """Put an alert of the plant into an incident."""
        self.alerts[graph_id].append(
            {
                "id": alert_id,
                "providerAlertId": alert_id[2:],
                "title": "(MDIoT) PLC Stop Command",
                "severity": "medium",
                "status": "new",
                "serviceSource": "microsoftSentinel",
                "detectionSource": "scheduledAlerts",
                "productName": "Microsoft Sentinel",
                "category": "ImpairProcessControl",
                "mitreTechniques": ["T0858"],
                "createdDateTime": self._now(),
                "lastUpdateDateTime": self._now(),
                "firstActivityDateTime": "2026-11-24T07:50:00Z",
                "lastActivityDateTime": "2026-11-24T07:55:00Z",
                "customDetails": {"VendorOriginalId": '["1043"]', "Sensor": '["sensor-7"]'},
                "evidence": [],
            }
            | members
        )

    def edit(self, graph_id, **members):
        """Change an incident as somebody in the portal would."""
        self.incidents[graph_id] |= members
        self.incidents[graph_id]["lastUpdateDateTime"] = self._now()

    def before_next(self, happens, *, verb):
        """Let something happen just before the next call of this verb."""
        self.happenings.append((verb, happens))

    def get(self, *parts, **options):
        self._called("GET", parts, options)
        match parts:
            case ("incidents",):
                return self._page(options, 0)
            case ("incidents", graph_id):
                return orjson.dumps(self._whole(graph_id))
            case ("incidents", graph_id, "alerts"):
                self._incident(graph_id)
                return orjson.dumps({"value": self.alerts[graph_id]})
        raise SentinelNotFound("No such address.", status=404)

    def follow(self, link):
        self._called("GET", ("next",), {"link": link})
        return self._page(*self.links[link])

    def patch(self, *parts, body, match=""):
        self._called("PATCH", parts, body)
        _, graph_id = parts
        self._incident(graph_id)
        self.edit(graph_id, **copy.deepcopy(body), lastModifiedBy="API-App:tagout")
        return orjson.dumps(self._whole(graph_id))

    def post(self, *parts, body):
        self._called("POST", parts, body)
        _, graph_id, _ = parts
        self._incident(graph_id)
        self.say(graph_id, body["comment"], by="API-App:tagout")
        return orjson.dumps({"value": self.comments[graph_id]})

    def say(self, graph_id, text, *, by="sam@plant.example"):
        """Write a comment as somebody would."""
        self.comments[graph_id].append(
            {"comment": text, "createdByDisplayName": by, "createdDateTime": self._now()}
        )
        self.edit(graph_id)

    def _page(self, options, start):
        top = int(options.get("top", MAX_TOP))
        if top > MAX_TOP:
            raise SentinelRefused("The limit of '50' for Top query has been exceeded.", status=400)
        if "orderby" in options and not self.orders:
            raise SentinelRefused("The query is not valid.", status=400)
        if "expand" in options and not self.expands:
            raise SentinelUnavailable("Azure has a problem of its own.", status=500)
        member = "createdDateTime" if "createdDateTime" in str(options) else "lastUpdateDateTime"
        rows = [row for row in self.incidents.values() if self._is_meant(row, options)]
        rows.sort(key=lambda row: ticks_of(row[member]))
        if "orderby" not in options or not self.keeps_order:
            rows.reverse()  # newest first by default
        page = [copy.deepcopy(row) for row in rows[start : start + top]]
        for row in page:
            if "expand" in options:
                row["alerts"] = copy.deepcopy(self.alerts[row["id"]])
        answer = {"@odata.context": "$metadata#security/incidents", "value": page}
        if len(rows) > start + top:
            link = f"{ROOT}/incidents?$skiptoken={len(self.links)}"
            self.links[link] = (options, start + top)
            answer["@odata.nextLink"] = link
        return orjson.dumps(answer)

    def _is_meant(self, row, options):
        for member, word, text in _CONDITION.findall(options.get("filter", "")):
            is_before = ticks_of(row[member]) < ticks_of(text)
            if is_before == (word == "ge"):
                return False
        return True

    def _whole(self, graph_id):
        return self._incident(graph_id) | {"comments": self.comments[graph_id]}

    def _incident(self, graph_id):
        if graph_id not in self.incidents:
            raise SentinelNotFound("There is no such incident.", status=404, code="NotFound")
        return self.incidents[graph_id]

    def _called(self, verb, parts, sent):
        self.calls.append((verb, "/".join(parts), copy.deepcopy(sent)))
        for index, (only, happens) in enumerate(self.happenings):
            if only == verb:
                del self.happenings[index]
                happens()
                return

    def _now(self):
        self.ticks += 1
        return graph_text(self.starts_at + timedelta(seconds=self.ticks))


class MemoryCounterparts:
    """The counterparts of a workspace in memory."""

    def __init__(self, *counterparts):
        self.rows = {row.graph_id: row for row in counterparts}
        self.waiting, self.survivors = [], {}

    def add(self, counterpart):
        self.rows[counterpart.graph_id] = counterpart

    def by_graph_id(self, graph_ids):
        return {graph_id: self.rows[graph_id] for graph_id in graph_ids if graph_id in self.rows}

    def by_name(self, name):
        return next((row for row in self.rows.values() if row.name == name), None)

    def keep_waiting(self, incidents):
        self.waiting += [incident.id for incident in incidents]

    def keep_survivor(self, graph_id, *, survivor):
        self.survivors[graph_id] = survivor
