"""What lists of incidents and of what stands around them offer."""

from typing import Any

from django.db.models import Q

from alerts.incidents.api.alerts import workspace_is
from alerts.incidents.engine.hidden_verdicts import whole_parts
from alerts.incidents.models import DetailsState, OtState, Severity, Status, TimelineItem, touches
from alerts.sites.models import Site
from portal.api.kinds import ID, MOMENT, NUMBER, OBJECT, TEXT, Kind, one_of, shaped
from portal.api.listing import Column, Filter, Listing, Order

SEVERITIES = {Severity(value).label: value for value in reversed(Severity.values)}
STATUSES = {Status(value).label: value for value in Status.values}
OT_STATES = {state or "not-asked": state for state in OtState.values}
SEVERITY, STATUS, OT_STATE = one_of(SEVERITIES), one_of(STATUSES), one_of(OT_STATES)
_SEVERITY_WORDS = {value: word for word, value in SEVERITIES.items()}
_STATUS_WORDS = {value: word for word, value in STATUSES.items()}
_OT_WORDS = {value: word for word, value in OT_STATES.items()}
PART = shaped(code=TEXT, points=NUMBER, detail=TEXT)


def _parts(parts: list[list[Any]]) -> list[dict[str, Any]]:
    whole = whole_parts(parts)  # not so only where parts are hidden from the person
    return [dict(zip(("code", "points", "detail"), part, strict=False)) for part in whole]


def _site(name: str) -> Q:
    return touches(list(Site.objects.filter(name=name).values_list("pk", flat=True)))


INCIDENT_COLUMNS = (
    Column("id", NUMBER, "Tagout's number, the one in the address", "pk"),
    Column("workspace", TEXT, "name of the Sentinel workspace", "workspace__name"),
    Column("name", TEXT, "Sentinel's GUID", "name"),
    Column("number", NUMBER.or_null(), "Sentinel's number in its workspace"),
    Column("title", TEXT, "as Sentinel has it"),
    Column("alert_type", TEXT, "Defender for IoT's name of what was detected"),
    Column("severity", SEVERITY, "in force: ours where Sentinel has not taken it yet",
           read=_SEVERITY_WORDS.__getitem__),
    Column("status", STATUS, "in force", read=_STATUS_WORDS.__getitem__),
    Column("classification", TEXT, "of a closed one, in Sentinel's words; else empty"),
    Column("classification_reason", TEXT, "in Sentinel's words; else empty"),
    Column("owner_id", TEXT, "Entra object id, or address; empty where nobody owns it"),
    Column("owner_name", TEXT, "who owns it"),
    Column("owner_email", TEXT, "the owner's address"),
    Column("labels", TEXT.many(), "Sentinel's labels, in force"),
    Column("created_at", MOMENT, "in Sentinel"),
    Column("modified_at", MOMENT, "in Sentinel; lists run by it, latest first"),
    Column("first_activity_at", MOMENT.or_null(), "of its alerts; null until they were fetched"),
    Column("latest_activity_at", MOMENT.or_null(), "of its alerts"),
    Column("sites", TEXT.many(), "names of the sites that it touches", "site_ids"),
    Column("place", TEXT, "site and zone"),
    Column("source", TEXT, "the sending device, else its address"),
    Column("destination", TEXT, "the receiving device, else its address"),
    Column("protocol", TEXT, "of the first alert"),
    Column("pattern", ID.or_null(), "equal for incidents of one pattern; null until details come"),
    Column("priority", NUMBER, "0 to 100, the order of the triage queue"),
    Column("ot_state", OT_STATE, "where it stands with OT; waiting, too, while you are asked for a "
           "second opinion: labels, priority and timeline then tell nothing of the first",
           read=_OT_WORDS.__getitem__),
    Column("ot_due_at", MOMENT.or_null(), "until when OT should answer"),
    Column("closed_by", TEXT, "the rule that closed it; else empty"),
    Column("alerts_count", NUMBER, "alerts in it"),
    Column("comments_count", NUMBER, "comments on it"),
    Column("flags", TEXT.many(), "what was odd on the way in"),
    Column("merged_into", NUMBER.or_null(), "number of the incident that it was merged into"),
    Column("gone_at", MOMENT.or_null(), "when it was deleted in Sentinel; read-only since"),
    Column("priority_parts", PART.many(), "why that priority: they add up", read=_parts, wide=True),
    Column("techniques", TEXT.many(), "ATT&CK for ICS", wide=True),
    Column("tactics", TEXT.many(), "ATT&CK for ICS", wide=True),
    Column("product_names", TEXT.many(), "detection products", wide=True),
    Column("details_state", one_of({word: word for word in DetailsState.values}),
           "whether alerts and entities were fetched", wide=True),
    Column("etag", TEXT, "Sentinel's mark of this version", wide=True),
)  # fmt: skip

INCIDENTS = Listing(
    "Incident",
    "Incidents of Defender for IoT, latest change first. What changes while you page comes to the "
    "top: ask again with `modified_from`.",
    INCIDENT_COLUMNS,
    Order("modified_at"),
    (
        Filter("workspace", TEXT, "name of one workspace", workspace_is, indexed=True),
        Filter("site", TEXT, "name of a site that it touches", _site, indexed=True),
        Filter("severity", SEVERITY, "one or several", lambda these: Q(severity__in=these)),
        Filter("status", STATUS, "one or several", lambda these: Q(status__in=these)),
        Filter("ot_state", OT_STATE, "one or several", lambda these: Q(ot_state__in=these)),
        Filter("owner", TEXT, "address of the owner", lambda who: Q(owner_email__iexact=who)),
        Filter("label", TEXT, "a label that it has", lambda word: Q(labels__contains=[word])),
        Filter("number", NUMBER, "Sentinel's number; give `workspace` too",
               lambda number: Q(number=number)),
        Filter("pattern", ID, "incidents of one pattern", lambda it: Q(pattern=it), indexed=True),
        Filter("modified_from", MOMENT, "changed at or after",
               lambda at: Q(modified_at__gte=at), indexed=True),
        Filter("modified_before", MOMENT, "changed before",
               lambda at: Q(modified_at__lt=at), indexed=True),
        Filter("created_from", MOMENT, "created at or after",
               lambda at: Q(created_at__gte=at, modified_at__gte=at), indexed=True),
        Filter("created_before", MOMENT, "created before", lambda at: Q(created_at__lt=at)),
    ),
)  # fmt: skip

TIMELINE = Listing(
    "TimelineItem",
    "What happened to the incident, latest first.",
    (
        Column("id", NUMBER, "of the line", "pk"),
        Column("at", MOMENT, "when"),
        Column("side", one_of({word: word for word in TimelineItem.Side.values}), "who did it"),
        Column("by", TEXT, "their name, as it was then", "by_label"),
        Column("code", TEXT, "what: asked, answered, closed, severity, conflict …"),
        Column("details", OBJECT, "the parts of it, by code"),
        Column("act", ID.or_null(), "equal for all lines of one act"),
    ),
    Order("at"),
)
COMMENTS = Listing(
    "Comment",
    "Comments, latest first; ours among them from the moment they are owed to Sentinel.",
    (
        Column("id", NUMBER, "of the comment", "pk"),
        Column("name", TEXT, "Sentinel's GUID"),
        Column("author", TEXT, "who wrote it"),
        Column("message", TEXT, "the text"),
        Column("created_at", MOMENT, "when"),
        Column("ours", Kind({"type": "boolean"}), "written with Tagout"),
    ),
    Order("created_at"),
)
