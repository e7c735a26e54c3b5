"""What lists of alerts, incidents and what is around them offer."""

from datetime import datetime
from typing import Any

from django.db.models import Case, Exists, OuterRef, Q, QuerySet, Value, When
from django.db.models.expressions import Combinable
from django.http import QueryDict
from rest_framework.serializers import (
    BooleanField,
    CharField,
    ChoiceField,
    DateTimeField,
    DictField,
    IntegerField,
    ListField,
    Serializer,
    UUIDField,
    ValidationError,
)

from alerts.incidents.engine.hidden_verdicts import whole_parts
from alerts.incidents.models import (
    DetailsState,
    IncidentAlert,
    IncidentStatus,
    OtState,
    Severity,
    TimelineItem,
    touches_sites,
)
from alerts.incidents.queue.conditions import is_aside, where
from alerts.incidents.queue.queries import VIEWS, Queue, queue_params
from alerts.outbox.models import ChangeOutcome, WriteKind
from alerts.sentinel.models import Workspace
from alerts.sites.models import Site
from portal.accounts.models import User
from portal.api.fields import (
    QueryChoices,
    QueryFlag,
    QueryMoment,
    QueryNumber,
    QueryText,
    WordField,
)
from portal.api.listing import ListFilter, Listing, ListRow, Order

_WORDS = {Severity(value).label: value for value in reversed(Severity.values)}


def workspace_is(name: str) -> Q:
    """Of the workspace of this name, filtered by its key so that an index answers it."""
    return Q(workspace_id__in=_keys(Workspace.objects.filter(name=name)))


def _alert_site(name: str) -> Q:
    return Q(site_id__in=_keys(Site.objects.filter(name=name)))


def _is_linked() -> Q:
    return Q(Exists(IncidentAlert.objects.filter(alert=OuterRef("pk"))))


def _keys(rows: QuerySet[Any]) -> list[int]:
    return list(rows.values_list("pk", flat=True))


class AlertSerializer(ListRow):
    """Alerts as flat records of facts, latest detection first. A rule sees these facts and no
    others.
    """

    id = IntegerField(source="pk", help_text="Tagout's number, the one in the address")
    workspace = CharField(source="workspace.name", help_text="name of the Sentinel workspace")
    key = CharField(help_text="VendorOriginalId, else SystemAlertId")
    system_alert_id = CharField(help_text="Sentinel's id")
    at = DateTimeField(help_text="first detection")
    latest_at = DateTimeField(allow_null=True, help_text="latest detection")
    alert_type = CharField(help_text="Defender for IoT's name of what was detected")
    severity = WordField(_WORDS, help_text="as the sensor rated it")
    site = CharField(allow_null=True, source="site.name", help_text="name of the site")
    zone = CharField(allow_null=True, source="zone.name", help_text="name of the zone")
    sensor = CharField(help_text="the sensor's name")
    engine = CharField(help_text="the detection engine")
    category = CharField(help_text="Defender for IoT's category")
    protocol = CharField(help_text="the protocol")
    port = IntegerField(allow_null=True, help_text="the port")
    function = CharField(help_text="the protocol's function")
    source_device = CharField(help_text="name of the sending device")
    source_address = CharField(help_text="its address")
    destination_device = CharField(help_text="name of the receiving device")
    destination_address = CharField(help_text="its address")
    any_device = ListField(
        child=CharField(), help_text="all devices that it names, without direction"
    )
    any_address = ListField(child=CharField(), help_text="all addresses")
    techniques = ListField(child=CharField(), help_text="ATT&CK for ICS")
    tactics = ListField(child=CharField(), help_text="ATT&CK for ICS")
    product_name = CharField(help_text="the detection product")
    user_defined_title = CharField(help_text="title of an alert rule of the plant's own")
    plant_weekday = IntegerField(allow_null=True, help_text="in plant time, Monday is 0")
    plant_minute = IntegerField(allow_null=True, help_text="minute of the day in plant time")
    flags = ListField(child=CharField(), help_text="what was odd on the way in")


ALERTS = Listing(
    AlertSerializer,
    Order("at"),
    filters=(
        ListFilter("workspace", QueryText(), "name of one workspace", workspace_is),
        ListFilter("site", QueryText(), "name of one site", _alert_site),
        ListFilter("alert_type", QueryText(), "exactly this name", "alert_type"),
        ListFilter("severity", QueryChoices(_WORDS), "one or several", "severity__in"),
        ListFilter(
            "device",
            QueryText(),
            "a device that it names",
            lambda it: Q(any_device__contains=[it]),
            indexed=True,
        ),
        ListFilter("protocol", QueryText(), "exactly this protocol", "protocol"),
        ListFilter(
            "has_incident",
            QueryFlag(),
            "`false`: part of no incident; types that no rule selects never become one",
            lambda has: _is_linked() if has else ~_is_linked(),
        ),
        ListFilter("from", QueryMoment(), "first detection, or later", "at__gte", indexed=True),
        ListFilter("before", QueryMoment(), "first detected before", "at__lt", indexed=True),
    ),
)


SEVERITIES = {Severity(value).label: value for value in reversed(Severity.values)}
STATUSES = {IncidentStatus(value).label: value for value in IncidentStatus.values}
OUTCOMES = {outcome or "owed": outcome for outcome in ChangeOutcome.values}
OT_STATES = {state or "not-asked": state for state in OtState.values}


class PriorityPartSerializer(Serializer[Any]):
    """What adds to the priority."""

    code = CharField()
    points = IntegerField()
    detail = CharField()


def _parts(parts: list[list[Any]]) -> list[dict[str, Any]]:
    whole = whole_parts(parts)  # not so only where parts are hidden from the person
    return [dict(zip(("code", "points", "detail"), part, strict=False)) for part in whole]


def _site(name: str) -> Q:
    return touches_sites(list(Site.objects.filter(name=name).values_list("pk", flat=True)))


def in_queue(address: str, user: User, *, now: datetime, searched: int | None) -> Q:
    """The condition on incidents that the person's queue lists them, at the address of a page. Of
    closed ones as many are looked through as the page looks through, unless it is `searched`.
    """
    query = QueryDict(address)
    if (view := query.get("view", "")) and view not in VIEWS:
        raise ValidationError([f"{view!r} is not a view; possible: {', '.join(VIEWS)}."])
    params = queue_params(view, query.get("q", ""))
    queue = Queue(user, params, now=now)
    _, problems = where(params.terms, queue.around(params.view))
    if problems:
        raise ValidationError(problems)
    return queue.incidents(searched=searched)


def aside_columns(now: datetime) -> dict[str, Combinable]:
    """Return until when incidents are put aside and by whom, of those that are."""
    return {
        "aside_until": Case(When(is_aside(now), then="aside_until"), default=None),
        "aside_by": Case(When(is_aside(now), then="aside_by"), default=Value("")),
    }


class IncidentSerializer(ListRow):
    """Incidents of Defender for IoT, latest change first. What changes while you page comes to the
    top: ask again with `modified_from`.
    """

    id = IntegerField(source="pk", help_text="Tagout's number, the one in the address")
    workspace = CharField(source="workspace.name", help_text="name of the Sentinel workspace")
    name = CharField(help_text="Sentinel's GUID")
    number = IntegerField(allow_null=True, help_text="Sentinel's number in its workspace")
    title = CharField(help_text="as Sentinel has it")
    alert_type = CharField(help_text="Defender for IoT's name of what was detected")
    severity = WordField(SEVERITIES, help_text="in force: ours where Sentinel has not taken it yet")
    status = WordField(STATUSES, help_text="in force")
    classification = CharField(help_text="of a closed one, in Sentinel's words; else empty")
    classification_reason = CharField(help_text="in Sentinel's words; else empty")
    owner_id = CharField(help_text="Entra object id, or address; empty where nobody owns it")
    owner_name = CharField(help_text="who owns it")
    owner_email = CharField(help_text="the owner's address")
    labels = ListField(child=CharField(), help_text="Sentinel's labels, in force")
    created_at = DateTimeField(help_text="in Sentinel")
    modified_at = DateTimeField(help_text="in Sentinel; lists run by it, latest first")
    first_activity_at = DateTimeField(
        allow_null=True, help_text="of its alerts; null until they were fetched"
    )
    latest_activity_at = DateTimeField(allow_null=True, help_text="of its alerts")
    sites = ListField(
        child=CharField(), source="site_ids", help_text="names of the sites that it touches"
    )
    place = CharField(help_text="site and zone")
    source = CharField(  # type: ignore[assignment]  # a member
        help_text="the sending device, else its address"
    )
    destination = CharField(help_text="the receiving device, else its address")
    protocol = CharField(help_text="of the first alert")
    techniques = ListField(child=CharField(), help_text="ATT&CK for ICS, as Sentinel names them")
    pattern = UUIDField(
        allow_null=True, help_text="equal for incidents of one pattern; null until details come"
    )
    priority = IntegerField(help_text="0 to 100, the order of the triage queue")
    ot_state = WordField(
        OT_STATES,
        help_text="where it stands with OT; waiting, too, while you are asked for a second "
        "opinion: labels, priority and timeline then tell nothing of the first",
    )
    ot_due_at = DateTimeField(allow_null=True, help_text="until when OT should answer")
    aside_until = DateTimeField(
        allow_null=True, help_text="until when it is put aside, unless it changes; else null"
    )
    aside_by = CharField(help_text="who put it aside; else empty")
    closed_by = CharField(help_text="the rule that closed it; else empty")
    alerts_count = IntegerField(help_text="alerts in it")
    comments_count = IntegerField(help_text="comments on it")
    flags = ListField(child=CharField(), help_text="what was odd on the way in")
    merged_into = IntegerField(
        allow_null=True, help_text="number of the incident that it was merged into; 0 while unknown"
    )
    gone_at = DateTimeField(
        allow_null=True, help_text="when it was deleted in Sentinel; read-only since"
    )
    priority_parts = PriorityPartSerializer(many=True, help_text="why that priority: they add up")
    techniques = ListField(child=CharField(), help_text="ATT&CK for ICS")
    tactics = ListField(child=CharField(), help_text="ATT&CK for ICS")
    product_names = ListField(child=CharField(), help_text="detection products")
    details_state = ChoiceField(
        DetailsState.values, help_text="whether alerts and entities were fetched"
    )
    etag = CharField(help_text="Sentinel's mark of this version")

    class Meta:
        wide = ("priority_parts", "techniques", "tactics", "product_names", "details_state", "etag")


INCIDENTS = Listing(
    IncidentSerializer,
    Order("modified_at"),
    filters=(
        ListFilter("workspace", QueryText(), "name of one workspace", workspace_is, indexed=True),
        ListFilter("site", QueryText(), "name of a site that it touches", _site, indexed=True),
        ListFilter("severity", QueryChoices(SEVERITIES), "one or several", "severity__in"),
        ListFilter("status", QueryChoices(STATUSES), "one or several", "status__in"),
        ListFilter("ot_state", QueryChoices(OT_STATES), "one or several", "ot_state__in"),
        ListFilter("owner", QueryText(), "address of the owner", "owner_email__iexact"),
        ListFilter(
            "label", QueryText(), "a label that it has", lambda word: Q(labels__contains=[word])
        ),
        ListFilter("number", QueryNumber(), "Sentinel's number; give `workspace` too", "number"),
        ListFilter(
            "queue",
            CharField(max_length=1000),
            "those of a list of the queue, by the address of its page: `view=needs&q=sev:high`; of "
            "closed ones the newest 20,000 are looked through",
            lambda address: Q(pk__in=[]),  # whose queue it is only the request can say
            indexed=True,
        ),
        ListFilter("pattern", UUIDField(), "incidents of one pattern", "pattern", indexed=True),
        ListFilter(
            "modified_from", QueryMoment(), "changed at or after", "modified_at__gte", indexed=True
        ),
        ListFilter(
            "modified_before", QueryMoment(), "changed before", "modified_at__lt", indexed=True
        ),
        ListFilter(
            "created_from",
            QueryMoment(),
            "created at or after",
            lambda at: Q(created_at__gte=at, modified_at__gte=at),
            indexed=True,
        ),
        ListFilter("created_before", QueryMoment(), "created before", "created_at__lt"),
    ),
    reads={"priority_parts": _parts},
)


class TimelineItemSerializer(ListRow):
    """What happened to the incident, latest first."""

    id = IntegerField(source="pk", help_text="of the line")
    at = DateTimeField(help_text="when")
    side = ChoiceField(TimelineItem.Side.values, help_text="who did it")
    by = CharField(source="by_label", help_text="their name, as it was then")
    code = CharField(help_text="what: asked, answered, closed, severity, conflict …")
    details = DictField(help_text="the parts of it, by code")
    act = UUIDField(allow_null=True, help_text="equal for all lines of one act")


TIMELINE = Listing(
    TimelineItemSerializer,
    Order("at"),
)


class CommentSerializer(ListRow):
    """Comments, latest first; ours among them from the moment they are owed to Sentinel."""

    id = IntegerField(source="pk", help_text="of the comment")
    name = CharField(help_text="Sentinel's GUID")
    author = CharField(help_text="who wrote it")
    message = CharField(help_text="the text")
    created_at = DateTimeField(help_text="when")
    ours = BooleanField(help_text="written with Tagout")


COMMENTS = Listing(
    CommentSerializer,
    Order("created_at"),
)


class TaskSerializer(ListRow):
    """Tasks of the incident in Sentinel, latest first, as last read. Ours are among them
    from the moment they are owed.
    """

    name = CharField(help_text="Sentinel's GUID")
    title = CharField(help_text="what is to be done")
    description = CharField(help_text="more about it; may be empty")
    status = CharField(help_text="Sentinel's word: New or Completed")
    author = CharField(help_text="who made it")
    created_at = DateTimeField(help_text="when")
    modified_at = DateTimeField(allow_null=True, help_text="its latest change in Sentinel")
    is_owed = BooleanField(help_text="whether a change of ours is on its way to Sentinel")
    read_at = DateTimeField(
        source="incident.task_reading.read_at",
        allow_null=True,
        help_text="when Sentinel's list was last read; null where it was not",
    )


TASKS = Listing(TaskSerializer, Order("created_at"))


class OverrulingMemberSerializer(ListRow):
    """A member that a person in Sentinel had changed first."""

    member = CharField(help_text="Sentinel's name of it: severity, owner, labels …")
    was = CharField(help_text="when the change was decided")
    now = CharField(help_text="in Sentinel, when the change came; it stays")
    wanted = CharField(help_text="by the change; empty where the change was about other members")


class SentinelChangeSerializer(ListRow):
    """What Tagout changed in Sentinel, latest first: every write that it was ever owed."""

    id = IntegerField(source="pk", help_text="of the write")
    key = UUIDField(help_text="the same for every attempt; a comment has this name in Sentinel")
    kind = ChoiceField(
        WriteKind.values,
        help_text="a change of the incident, a comment, the run of a playbook, or a task",
    )
    by = CharField(source="by_label", help_text="whose decision it was")
    made_at = DateTimeField(help_text="when it was decided")
    settled_at = DateTimeField(
        source="noted_at", allow_null=True, help_text="when it ended; null while it is owed"
    )
    outcome = WordField(
        OUTCOMES,
        help_text="owed, sent, conflicted (a person in Sentinel was faster and won), refused by "
        "Sentinel, withdrawn (undone before it was sent), dropped (no longer right)",
    )
    wanted = DictField(source="patch", help_text="Sentinel's member names and the wanted values")
    before = DictField(source="base", help_text="the members as they were when it was decided")
    message = CharField(help_text="of a comment; else empty")
    playbook = CharField(help_text="ARM id of the playbook that is run; else empty")
    kept = OverrulingMemberSerializer(
        many=True, help_text="what a person in Sentinel had changed, where that won"
    )
    note = CharField(
        help_text="why it did not come to be, or did not stay as it was sent; of a playbook that "
        "was started, the name of its run; else empty"
    )


SENTINEL_CHANGES = Listing(
    SentinelChangeSerializer,
    Order("made_at"),
    reads={"kept": lambda members: members or []},
)
